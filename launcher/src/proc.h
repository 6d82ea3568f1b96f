/* Facts about processes, from /proc (proc(5)). */
#ifndef PROC_H
#define PROC_H

#include <stdint.h>
#include <sys/types.h>

struct proc_stat {
	pid_t pid, ppid, pgrp, session;
	char state;
	uint64_t stamp;  /* field 22: start time in clock ticks since boot */
	int exit_status; /* field 52 of a zombie, as waitpid(2) gives it; -1 if not shown */
};

int proc_stat_parse(const char *text, struct proc_stat *s); /* 0, or -1 if it is none */
int proc_stat(pid_t pid, struct proc_stat *s);              /* 0, or -1 with errno: ENOENT or ESRCH if there is no such process */
int proc_is(pid_t pid, uint64_t stamp);                     /* alive (neither Z nor X) and of that stamp */

/* Calls see for each child of this (single-threaded) process. -1: the kernel does not tell them. */
int proc_each_child(void (*see)(pid_t pid, void *context), void *context);

/* Calls see for each process; a result other than 0 ends the walk and is returned. -1: /proc cannot be read. */
int proc_each(int (*see)(const struct proc_stat *s, void *context), void *context);

#endif
