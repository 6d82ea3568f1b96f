/* A conversation with a hub, to which standard input goes as it comes. */
#ifndef RELAY_H
#define RELAY_H

#include "wire.h"

#include <poll.h>
#include <signal.h>

enum { RELAY_LOST = -1, RELAY_MALFORMED = -2 };

/* What was read of standard input, as frames: kept until the hub has said something, so that one which ends before that, or has
 * just ended, can be replaced. */
struct relayed {
	struct buffer frames;
	int ended; /* the input has */
	int begun; /* something was heard, or too much was said: the session cannot be begun again */
};

/* How a signal is noticed that is to be told to the hub; NULL where they do what they do in any program. */
struct heeding {
	const volatile sig_atomic_t *caught;				     /* 0 until there was one */
	int (*poll_unless_caught)(struct pollfd *p, nfds_t n, int timeout_ms); /* EINTR if there was one */
};

/* Carries standard input to the hub at fd, which has the request, and what it answers to standard output and standard error.
 * If signals are heeded the first of them goes there, and nothing of standard input.
 * Returns the hub's exit code; RELAY_LOST: it hung up without one, RELAY_MALFORMED: it sent what is no answer. */
int relay(int fd, struct relayed *relayed, const struct heeding *heeding);

#endif
