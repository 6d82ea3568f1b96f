#include "world.h"

#include "proc.h"
#include "watch.h"
#include "wire.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISONS 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define POISONS 1
#endif
#ifdef POISONS
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, n) ((void)(at))
#define ASAN_UNPOISON_MEMORY_REGION(at, n) ((void)(at))
#endif

char *(*world_variable)(const char *name);
void (*world_quiet)(void);

/* The input */

static jmp_buf finish;
static const uint8_t *luck, *luck_end, *stream, *stream_at, *stream_end;

unsigned world_luck(unsigned n)
{
	return luck < luck_end ? *luck++ % n : 0;
}

/* Seldom: three times of four nothing happens even to the unlucky. */
static int unlucky(void)
{
	return world_luck(4) == 3;
}

const uint8_t *world_stream(size_t *n)
{
	*n = (size_t)(stream_end - stream);
	return stream;
}

void world_over(void)
{
	longjmp(finish, 1);
}

void world_wrong(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fputs("finding: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
#ifdef POISONS
	__sanitizer_print_stack_trace();
#endif
	abort();
}

/* Memory: an exit in the middle leaves nothing behind, and no input makes the code ask for much more than its own size */

struct block {
	struct block *next, *previous;
	size_t size, unused;
};

static struct block blocks = {&blocks, &blocks, 0, 0};
static size_t in_use;
static unsigned block_count;

static struct block *block_of(void *at)
{
	struct block *b = (struct block *)at - 1;
	ASAN_UNPOISON_MEMORY_REGION(b, sizeof *b);
	return b;
}

static void link_block(struct block *b)
{
	b->next = blocks.next;
	b->previous = &blocks;
	if (blocks.next != &blocks)
		ASAN_UNPOISON_MEMORY_REGION(blocks.next, sizeof *b);
	blocks.next->previous = b;
	if (b->next != &blocks)
		ASAN_POISON_MEMORY_REGION(b->next, sizeof *b);
	blocks.next = b;
}

void *world_malloc(size_t n)
{
	in_use += n;
	if (in_use > (1u << 20) + 64 * (size_t)(stream_end - stream))
		world_wrong("%zu bytes of memory for %zu bytes of input", in_use, (size_t)(stream_end - stream));
	struct block *b = malloc(sizeof *b + n);
	if (!b)
		abort();
	b->size = n;
	link_block(b);
	block_count++;
	ASAN_POISON_MEMORY_REGION(b, sizeof *b);
	return b + 1;
}

void world_free(void *at)
{
	if (!at)
		return;
	struct block *b = block_of(at);
	ASAN_UNPOISON_MEMORY_REGION(at, b->size);
	in_use -= b->size;
	block_count--;
	if (b->next != &blocks)
		ASAN_UNPOISON_MEMORY_REGION(b->next, sizeof *b);
	if (b->previous != &blocks)
		ASAN_UNPOISON_MEMORY_REGION(b->previous, sizeof *b);
	b->next->previous = b->previous;
	b->previous->next = b->next;
	if (b->next != &blocks)
		ASAN_POISON_MEMORY_REGION(b->next, sizeof *b);
	if (b->previous != &blocks)
		ASAN_POISON_MEMORY_REGION(b->previous, sizeof *b);
	free(b);
}

unsigned world_blocks(void)
{
	return block_count;
}

void *world_calloc(size_t count, size_t size)
{
	void *at = world_malloc(count * size);
	memset(at, 0, count * size);
	return at;
}

void *world_realloc(void *at, size_t n)
{
	void *new = world_malloc(n);
	if (at) {
		struct block *b = block_of(at);
		size_t size = b->size;
		ASAN_UNPOISON_MEMORY_REGION(at, size);
		ASAN_POISON_MEMORY_REGION(b, sizeof *b);
		memcpy(new, at, size < n ? size : n);
		world_free(at);
	}
	return new;
}

char *world_strdup(const char *text)
{
	size_t n = strlen(text) + 1;
	return memcpy(world_malloc(n), text, n);
}

int world_asprintf(char **to, const char *format, ...)
{
	va_list args;
	char text[2 * PATH_MAX];
	va_start(args, format);
	int n = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	*to = world_malloc((size_t)n + 1);
	memcpy(*to, text, (size_t)n + 1);
	return n;
}

/* Time stands still but for those who wait */

static int64_t clock_ns;

int world_clock_gettime(clockid_t id, struct timespec *t)
{
	(void)id;
	clock_ns += 1000;
	t->tv_sec = clock_ns / 1000000000;
	t->tv_nsec = clock_ns % 1000000000;
	return 0;
}

static void pass_ms(int64_t ms)
{
	if (ms > INT64_MAX / 4000000 - clock_ns / 1000000)
		world_over(); /* later than anybody waits */
	clock_ns += ms * 1000000;
}

int world_nanosleep(const struct timespec *t, struct timespec *left)
{
	(void)left;
	clock_ns += (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
	return 0;
}

/* Processes */

enum state { NONE, ALIVE, ZOMBIE };

struct person {
	enum state state;
	int group, parent;
	int life; /* how many have had this pid */
	int status;
};

static struct person people[FIRST_AGENT + 64];
static int children, agents;
static int may_end_children; /* the guard may have lost its directory, and ends with its children */

static struct person *person(int pid)
{
	int known = pid > 0 && pid < (int)(sizeof people / sizeof *people);
	return known && people[pid].state != NONE ? &people[pid] : NULL;
}

uint64_t world_stamp(int pid)
{
	const struct person *p = person(pid);
	return p ? (uint64_t)pid * 10 + (uint64_t)p->life : 0;
}

static void die(int pid, int status)
{
	people[pid].state = ZOMBIE;
	people[pid].status = status;
}

static void reap(int pid)
{
	people[pid].state = NONE;
	people[pid].life++;
}

/* The kernel gives a number to nobody else while it is some living process's group (or parent, for the sake of our book-keeping). */
static void recycle(int pid)
{
	for (int other = FIRST_STRANGER; other < FIRST_STRANGER + STRANGERS; other++)
		if (other != pid && (people[other].group == pid || people[other].parent == pid))
			return;
	if (!person(pid))
		return;
	reap(pid);
	people[pid].state = ALIVE;
	people[pid].group = pid;
	people[pid].parent = 1;
}

static int is_child(int pid)
{
	return pid >= FIRST_CHILD && person(pid) != NULL;
}

int world_getpid(void)
{
	return GUARD_PID;
}

int world_getppid(void)
{
	return 1;
}

unsigned world_geteuid(void)
{
	return 1000;
}

unsigned world_getegid(void)
{
	return 1000;
}

/* The parent's side only: what a child does is for the black-box tests. */
static int next_is_agent;

int world_fork(void)
{
	if (unlucky()) {
		errno = EAGAIN;
		return -1;
	}
	int pid = next_is_agent ? FIRST_AGENT + agents % 64 : FIRST_CHILD + children % CHILDREN;
	if (person(pid)) {
		errno = EAGAIN;
		return -1;
	}
	*(next_is_agent ? &agents : &children) += 1;
	people[pid].state = ALIVE;
	people[pid].group = pid;
	people[pid].parent = GUARD_PID;
	return pid;
}

int world_waitpid(int pid, int *status, int options)
{
	struct person *p = person(pid);
	if (!p || pid < FIRST_CHILD) {
		errno = ECHILD;
		return -1;
	}
	if (p->state == ALIVE && options & WNOHANG)
		return 0;
	if (p->state == ALIVE)
		die(pid, 9); /* who waits for a living child gets it when it has ended */
	if (status)
		*status = p->status;
	reap(pid);
	return pid;
}

int world_waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
	struct person *p = type == P_PID ? person((int)id) : NULL;
	(void)options;
	if (!p || p->state != ZOMBIE) {
		errno = ECHILD;
		return type == P_PID && p ? 0 : -1;
	}
	info->si_pid = (int)id;
	info->si_code = WIFSIGNALED(p->status) ? CLD_KILLED : CLD_EXITED;
	info->si_status = WIFSIGNALED(p->status) ? WTERMSIG(p->status) : WEXITSTATUS(p->status);
	return 0;
}

/* A signal may go to what a K frame of the stream has named by pid and stamp, to its group or its descendants, and to nobody
 * else. */
static int is_named(int target)
{
	size_t n, used;
	const uint8_t *at = world_stream(&n);
	char type;
	struct cursor body;
	/* wherever a frame may begin: after a bad one the next agent's begin anywhere */
	for (; n >= 27; at++, n--) {
		if (frame_next(at, n, &type, &body, &used) != 1 || type != 'K' || used != 27)
			continue;
		get_u64(&body);
		int pid = (int)get_u32(&body);
		uint64_t stamp = get_u64(&body);
		get_u8(&body);
		int scope = get_u8(&body);
		if (stamp == 0)
			continue;
		if (pid == target && world_stamp(pid) == stamp)
			return 1;
		const struct person *leader = person(pid);
		int is_it = !leader || world_stamp(pid) == stamp;
		if (scope == 1 && is_it && people[target].group == pid)
			return 1;
		for (int up = target; scope == 2 && is_it && person(up); up = people[up].parent)
			if (people[up].parent == pid)
				return 1;
	}
	return 0;
}

static void check_target(int pid, int sig)
{
	if (pid == GUARD_PID || pid <= 1)
		world_wrong("signal %d to %d", sig, pid);
	if (!is_named(pid) && !(may_end_children && is_child(pid)))
		world_wrong("signal %d to %d, which nobody has named", sig, pid);
}

static void hit(int pid, int sig)
{
	if (sig == SIGKILL || (sig == SIGTERM && !unlucky()))
		if (people[pid].state == ALIVE)
			die(pid, sig);
}

int world_kill(int pid, int sig)
{
	if (sig < 0 || sig > 64) {
		errno = EINVAL;
		return -1;
	}
	if (pid >= FIRST_CHILD && sig == SIGKILL) { /* the guard's own agent, or a child that it could not take on */
		if (!person(pid))
			world_wrong("SIGKILL to %d, which was reaped", pid);
		hit(pid, sig);
		return 0;
	}
	if (pid >= -1 || !is_child(-pid))
		world_wrong("kill of %d, whose number nothing pins", pid);
	check_target(-pid, sig);
	for (int one = FIRST_STRANGER; one < FIRST_AGENT; one++)
		if (person(one) && people[one].group == -pid)
			hit(one, sig);
	return 0;
}

/* /proc, in place of proc.c; weak, since the target that tests proc.c has the real one */
#define WEAK __attribute__((weak))

WEAK int proc_stat(pid_t pid, struct proc_stat *s)
{
	const struct person *p = person(pid);
	memset(s, 0, sizeof *s);
	if (!p && pid == GUARD_PID) {
		s->pid = pid;
		s->state = 'S';
		s->stamp = 500;
		return 0;
	}
	if (!p || unlucky()) {
		errno = p ? EMFILE : ENOENT;
		return -1;
	}
	s->pid = pid;
	s->ppid = p->parent;
	s->pgrp = s->session = p->group;
	s->state = p->state == ZOMBIE ? 'Z' : 'S';
	s->stamp = world_stamp(pid);
	s->exit_status = p->state == ZOMBIE ? p->status : -1;
	return 0;
}

WEAK int proc_is(pid_t pid, uint64_t stamp)
{
	struct proc_stat s;
	return proc_stat(pid, &s) == 0 && s.stamp == stamp && s.state != 'Z';
}

WEAK int proc_each_child(void (*see)(pid_t pid, void *context), void *context)
{
	for (int pid = FIRST_CHILD; pid < (int)(sizeof people / sizeof *people); pid++)
		if (person(pid))
			see(pid, context);
	return 0;
}

WEAK int proc_each(int (*see)(const struct proc_stat *s, void *context), void *context)
{
	for (int pid = FIRST_STRANGER; pid < (int)(sizeof people / sizeof *people); pid++) {
		struct proc_stat s;
		if (person(pid) && proc_stat(pid, &s) == 0) {
			int result = see(&s, context);
			if (result)
				return result;
		}
		if (pid < FIRST_STRANGER + STRANGERS && unlucky())
			recycle(pid); /* behind the walker's back */
	}
	return 0;
}

/* what proc.c would read there */

DIR *world_opendir(const char *path)
{
	(void)path;
	return NULL;
}

struct dirent *world_readdir(DIR *dir)
{
	(void)dir;
	return NULL;
}

int world_dirfd(DIR *dir)
{
	(void)dir;
	return -1;
}

int world_closedir(DIR *dir)
{
	(void)dir;
	return 0;
}

int world___isoc99_fscanf(FILE *file, const char *format, ...)
{
	(void)file;
	(void)format;
	return 0;
}

/* its name in newer C libraries */
int world___isoc23_fscanf(FILE *file, const char *format, ...)
{
	(void)file;
	(void)format;
	return 0;
}

/* Descriptors */

enum what { CLOSED, PLAIN, SOCKET, DATAGRAMS, LISTEN, INOTIFY, PIDFD, SIGNALFD, CONTROL_IN, CONTROL_OUT, REPORT, EPOLL };

static struct descriptor {
	enum what what;
	int pid, life;
	int pending; /* connections, events */
	int watched;
	uint32_t events;
	void *data;
} table[512];

static int new_descriptor(enum what what)
{
	if (!unlucky())
		for (int fd = 3; fd < (int)(sizeof table / sizeof *table); fd++)
			if (table[fd].what == CLOSED) {
				memset(&table[fd], 0, sizeof table[fd]);
				table[fd].what = what;
				return fd;
			}
	errno = EMFILE;
	return -1;
}

static struct descriptor *descriptor(int fd)
{
	if (fd < 0 || fd >= (int)(sizeof table / sizeof *table) || table[fd].what == CLOSED)
		world_wrong("descriptor %d is not open", fd);
	return &table[fd];
}

unsigned world_open_descriptors(void)
{
	unsigned count = 0;
	for (size_t fd = 3; fd < sizeof table / sizeof *table; fd++)
		count += table[fd].what != CLOSED;
	return count;
}

int world_close(int fd)
{
	descriptor(fd)->what = CLOSED;
	return 0;
}

/* a file, and how to open one is the same */
int world_open(const char *path, int flags, ...)
{
	(void)flags;
	if (strlen(path) >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return new_descriptor(PLAIN);
}

int world_openat(int at, const char *path, int flags, ...)
{
	(void)at;
	return world_open(path, flags);
}

int world_dup(int fd)
{
	return new_descriptor(descriptor(fd)->what);
}

int world_dup2(int from, int to)
{
	descriptor(from);
	return to;
}

int world_fcntl(int fd, int command, ...)
{
	descriptor(fd);
	(void)command;
	return 0;
}

int world_pipe2(int ends[2], int flags)
{
	(void)flags;
	int first = new_descriptor(PLAIN);
	if (first < 0)
		return -1;
	int second = new_descriptor(PLAIN);
	if (second < 0) {
		world_close(first);
		return -1;
	}
	ends[0] = first;
	ends[1] = second;
	return 0;
}

int world_flock(int fd, int operation)
{
	(void)operation;
	descriptor(fd);
	if (!unlucky())
		return 0;
	errno = EWOULDBLOCK;
	return -1;
}

int world_fstat(int fd, struct stat *st)
{
	if (fd < 0) {
		errno = EBADF;
		return -1;
	}
	descriptor(fd);
	memset(st, 0, sizeof *st);
	st->st_mode = S_IFDIR | 0700;
	st->st_uid = 1000;
	st->st_ino = 7;
	st->st_size = (off_t)world_luck(2) * (1 << 20); /* a log grows, and is cut */
	return 0;
}

int world_stat(const char *path, struct stat *st)
{
	(void)path;
	memset(st, 0, sizeof *st);
	st->st_mode = S_IFDIR | 0700;
	st->st_uid = 1000;
	st->st_ino = 7;
	if (unlucky())
		switch (world_luck(5)) {
		case 0:
			may_end_children = 1; /* the guard's directory is gone, perhaps with its parent */
			errno = ENOENT;
			return -1;
		case 1:
			st->st_mode = S_IFREG | 0600;
			break;
		case 2:
			st->st_uid = 0;
			break;
		case 3:
			st->st_mode |= 0777;
			break;
		default:
			st->st_ino = 8;
			break;
		}
	return 0;
}

int world_lstat(const char *path, struct stat *st)
{
	return world_stat(path, st);
}

int world_statfs(const char *path, struct statfs *fs)
{
	(void)path;
	memset(fs, 0, sizeof *fs);
	fs->f_type = unlucky() ? 0x6969 : 0xef53;
	return 0;
}

static int named(const char *path)
{
	if (!path[0] || strlen(path) >= PATH_MAX)
		world_wrong("a path of %zu bytes", strlen(path));
	if (!unlucky())
		return 0;
	static const int errors[] = {ENOENT, EEXIST, EACCES, ENOSPC};
	errno = errors[world_luck(4)];
	return -1;
}

int world_access(const char *path, int mode)
{
	(void)mode;
	return named(path);
}

int world_mkdir(const char *path, mode_t mode)
{
	(void)mode;
	return named(path);
}

int world_unlink(const char *path)
{
	return named(path);
}

int world_chmod(const char *path, mode_t mode)
{
	(void)mode;
	return named(path);
}

int world_rename(const char *from, const char *to)
{
	return named(from) || named(to) ? -1 : 0;
}

int world_symlink(const char *to, const char *path)
{
	return named(to) || named(path) ? -1 : 0;
}

int world_chdir(const char *path)
{
	/* the agent names it: it may be anything */
	if (strlen(path) < PATH_MAX && !unlucky())
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

ssize_t world_readlink(const char *path, char *to, size_t n)
{
	(void)path;
	return snprintf(to, n, "/home/x/bin/sharedserver");
}

char *world_getcwd(char *to, size_t n)
{
	size_t length = 1 + world_luck(2) * 16 * world_luck(256);
	if (length >= n) {
		errno = ERANGE;
		return NULL;
	}
	memset(to, 'c', length);
	to[0] = '/';
	to[length] = 0;
	return to;
}

int world_ftruncate(int fd, off_t n)
{
	(void)n;
	descriptor(fd);
	return 0;
}

off_t world_lseek(int fd, off_t at, int whence)
{
	(void)at;
	(void)whence;
	descriptor(fd);
	return 4096;
}

ssize_t world_pwrite(int fd, const void *at, size_t n, off_t to)
{
	(void)at;
	(void)to;
	descriptor(fd);
	if (!unlucky())
		return (ssize_t)n;
	errno = ENOSPC;
	return -1;
}

int world_fallocate(int fd, int mode, off_t at, off_t n)
{
	(void)mode;
	(void)at;
	(void)n;
	descriptor(fd);
	if (!unlucky())
		return 0;
	errno = EOPNOTSUPP;
	return -1;
}

ssize_t world_pread(int fd, void *to, size_t n, off_t at)
{
	(void)at;
	descriptor(fd);
	size_t length = world_luck(2) ? world_luck(256) : 0;
	memset(to, world_luck(2) ? 'x' : '\n', length < n ? length : n);
	return (ssize_t)(length < n ? length : n);
}

/* lib/agent.options */
static const char *options;

FILE *world_fopen(const char *path, const char *mode)
{
	(void)path;
	(void)mode;
	next_is_agent = 1; /* whoever reads it starts an agent next */
	options = "-Xmx1g\n# why\n\n-XX:AOTCache=%h/lib/x.aot\n-Da=%d%%\n-cp\n%h";
	return unlucky() ? NULL : (FILE *)&options;
}

ssize_t world___getdelim(char **line, size_t *size, int delimiter, FILE *file)
{
	(void)file;
	const char *next = strchr(options, delimiter);
	size_t n = next ? (size_t)(next - options) + 1 : strlen(options);
	if (n == 0)
		return -1;
	if (*size < n + 1) {
		*line = world_realloc(*line, n + 1);
		*size = n + 1;
	}
	memcpy(*line, options, n);
	(*line)[n] = 0;
	options += n;
	return (ssize_t)n;
}

int world_fclose(FILE *file)
{
	(void)file;
	return 0;
}

/* What the code under test reads */

static size_t chunk(size_t wanted)
{
	size_t left = (size_t)(stream_end - stream_at), n = left < wanted ? left : wanted;
	if (n > 1 && world_luck(2))
		n = 1 + world_luck(256) % n;
	return n;
}

static ssize_t take(void *to, size_t wanted)
{
	if (unlucky()) {
		errno = world_luck(2) ? EINTR : EAGAIN;
		return -1;
	}
	size_t n = chunk(wanted);
	if (n)
		memcpy(to, stream_at, n);
	stream_at += n;
	return (ssize_t)n;
}

/* Into a buffer of the heap, in which there is room beyond what was read, but nothing to read. */
static ssize_t take_into_buffer(void *to, size_t wanted)
{
	ASAN_UNPOISON_MEMORY_REGION(to, wanted);
	ssize_t n = take(to, wanted);
	size_t got = n < 0 ? 0 : (size_t)n;
	ASAN_POISON_MEMORY_REGION((char *)to + got, wanted - got);
	return n;
}

static ssize_t read_inotify(struct descriptor *d, void *to, size_t n)
{
	if (!d->pending) {
		errno = EAGAIN;
		return -1;
	}
	d->pending = 0;
	size_t length = 0;
	/* each with a name of up to 48 bytes, NUL-filled to a multiple of 16 (inotify(7)), or with none */
	do {
		struct inotify_event e = {.wd = 1, .mask = world_luck(2) ? IN_MODIFY : IN_MOVED_TO, .len = 16 * world_luck(4)};
		if (length + sizeof e + e.len > n)
			break;
		memcpy((char *)to + length, &e, sizeof e);
		memset((char *)to + length + sizeof e, 0, e.len);
		for (unsigned i = 0; i + 1 < e.len && i < 24; i++)
			((char *)to)[length + sizeof e + i] = "web.server.json.and.more"[i];
		length += sizeof e + e.len;
	} while (world_luck(4));
	return (ssize_t)length;
}

ssize_t world_read(int fd, void *to, size_t n)
{
	struct descriptor *d = descriptor(fd);
	if (fd == 0) {
		/* the caller's input, in any pieces */
		errno = world_luck(2) ? EAGAIN : EIO;
		size_t length = world_luck(200);
		memset(to, 'i', length < n ? length : n);
		return unlucky() ? -1 : (ssize_t)(length < n ? length : n);
	}
	switch (d->what) {
	case CONTROL_IN:
		if (stream_at == stream_end && person(d->pid) && people[d->pid].state == ALIVE) {
			errno = EAGAIN;
			return -1;
		}
		return people[d->pid].state == ALIVE || world_luck(2) ? take_into_buffer(to, n) : 0;
	case INOTIFY:
		return read_inotify(d, to, n);
	case REPORT:
		if (!unlucky())
			return 0; /* exec has succeeded */
		if (person(d->pid) && people[d->pid].state == ALIVE)
			die(d->pid, 127 << 8);
		uint32_t failure[2] = {1 + world_luck(10), 1 + world_luck(40)};
		memcpy(to, failure, sizeof failure);
		return sizeof failure;
	case PLAIN: /* the report of a guard that starts */
		return unlucky() ? take(to, n) : 0;
	case SIGNALFD:
		if (d->pending) {
			d->pending = 0;
			memset(to, 0, sizeof(struct signalfd_siginfo));
			return sizeof(struct signalfd_siginfo);
		}
		/* fall through */
	default:
		errno = EAGAIN;
		return -1;
	}
}

ssize_t world_recv(int fd, void *to, size_t n, int flags)
{
	(void)flags;
	if (descriptor(fd)->what != SOCKET)
		world_wrong("recv of descriptor %d", fd);
	if (stream_at == stream_end && world_luck(4) == 0)
		world_over();
	return n < 65536 ? take(to, n) : take_into_buffer(to, n);
}

/* A server, a stranger or nobody says something, or bytes of the stream. */
ssize_t world_recvmsg(int fd, struct msghdr *message, int flags)
{
	static const char *const texts[] = {"READY=1", "STATUS=up\nREADY=1\n", "STOPPING=1\nERRNO=2", "WATCHDOG=1", "STATUS=", "\n\nREADY=1\n=\nX", "BARRIER=1", "READY=1\0", "STATUS=a\0b", ""};
	struct descriptor *d = descriptor(fd);
	char text[5000];
	size_t n = 0;
	if (d->what != DATAGRAMS || !(flags & MSG_DONTWAIT))
		world_wrong("recvmsg of descriptor %d", fd);
	if (!d->pending || unlucky()) {
		errno = d->pending && world_luck(2) ? EINTR : EAGAIN;
		return -1;
	}
	d->pending--;
	unsigned which = world_luck(12);
	if (which < 10) {
		static const size_t sizes[] = {7, 18, 18, 10, 7, 13, 9, 8, 10, 0};
		n = sizes[which];
		memcpy(text, texts[which], n);
	} else {
		n = which == 10 ? world_luck(256) : 4090 + world_luck(20);
		memset(text, 'S', n);
		memcpy(text, "STATUS=", n < 7 ? n : 7);
	}
	message->msg_flags = MSG_CTRUNC; /* it had descriptors, too */
	if (n > message->msg_iov->iov_len) {
		n = message->msg_iov->iov_len;
		message->msg_flags |= MSG_TRUNC;
	}
	memcpy(message->msg_iov->iov_base, text, n);
	if (message->msg_controllen > CMSG_SPACE(sizeof(struct ucred)))
		world_wrong("room for descriptors");
	struct ucred who = {FIRST_CHILD + (int)world_luck(CHILDREN), 1000, 1000};
	if (unlucky())
		who.pid = (int)world_luck(FIRST_AGENT);
	if (unlucky())
		who.uid = world_luck(2) ? 0 : 1001;
	message->msg_controllen = unlucky() ? 0 : CMSG_SPACE(sizeof who);
	if (message->msg_controllen) {
		struct cmsghdr *c = CMSG_FIRSTHDR(message);
		*c = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof who), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_CREDENTIALS};
		memcpy(CMSG_DATA(c), &who, sizeof who);
	}
	return (ssize_t)n;
}

/* What it writes: frames to the agent are whole and of their own length, in the end */

static struct sent {
	unsigned char bytes[1 << 16];
	size_t n;
} sent;

static void check_sent(const void *at, size_t n)
{
	static const struct {
		char type;
		size_t size;
	} known[] = {{'S', 20}, {'s', 13}, {'K', 12}, {'k', 16}, {'G', 18}, {'D', 17}, {'E', 12}, {'g', 12}, {'T', 0}, {'P', 8}, {'M', 1}, {'Y', 1}};
	if (n > sizeof sent.bytes - sent.n)
		world_over(); /* more than a fuzz input is good for */
	memcpy(sent.bytes + sent.n, at, n);
	sent.n += n;
	size_t done = 0, used;
	char type;
	struct cursor body;
	int found;
	while ((found = frame_next(sent.bytes + done, sent.n - done, &type, &body, &used)) == 1) {
		int right = type == 'I' || (type == 'N' && body.end - body.at >= 24);
		for (size_t i = 0; i < sizeof known / sizeof *known; i++)
			right |= known[i].type == type && known[i].size == (size_t)(body.end - body.at);
		if (!right)
			world_wrong("frame %c of %zu bytes to the agent", type, used);
		done += used;
	}
	if (found < 0)
		world_wrong("what went to the agent is no frame");
	memmove(sent.bytes, sent.bytes + done, sent.n - done);
	sent.n -= done;
}

ssize_t world_write(int fd, const void *at, size_t n)
{
	struct descriptor *d = descriptor(fd);
	if (unlucky()) {
		static const int errors[] = {EAGAIN, EINTR, EPIPE, EIO};
		errno = errors[world_luck(4)];
		return -1;
	}
	if (n > 1 && unlucky())
		n = 1 + world_luck(256) % n;
	if (d->what == CONTROL_OUT)
		check_sent(at, n);
	return (ssize_t)n;
}

int world_dprintf(int fd, const char *format, ...)
{
	char line[2 * PATH_MAX];
	va_list args;
	va_start(args, format);
	int n = vsnprintf(line, sizeof line, format, args);
	va_end(args);
	if (fd != 2)
		world_wrong("a message to descriptor %d", fd);
	return n;
}

ssize_t world_send(int fd, const void *at, size_t n, int flags)
{
	(void)at;
	if (descriptor(fd)->what != SOCKET || !(flags & MSG_NOSIGNAL))
		world_wrong("send to descriptor %d with flags %d", fd, flags);
	if (unlucky()) {
		errno = world_luck(2) ? EINTR : EPIPE;
		return -1;
	}
	return (ssize_t)(n > 1 && unlucky() ? 1 + world_luck(256) % n : n);
}

/* Sockets */

int world_socket(int domain, int type, int protocol)
{
	(void)domain;
	(void)protocol;
	return new_descriptor((type & 0xf) == SOCK_DGRAM ? DATAGRAMS : SOCKET);
}

int world_connect(int fd, const struct sockaddr *address, socklen_t size)
{
	descriptor(fd);
	(void)address;
	(void)size;
	if (stream_at == stream_end)
		world_over();
	if (!unlucky())
		return 0;
	static const int errors[] = {ENOENT, ECONNREFUSED, EAGAIN, ECONNRESET, EACCES};
	errno = errors[world_luck(5)];
	return -1;
}

int world_setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
	(void)level;
	(void)name;
	(void)value;
	(void)size;
	descriptor(fd);
	return 0;
}

