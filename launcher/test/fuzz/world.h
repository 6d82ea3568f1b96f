/* A kernel made of paper for the fuzz targets: every system call that the sources make ends here (run.sh renames it to
 * world_…), so that no input can signal, execute, open or remove anything real. What a call answers is decided by the
 * input's luck; without luck everything goes well. */
#ifndef WORLD_H
#define WORLD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Each target: runs one input. The driver or libFuzzer calls it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Input = u8 k, k bytes of luck, the stream that the code under test reads. Calls run, which ends by returning, by an exit
 * or exec of the code under test, or when the input is used up; then frees what it has allocated. */
void world_run(const uint8_t *data, size_t n, void (*run)(void));

const uint8_t *world_stream(size_t *n); /* all of it */
unsigned world_luck(unsigned n);        /* 0 to n-1; 0 when the luck is used up */

void world_over(void) __attribute__((noreturn));
void world_wrong(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2))); /* a finding */

unsigned world_open_descriptors(void); /* without 0 to 2 */
unsigned world_blocks(void);           /* of memory, not freed */

/* Set by a target. */
extern char *(*world_variable)(const char *name); /* what getenv says; NULL = the usual */
extern void (*world_quiet)(void);                 /* called when the code under test waits in epoll_wait */

/* The processes: STRANGERS of them live from the start, of pid FIRST_STRANGER up; the code under test makes CHILDREN. */
enum { GUARD_PID = 50, FIRST_STRANGER = 100, STRANGERS = 8, FIRST_CHILD = 200, CHILDREN = 16, FIRST_AGENT = 300 };
uint64_t world_stamp(int pid); /* 0: there is none */

#endif
