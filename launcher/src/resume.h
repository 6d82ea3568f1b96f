/* What a guard leaves to the build that it executes in its place: a table in a memfd, beside the descriptors that it names. */
#ifndef RESUME_H
#define RESUME_H

#include "watch.h"

#include <stdint.h>

/* The exit status by which a build says that it understands the table that it was shown. */
enum { RESUMABLE = 43 };

struct legacy {
	char *version; /* of the build that wrote it */
	int lock, directory_lock, socket_inode, snapshot, listener, abstract, notify; /* -1 where there is none */
	int abandoned;
	uint64_t timer_ns;
	struct table children;  /* the pidfds are not kept: a child that was not reaped can be opened anew */
	struct table strangers; /* with the pidfds of those that live, which tell how they ended */
};

/* Writes the table. Returns a CLOEXEC memfd, or -1 with errno. */
int resume_save(struct legacy *l);

/* Reads a table, of which nothing is trusted. 0, or -1: it is none, or of a format that this build does not know. */
int resume_load(int fd, struct legacy *l);

/* Frees what resume_load made. */
void resume_free(struct legacy *l);

#endif
