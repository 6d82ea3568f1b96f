/* A test is a function; a failed CHECK says where and ends it. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>

static int failures;
static int failed_here;

#define CHECK(condition)                                                               \
	do {                                                                           \
		if (!(condition)) {                                                    \
			printf("%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
			failed_here = 1;                                               \
			return;                                                        \
		}                                                                      \
	} while (0)

#define RUN(test)                                                    \
	do {                                                         \
		failed_here = 0;                                     \
		test();                                              \
		printf(#test ": %s\n", failed_here ? "FAIL" : "ok"); \
		failures += failed_here;                             \
	} while (0)

#define DONE() return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE

#endif