int world_getsockopt(int fd, int level, int name, void *value, socklen_t *size)
{
	(void)level;
	(void)name;
	descriptor(fd);
	if (*size != sizeof(struct ucred) || unlucky())
		return -1;
	*(struct ucred *)value = (struct ucred){1, unlucky() ? 0 : 1000, 0};
	return 0;
}

int world_bind(int fd, const struct sockaddr *address, socklen_t size)
{
	(void)address;
	(void)size;
	descriptor(fd);
	if (!unlucky())
		return 0;
	errno = EADDRINUSE;
	return -1;
}

int world_listen(int fd, int backlog)
{
	(void)backlog;
	descriptor(fd)->what = LISTEN;
	return 0;
}

int world_accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
	(void)address;
	(void)size;
	(void)flags;
	struct descriptor *d = descriptor(fd);
	if (d->pending == 0) {
		errno = EAGAIN;
		return -1;
	}
	d->pending--;
	return new_descriptor(SOCKET);
}

static int is_ready(const struct descriptor *d)
{
	switch (d->what) {
	case LISTEN:
	case DATAGRAMS:
	case INOTIFY:
	case SIGNALFD:
		return d->pending;
	case PIDFD:
		return !person(d->pid) || people[d->pid].life != d->life || people[d->pid].state == ZOMBIE;
	case CONTROL_IN:
		return stream_at < stream_end || !person(d->pid) || people[d->pid].state == ZOMBIE;
	case REPORT:
		return 1;
	case SOCKET:
		return world_luck(2) == 0;
	default:
		return 0;
	}
}

