/* What servers say of themselves by sd_notify(3): datagrams to a socket of the guard's. */
#ifndef NOTIFY_H
#define NOTIFY_H

#include "wire.h"

#include <stdint.h>
#include <sys/types.h>

/* The largest datagram that is heard. */
enum { NOTE_LIMIT = 4096 };

enum note_key { NOTE_READY, NOTE_STOPPING, NOTE_WATCHDOG, NOTE_ERRNO, NOTE_STATUS, NOTE_KEYS };

/* News that do not wait: a process says each of them once. */
enum { NOTE_URGENT = 1 << NOTE_READY | 1 << NOTE_STOPPING };

/* What a server has said: the last line of each key, however often it speaks. */
struct note {
	pid_t pid; /* who spoke last */
	uint64_t stamp;
	pid_t session;
	uid_t uid;
	char *line[NOTE_KEYS]; /* malloc'ed; NULL: nothing */
	unsigned news;         /* 1 << key: not told yet to the agent that runs */
	int64_t told_ms;
};

/* A datagram. The uid is ours or root's, the text not empty and without a NUL but the last. */
struct said {
	pid_t pid;
	uid_t uid;
	char text[NOTE_LIMIT + 1];
};

/* The address, as NOTIFY_SOCKET is to be set. Returns its length. */
unsigned notify_address(const char *directory, char *text, size_t size);

/* Binds the socket of a directory. Returns a CLOEXEC, non-blocking descriptor, or -1 with errno. */
int notify_open(const char *directory);

/* Takes the next datagram. 1; 0: it is dropped; -1: there is none. */
int notify_next(int fd, struct said *said);

/* Notes the lines of a datagram that we know and did not know already. Returns whether there were any. */
int note_hear(struct note *note, const char *text);

/* Appends the lines that are news, which they are not any more. */
void note_put(struct note *note, struct buffer *b);

/* All that is remembered is news to another agent. */
void note_renew(struct note *note);

void note_free(struct note *note);

#endif
