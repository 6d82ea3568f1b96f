/* Servers write their logs by themselves, through descriptors opened with O_APPEND: nobody can make them pause, and nobody stands
 * between them and the file. What keeps such a log small has to do so beside the writer. */
#include "logs.h"

#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	HEAD_SIZE = 16384,    /* a head is a line of at most two blocks */
	WINDOW = 1 << 20,     /* where a line's beginning is looked for */
	CHUNK = 256 << 10,    /* is moved at a time */
	SILENCE_US = 2000,    /* without a write: the writer pauses */
	PATIENCE_US = 30000,  /* of a chase after one that does not */
	LAST_TRIES = 100,     /* to close a hole whose writer is gone */
	LOOK_MS = 100,        /* between two looks at a log that grows */
	FAILED_MS = 5000,     /* after a cut that did not help */
	GAP_MS = 1000,        /* between two tries to close a hole */
	MARK_MS = 1000,       /* between two notes of a size */
	MARKS = 512,          /* notes kept a log at most, */
	FIRST_MARKS = 16,     /* and there is room for at first */
	FINENESS = 32         /* a note as old as T has its neighbour within T / FINENESS */
};

static const int64_t NEVER = INT64_MAX;

static int64_t clock_us(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* The head */

static const char BEGIN[] = "--- sharedserver: ", MIDDLE[] = " bytes cut at ", HOLE[] = ", continued at byte ", OF[] = " of inode ", END[] = " ---";

/* 18 digits at most: no sum of two such numbers overflows. */
static const char *number(const char *at, const char *end, uint64_t *value)
{
	const char *first = at;
	for (*value = 0; at < end && at < first + 18 && *at >= '0' && *at <= '9'; at++)
		*value = *value * 10 + (uint64_t)(*at - '0');
	return at == first ? NULL : at;
}

static const char *word(const char *at, const char *end, const char *word)
{
	size_t n = strlen(word);
	return at && (size_t)(end - at) >= n && memcmp(at, word, n) == 0 ? at + n : NULL;
}

int log_head(int fd, struct log_head *head)
{
	char line[HEAD_SIZE];
	*head = (struct log_head){0, 0, 0};
	ssize_t n = pread(fd, line, sizeof line, 0);
	if (n < 0)
		return -1;
	const char *end = memchr(line, '\n', (size_t)n);
	if (!end)
		return 0;
	uint64_t cut, base = 0;
	const char *at = word(line, end, BEGIN);
	at = at ? number(at, end, &cut) : NULL;
	at = word(at, end, MIDDLE);
	if (!at)
		return 0;
	uint64_t size = (uint64_t)(end - line) + 1;
	const char *hole = memmem(at, (size_t)(end - at), HOLE, sizeof HOLE - 1);
	if (hole) {
		struct stat st;
		uint64_t inode;
		at = number(hole + sizeof HOLE - 1, end, &base);
		at = word(at, end, OF);
		if (!at || !number(at, end, &inode))
			return 0;
		if (fstat(fd, &st) != 0)
			return -1;
		/* another log's, which this server has shown: nothing of this one may be taken for a hole */
		if (inode != (uint64_t)st.st_ino)
			return 0;
		if (base > (uint64_t)st.st_size)
			base = size; /* somebody has shortened the file */
	}
	*head = (struct log_head){cut, base > size ? base : size, size};
	return 0;
}

/* Writes a head of at least `size` bytes and returns how many it has. base: of a hole in `inode`, 0: none. */
static size_t write_head(char *line, size_t room, uint64_t cut, uint64_t base, uint64_t inode, size_t size)
{
	struct timespec t;
	struct tm tm;
	char when[32], where[96] = "";
	clock_gettime(CLOCK_REALTIME, &t);
	gmtime_r(&t.tv_sec, &tm);
	strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &tm);
	if (base)
		snprintf(where, sizeof where, "%s%llu%s%llu", HOLE, (unsigned long long)base, OF, (unsigned long long)inode);
	size_t n = (size_t)snprintf(line, room, "%s%llu%s%s.%03ldZ%s%s", BEGIN, (unsigned long long)cut, MIDDLE, when,
				    t.tv_nsec / 1000000, where, END);
	while (n + 1 < size && n + 1 < room)
		line[n++] = '-';
	line[n++] = '\n';
	return n;
}

/* How many bytes a head without a hole has, where one of N = 0 has `shortest`. */
static size_t head_size(uint64_t cut, size_t shortest)
{
	for (; cut > 9; cut /= 10)
		shortest++;
	return shortest;
}