int world_poll(struct pollfd *p, nfds_t n, int timeout)
{
	int ready = 0, any = 0;
	for (nfds_t i = 0; i < n; i++) {
		p[i].revents = 0;
		if (p[i].fd < 0)
			continue;
		any = 1;
		struct descriptor *d = descriptor(p[i].fd);
		if (d->what == INOTIFY && unlucky())
			d->pending = 1;
		if (d->what == PIDFD && unlucky() && person(d->pid) && d->pid < FIRST_CHILD)
			die(d->pid, 0);
		if (d->what == PLAIN || p[i].fd <= 2 || is_ready(d)) {
			p[i].revents = p[i].events;
			ready++;
		}
	}
	if (!ready && timeout < 0) {
		if (!any || !unlucky())
			world_over(); /* it waits for ever */
		errno = EINTR;
		return -1;
	}
	if (!ready)
		pass_ms(timeout);
	return ready;
}

int world_inotify_init1(int flags)
{
	(void)flags;
	return new_descriptor(INOTIFY);
}

int world_inotify_add_watch(int fd, const char *path, uint32_t mask)
{
	(void)mask;
	descriptor(fd);
	if (!path)
		world_wrong("a watch of nothing");
	return 1;
}

int world_inotify_rm_watch(int fd, int watch)
{
	(void)watch;
	descriptor(fd);
	return 0;
}

