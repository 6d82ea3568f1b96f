/* The logs that servers write by themselves: kept below a limit, and noted when they grew. */
#ifndef LOGS_H
#define LOGS_H

#include "watch.h"

#include <stdint.h>

/* The place of a cut is the first line of a log:
 *   --- sharedserver: N bytes cut at TIME ---
 * N counts every byte of the server's output that this log has lost to cuts, so that a byte's place in the output is
 * N + its place behind that line. Where a file system cannot remove the beginning of a file, a hole is left at first, and the line
 * ends in ", continued at byte BASE of inode INODE ---". */
struct log_head {
	uint64_t cut;  /* N; 0 where there is no such line */
	uint64_t base; /* where in the file the output goes on: behind that line, or behind a hole; 0 where there is none */
	uint64_t size; /* bytes of that line; 0 where there is none */
};

enum log_way { LOG_COLLAPSE, LOG_HOLE, LOG_MOVE }; /* the best first, a worse one where the file system does not know it */

/* Reads the head of a log. 0, or -1 with errno. */
int log_head(int fd, struct log_head *head);

/* Removes all but about the last `keep` bytes, from the beginning of a line on, while somebody appends. 0, or -1 with errno. */
int log_cut(int fd, uint64_t keep, enum log_way best);

/* Closes the hole that a cut left, if it finds the writer silent. 1: it did not. 0, or -1 with errno. */
int log_close_gap(int fd);

/* Starts to look after logs; descriptors become part of the epoll set. 0, or -1 with errno. */
int logs_start(int epoll);

/* Looks after a log from now on: keeps it below `limit` bytes (0: leaves it as long as it gets), and notes in the file `times`
 * ("": nowhere) when it had which size. Again for the same path: starts anew. 0, or -1 with errno. */
int logs_bind(const char *path, const char *times, uint64_t limit, uint64_t keep);

void logs_forget(const char *path);

/* Events of the handles TAILS and CUTTER. */
void logs_changed(void);
void logs_cutter_ended(struct handle *cutter);

/* When logs_look wants to be called, CLOCK_MONOTONIC in ms; INT64_MAX: not at all. */
int64_t logs_due_ms(void);
void logs_look(int64_t now_ms);

/* How many descriptors and blocks of memory all that is in need of, for tests that count them. */
void logs_tally(unsigned *open, unsigned *blocks);

#endif