/* The cut */

static int write_at(int fd, const char *bytes, size_t n, uint64_t at)
{
	while (n) {
		ssize_t written = pwrite(fd, bytes, n, (off_t)at);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return -1;
		bytes += written;
		at += (uint64_t)written;
		n -= (size_t)written;
	}
	return 0;
}

struct place {
	uint64_t at;      /* where the first line begins that stays */
	uint64_t aligned; /* the last block's beginning that leaves room for a head before it */
	uint64_t cut;     /* what the head is to say */
};

/* Finds the beginning of a line behind `from`. Of those in the window the one is taken that is the shortest way behind a block's
 * beginning: a file system that removes whole blocks leaves just the room that the head needs. */
static int find_place(int fd, uint64_t from, const struct log_head *old, uint64_t block, char *window, struct place *place)
{
	ssize_t n = pread(fd, window, WINDOW, (off_t)from);
	if (n <= 0)
		return -1;
	char head[256];
	size_t shortest = write_head(head, sizeof head, 0, 0, 0, 0);
	uint64_t best = UINT64_MAX;
	/* no line ends here: one of that length is split, the bound comes first */
	place->at = from;
	for (char *c = window; (c = memchr(c, '\n', (size_t)(window + n - c))); c++) {
		uint64_t at = from + (uint64_t)(c - window) + 1, cut = old->cut + at - old->base;
		uint64_t behind = (at - head_size(cut, shortest)) % block;
		if (behind < best) {
			best = behind;
			place->at = at;
		}
	}
	place->cut = old->cut + place->at - old->base;
	place->aligned = (place->at - head_size(place->cut, shortest)) / block * block;
	return 0;
}

/* Moves what stands at `from` and everything behind it to `to`, and ends the file there once nothing has been added for a while.
 * 1: nobody got there. What is appended between the last look and the truncation is lost, some µs after ms of silence; with
 * `force`, behind a writer that never pauses, it is what it writes while we wait for the inode's lock. */
static int move_down(int fd, char *chunk, uint64_t from, uint64_t to, int force)
{
	int64_t begun = clock_us(CLOCK_MONOTONIC), last = begun;
	struct stat st;
	if (fstat(fd, &st) != 0)
		return -1;
	for (;;) {
		/* before the look: if we are made to pause between the two, the look sees what the writer did meanwhile */
		int64_t now = clock_us(CLOCK_MONOTONIC);
		if (now - last >= SILENCE_US)
			sched_yield(); /* rather now than between the last look and the truncation */
		ssize_t n = pread(fd, chunk, CHUNK, (off_t)from);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || (n > 0 && write_at(fd, chunk, (size_t)n, to) != 0))
			return -1;
		from += (uint64_t)n;
		to += (uint64_t)n;
		if (n > 0)
			last = clock_us(CLOCK_MONOTONIC);
		if (n > 0 && from <= (uint64_t)st.st_size)
			begun = last; /* the chase begins behind what was there: a slow disk is no busy writer */
		if (now - last >= SILENCE_US || (force && now - begun > PATIENCE_US))
			return ftruncate(fd, (off_t)to);
		if (now - begun > PATIENCE_US)
			return 1;
	}
}

static char room[WINDOW > CHUNK ? WINDOW : CHUNK];

static int close_gap(int fd, const struct log_head *head, int force)
{
	char line[HEAD_SIZE];
	int result = move_down(fd, room, head->base, head->size, force);
	if (result == 0)
		return write_at(fd, line, write_head(line, sizeof line, head->cut, 0, 0, head->size), 0);
	/* what was moved already is no one's: the line still says where the output goes on */
	if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)head->size, (off_t)(head->base - head->size)) != 0)
		return -1;
	return result;
}

int log_close_gap(int fd)
{
	struct log_head head;
	if (log_head(fd, &head) != 0)
		return -1;
	return head.base == head.size ? 0 : close_gap(fd, &head, 0);
}