/* The guard's loop */

int world_epoll_create1(int flags)
{
	(void)flags;
	return new_descriptor(EPOLL);
}

int world_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *e)
{
	descriptor(epoll);
	if (fd < 0) {
		errno = EBADF;
		return -1;
	}
	struct descriptor *d = descriptor(fd);
	if (operation == EPOLL_CTL_DEL) {
		d->watched = 0;
		return 0;
	}
	d->watched = 1;
	d->events = e->events;
	d->data = e->data.ptr;
	/* the kernel knows a descriptor by its file; here its use tells what it is */
	enum kind kind = ((const struct handle *)d->data)->kind;
	if (kind == CONTROL && d->what == PLAIN) {
		d->what = CONTROL_IN;
		d->pid = FIRST_AGENT + (agents - 1) % 64;
		next_is_agent = 0;
	} else if (kind == CONTROL_ROOM && d->what == PLAIN) {
		d->what = CONTROL_OUT;
		sent.n = 0;
	} else if (kind == SPAWNING && d->what == PLAIN) {
		d->what = REPORT;
		d->pid = FIRST_CHILD + (children - 1) % CHILDREN;
	}
	return 0;
}

static void something_happens(void)
{
	int pid = FIRST_STRANGER + (int)world_luck(STRANGERS), child = FIRST_CHILD + (int)world_luck(CHILDREN);
	int agent = FIRST_AGENT + (agents - 1) % 64;
	unsigned what = world_luck(10);
	switch (what) {
	case 0:
		if (person(pid) && people[pid].state == ALIVE)
			die(pid, (int)world_luck(2) * 9);
		break;
	case 1: /* gone, and its number given away */
		recycle(pid);
		break;
	case 2:
		if (person(pid))
			reap(pid);
		break;
	case 3:
		if (person(child) && people[child].state == ALIVE)
			die(child, (int)world_luck(2) * 9);
		break;
	case 4:
		if (agents && person(agent) && people[agent].state == ALIVE)
			die(agent, (int)world_luck(2) * 9);
		break;
	case 5:
		pass_ms(200 + 40000 * (int64_t)world_luck(2));
		break;
	default:
		for (size_t fd = 3; fd < sizeof table / sizeof *table; fd++)
			if (table[fd].what == LISTEN || table[fd].what == INOTIFY || table[fd].what == SIGNALFD)
				table[fd].pending = world_luck(2);
			else if (table[fd].what == DATAGRAMS)
				table[fd].pending = world_luck(40);
		break;
	}
}

