/* Forks and executes a server the way docs/architecture.md says: nothing of ours leaks into it. */
#ifndef SPAWN_H
#define SPAWN_H

#include "wire.h"

#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

enum spawn_step {
	STEP_FORK = 1,
	STEP_SETSID,
	STEP_UMASK,
	STEP_RLIMITS,
	STEP_NICE,
	STEP_CHDIR,
	STEP_STDIN,
	STEP_OUTPUT,
	STEP_SIGNALS,
	STEP_EXEC
};

struct spawn {
	uint64_t request;
	mode_t umask;
	int nice;
	int limits;
	struct rlimit limit[RLIM_NLIMITS];
	char *cwd, *in, *out, *err, *path;
	char **argv, **env;
	/* set by the caller: where the child leaves word of itself, see leave_word() */
	const char *directory, *boot_id;
};

struct spawn_failure {
	uint32_t step, error;
};

int spawn_parse(struct cursor *body, struct spawn *s); /* 0, or -1 if the frame is none */
void spawn_free(struct spawn *s);

/* Starts it. Returns the pid, and in *report the read end of a pipe that gives a struct spawn_failure, or nothing
 * once execve has succeeded. -1 with errno: fork failed. */
pid_t spawn_start(const struct spawn *s, int *report);

/* Makes every signal's disposition the default and blocks none, 32 and 33 of the C library included. */
int default_dispositions(void);

#endif