int log_cut(int fd, uint64_t keep, enum log_way best)
{
	char line[HEAD_SIZE];
	struct stat st;
	struct log_head head;
	struct place place;
	if (fstat(fd, &st) != 0 || log_head(fd, &head) != 0)
		return -1;
	uint64_t size = (uint64_t)st.st_size, block = st.st_blksize > 0 ? (uint64_t)st.st_blksize : 4096;
	if (size < head.base + keep + 2 * HEAD_SIZE)
		return 0;
	if (find_place(fd, size - keep, &head, block, room, &place) != 0)
		return -1;
	/* ext4, xfs: one step for whoever reads or writes. The head stands at the end of what is cut before that. */
	if (best == LOG_COLLAPSE && place.aligned > 0 && place.at - place.aligned <= HEAD_SIZE) {
		size_t n = write_head(line, sizeof line, place.cut, 0, 0, place.at - place.aligned);
		if (write_at(fd, line, n, place.aligned) != 0)
			return -1;
		if (fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, (off_t)place.aligned) == 0)
			return 0;
	}
	/* tmpfs, btrfs: the space is given back, the file keeps its size until its writer is silent */
	size_t n = write_head(line, sizeof line, place.cut, place.at, (uint64_t)st.st_ino, 0);
	head = (struct log_head){place.cut, place.at, n};
	if (write_at(fd, line, n, 0) != 0)
		return -1;
	if (best != LOG_MOVE &&
	    fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)n, (off_t)(place.at - n)) == 0)
		return 0;
	return close_gap(fd, &head, 1);
}

/* The logs */

static int64_t now_ms(void)
{
	return clock_us(CLOCK_MONOTONIC) / 1000;
}

struct mark {
	int64_t at;      /* CLOCK_REALTIME, ms */
	uint64_t offset; /* what stands before it in the output was written by then */
};

struct log {
	struct handle cutter; /* pidfd of the process that cuts; -1: none */
	struct log *next;
	char *path;
	int fd, times, wd;
	uint64_t limit, keep;
	uint64_t size; /* at the last look */
	struct log_head head;
	int64_t look_ms, gap_ms; /* the next look; not before that the hole is tried to be closed */
	int marks, room;
	struct mark *mark;
};

static struct {
	struct log *first;
	struct handle changes;
	int epoll;
} logs = {NULL, {TAILS, -1}, -1};

int logs_start(int epoll)
{
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = &logs.changes};
	logs.first = NULL;
	logs.epoll = epoll;
	logs.changes.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	return logs.changes.fd < 0 ? -1 : epoll_ctl(epoll, EPOLL_CTL_ADD, logs.changes.fd, &e);
}

static struct log *log_of(const char *path)
{
	struct log *l = logs.first;
	while (l && strcmp(l->path, path) != 0)
		l = l->next;
	return l;
}

static void close_cutter(struct log *l)
{
	if (l->cutter.fd < 0)
		return;
	epoll_ctl(logs.epoll, EPOLL_CTL_DEL, l->cutter.fd, NULL);
	close(l->cutter.fd);
	l->cutter.fd = -1;
}

static void forget(struct log *l)
{
	for (struct log **at = &logs.first; *at; at = &(*at)->next)
		if (*at == l) {
			*at = l->next;
			break;
		}
	if (l->wd >= 0)
		inotify_rm_watch(logs.changes.fd, l->wd);
	close_cutter(l);
	if (l->fd >= 0)
		close(l->fd);
	if (l->times >= 0)
		close(l->times);
	free(l->mark);
	free(l->path);
	free(l);
}

/* Where a place in the file is in the server's output. */
static uint64_t offset_of(const struct log *l, uint64_t place)
{
	return l->head.cut + (place > l->head.base ? place - l->head.base : 0);
}

static int is_too_long(const struct log *l)
{
	return l->limit && l->size > l->head.base && l->size - l->head.base > l->limit;
}

static void store_marks(const struct log *l, int from)
{
	uint64_t record[2];
	if (l->times < 0)
		return;
	for (int i = from; i < l->marks; i++) {
		record[0] = __builtin_bswap64((uint64_t)l->mark[i].at);
		record[1] = __builtin_bswap64(l->mark[i].offset);
		if (write_at(l->times, (const char *)record, sizeof record, (uint64_t)i * sizeof record) != 0)
			return; /* a full disk costs --since its fineness */
	}
}

/* Makes room for one more; 0 if there is none. */
static int make_room(struct log *l)
{
	int room = l->room ? 2 * l->room : FIRST_MARKS;
	if (l->marks < l->room)
		return 1;
	struct mark *more = room > MARKS ? NULL : realloc(l->mark, (size_t)room * sizeof *more);
	if (!more)
		return 0;
	l->mark = more;
	l->room = room;
	return 1;
}