static int spins, rounds, waits, last_rounds;

int world_epoll_wait(int epoll, struct epoll_event *events, int max, int timeout)
{
	descriptor(epoll);
	if (world_quiet)
		world_quiet();
	while (luck < luck_end && world_luck(2))
		something_happens();
	/* when all is used up it goes on for as long as it takes to end an agent and to start the next one */
	if (luck == luck_end && stream_at == stream_end && ++last_rounds == 20)
		world_over();
	int n = 0;
	for (size_t fd = 3; fd < sizeof table / sizeof *table && n < max; fd++) {
		struct descriptor *d = &table[fd];
		if (d->what == CLOSED || !d->watched)
			continue;
		uint32_t which = d->what == CONTROL_OUT ? d->events & EPOLLOUT : is_ready(d) ? EPOLLIN : 0;
		if (which)
			events[n++] = (struct epoll_event){.events = which, .data.ptr = d->data};
	}
	if (++rounds == 10000)
		world_wrong("10000 rounds and no rest");
	if (n == 0 && timeout < 0 && luck == luck_end) {
		/* it waits for ever: the agent goes, somebody comes; or nothing happens any more */
		int agent = FIRST_AGENT + (agents - 1) % 64;
		if (++waits > 20)
			world_over();
		if (agents && person(agent) && people[agent].state == ALIVE)
			die(agent, 0);
		for (size_t fd = 3; fd < sizeof table / sizeof *table; fd++)
			if (table[fd].what == LISTEN)
				table[fd].pending = 1;
	}
	if (n == 0 && timeout == 0 && ++spins == 10)
		world_wrong("10 rounds without a wait: a busy loop");
	if (n == 0 && timeout != 0) {
		spins = 0;
		pass_ms(timeout < 0 ? 1000 : timeout);
	}
	return n;
}

