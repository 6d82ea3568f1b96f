/* The processes the guard keeps an eye on: its children, strangers that the agent named, members of groups. */
#ifndef WATCH_H
#define WATCH_H

#include "notify.h"

#include <stdint.h>
#include <sys/types.h>

enum kind {
	LISTENER, /* a connection waits while no agent accepts */
	ABSTRACT, /* somebody wants us to look at our directory and our agent */
	DIRECTORY,
	NOTIFY,   /* a server says something of itself */
	ORPHAN,   /* a child of ours has changed, perhaps one that nobody asked for */
	AGENT,    /* the agent's process */
	CONTROL,  /* the agent's pipe */
	CONTROL_ROOM, /* the pipe to the agent takes more */
	SPAWNING, /* an exec is under way */
	CHILD,
	STRANGER,
	MEMBER, /* of a process group that is to become empty */
	TAILS,  /* a log has grown */
	CUTTER  /* a log is being cut */
};

/* What an epoll event points at. */
struct handle {
	enum kind kind;
	int fd;
};

struct process {
	struct handle handle; /* its pidfd; -1 when closed */
	struct process *next; /* in its bucket */
	pid_t pid;
	uint64_t stamp;
	int known;   /* strangers: gone, and whether the exit status is known */
	int dead;    /* children: a zombie is kept; strangers: gone */
	int code;    /* CLD_EXITED … */
	int status;
	int spawned; /* children: the agent was told that exec has succeeded */
	int scope;   /* strangers: 0, or how a server is signalled when the session ends, as in a signal frame */
	struct note note;
	int group_wanted;
	int members; /* how many of the group are being watched */
};

struct table {
	struct process *bucket[1024];
	unsigned count;
};

struct process *table_find(struct table *t, pid_t pid, uint64_t stamp);
struct process *table_add(struct table *t, enum kind kind, pid_t pid, uint64_t stamp); /* NULL: out of memory */
void table_remove(struct table *t, struct process *p); /* its handle is closed */
void table_each(struct table *t, void (*see)(struct process *p, void *context), void *context);

int pidfd_of(pid_t pid); /* -1 with errno */

/* Finds out how a stranger ended, where the kernel tells. */
void exit_of_stranger(struct process *p);

/* Sends a signal to one process of that stamp. 0 or an errno. */
int signal_process(pid_t pid, uint64_t stamp, int sig);

/* Sends a signal to every process of the group that `leader` made. pinned: the leader is our child and not reaped, so
 * the number cannot mean another group. 0 or an errno. */
int signal_group(pid_t leader, uint64_t stamp, int sig, int pinned);

/* Sends a signal to a process and all its descendants. 0 or an errno. */
int signal_descendants(pid_t root, uint64_t stamp, int sig);

/* Calls see with a pidfd for each living member of the group but the leader, which it then owns. */
void group_each(pid_t leader, uint64_t stamp, void (*see)(int pidfd, void *context), void *context);

#endif
