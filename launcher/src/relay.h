/* A conversation with a hub, to which standard input goes as it comes. */
#ifndef RELAY_H
#define RELAY_H

#include "wire.h"

enum { RELAY_LOST = -1, RELAY_MALFORMED = -2 };

/* What was read of standard input, as frames: kept until the hub has said something, so that one which ends before that, or has
 * just ended, can be replaced. */
struct relayed {
	struct buffer frames;
	int ended; /* the input has */
	int begun; /* something was heard, or too much was said: the session cannot be begun again */
};

/* Carries standard input to the hub at fd, which has the request, and what it answers to standard output and standard error.
 * Returns the hub's exit code; RELAY_LOST: it hung up without one, RELAY_MALFORMED: it sent what is no answer. */
int relay(int fd, struct relayed *relayed);

#endif