int world_signalfd(int fd, const sigset_t *mask, int flags)
{
	(void)fd;
	(void)mask;
	(void)flags;
	return new_descriptor(SIGNALFD);
}

int world_sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	(void)how;
	(void)set;
	(void)old;
	return 0;
}

/* The rest */

long world_syscall(long number, ...)
{
	va_list args;
	va_start(args, number);
	long first = va_arg(args, long), second = va_arg(args, long);
	va_end(args);
	if (number == SYS_pidfd_open) {
		if ((int)first <= 0 || !person((int)first)) {
			errno = (int)first <= 0 ? EINVAL : ESRCH;
			return -1;
		}
		int fd = new_descriptor(PIDFD);
		if (fd >= 0) {
			table[fd].pid = (int)first;
			table[fd].life = people[first].life;
		}
		return fd;
	}
	if (number == SYS_pidfd_send_signal) {
		const struct descriptor *d = descriptor((int)first);
		if (d->what != PIDFD)
			world_wrong("a signal by descriptor %ld", first);
		if (second < 0 || second > 64) {
			errno = EINVAL;
			return -1;
		}
		if (!person(d->pid) || people[d->pid].life != d->life) {
			errno = ESRCH;
			return -1;
		}
		check_target(d->pid, (int)second);
		hit(d->pid, (int)second);
		return 0;
	}
	if (number == SYS_memfd_create)
		return new_descriptor(PLAIN);
	world_wrong("system call %ld", number);
}

