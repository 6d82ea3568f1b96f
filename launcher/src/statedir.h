/* Where the state files are: spec "Where" of docs/state.md. */
#ifndef STATEDIR_H
#define STATEDIR_H

#include <limits.h>
#include <sys/un.h>

struct statedir {
	char path[PATH_MAX];
	char logs[PATH_MAX]; /* "" = beside the state */
	int chosen;          /* SHAREDSERVER_LOCKDIR was set by hand */
	int created;         /* this call made the directory */
	char error[PATH_MAX + 256];
};

/* Finds the directory, makes it 0700 if need be, checks that it is ours alone. 0, or -1 with d->error set. */
int statedir_open(struct statedir *d);

/* Fills in the address of a file in the directory. Paths of more than 107 bytes go through /proc/self/fd, whose
 * descriptor is returned in *keep (else -1) and must stay open while the address is used. 0, or -1 with errno. */
int statedir_address(const char *directory, const char *file, struct sockaddr_un *address, int *keep);

/* A name of the guard of a directory that lasts even when the directory was removed: that by which it can be found (kind ""),
 * or to which its servers send what they have to say ("notify-"). Returns the length of the address. */
unsigned statedir_abstract(const char *directory, const char *kind, struct sockaddr_un *address);

/* Whether the other end of a connected socket belongs to our user: anybody may take an abstract name. */
int statedir_is_ours(int fd);

#endif
