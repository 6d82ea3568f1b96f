/* The kernel's side of one state directory: owns the lock, the listener, the servers (as their parent), the watches
 * and the timer, and does what the agent says over a pipe. No policy. One thread, one epoll loop, no polling. */
#include "guard.h"

#include "launcher.h"
#include "logs.h"
#include "proc.h"
#include "resume.h"
#include "spawn.h"
#include "statedir.h"
#include "watch.h"
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum why { FIRST_START, WOKEN, AGENT_DIED, AGENT_HUNG, HANDED_OVER };

enum answer { STAY, GO, UNFIT };

enum { PING_PATIENCE_MS = 10000, START_PATIENCE_MS = 30000, LOOK_AFTER_MS = 150, LOOK_AGAIN_MS = 3, LOOKS_UNASKED = 5, HEALTHY_MS = 60000, FAILED_STARTS = 3, LOG_LIMIT = 1 << 20, READ_SIZE = 65536, NOTES_A_TURN = 32, NOTE_EVERY_MS = 200, NOTE_ROOM = 65536,
       TRIAL_MS = 2000 };

static const int64_t NEVER = INT64_MAX;

struct spawning {
	struct handle handle; /* the pipe that reports a failure */
	struct process *child;
	uint64_t request;
	unsigned asked_by; /* g.lives of the agent that wants to know */
	struct spawning *next;
};

struct member {
	struct handle handle;
	struct process *leader; /* NULL: nobody waits for it any more */
	struct member *next;
};

/* A file as it is now: the time, since the number of a removed file is given to a new one. */
struct file {
	dev_t device;
	ino_t inode;
	struct timespec changed;
};

static struct guard {
	char directory[PATH_MAX], logs[PATH_MAX], home[PATH_MAX], binary[PATH_MAX];
	struct file running; /* the file that this process executes */
	struct file refused; /* a build that could not take over */
	char *heir;          /* the build that takes over when the agent is gone */
	int epoll, lock, directory_lock, socket_inode, snapshot;
	struct handle listener, abstract, notify, inotify, orphan, agent_handle, control, room;
	int debug;
	int looks_unasked; /* since the kernel last told that something has changed */
	int abandoned; /* the directory was made again: the agent has the old listener and is to be replaced */

	pid_t agent;       /* 0: none runs */
	int ready;         /* it has said its first word */
	unsigned lives;    /* how many have been started */
	int let_go;        /* it may go to sleep */
	int hung;          /* it is being killed since it does not answer */
	int failed_starts; /* how many in a row ended before their first word */
	int crashes;       /* since the last healthy one: decides how long to wait */
	int64_t started_ms, start_at_ms, ping_until_ms, look_at_ms;
	int64_t note_at_ms; /* when the agent is told what servers said of themselves */
	uint64_t timer_ns, events;
	int timer_due;
	struct buffer in, out;

	struct table children, strangers;
	struct spawning *spawning;
	struct member *members;
} g;

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t now_ms(void)
{
	return now_ns() / 1000000;
}

static void say(const char *format, ...)
{
	char line[1024];
	va_list args;
	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	struct tm tm;
	char when[32];
	gmtime_r(&t.tv_sec, &tm);
	strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &tm);
	if (dprintf(2, "%s.%03ldZ guard: %s\n", when, t.tv_nsec / 1000000, line) < 0)
		return;
}

/* What SHAREDSERVER_DEBUG asks for: every step, to the log. */
static void trace(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void trace(const char *format, ...)
{
	if (!g.debug)
		return;
	char line[512];
	va_list args;
	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	say("%s", line);
}

void guard_report(int report, int passes, const char *format, ...)
{
	char text[512];
	struct buffer b = {0};
	va_list args;
	va_start(args, format);
	int n = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	put_u8(&b, (uint8_t)passes);
	put_bytes(&b, text, n < (int)sizeof text ? (size_t)n : sizeof text - 1);
	/* without a reader nobody waits for the reason */
	if (!b.failed && write(report, b.at, b.length) < 0)
		say("%s", text);
	buffer_free(&b);
}

static void watch_handle(struct handle *h, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.ptr = h};
	if (epoll_ctl(g.epoll, EPOLL_CTL_ADD, h->fd, &e) != 0 && errno != EEXIST)
		say("epoll_ctl of descriptor %d: %s", h->fd, strerror(errno));
}

static void close_handle(struct handle *h)
{
	if (h->fd < 0)
		return;
	/* a child between fork and exec has a copy, which would keep a closed descriptor in the set */
	epoll_ctl(g.epoll, EPOLL_CTL_DEL, h->fd, NULL);
	close(h->fd);
	h->fd = -1;
}

/* Lock, socket and directory */

int guard_lock(const char *directory, int *created)
{
	char path[PATH_MAX + 16];
	snprintf(path, sizeof path, "%s/.agent.lock", directory);
	for (;;) {
		*created = 1;
		int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0 && errno == EEXIST) {
			*created = 0;
			fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
		}
		if (fd < 0 && errno == ENOENT && !*created)
			continue;
		if (fd < 0)
			return -1;
		struct stat mine, there;
		if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
			int error = errno;
			close(fd);
			errno = error;
			return -1;
		}
		if (fstat(fd, &mine) == 0 && stat(path, &there) == 0 && mine.st_ino == there.st_ino &&
		    mine.st_dev == there.st_dev)
			return fd;
		close(fd); /* somebody replaced the file between open and flock */
	}
}

static int same_file(const char *name, int fd)
{
	char path[PATH_MAX + 32];
	struct stat mine, there;
	snprintf(path, sizeof path, "%s/%s", g.directory, name);
	return fstat(fd, &mine) == 0 && stat(path, &there) == 0 && mine.st_ino == there.st_ino &&
	       mine.st_dev == there.st_dev;
}

/* Binds under a temporary name, listens, then renames: whoever finds the socket can connect. */
static int listen_at(const char *directory)
{
	struct sockaddr_un address;
	int keep;
	char temporary[PATH_MAX + 48], final[PATH_MAX + 48];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	snprintf(temporary, sizeof temporary, "%s/.tmp-socket", directory);
	snprintf(final, sizeof final, "%s/.agent.sock", directory);
	unlink(temporary);
	if (statedir_address(directory, ".tmp-socket", &address, &keep) != 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || chmod(temporary, 0600) != 0 ||
	    listen(fd, 4096) != 0 || rename(temporary, final) != 0) {
		int error = errno;
		close(fd);
		errno = error;
		fd = -1;
	}
	if (keep >= 0)
		close(keep);
	return fd;
}

static int directory_replaced(void)
{
	struct stat mine, there;
	return g.directory_lock < 0 || fstat(g.directory_lock, &mine) != 0 || stat(g.directory, &there) != 0 ||
	       mine.st_ino != there.st_ino || mine.st_dev != there.st_dev;
}

static void watch_directory(void)
{
	static const char *const files[] = {".agent.lock", ".agent.sock"};
	close_handle(&g.inotify);
	g.inotify.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (g.inotify.fd < 0)
		return;
	/* an unlinked file that is still open tells by IN_ATTRIB: its link count has changed */
	for (int i = 0; i < 2; i++) {
		char path[PATH_MAX + 32];
		snprintf(path, sizeof path, "%s/%s", g.directory, files[i]);
		inotify_add_watch(g.inotify.fd, path, IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF | IN_DONT_FOLLOW);
	}
	inotify_add_watch(g.inotify.fd, g.directory, IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR);
	watch_handle(&g.inotify, EPOLLIN);
	/* what was removed before it was watched tells nothing any more; a few times, lest a file that cannot be told keeps us busy */
	int lost = directory_replaced() || !same_file(".agent.lock", g.lock) || !same_file(".agent.sock", g.socket_inode);
	if (lost && g.looks_unasked < LOOKS_UNASKED) {
		g.looks_unasked++;
		g.look_at_ms = now_ms() + LOOK_AFTER_MS;
	}
}