void world_exit(int code)
{
	(void)code;
	world_over();
}

void world__exit(int code)
{
	(void)code;
	world_over();
}

int world_raise(int sig)
{
	(void)sig;
	world_over();
}

static int executes(char *const *argv)
{
	if (!argv || !argv[0])
		world_wrong("an exec of nothing");
	for (char *const *one = argv; *one; one++)
		if (strlen(*one) > (size_t)(stream_end - stream) + PATH_MAX)
			world_wrong("a word that nobody sent");
	if (world_luck(2))
		world_over(); /* it has succeeded */
	errno = world_luck(2) ? EACCES : ENOENT;
	return -1;
}

int world_execvp(const char *file, char *const argv[])
{
	(void)file;
	return executes(argv);
}

int world_execv(const char *file, char *const argv[])
{
	(void)file;
	return executes(argv);
}

int world_execve(const char *file, char *const argv[], char *const env[])
{
	(void)file;
	(void)env;
	return executes(argv);
}

static char *const some_environment[] = {(char *)"PATH=/bin", (char *)"A=", NULL};
char *const *world_environ = some_environment;

char *world_getenv(const char *name)
{
	if (world_variable)
		return world_variable(name);
	return strcmp(name, "SHAREDSERVER_LOCKDIR") == 0 ? (char *)"/state" : NULL;
}

