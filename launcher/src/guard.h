#ifndef GUARD_H
#define GUARD_H

/* Becomes the guard of a state directory. lock is the descriptor of its locked .agent.lock. Returns an exit code. */
int guard_main(const char *directory, const char *logs, int lock);

/* The lock of a directory: takes it if nobody has it. Returns a CLOEXEC descriptor, or -1 (errno EWOULDBLOCK: somebody
 * has it). *created says whether the file was made by this call. */
int guard_lock(const char *directory, int *created);

#endif