/* The inode of the socket: through a descriptor of it the listener can be reached when its name is gone. */
static void remember_socket(void)
{
	char path[PATH_MAX + 32];
	snprintf(path, sizeof path, "%s/.agent.sock", g.directory);
	if (g.socket_inode >= 0)
		close(g.socket_inode);
	g.socket_inode = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

static void hold_directory(void)
{
	if (g.directory_lock >= 0)
		close(g.directory_lock);
	/* cleaners of /tmp skip a directory that somebody holds a lock on (tmpfiles.d(5)) */
	g.directory_lock = open(g.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (g.directory_lock >= 0)
		flock(g.directory_lock, LOCK_SH | LOCK_NB);
}

static void forget(struct process *p)
{
	for (struct member *m = g.members; m; m = m->next)
		if (m->leader == p)
			m->leader = NULL;
	close_handle(&p->handle);
	table_remove(p->handle.kind == CHILD ? &g.children : &g.strangers, p);
}

/* Frames to the agent */

/* One that was let go reads nothing more: what happens now is for the next one. */
static int agent_hears(void)
{
	return g.agent && !g.let_go;
}

static void flush_out(void)
{
	size_t done = 0;
	while (g.room.fd >= 0 && done < g.out.length) {
		ssize_t n = write(g.room.fd, g.out.at + done, g.out.length - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break; /* full: EPOLLOUT goes on; broken: the agent's end tells */
		done += (size_t)n;
	}
	buffer_drop(&g.out, done);
	struct epoll_event e = {.events = g.out.length ? EPOLLOUT : 0, .data.ptr = &g.room};
	if (g.room.fd >= 0)
		epoll_ctl(g.epoll, EPOLL_CTL_MOD, g.room.fd, &e);
}

static size_t event_begin(char type)
{
	trace("tells %c", type);
	g.events++;
	return frame_begin(&g.out, type);
}

static void event_process(char type, const struct process *p)
{
	size_t frame = event_begin(type);
	trace("  of process %d", (int)p->pid);
	put_u32(&g.out, (uint32_t)p->pid);
	put_u64(&g.out, p->stamp);
	if (type == 'G')
		put_u8(&g.out, (uint8_t)p->known);
	if (type == 'G' || type == 'D') {
		put_u8(&g.out, (uint8_t)p->code);
		put_u32(&g.out, (uint32_t)p->status);
	}
	frame_end(&g.out, frame);
}

/* What servers said of themselves is told when the agent knows them all, and not to one that does not read. */
static int note_room(void)
{
	return agent_hears() && g.ready && g.out.length < NOTE_ROOM;
}

static void tell_note(struct process *p, void *context)
{
	const int64_t *now = context;
	struct note *note = &p->note;
	if (!note->news || (p->handle.kind == CHILD && !p->spawned))
		return;
	int64_t at = note->news & NOTE_URGENT ? *now : note->told_ms + NOTE_EVERY_MS;
	if (at > *now || !note_room()) {
		g.note_at_ms = sooner(g.note_at_ms, at);
		return;
	}
	note->told_ms = *now;
	size_t frame = event_begin('N');
	put_u32(&g.out, (uint32_t)note->pid);
	put_u64(&g.out, note->stamp);
	put_u32(&g.out, (uint32_t)note->session);
	put_u32(&g.out, note->uid);
	note_put(note, &g.out);
	frame_end(&g.out, frame);
}

static void tell_notes(void)
{
	int64_t now = now_ms();
	if (now < g.note_at_ms || !note_room())
		return;
	g.note_at_ms = NEVER;
	table_each(&g.children, tell_note, &now);
	table_each(&g.strangers, tell_note, &now);
}

static void put_child(struct process *p, void *context)
{
	(void)context;
	put_u32(&g.out, (uint32_t)p->pid);
	put_u64(&g.out, p->stamp);
	put_u8(&g.out, (uint8_t)p->dead);
	put_u8(&g.out, (uint8_t)p->code);
	put_u32(&g.out, (uint32_t)p->status);
}

static void put_stranger(struct process *p, void *context)
{
	(void)context;
	put_u32(&g.out, (uint32_t)p->pid);
	put_u64(&g.out, p->stamp);
	put_u8(&g.out, (uint8_t)p->dead);
}

static void drop_gone(struct process *p, void *context)
{
	(void)context;
	if (p->dead)
		forget(p);
}

static void renew_note(struct process *p, void *context)
{
	(void)context;
	note_renew(&p->note);
}

static void send_init(enum why why)
{
	struct proc_stat self = {0};
	char notify[128] = "";
	if (g.notify.fd >= 0)
		notify_address(g.directory, notify, sizeof notify);
	proc_stat(getpid(), &self);
	size_t frame = frame_begin(&g.out, 'I');
	put_u16(&g.out, PROTOCOL);
	put_u32(&g.out, (uint32_t)getpid());
	put_u64(&g.out, self.stamp);
	put_u8(&g.out, (uint8_t)why);
	put_string(&g.out, VERSION);
	put_string(&g.out, g.directory);
	put_string(&g.out, g.logs);
	put_string(&g.out, g.home);
	put_u32(&g.out, g.children.count);
	table_each(&g.children, put_child, NULL);
	put_u32(&g.out, g.strangers.count);
	table_each(&g.strangers, put_stranger, NULL);
	put_string(&g.out, notify);
	frame_end(&g.out, frame);
	table_each(&g.children, renew_note, NULL);
	table_each(&g.strangers, renew_note, NULL);
	g.note_at_ms = 0;
	table_each(&g.strangers, drop_gone, NULL);
	flush_out();
}

/* The agent */

static int relisten(void);

/* The options of the agent's JVM: a line each of lib/agent.options, %h the product's home, %d the state directory. */
static char **agent_argv(int without_cache)
{
	char path[PATH_MAX + 64];
	snprintf(path, sizeof path, "%s/lib/agent.options", g.home);
	FILE *file = fopen(path, "re");
	if (!file) {
		say("open %s: %s", path, strerror(errno));
		return NULL;
	}
	size_t count = 1, capacity = 64;
	char **argv = calloc(capacity + 1, sizeof *argv), *line = NULL;
	size_t size = 0;
	ssize_t n;
	if (argv && asprintf(&argv[0], "%s/lib/runtime/bin/java", g.home) < 0)
		argv[0] = NULL;
	while (argv && count < capacity && (n = getline(&line, &size, file)) > 0) {
		if (line[n - 1] == '\n')
			line[--n] = 0;
		if (n == 0 || line[0] == '#' || (without_cache && strncmp(line, "-XX:AOTCache=", 13) == 0))
			continue;
		struct buffer b = {0};
		for (const char *c = line; *c; c++) {
			const char *insert = c[0] != '%' ? NULL : c[1] == 'h' ? g.home : c[1] == 'd' ? g.directory : NULL;
			if (insert) {
				put_bytes(&b, insert, strlen(insert));
				c++;
			} else {
				put_u8(&b, (uint8_t)*c);
			}
		}
		put_u8(&b, 0);
		argv[count++] = (char *)b.at;
	}
	free(line);
	fclose(file);
	return argv;
}

static int open_log(void)
{
	char path[PATH_MAX + 32];
	snprintf(path, sizeof path, "%s/.agent.log", g.directory);
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct stat st;
	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > LOG_LIMIT && ftruncate(fd, 0) != 0)
		say("ftruncate of %s: %s", path, strerror(errno));
	return fd;
}

static void log_to_file(void)
{
	int fd = open_log();
	if (fd < 0)
		fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		dup2(fd, 1);
		dup2(fd, 2);
		if (fd > 2)
			close(fd);
	}
}

static _Noreturn void agent_child(int from_guard, int to_guard, char **argv)
{
	int wanted[] = {g.listener.fd, 1, 2, from_guard, to_guard, g.lock, g.snapshot};
	int count = sizeof wanted / sizeof *wanted;
	int above[sizeof wanted / sizeof *wanted];
	/* first out of the way, then into place: no source is overwritten before it was used */
	for (int i = 0; i < count; i++)
		if ((above[i] = fcntl(wanted[i], F_DUPFD, 64)) < 0)
			_exit(126);
	for (int i = 0; i < count; i++)
		if (dup2(above[i], i) < 0)
			_exit(126);
	syscall(SYS_close_range, count, ~0u, 0);
	lseek(6, 0, SEEK_SET);
	/* an agent that somebody stopped could not see that we are gone, and would keep the lock from the next guard for ever */
	prctl(PR_SET_PDEATHSIG, SIGCONT);
	if (default_dispositions() != 0)
		_exit(126);
	execv(argv[0], argv);
	say("execve of %s: %s", argv[0], strerror(errno));
	_exit(126);
}

/* Handing over to another build: docs/protocol.md, "Versions" */

static struct file file_of(const struct stat *st)
{
	return (struct file){st->st_dev, st->st_ino, st->st_mtim};
}

static int same(struct file a, struct file b)
{
	return a.device == b.device && a.inode == b.inode && a.changed.tv_sec == b.changed.tv_sec &&
	       a.changed.tv_nsec == b.changed.tv_nsec;
}

static void keep_process(struct process *p, void *context)
{
	const int *flags = context;
	if (p->handle.fd >= 0)
		fcntl(p->handle.fd, F_SETFD, *flags);
}

/* Lets the descriptors that the table names live through an exec, or (FD_CLOEXEC) not any more. */
static void keep_descriptors(int flags)
{
	const int kept[] = {g.lock, g.directory_lock, g.socket_inode, g.snapshot, g.listener.fd, g.abstract.fd, g.notify.fd};
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
		if (kept[i] >= 0)
			fcntl(kept[i], F_SETFD, flags);
	table_each(&g.strangers, keep_process, &flags);
}

static int save_table(void)
{
	struct legacy l = {(char *)VERSION, g.lock, g.directory_lock, g.socket_inode, g.snapshot, g.listener.fd, g.abstract.fd, g.notify.fd,
			   g.abandoned, g.timer_ns, g.children, g.strangers};
	return resume_save(&l);
}

/* Whether a build says that it understands our table: tried before anything is given up for it. */
static int passes_trial(const char *path)
{
	char number[16];
	char *argv[] = {(char *)"sharedserver", (char *)"--can-resume", number, NULL};
	/* what takes this for an ordinary command shall not find a state directory */
	char *env[] = {(char *)"SHAREDSERVER_LOCKDIR=/dev/null", NULL};
	int status = 0, table = save_table();
	if (table < 0)
		return 0;
	snprintf(number, sizeof number, "%d", table);
	pid_t child = fork();
	if (child == 0) {
		fcntl(table, F_SETFD, 0);
		default_dispositions();
		execve(path, argv, env);
		_exit(126);
	}
	close(table);
	if (child < 0)
		return 0;
	int fd = pidfd_of(child);
	struct pollfd p = {fd, POLLIN, 0};
	if (fd < 0 || poll(&p, 1, TRIAL_MS) <= 0)
		kill(child, SIGKILL); /* our child, not reaped */
	if (fd >= 0)
		close(fd);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && WEXITSTATUS(status) == RESUMABLE;
}

/* The product's directory: the binary is bin/… of it. */
static void home_of(const char *binary, char *home)
{
	snprintf(home, PATH_MAX, "%s", binary);
	for (int i = 0; i < 2; i++) {
		char *slash = strrchr(home, '/');
		if (slash)
			*slash = 0;
	}
}

/* Nobody but us, root and a group that is our own can have changed it. */
static int is_trusted(const struct stat *st)
{
	return S_ISREG(st->st_mode) && (st->st_uid == geteuid() || st->st_uid == 0) && !(st->st_mode & S_IWOTH) &&
	       (!(st->st_mode & S_IWGRP) || st->st_gid == getegid());
}

/* Whether the build at this path may and can take over: it is trusted, has what an agent needs, and understands what we would
 * leave. */
static int can_take_over(const char *path)
{
	char home[PATH_MAX], file[PATH_MAX + 64];
	struct stat st;
	if (strlen(path) >= PATH_MAX || path[0] != '/' || stat(path, &st) != 0 || !is_trusted(&st) ||
	    access(path, X_OK) != 0) {
		say("cannot hand over to what is no program of ours or root's that nobody else may write to: %s", path);
		return 0;
	}
	if (same(g.refused, file_of(&st)))
		return 0;
	home_of(path, home);
	snprintf(file, sizeof file, "%s/lib/agent.options", home);
	int has_options = access(file, R_OK) == 0;
	snprintf(file, sizeof file, "%s/lib/runtime/bin/java", home);
	if (has_options && access(file, X_OK) == 0 && passes_trial(path))
		return 1;
	say("cannot hand over to what is no whole product, or does not understand version %s: %s", VERSION, path);
	g.refused = file_of(&st);
	return 0;
}

/* Executes the other build in our place. The process stays, and with it every child, the lock and the sockets. Comes back only if
 * that failed, with everything as it was. */
static void hand_over(const char *path)
{
	char lock[16], number[16];
	struct stat st;
	int table = save_table();
	if (table < 0) {
		say("cannot write down what to hand over: %s", strerror(errno));
		return;
	}
	snprintf(lock, sizeof lock, "%d", g.lock);
	snprintf(number, sizeof number, "%d", table);
	char *argv[] = {(char *)"sharedserver", (char *)"--guard", g.directory, g.logs, lock, (char *)"--resume", number, NULL};
	say("version %s hands over to %s", VERSION, path);
	keep_descriptors(0);
	fcntl(table, F_SETFD, 0);
	execve(path, argv, environ);
	say("execve of %s: %s", path, strerror(errno));
	keep_descriptors(FD_CLOEXEC);
	close(table);
	if (stat(path, &st) == 0)
		g.refused = file_of(&st);
}

/* An upgrade in place: the agent that would be started now is of another build than we are. */
static void follow_upgrade(void)
{
	struct stat st;
	if (g.spawning || stat(g.binary, &st) != 0 || same(g.running, file_of(&st)) || same(g.refused, file_of(&st)))
		return;
	if (can_take_over(g.binary))
		hand_over(g.binary);
}

static void start_later(void)
{
	static const int64_t backoff_ms[] = {0, 100, 500, 2000, 5000};
	g.start_at_ms = now_ms() + backoff_ms[g.crashes < 4 ? g.crashes : 4];
	g.crashes++;
}

/* Again with each agent: an earlier guard that is just ending, or another user, may have the name. */
static void open_notify(void)
{
	if (g.notify.fd >= 0)
		return;
	g.notify.fd = notify_open(g.directory);
	if (g.notify.fd < 0)
		say("servers cannot say that they are ready: %s", strerror(errno));
}

static void given_up(void);

/* No agent came to be at all. */
static void start_failed(void)
{
	g.failed_starts++;
	start_later();
	given_up();
}

static void start_agent(enum why why)
{
	int down[2], up[2];
	g.start_at_ms = NEVER;
	log_to_file();
	if (why != FIRST_START && why != HANDED_OVER)
		follow_upgrade();
	if (g.abandoned && relisten() == 0)
		watch_directory();
	open_notify();
	char **argv = agent_argv(g.failed_starts == 1);
	if (!argv || pipe2(down, O_CLOEXEC) != 0) {
		list_free(argv);
		start_failed();
		return;
	}
	if (pipe2(up, O_CLOEXEC) != 0) {
		list_free(argv);
		close(down[0]);
		close(down[1]);
		start_failed();
		return;
	}
	fcntl(down[1], F_SETPIPE_SZ, 1 << 20);
	fcntl(up[1], F_SETPIPE_SZ, 1 << 20);
	g.started_ms = now_ms();
	g.lives++;
	g.ready = 0;
	g.agent = fork();
	if (g.agent == 0)
		agent_child(down[0], up[1], argv);
	list_free(argv);
	close(down[0]);
	close(up[1]);
	if (g.agent < 0) {
		say("fork: %s", strerror(errno));
		g.agent = 0;
		close(down[1]);
		close(up[0]);
		start_failed();
		return;
	}
	g.timer_due = 0; /* it looks at its deadlines by itself */
	/* what was meant for the last agent is in the init frame of this one */
	g.out.length = g.in.length = 0;
	g.out.failed = g.in.failed = 0;
	g.events = 0;
	g.hung = 0;
	/* until its first word, which ends this like every other silence */
	g.ping_until_ms = g.started_ms + START_PATIENCE_MS;
	fcntl(down[1], F_SETFL, O_NONBLOCK);
	fcntl(up[0], F_SETFL, O_NONBLOCK);
	g.room = (struct handle){CONTROL_ROOM, down[1]};
	g.control = (struct handle){CONTROL, up[0]};
	g.agent_handle = (struct handle){AGENT, pidfd_of(g.agent)};
	watch_handle(&g.room, 0);
	watch_handle(&g.control, EPOLLIN);
	watch_handle(&g.agent_handle, EPOLLIN);
	epoll_ctl(g.epoll, EPOLL_CTL_DEL, g.listener.fd, NULL);
	trace("starts agent %d (why %d, %u children, %u watches)", (int)g.agent, (int)why, g.children.count,
	      g.strangers.count);
	send_init(why);
}

static int anything_to_keep(void)
{
	return g.children.count || g.strangers.count || g.timer_ns || g.timer_due || g.spawning;
}

static int connection_waits(void)
{
	struct pollfd p = {g.listener.fd, POLLIN, 0};
	return poll(&p, 1, 0) > 0;
}

static void forget_waiters(struct process *p, void *context)
{
	(void)context;
	p->group_wanted = 0;
}

static void leave(int code)
{
	char path[PATH_MAX + 32];
	snprintf(path, sizeof path, "%s/.agent.sock", g.directory);
	if (same_file(".agent.lock", g.lock))
		unlink(path);
	exit(code);
}

static void drain_control(void);
static void turn_away(void);

static void agent_ended(void)
{
	int status = 0;
	drain_control(); /* its last words */
	waitpid(g.agent, &status, 0);
	int asleep = g.let_go && WIFEXITED(status) && WEXITSTATUS(status) == 0;
	g.agent = 0;
	close_handle(&g.room);
	close_handle(&g.control);
	close_handle(&g.agent_handle);
	g.in.length = 0;
	g.ping_until_ms = NEVER;
	g.let_go = 0;
	table_each(&g.children, forget_waiters, NULL);
	table_each(&g.strangers, forget_waiters, NULL);
	if (asleep) {
		trace("the agent sleeps");
		g.failed_starts = g.crashes = 0;
		if (g.heir) {
			char *heir = g.heir;
			g.heir = NULL;
			hand_over(heir);
			free(heir);
			start_agent(WOKEN);
			return;
		}
		if (g.abandoned) {
			start_agent(WOKEN);
			return;
		}
		if (!anything_to_keep() && !connection_waits())
			leave(0);
		/* level-triggered: a connection that came in between is seen at once */
		watch_handle(&g.listener, EPOLLIN);
		return;
	}
	free(g.heir);
	g.heir = NULL;
	say("the agent %s %d", WIFSIGNALED(status) ? "was killed by signal" : "exited with code",
	    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	if (now_ms() - g.started_ms >= HEALTHY_MS)
		g.crashes = 0;
	g.failed_starts = g.ready ? 0 : g.failed_starts + 1;
	start_later();
	given_up();
	if (g.start_at_ms <= now_ms())
		start_agent(g.hung ? AGENT_HUNG : AGENT_DIED);
}

/* After too many failed starts nobody waits for the next one. */
static void given_up(void)
{
	if (g.failed_starts < FAILED_STARTS)
		return;
	while (connection_waits())
		turn_away();
	/* with nothing to keep the next command may try anew, perhaps with what was wrong put right */
	if (!anything_to_keep())
		leave(1);
	watch_handle(&g.listener, EPOLLIN);
}

static void last_log_line(char *line, size_t size)
{
	char path[PATH_MAX + 32], tail[2048];
	snprintf(path, sizeof path, "%s/.agent.log", g.directory);
	line[0] = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	off_t end = lseek(fd, 0, SEEK_END);
	ssize_t n = pread(fd, tail, sizeof tail - 1, end > (off_t)sizeof tail - 1 ? end - (off_t)sizeof tail + 1 : 0);
	close(fd);
	if (n <= 0)
		return;
	tail[n] = 0;
	char *rest = tail;
	for (char *one; (one = strsep(&rest, "\n"));)
		if (*one && !strstr(one, "Z guard: the agent ")) /* our own words about it are no news */
			snprintf(line, size, "%.400s", one);
}

/* No agent can be started: the callers are told rather than left to wait. */
static void turn_away(void)
{
	int fd = accept4(g.listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	char last[512], text[1024];
	last_log_line(last, sizeof last);
	snprintf(text, sizeof text, "the agent cannot start: %s (see %.200s/.agent.log)", *last ? last : "it said nothing",
		 g.directory);
	struct buffer b = {0};
	size_t frame = frame_begin(&b, 'N');
	put_string(&b, text);
	frame_end(&b, frame);
	/* the request lies unread in the socket; closing it with a reset could take our answer along: read it first */
	char request[4096];
	struct pollfd p = {fd, POLLIN, 0};
	while (poll(&p, 1, 20) > 0 && recv(fd, request, sizeof request, 0) > 0)
		;
	if (send(fd, b.at, b.length, MSG_NOSIGNAL) < 0)
		say("send: %s", strerror(errno));
	buffer_free(&b);
	close(fd);
}

/* Groups */

struct count {
	struct process *leader;
	int found;
};

static void watch_member(int fd, void *context)
{
	struct count *c = context;
	struct member *m = calloc(1, sizeof *m);
	c->found++;
	if (!m) {
		close(fd);
		return;
	}
	m->handle = (struct handle){MEMBER, fd};
	m->leader = c->leader;
	m->next = g.members;
	g.members = m;
	c->leader->members++;
	watch_handle(&m->handle, EPOLLIN);
}

static struct process *known_process(pid_t pid, uint64_t stamp)
{
	struct process *p = table_find(&g.children, pid, stamp);
	return p ? p : table_find(&g.strangers, pid, stamp);
}

static void look_at_group(struct process *leader)
{
	struct count c = {leader, 0};
	if (leader->handle.kind == CHILD && !leader->dead)
		return; /* it is a member itself; its death makes us look */
	/* twice: /proc is no snapshot, a member may have forked behind the back of the first look and ended */
	for (int look = 0; look < 2; look++) {
		group_each(leader->pid, leader->stamp, watch_member, &c);
		if (c.found)
			return;
	}
	leader->group_wanted = 0;
	event_process('E', leader);
	if (leader->handle.kind == STRANGER && leader->dead)
		forget(leader);
}

static void member_ended(struct member *m)
{
	struct process *leader = m->leader;
	for (struct member **at = &g.members; *at; at = &(*at)->next)
		if (*at == m) {
			*at = m->next;
			break;
		}
	close_handle(&m->handle);
	free(m);
	if (leader && --leader->members == 0 && leader->group_wanted)
		look_at_group(leader);
}

static void await_group(pid_t pid, uint64_t stamp)
{
	struct process *leader = known_process(pid, stamp);
	if (!leader && pid <= 1) {
		struct process none = {.pid = pid, .stamp = stamp};
		event_process('E', &none); /* 0 is the group of the kernel's own */
		return;
	}
	if (!leader) {
		/* a leader that died before it was watched: its group may live all the same */
		leader = table_add(&g.strangers, STRANGER, pid, stamp);
		if (!leader)
			return;
		leader->dead = 1;
	}
	leader->group_wanted = 1;
	if (leader->members == 0)
		look_at_group(leader);
}

/* Processes */

static void child_died(struct process *p)
{
	siginfo_t info;
	memset(&info, 0, sizeof info);
	if (waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOWAIT | WNOHANG) != 0 || info.si_pid == 0)
		return;
	p->dead = 1;
	p->code = info.si_code;
	p->status = info.si_status;
	close_handle(&p->handle); /* the zombie stays: it pins pid and group id until the agent lets it go */
	if (p->spawned)
		event_process('D', p);
	if (p->group_wanted && p->members == 0)
		look_at_group(p);
}

static void stranger_ended(struct process *p)
{
	exit_of_stranger(p);
	p->dead = 1;
	close_handle(&p->handle);
	if (agent_hears()) {
		event_process('G', p);
		if (!p->group_wanted && p->members == 0)
			forget(p);
	}
}

static struct process *child_of_pid(pid_t pid)
{
	struct process *p = g.children.bucket[(unsigned)pid % 1024];
	while (p && p->pid != pid)
		p = p->next;
	return p;
}

static void reap_unless_known(pid_t pid, void *context)
{
	(void)context;
	if (pid != g.agent && !child_of_pid(pid))
		waitpid(pid, NULL, WNOHANG);
}

/* What servers left behind is ours by PR_SET_CHILD_SUBREAPER. Child by child: waitid(P_ALL) would show nothing but the first of
 * the zombies that are kept on purpose. */
static void reap_orphans(void)
{
	struct signalfd_siginfo drop[8];
	while (read(g.orphan.fd, drop, sizeof drop) > 0)
		;
	if (proc_each_child(reap_unless_known, NULL) == 0)
		return;
	for (;;) { /* a kernel without CONFIG_PROC_CHILDREN: those that no kept zombie hides */
		siginfo_t info;
		memset(&info, 0, sizeof info);
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0 ||
		    info.si_pid == g.agent || child_of_pid(info.si_pid))
			return;
		waitpid(info.si_pid, NULL, WNOHANG);
	}
}

static void spawn_done(struct spawning *s)
{
	struct spawn_failure failure;
	ssize_t n = read(s->handle.fd, &failure, sizeof failure);
	for (struct spawning **at = &g.spawning; *at; at = &(*at)->next)
		if (*at == s) {
			*at = s->next;
			break;
		}
	close_handle(&s->handle);
	struct process *child = s->child;
	int wanted = s->asked_by == g.lives;
	if (n == (ssize_t)sizeof failure && !wanted) {
		/* to a later agent it was introduced as a child; its own requests may have the same numbers */
		child->code = CLD_EXITED;
		child->status = 127;
		event_process('D', child);
		waitpid(child->pid, NULL, 0);
		forget(child);
	} else if (n == (ssize_t)sizeof failure) {
		size_t frame = event_begin('s');
		put_u64(&g.out, s->request);
		put_u8(&g.out, (uint8_t)failure.step);
		put_u32(&g.out, failure.error);
		frame_end(&g.out, frame);
		waitpid(child->pid, NULL, 0);
		forget(child);
	} else {
		size_t frame = wanted ? event_begin('S') : 0;
		if (wanted) {
			put_u64(&g.out, s->request);
			put_u32(&g.out, (uint32_t)child->pid);
			put_u64(&g.out, child->stamp);
			frame_end(&g.out, frame);
		}
		child->spawned = 1;
		if (child->note.news)
			g.note_at_ms = 0;
		if (child->dead)
			event_process('D', child);
	}
	free(s);
}

static void spawn_failed(uint64_t request, int error)
{
	size_t frame = event_begin('s');
	put_u64(&g.out, request);
	put_u8(&g.out, STEP_FORK);
	put_u32(&g.out, (uint32_t)error);
	frame_end(&g.out, frame);
}

static const char *boot_id(void)
{
	static char id[64];
	int fd = *id ? -1 : open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return id;
	ssize_t n = read(fd, id, sizeof id - 1);
	id[n > 0 ? n : 0] = 0;
	id[strcspn(id, "\n")] = 0;
	close(fd);
	return id;
}

static void start_server(struct spawn *s)
{
	int report;
	s->directory = g.directory;
	s->boot_id = boot_id();
	struct spawning *running = calloc(1, sizeof *running);
	struct process *child = NULL;
	pid_t pid = running ? spawn_start(s, &report) : -1;
	if (pid < 0) {
		spawn_failed(s->request, running ? errno : ENOMEM);
		free(running);
		return;
	}
	struct proc_stat stat;
	int pidfd = pidfd_of(pid);
	if (proc_stat(pid, &stat) == 0 && pidfd >= 0)
		child = table_add(&g.children, CHILD, pid, stat.stamp);
	if (!child) {
		int error = errno;
		kill(pid, SIGKILL); /* our child, not reaped: the pid is still its own */
		waitpid(pid, NULL, 0);
		close(report);
		if (pidfd >= 0)
			close(pidfd);
		free(running);
		spawn_failed(s->request, error ? error : ENOMEM);
		return;
	}
	child->handle.fd = pidfd;
	*running = (struct spawning){{SPAWNING, report}, child, s->request, g.lives, g.spawning};
	g.spawning = running;
	watch_handle(&child->handle, EPOLLIN);
	watch_handle(&running->handle, EPOLLIN);
}

static void watch_process(pid_t pid, uint64_t stamp)
{
	struct process *p = known_process(pid, stamp);
	if (p && p->handle.kind == CHILD) {
		event_process('K', p);
		if (p->dead)
			event_process('D', p);
		return;
	}
	if (p && !p->dead) {
		event_process('K', p);
		return;
	}
	if (!p && !(p = table_add(&g.strangers, STRANGER, pid, stamp))) {
		errno = ENOMEM;
		goto failed;
	}
	/* the descriptor first, then the stamp: afterwards the descriptor cannot mean another process */
	p->handle.fd = pidfd_of(pid);
	if (p->handle.fd < 0 && errno != ESRCH && errno != EINVAL) {
		int error = errno;
		forget(p);
		errno = error;
		goto failed;
	}
	if (p->handle.fd < 0 || !proc_is(pid, stamp)) {
		p->known = 0;
		struct proc_stat s;
		if (p->handle.fd >= 0 && proc_stat(pid, &s) == 0 && s.stamp == stamp)
			exit_of_stranger(p); /* a zombie */
		close_handle(&p->handle);
		p->dead = 1;
		event_process('G', p);
		if (!p->group_wanted && p->members == 0)
			forget(p);
		return;
	}
	p->dead = 0;
	watch_handle(&p->handle, EPOLLIN);
	event_process('K', p);
	return;
failed: {
	uint32_t error = (uint32_t)errno;
	size_t frame = event_begin('k');
	put_u32(&g.out, (uint32_t)pid);
	put_u64(&g.out, stamp);
	put_u32(&g.out, error);
	frame_end(&g.out, frame);
}
}

static int send_signal(struct cursor *body)
{
	uint64_t request = get_u64(body);
	pid_t pid = (pid_t)get_u32(body);
	uint64_t stamp = get_u64(body);
	int sig = get_u8(body), scope = get_u8(body), error = EINVAL;
	if (!cursor_done(body) || scope > 2)
		return -1;
	if (pid <= 1)
		error = EINVAL;
	else if (scope == 1)
		error = signal_group(pid, stamp, sig, table_find(&g.children, pid, stamp) != NULL);
	else if (scope == 2)
		error = signal_descendants(pid, stamp, sig);
	else
		error = signal_process(pid, stamp, sig);
	size_t frame = event_begin('g');
	put_u64(&g.out, request);
	put_u32(&g.out, (uint32_t)error);
	frame_end(&g.out, frame);
	return 0;
}

/* Frames from the agent */

static void answer_leave(enum answer answer)
{
	size_t frame = frame_begin(&g.out, 'Y');
	put_u8(&g.out, (uint8_t)answer);
	frame_end(&g.out, frame);
	g.let_go = answer == GO;
	trace("the agent may %s", answer == GO ? "go" : "not go");
}

static void answer_sleep(uint64_t seen)
{
	tell_notes();
	answer_leave(seen == g.events && !g.timer_due && !connection_waits() ? GO : STAY);
}

/* Connections may wait: they find the other build's agent at the same listener. */
static void answer_hand_over(uint64_t seen, char *path)
{
	tell_notes();
	enum answer answer = seen != g.events || g.timer_due || g.spawning ? STAY : can_take_over(path) ? GO : UNFIT;
	if (answer == GO)
		g.heir = path;
	else
		free(path);
	answer_leave(answer);
}

static int tend_log(char type, struct cursor *body)
{
	char *path = get_string(body), *times = type == 'F' ? get_string(body) : NULL;
	uint64_t limit = type == 'F' ? get_u64(body) : 0, keep = type == 'F' ? get_u64(body) : 0;
	int good = cursor_done(body);
	if (good && type == 'f')
		logs_forget(path);
	else if (good && logs_bind(path, times, limit, keep) != 0)
		say("the log %s is not looked after: %s", path, strerror(errno));
	free(path);
	free(times);
	return good ? 0 : -1;
}

/* 0, or -1 if the frame is none. */
static int obey(char type, struct cursor *body)
{
	trace("is told %c (%zu bytes)", type, (size_t)(body->end - body->at));
	if (type == 'S') {
		struct spawn s;
		if (spawn_parse(body, &s) != 0)
			return -1;
		start_server(&s);
		spawn_free(&s);
		return 0;
	}
	if (type == 'K')
		return send_signal(body);
	if (type == 'T') {
		g.timer_ns = get_u64(body);
		g.timer_due = 0;
		return cursor_done(body) ? 0 : -1;
	}
	if (type == 'P') {
		get_u64(body);
		/* before the first agent has named the servers that it adopts, what they say would be that of strangers */
		if (!g.ready && g.notify.fd >= 0)
			watch_handle(&g.notify, EPOLLIN);
		g.ready = 1;
		g.ping_until_ms = NEVER;
		return cursor_done(body) ? 0 : -1;
	}
	if (type == 'L') {
		pid_t pid = (pid_t)get_u32(body);
		uint64_t stamp = get_u64(body);
		int scope = get_u8(body);
		struct process *server = table_find(&g.strangers, pid, stamp);
		if (server)
			server->scope = scope;
		return cursor_done(body) ? 0 : -1;
	}
	if (type == 'Z') {
		uint64_t seen = get_u64(body);
		answer_sleep(seen);
		return cursor_done(body) ? 0 : -1;
	}
	if (type == 'H') {
		uint64_t seen = get_u64(body);
		char *path = get_string(body);
		if (!cursor_done(body)) {
			free(path);
			return -1;
		}
		answer_hand_over(seen, path);
		return 0;
	}
	if (type == 'F' || type == 'f')
		return tend_log(type, body);
	pid_t pid = (pid_t)get_u32(body);
	uint64_t stamp = get_u64(body);
	if (!cursor_done(body))
		return -1;
	struct process *p;
	switch (type) {
	case 'W':
		watch_process(pid, stamp);
		return 0;
	case 'U':
		p = table_find(&g.strangers, pid, stamp);
		if (p)
			forget(p);
		return 0;
	case 'E':
		await_group(pid, stamp);
		return 0;
	case 'R':
		p = table_find(&g.children, pid, stamp);
		if (p && p->dead) {
			waitpid(pid, NULL, 0);
			forget(p);
		}
		return 0;
	default:
		return -1;
	}
}

static void kill_agent(const char *why)
{
	say("%s: the agent is started again", why);
	kill(g.agent, SIGKILL); /* our child, not reaped */
}

static void drain_control(void)
{
	for (;;) {
		if (g.control.fd < 0 || buffer_reserve(&g.in, READ_SIZE) != 0)
			return;
		ssize_t n = read(g.control.fd, g.in.at + g.in.length, g.in.capacity - g.in.length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (n == 0)
				close_handle(&g.control); /* its end follows, by pidfd */
			return;
		}
		g.in.length += (size_t)n;
		size_t done = 0, used;
		char type;
		struct cursor body;
		int found;
		while ((found = frame_next(g.in.at + done, g.in.length - done, &type, &body, &used)) == 1) {
			done += used;
			if (obey(type, &body) != 0) {
				found = -1;
				break;
			}
		}
		buffer_drop(&g.in, done);
		if (found < 0) {
			close_handle(&g.control);
			kill_agent("it sent a frame that is none");
			return;
		}
	}
}

/* What servers say of themselves */

/* The server that a process speaks for: the leader of its session, or itself. A child is pinned until it is reaped, and a living
 * stranger's number is given neither to another process nor to a session. */
static struct process *server_of(const struct proc_stat *s)
{
	struct process *p = child_of_pid(s->session);
	const pid_t candidates[] = {s->session, s->pid};
	for (int i = 0; !p && i < 2; i++)
		for (p = g.strangers.bucket[(unsigned)candidates[i] % 1024]; p; p = p->next)
			if (p->pid == candidates[i] && p->scope && !p->dead)
				break;
	return p;
}

static void hear(const struct said *said)
{
	struct proc_stat s;
	/* at once, while it lives: who is gone could have been anybody */
	struct process *server = proc_stat(said->pid, &s) == 0 ? server_of(&s) : NULL;
	trace("process %d of user %u says something%s", (int)said->pid, (unsigned)said->uid, server ? "" : ", a stranger");
	if (!server || !note_hear(&server->note, said->text))
		return;
	server->note.pid = said->pid;
	server->note.stamp = s.stamp;
	server->note.session = s.session;
	server->note.uid = said->uid;
	g.note_at_ms = 0;
}

/* However much is said, there is time for everybody else. */
static void hear_some(void)
{
	struct said said;
	for (int i = 0, got; i < NOTES_A_TURN && (got = notify_next(g.notify.fd, &said)) >= 0; i++)
		if (got)
			hear(&said);
}

/* The directory */

static void terminate_child(struct process *p, void *context)
{
	(void)context;
	if (p->spawned && !p->dead)
		kill(-p->pid, SIGTERM); /* our child, not reaped */
}

/* A server that an earlier guard had started: no child, but ours all the same. */
static void terminate_server(struct process *p, void *context)
{
	(void)context;
	if (p->dead || !p->scope)
		return;
	if (p->scope == 1)
		signal_group(p->pid, p->stamp, SIGTERM, 0);
	else
		signal_descendants(p->pid, p->stamp, SIGTERM);
}

static int relisten(void)
{
	int listener = listen_at(g.directory);
	if (listener < 0)
		return -1;
	close_handle(&g.listener);
	g.listener.fd = listener;
	g.abandoned = 0;
	remember_socket();
	return 0;
}

/* The listener that the agent has, under its name again: a link to our descriptor of its inode, since a running agent cannot be
 * given another socket. The next agent gets a real one. */
static int link_listener(void)
{
	char path[PATH_MAX + 32], target[64];
	snprintf(path, sizeof path, "%s/.agent.sock", g.directory);
	snprintf(target, sizeof target, "/proc/%d/fd/%d", (int)getpid(), g.socket_inode);
	unlink(path);
	if (symlink(target, path) != 0)
		return -1;
	g.abandoned = 1;
	return 0;
}

static void look_again(const char *call)
{
	say("%s in %s: %s", call, g.directory, strerror(errno));
	g.look_at_ms = now_ms() + LOOK_AGAIN_MS;
}

static void look_at_directory(void)
{
	char parent[PATH_MAX];
	struct stat st;
	int replaced = directory_replaced(), created, lock;
	int lock_lost = !same_file(".agent.lock", g.lock), socket_lost = !same_file(".agent.sock", g.socket_inode);
	if (!replaced && !lock_lost && !socket_lost)
		return;
	snprintf(parent, sizeof parent, "%s", g.directory);
	if (stat(dirname(parent), &st) != 0) {
		/* the session's runtime directory is gone with the session */
		table_each(&g.children, terminate_child, NULL);
		table_each(&g.strangers, terminate_server, NULL);
		exit(0);
	}
	say("%s was removed under us: made again", replaced ? g.directory : lock_lost ? ".agent.lock" : ".agent.sock");
	if (mkdir(g.directory, 0700) != 0 && errno != EEXIST) {
		look_again("mkdir");
		return;
	}
	if (lock_lost) {
		lock = guard_lock(g.directory, &created);
		if (lock < 0) {
			/* a launcher holds it for the moment it takes to find out that we live */
			look_again("lock");
			return;
		}
		close(g.lock);
		g.lock = lock;
	}
	if (socket_lost && (g.agent ? link_listener() : relisten()) != 0) {
		look_again("socket");
		return;
	}
	hold_directory();
	watch_directory();
	log_to_file();
	if (agent_hears()) {
		/* it writes its files again and goes to sleep; the next one gets a listener of the new directory */
		size_t frame = event_begin('M');
		put_u8(&g.out, replaced ? 1 : 2);
		frame_end(&g.out, frame);
	} else if (!g.agent) {
		start_agent(WOKEN);
	}
}

static void poked(void)
{
	int fd;
	while ((fd = accept4(g.abstract.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		look_at_directory();
		if (g.agent && g.ping_until_ms == NEVER) {
			g.ping_until_ms = now_ms() + PING_PATIENCE_MS;
			size_t frame = frame_begin(&g.out, 'P');
			put_u64(&g.out, (uint64_t)now_ns());
			frame_end(&g.out, frame);
		}
		close(fd);
	}
}

/* The loop */

static void listener_ready(void)
{
	if (g.agent)
		return;
	if (g.failed_starts >= FAILED_STARTS) {
		turn_away();
		return;
	}
	start_agent(WOKEN);
}

static void dispatch(struct handle *h)
{
	char drop[4096];
	switch (h->kind) {
	case LISTENER:
		listener_ready();
		return;
	case ABSTRACT:
		poked();
		return;
	case DIRECTORY:
		while (read(h->fd, drop, sizeof drop) > 0)
			;
		g.looks_unasked = 0;
		/* not at once: who removes the directory would find it not empty */
		if (g.look_at_ms == NEVER)
			g.look_at_ms = now_ms() + LOOK_AFTER_MS;
		return;
	case NOTIFY:
		hear_some();
		return;
	case ORPHAN:
		reap_orphans();
		return;
	case AGENT:
		agent_ended();
		return;
	case CONTROL:
		drain_control();
		return;
	case CONTROL_ROOM:
		flush_out();
		return;
	case SPAWNING:
		spawn_done((struct spawning *)h);
		return;
	case CHILD:
		child_died((struct process *)h);
		return;
	case STRANGER:
		stranger_ended((struct process *)h);
		return;
	case MEMBER:
		member_ended((struct member *)h);
		return;
	case TAILS:
		logs_changed();
		return;
	case CUTTER:
		logs_cutter_ended(h);
		return;
	}
}

static int timeout_ms(void)
{
	int64_t at = g.agent ? g.ping_until_ms : g.start_at_ms;
	if (g.timer_ns)
		at = sooner(at, (int64_t)(g.timer_ns / 1000000 + (g.timer_ns % 1000000 != 0)));
	at = sooner(at, g.look_at_ms);
	if (note_room())
		at = sooner(at, g.note_at_ms);
	at = sooner(at, logs_due_ms());
	if (at == NEVER)
		return -1;
	int64_t left = at - now_ms();
	return left <= 0 ? 0 : left > 1000000000 ? 1000000000 : (int)left;
}

static void time_passed(void)
{
	if (g.timer_ns && (uint64_t)now_ns() >= g.timer_ns) {
		g.timer_ns = 0;
		if (agent_hears()) {
			size_t frame = event_begin('T');
			frame_end(&g.out, frame);
		} else {
			g.timer_due = 1; /* the agent that is started for it looks at its deadlines by itself */
		}
	}
	if (g.agent && now_ms() >= g.ping_until_ms) {
		g.hung = 1;
		g.ping_until_ms = NEVER;
		kill_agent(g.ready ? "it did not answer within 10 s" : "it did not say a word within 30 s");
	}
	if (!g.agent && now_ms() >= g.start_at_ms)
		start_agent(g.hung ? AGENT_HUNG : AGENT_DIED);
}

static void news_of(struct process *p, void *context)
{
	int *news = context;
	if (p->dead || (p->note.news & NOTE_URGENT && (p->handle.kind == STRANGER || p->spawned)))
		*news = 1;
}

/* Asleep: a death, a server that is ready or about to stop, the timer or a connection (see listener_ready) wakes the agent. */
static void wake_if_needed(void)
{
	int news = g.timer_due;
	if (g.agent || g.start_at_ms != NEVER)
		return;
	table_each(&g.strangers, news_of, &news);
	if (!news)
		table_each(&g.children, news_of, &news);
	if (news)
		start_agent(WOKEN);
}

static void look_if_due(void)
{
	if (now_ms() < g.look_at_ms)
		return;
	g.look_at_ms = NEVER;
	look_at_directory();
}

static _Noreturn void loop(void)
{
	for (;;) {
		struct epoll_event events[256];
		int n = epoll_wait(g.epoll, events, 256, timeout_ms());
		time_passed();
		/* deaths before orders: an order is answered only after every death that came before it was told */
		struct handle *control = NULL, *other = NULL;
		int deaths = 0;
		for (int i = 0; i < n; i++) {
			struct handle *h = events[i].data.ptr;
			if (h->kind == CHILD || h->kind == STRANGER) {
				dispatch(h);
				deaths++;
			} else if (h->kind == NOTIFY) {
				dispatch(h); /* always ready while a server floods it: it takes nobody's turn */
			} else if (h->kind == CONTROL) {
				control = h;
			} else if (h->kind == CONTROL_ROOM && events[i].events & EPOLLERR) {
				/* nobody reads it any more, which epoll tells again and again: the agent's end follows */
				close_handle(h);
			} else {
				other = h;
			}
		}
		/* of the rest one a round: handling one may free another that stands in `events` */
		if (deaths == 0 && (other || control))
			dispatch(other ? other : control);
		look_if_due();
		logs_look(now_ms());
		wake_if_needed();
		tell_notes();
		if (g.out.length)
			flush_out();
	}
}

static void find_home(void)
{
	struct stat st;
	ssize_t n = readlink("/proc/self/exe", g.binary, sizeof g.binary - 1);
	g.binary[n > 0 ? n : 0] = 0;
	home_of(g.binary, g.home);
	if (stat("/proc/self/exe", &st) == 0)
		g.running = file_of(&st);
}

static void own_limits(void)
{
	struct rlimit files, core = {0, RLIM_INFINITY};
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	/* only the soft limit: servers get their caller's, which may be higher */
	if (getrlimit(RLIMIT_CORE, &core) == 0) {
		core.rlim_cur = 0;
		setrlimit(RLIMIT_CORE, &core);
	}
}

static void watch_orphans(void)
{
	sigset_t child;
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	g.orphan = (struct handle){ORPHAN, -1};
	if (sigprocmask(SIG_BLOCK, &child, NULL) == 0)
		g.orphan.fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	if (g.orphan.fd < 0)
		say("signalfd: %s", strerror(errno));
}

/* The name under which we are found where the directory was removed. Another user may have taken it out of spite, which
 * only costs us that. -1: a guard of our own user has it. */
static int take_name(void)
{
	struct sockaddr_un address;
	socklen_t size = statedir_abstract(g.directory, "", &address);
	g.abstract = (struct handle){ABSTRACT, socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
	if (g.abstract.fd < 0)
		return -1;
	if (bind(g.abstract.fd, (struct sockaddr *)&address, size) == 0)
		return listen(g.abstract.fd, 64);
	int error = errno;
	if (error == EADDRINUSE && connect(g.abstract.fd, (struct sockaddr *)&address, size) == 0 &&
	    !statedir_is_ours(g.abstract.fd)) {
		say("another user has taken our abstract name");
		close_handle(&g.abstract);
		return 0;
	}
	errno = error;
	return -1;
}

static int cannot_start(int report, int passes, const char *what)
{
	const char *why = strerror(errno);
	say("%s: %s", what, why);
	guard_report(report, passes, "%s: %s", what, why);
	return 1;
}

static void begin(const char *directory, const char *logs)
{
	const char *debugging = getenv("SHAREDSERVER_DEBUG");
	snprintf(g.directory, sizeof g.directory, "%s", directory);
	snprintf(g.logs, sizeof g.logs, "%s", logs);
	g.debug = debugging && *debugging && strcmp(debugging, "0") != 0;
	g.listener = (struct handle){LISTENER, -1};
	g.abstract = (struct handle){ABSTRACT, -1};
	g.notify = (struct handle){NOTIFY, -1};
	g.inotify = (struct handle){DIRECTORY, -1};
	g.control.fd = g.room.fd = g.agent_handle.fd = g.directory_lock = g.socket_inode = -1;
	g.ping_until_ms = g.start_at_ms = g.look_at_ms = g.note_at_ms = NEVER;
	find_home();
	own_limits();
	signal(SIGPIPE, SIG_IGN);
	watch_orphans();
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
		say("prctl(PR_SET_CHILD_SUBREAPER): %s", strerror(errno));
	g.epoll = epoll_create1(EPOLL_CLOEXEC);
}

static _Noreturn void guard(enum why why)
{
	watch_directory();
	if (g.abstract.fd >= 0)
		watch_handle(&g.abstract, EPOLLIN);
	watch_handle(&g.orphan, EPOLLIN);
	if (logs_start(g.epoll) != 0)
		say("inotify for logs, which may grow without a bound: %s", strerror(errno));
	start_agent(why);
	loop();
}

int guard_main(const char *directory, const char *logs, int lock, int report)
{
	char what[PATH_MAX + 64];
	snprintf(g.directory, sizeof g.directory, "%s", directory);
	if (!same_file(".agent.lock", lock)) {
		complain("--guard is for the launcher to use: any other command starts the guard");
		return 1;
	}
	fcntl(lock, F_SETFD, FD_CLOEXEC);
	fcntl(report, F_SETFD, FD_CLOEXEC);
	log_to_file();
	begin(directory, logs);
	g.lock = lock;
	g.snapshot = (int)syscall(SYS_memfd_create, "sharedserver-snapshot", 1u /* MFD_CLOEXEC */);
	if (g.epoll < 0 || g.snapshot < 0)
		return cannot_start(report, 0, g.epoll < 0 ? "epoll_create1" : "memfd_create");
	if (take_name() != 0) {
		snprintf(what, sizeof what, "another guard has the name of %s", directory);
		return cannot_start(report, errno == EADDRINUSE, what); /* one that is just ending has it still */
	}
	g.listener.fd = listen_at(directory);
	if (g.listener.fd < 0) {
		snprintf(what, sizeof what, "cannot listen at %s/.agent.sock", directory);
		return cannot_start(report, errno == ENOENT, what); /* the directory was removed just now */
	}
	close(report);
	remember_socket();
	hold_directory();
	guard(FIRST_START);
}

static void resume_child(struct process *p, void *context)
{
	(void)context;
	p->handle.fd = p->dead ? -1 : pidfd_of(p->pid); /* not reaped: the number is still its own */
	if (p->handle.fd >= 0)
		watch_handle(&p->handle, EPOLLIN);
	else if (!p->dead)
		say("pidfd_open of %d: %s", (int)p->pid, strerror(errno));
}

static void resume_stranger(struct process *p, void *context)
{
	(void)context;
	if (p->handle.fd >= 0)
		watch_handle(&p->handle, EPOLLIN);
}

int guard_resume(const char *directory, const char *logs, int table)
{
	struct legacy l;
	begin(directory, logs);
	if (resume_load(table, &l) != 0 || g.epoll < 0) {
		/* the next command finds no guard, starts one, and its agent adopts what runs */
		say("version %s cannot go on with what it was left: servers run on without a guard", VERSION);
		return 1;
	}
	close(table);
	g.lock = l.lock;
	g.directory_lock = l.directory_lock;
	g.socket_inode = l.socket_inode;
	g.snapshot = l.snapshot;
	g.listener.fd = l.listener;
	g.abstract.fd = l.abstract;
	g.notify.fd = l.notify;
	g.abandoned = l.abandoned;
	g.timer_ns = l.timer_ns;
	g.children = l.children;
	g.strangers = l.strangers;
	keep_descriptors(FD_CLOEXEC);
	table_each(&g.children, resume_child, NULL);
	table_each(&g.strangers, resume_stranger, NULL);
	say("version %s goes on for %s: %u children, %u watches", VERSION, l.version, g.children.count, g.strangers.count);
	free(l.version);
	/* what happened to the directory between two watches of it */
	g.look_at_ms = now_ms();
	reap_orphans();
	guard(HANDED_OVER);
}