int world_setenv(const char *name, const char *value, int replace)
{
	(void)replace;
	if (strchr(name, '=') || strlen(name) + strlen(value) > (size_t)(stream_end - stream))
		world_wrong("a variable that nobody sent");
	return *name ? 0 : -1;
}

void (*world_signal(int sig, void (*handler)(int)))(int)
{
	(void)sig;
	return handler;
}

static void (*handler)(int sig);

int world_sigaction(int sig, const struct sigaction *action, struct sigaction *before)
{
	(void)sig;
	if (before)
		before->sa_handler = SIG_DFL;
	if (action)
		handler = action->sa_handler;
	return 0;
}

int world_ppoll(struct pollfd *p, nfds_t n, const struct timespec *t, const sigset_t *mask)
{
	(void)mask;
	if (handler && unlucky()) {
		handler(SIGTERM);
		errno = EINTR;
		return -1;
	}
	return world_poll(p, n, !t ? -1 : t->tv_sec > INT_MAX / 1000 - 1 ? INT_MAX : (int)(t->tv_sec * 1000 + t->tv_nsec / 1000000));
}

int world_getrlimit(int resource, struct rlimit *limit)
{
	(void)resource;
	*limit = (struct rlimit){1024, RLIM_INFINITY};
	return 0;
}

int world_setrlimit(int resource, const struct rlimit *limit)
{
	(void)resource;
	(void)limit;
	return 0;
}

int world_getpriority(int which, id_t who)
{
	(void)which;
	(void)who;
	return 0;
}

int world_setpriority(int which, id_t who, int value)
{
	(void)which;
	(void)who;
	(void)value;
	return 0;
}

int world_prctl(int option, ...)
{
	(void)option;
	return 0;
}

int world_ioctl(int fd, unsigned long request, ...)
{
	(void)fd;
	(void)request;
	errno = ENOTTY;
	return -1;
}

int world_isatty(int fd)
{
	(void)fd;
	return (int)world_luck(2);
}

ssize_t world_getrandom(void *to, size_t n, unsigned flags)
{
	(void)flags;
	memset(to, 1, n);
	return (ssize_t)n;
}

mode_t world_umask(mode_t mask)
{
	(void)mask;
	return 022;
}

pid_t world_setsid(void)
{
	return 1;
}

void world_run(const uint8_t *data, size_t n, void (*run)(void))
{
	size_t k = n ? data[0] : 0;
	if (k + 1 > n)
		k = n ? n - 1 : 0;
	luck = data + (n ? 1 : 0);
	luck_end = luck + k;
	stream = stream_at = luck_end;
	stream_end = data + n;
	clock_ns = 1000000000;
	children = agents = next_is_agent = spins = rounds = waits = last_rounds = may_end_children = 0;
	sent.n = 0;
	memset(people, 0, sizeof people);
	memset(table, 0, sizeof table);
	for (int fd = 0; fd < 3; fd++)
		table[fd].what = PLAIN;
	for (int pid = FIRST_STRANGER; pid < FIRST_STRANGER + STRANGERS; pid++) {
		people[pid].state = ALIVE;
		people[pid].group = pid;
		people[pid].parent = 1;
	}
	/* two families */
	static const int members[][3] = {{101, 100, 100}, {102, 100, 101}, {105, 104, 104}};
	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		people[members[i][0]].group = members[i][1];
		people[members[i][0]].parent = members[i][2];
	}
	if (setjmp(finish) == 0)
		run();
	while (blocks.next != &blocks)
		world_free((void *)(blocks.next + 1));
}
