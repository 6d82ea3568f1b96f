/* A conversation with a hub, to which standard input goes as it comes. */
#ifndef RELAY_H
#define RELAY_H

enum { RELAY_LOST = -1, RELAY_MALFORMED = -2 };

/* Carries standard input to the hub at fd, which has the request, and what it answers to standard output and standard error.
 * Returns the hub's exit code; RELAY_LOST: it hung up without one, RELAY_MALFORMED: it sent what is no answer.
 * *begun: something was carried, so that the request cannot be repeated. */
int relay(int fd, int *begun);

#endif
