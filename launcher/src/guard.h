#ifndef GUARD_H
#define GUARD_H

/* Becomes the guard of a state directory. lock is the descriptor of its locked .agent.lock, report a pipe to whoever
 * waits until it listens. Returns an exit code. */
int guard_main(const char *directory, const char *logs, int lock, int report);

/* Goes on as the guard that this process was when it executed this build: table is the descriptor of what it left. */
int guard_resume(const char *directory, const char *logs, int table);

/* Tells the launcher at the other end of the pipe why there will be no guard, and whether that may pass
 * by itself. */
void guard_report(int report, int passes, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The lock of a directory: takes it if nobody has it. Returns a CLOEXEC descriptor, or -1 (errno EWOULDBLOCK: somebody
 * has it). *created says whether the file was made by this call. */
int guard_lock(const char *directory, int *created);

#endif