static void load_marks(struct log *l)
{
	uint64_t record[2];
	while (l->times >= 0 && make_room(l) &&
	       pread(l->times, record, sizeof record, l->marks * (off_t)sizeof record) == (ssize_t)sizeof record) {
		l->mark[l->marks].at = (int64_t)__builtin_bswap64(record[0]);
		l->mark[l->marks++].offset = __builtin_bswap64(record[1]);
	}
}

/* The older, the wider apart. */
static void thin_marks(struct log *l, int64_t now)
{
	int n = l->room; /* those kept are collected at the end */
	for (int i = l->marks - 1; i >= 0; i--)
		if (n == l->room || l->mark[n].at - l->mark[i].at >= (now - l->mark[i].at) / FINENESS)
			l->mark[--n] = l->mark[i];
	if (n == 0)
		n = l->room / 2; /* clocks that jump: rather forget than stop */
	l->marks = l->room - n;
	memmove(l->mark, l->mark + n, (size_t)l->marks * sizeof *l->mark);
	if (l->times >= 0 && ftruncate(l->times, 0) == 0)
		store_marks(l, 0);
}

/* Notes that the output has come to `offset`. */
static void mark(struct log *l, uint64_t offset)
{
	int64_t now = clock_us(CLOCK_REALTIME) / 1000;
	int n = l->marks;
	if (n > 0 && l->mark[n - 1].offset == offset)
		return; /* the earlier says more */
	if (n > 1 && now >= l->mark[n - 2].at && now - l->mark[n - 2].at < MARK_MS)
		n--; /* notes need not be closer than that */
	if (n == l->marks && !make_room(l)) {
		if (l->room == 0)
			return; /* no memory costs --since its fineness, too */
		thin_marks(l, now);
		n = l->marks;
	}
	l->mark[n] = (struct mark){now, offset};
	l->marks = n + 1;
	store_marks(l, n);
}

/* Has the log cut, or its hole closed, or (`last`) first one and then the other, by a process of its own: a disk may take its time. */
static pid_t tend(const struct log *l, int last)
{
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	struct stat st;
	struct log_head head;
	char path[64];
	/* opened anew: a lock is that of an open file description, and forked processes share theirs */
	snprintf(path, sizeof path, "/proc/self/fd/%d", l->fd);
	int fd = dup2(open(path, O_RDWR | O_CLOEXEC), 0);
	syscall(SYS_close_range, 1, ~0u, 0);
	/* one at a time, also of two guards that have servers of one log; who waited may find nothing to do */
	if (fd != 0 || default_dispositions() != 0 || flock(fd, LOCK_EX) != 0 || log_head(fd, &head) != 0 || fstat(fd, &st) != 0)
		_exit(1);
	int longer = (uint64_t)st.st_size > head.base + l->limit;
	int result = longer ? log_cut(fd, l->keep, LOG_COLLAPSE) : 0;
	/* nobody comes back to the last one; a busy machine may look like a busy writer */
	int tries = last ? LAST_TRIES : 1;
	if (result == 0 && (last || !longer))
		do
			result = log_close_gap(fd);
		while (result == 1 && --tries > 0);
	_exit(result != 0);
}

static void start_cutter(struct log *l)
{
	pid_t pid = tend(l, 0);
	l->look_ms = NEVER;
	if (pid > 0)
		l->cutter.fd = pidfd_of(pid);
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = &l->cutter};
	if (l->cutter.fd < 0 || epoll_ctl(logs.epoll, EPOLL_CTL_ADD, l->cutter.fd, &e) != 0) {
		close_cutter(l);
		l->look_ms = now_ms() + FAILED_MS;
	}
}

/* Waits for the next write, without an eye on the clock. */
static void arm(struct log *l)
{
	char path[64];
	struct stat st;
	snprintf(path, sizeof path, "/proc/self/fd/%d", l->fd);
	l->look_ms = NEVER;
	l->wd = inotify_add_watch(logs.changes.fd, path, IN_MODIFY | IN_ONESHOT);
	/* what came before the watch is told by nobody */
	if (l->wd < 0 || fstat(l->fd, &st) != 0 || (uint64_t)st.st_size != l->size)
		l->look_ms = now_ms() + (l->wd < 0 ? FAILED_MS : LOOK_MS);
}

static int has_hole(const struct log *l)
{
	return l->limit && l->head.base > l->head.size;
}

