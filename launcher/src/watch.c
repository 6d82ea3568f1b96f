#include "watch.h"

#include "proc.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct process **bucket(struct table *t, pid_t pid)
{
	return &t->bucket[(unsigned)pid % (sizeof t->bucket / sizeof *t->bucket)];
}

struct process *table_find(struct table *t, pid_t pid, uint64_t stamp)
{
	for (struct process *p = *bucket(t, pid); p; p = p->next)
		if (p->pid == pid && p->stamp == stamp)
			return p;
	return NULL;
}

struct process *table_add(struct table *t, enum kind kind, pid_t pid, uint64_t stamp)
{
	struct process *p = calloc(1, sizeof *p);
	if (!p)
		return NULL;
	p->handle = (struct handle){kind, -1};
	p->pid = pid;
	p->stamp = stamp;
	p->next = *bucket(t, pid);
	*bucket(t, pid) = p;
	t->count++;
	return p;
}

void table_remove(struct table *t, struct process *p)
{
	struct process **at = bucket(t, p->pid);
	while (*at && *at != p)
		at = &(*at)->next;
	if (*at) {
		*at = p->next;
		t->count--;
	}
	note_free(&p->note);
	free(p);
}

void table_each(struct table *t, void (*see)(struct process *p, void *context), void *context)
{
	for (size_t i = 0; i < sizeof t->bucket / sizeof *t->bucket; i++)
		for (struct process *p = t->bucket[i], *next; p; p = next) {
			next = p->next;
			see(p, context);
		}
}

int pidfd_of(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

static int pidfd_signal(int fd, int sig)
{
	return (int)syscall(SYS_pidfd_send_signal, fd, sig, NULL, 0);
}

/* struct pidfd_info of linux/pidfd.h, which Debian 12's headers lack; first size of it (PIDFD_INFO_SIZE_VER0) */
struct info {
	uint64_t mask, cgroup;
	uint32_t ids[11];
	int32_t exit_code;
};
#define INFO_EXIT (1u << 3)
#define GET_INFO _IOWR(0xff, 11, struct info)

static void set_status(struct process *p, int status)
{
	p->known = 1;
	if (WIFSIGNALED(status)) {
		p->code = WCOREDUMP(status) ? CLD_DUMPED : CLD_KILLED;
		p->status = WTERMSIG(status);
	} else {
		p->code = CLD_EXITED;
		p->status = WEXITSTATUS(status);
	}
}

void exit_of_stranger(struct process *p)
{
	struct proc_stat s;
	struct info info = {.mask = INFO_EXIT};
	p->known = 0;
	/* until its parent reaps it /proc tells, from then on the pidfd does: the other order would leave a gap */
	if (proc_stat(p->pid, &s) == 0 && s.stamp == p->stamp && s.state == 'Z' && s.exit_status >= 0)
		set_status(p, s.exit_status);
	else if (ioctl(p->handle.fd, GET_INFO, &info) == 0 && info.mask & INFO_EXIT)
		set_status(p, info.exit_code);
}

int signal_process(pid_t pid, uint64_t stamp, int sig)
{
	struct proc_stat s;
	int fd = pidfd_of(pid);
	if (fd < 0)
		return errno;
	int error = 0;
	if (proc_stat(pid, &s) != 0 || s.stamp != stamp)
		error = ESRCH;
	else if (pidfd_signal(fd, sig) != 0)
		error = errno;
	else if (s.state == 'Z' || s.state == 'X')
		error = ESRCH; /* delivered, but nobody is there to hear it */
	close(fd);
	return error;
}

struct group_walk {
	pid_t leader;
	uint64_t stamp;
	int recycled;
	void (*see)(int pidfd, void *context);
	void *context;
};

static int is_member(const struct proc_stat *s, const struct group_walk *w)
{
	return s->pgrp == w->leader && s->session == w->leader && s->pid != w->leader && s->state != 'Z' &&
	       s->state != 'X';
}

static int see_member(const struct proc_stat *s, void *context)
{
	struct group_walk *w = context;
	if (!is_member(s, w))
		return 0;
	int fd = pidfd_of(s->pid);
	if (fd < 0)
		return 0;
	struct proc_stat again;
	if (proc_stat(s->pid, &again) == 0 && again.stamp == s->stamp && is_member(&again, w))
		w->see(fd, w->context);
	else
		close(fd);
	return 0;
}

void group_each(pid_t leader, uint64_t stamp, void (*see)(int pidfd, void *context), void *context)
{
	struct proc_stat s;
	/* while one member lives the number is not given to a new process: another stamp means an empty group, and a leader that
	 * is there but cannot be read may have another */
	if (proc_stat(leader, &s) == 0 ? s.stamp != stamp : errno != ENOENT && errno != ESRCH)
		return;
	struct group_walk w = {leader, stamp, 0, see, context};
	proc_each(see_member, &w);
}

static void send_to(int pidfd, void *context)
{
	const int *sig = context;
	pidfd_signal(pidfd, *sig);
	close(pidfd);
}

int signal_group(pid_t leader, uint64_t stamp, int sig, int pinned)
{
	if (leader <= 1)
		return EINVAL;
	if (pinned)
		return kill(-leader, sig) == 0 ? 0 : errno;
	int error = signal_process(leader, stamp, sig);
	group_each(leader, stamp, send_to, &sig);
	return error;
}

struct family {
	struct proc_stat *all;
	size_t count, capacity;
};

static int collect(const struct proc_stat *s, void *context)
{
	struct family *f = context;
	if (f->count == f->capacity) {
		size_t capacity = f->capacity ? 2 * f->capacity : 256;
		struct proc_stat *all = realloc(f->all, capacity * sizeof *all);
		if (!all)
			return -1;
		f->all = all;
		f->capacity = capacity;
	}
	f->all[f->count++] = *s;
	return 0;
}

int signal_descendants(pid_t root, uint64_t stamp, int sig)
{
	struct family f = {NULL, 0, 0};
	proc_each(collect, &f);
	int error = signal_process(root, stamp, sig);
	if (error == 0 && f.count) {
		char *chosen = calloc(f.count, 1);
		int grown = chosen != NULL;
		while (grown) {
			grown = 0;
			for (size_t i = 0; i < f.count; i++) {
				for (size_t j = 0; !chosen[i] && j < f.count; j++)
					if (f.all[i].ppid == f.all[j].pid && (chosen[j] || f.all[j].pid == root))
						chosen[i] = 1, grown = 1;
			}
		}
		for (size_t i = 0; chosen && i < f.count; i++)
			if (chosen[i] && f.all[i].stamp >= stamp)
				signal_process(f.all[i].pid, f.all[i].stamp, sig);
		free(chosen);
	}
	free(f.all);
	return error;
}
