#include "proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *field(const char *at, int skip)
{
	while (skip-- > 0) {
		at = strchr(at, ' ');
		if (!at)
			return NULL;
		at++;
	}
	return at;
}

int proc_stat_parse(const char *text, struct proc_stat *s)
{
	/* the name (field 2) is in parentheses and may hold any character, parentheses and spaces too */
	const char *at = strrchr(text, ')');
	if (!at || at[1] != ' ' || !at[2])
		return -1;
	at += 2;
	s->pid = (pid_t)strtol(text, NULL, 10);
	s->state = *at;
	const char *ppid = field(at, 1), *start = field(at, 19), *status = field(at, 49);
	if (!ppid || !start)
		return -1;
	char *next;
	s->ppid = (pid_t)strtol(ppid, &next, 10);
	s->pgrp = (pid_t)strtol(next, &next, 10);
	s->session = (pid_t)strtol(next, &next, 10);
	s->stamp = strtoull(start, NULL, 10);
	s->exit_status = status ? (int)strtol(status, NULL, 10) : -1;
	return s->pid > 0 ? 0 : -1;
}

static int read_stat(int at, const char *path, struct proc_stat *s)
{
	int fd = openat(at, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	char text[2048];
	ssize_t n = read(fd, text, sizeof text - 1);
	int error = n < 0 ? errno : ESRCH;
	close(fd);
	errno = error;
	if (n <= 0)
		return -1;
	text[n] = 0;
	return proc_stat_parse(text, s);
}

int proc_stat(pid_t pid, struct proc_stat *s)
{
	char path[32];
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	return read_stat(AT_FDCWD, path, s);
}

int proc_is(pid_t pid, uint64_t stamp)
{
	struct proc_stat s;
	return pid > 0 && proc_stat(pid, &s) == 0 && s.stamp == stamp && s.state != 'Z' && s.state != 'X';
}

int proc_each_child(void (*see)(pid_t pid, void *context), void *context)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
	FILE *file = fopen(path, "re");
	if (!file)
		return -1;
	int pid;
	while (fscanf(file, "%d", &pid) == 1)
		see(pid, context);
	fclose(file);
	return 0;
}

int proc_each(int (*see)(const struct proc_stat *s, void *context), void *context)
{
	DIR *dir = opendir("/proc");
	if (!dir)
		return -1;
	int result = 0;
	struct dirent *entry;
	while (result == 0 && (entry = readdir(dir))) {
		if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
			continue;
		char path[280];
		snprintf(path, sizeof path, "%s/stat", entry->d_name);
		struct proc_stat s;
		if (read_stat(dirfd(dir), path, &s) == 0)
			result = see(&s, context);
	}
	closedir(dir);
	return result;
}