static void look(struct log *l)
{
	struct stat st;
	int64_t now = now_ms();
	if (l->cutter.fd >= 0 || fstat(l->fd, &st) != 0)
		return;
	uint64_t size = (uint64_t)st.st_size, last = l->size;
	if (size < last) {
		/* cut by somebody else, who keeps no count of it */
		log_head(l->fd, &l->head);
		l->marks = 0;
		if (l->times >= 0 && ftruncate(l->times, 0) != 0) {
			close(l->times); /* what it says is no longer true, and what it would say could not be told from it */
			l->times = -1;
		}
	}
	l->size = size;
	mark(l, offset_of(l, size));
	if (is_too_long(l))
		start_cutter(l);
	else if (has_hole(l) && now >= l->gap_ms && size == last) {
		l->gap_ms = now + GAP_MS;
		start_cutter(l);
	} else if (size == last && !has_hole(l))
		arm(l);
	else
		l->look_ms = now + LOOK_MS;
}

void logs_cutter_ended(struct handle *cutter)
{
	struct log *l = (struct log *)cutter;
	struct stat st;
	close_cutter(l); /* reaped with the orphans */
	log_head(l->fd, &l->head);
	if (fstat(l->fd, &st) == 0)
		l->size = (uint64_t)st.st_size;
	l->look_ms = now_ms() + (is_too_long(l) ? FAILED_MS : LOOK_MS);
}

int logs_bind(const char *path, const char *times, uint64_t limit, uint64_t keep)
{
	struct stat st;
	struct log *l = log_of(path);
	if (l)
		forget(l);
	l = calloc(1, sizeof *l);
	if (!l || !(l->path = strdup(path))) {
		free(l);
		errno = ENOMEM;
		return -1;
	}
	l->cutter = (struct handle){CUTTER, -1};
	l->limit = limit;
	l->keep = keep;
	l->wd = -1;
	l->look_ms = NEVER;
	/* a fifo, a terminal: not opened for reading, which would have consequences */
	int special = stat(path, &st) == 0 && !S_ISREG(st.st_mode);
	l->fd = special ? -1 : open(path, (limit ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK);
	l->times = l->fd >= 0 && *times ? open(times, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
	l->next = logs.first;
	logs.first = l;
	if (l->fd < 0) {
		int error = special ? 0 : errno;
		forget(l);
		errno = error;
		return error ? -1 : 0;
	}
	log_head(l->fd, &l->head);
	load_marks(l);
	if (fstat(l->fd, &st) == 0)
		l->size = (uint64_t)st.st_size;
	mark(l, offset_of(l, l->size));
	if (is_too_long(l) || has_hole(l))
		l->look_ms = now_ms();
	else
		arm(l);
	return 0;
}

void logs_forget(const char *path)
{
	struct log *l = log_of(path);
	struct stat st;
	if (!l)
		return;
	/* its writer is gone: it is left as it should be; who does that is reaped with the orphans */
	if (l->limit && log_head(l->fd, &l->head) == 0 && fstat(l->fd, &st) == 0) {
		l->size = (uint64_t)st.st_size;
		if (is_too_long(l) || has_hole(l))
			tend(l, 1);
	}
	forget(l);
}

void logs_changed(void)
{
	_Alignas(struct inotify_event) char events[4096];
	ssize_t n;
	while ((n = read(logs.changes.fd, events, sizeof events)) > 0)
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *event = (const struct inotify_event *)(events + at);
			at += (ssize_t)(sizeof *event + event->len);
			if (!(event->mask & IN_MODIFY))
				continue;
			for (struct log *l = logs.first; l; l = l->next)
				if (l->wd == event->wd) { /* more than one where a file has two names */
					l->wd = -1; /* it tells once */
					look(l);
				}
		}
}

int64_t logs_due_ms(void)
{
	int64_t due = NEVER;
	for (const struct log *l = logs.first; l; l = l->next)
		if (l->look_ms < due)
			due = l->look_ms;
	return due;
}

void logs_look(int64_t now_ms)
{
	for (struct log *l = logs.first; l; l = l->next)
		if (l->look_ms <= now_ms) {
			l->look_ms = NEVER;
			look(l);
		}
}

void logs_tally(unsigned *open, unsigned *blocks)
{
	*open = logs.changes.fd >= 0;
	*blocks = 0;
	for (const struct log *l = logs.first; l; l = l->next) {
		*open += (l->fd >= 0) + (l->times >= 0) + (l->cutter.fd >= 0);
		*blocks += 2 + (l->mark != NULL);
	}
}
