#include "launcher.h"

#include "guard.h"
#include "proc.h"
#include "relay.h"
#include "spawn.h"
#include "statedir.h"
#include "watch.h"
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/* of standard input; what is sent of it has to fit into a frame */
enum { INPUT_LIMIT = 2 << 20 };
enum { PATIENCE_MS = 15000, POKE_MS = 5000, ALONE_MS = 2500, RLIMITS = 16 };
enum { FLAG_STDIN = 1, FLAG_STDOUT = 2, FLAG_STDERR = 4, FLAG_RETRY = 8, FLAG_SIGNALLED = 16 };
enum { WATCH_HEED_SIGNALS = 1 };
enum { EXIT_TROUBLE = 1, EXIT_INTERNAL = 70 };

enum { DONE = -1, AGAIN = -2, LOST = -3, TROUBLE = -4 }; /* beside an exit code of 0 to 255 */

static int debug;

/* The signal that is to be told to the agent instead of ending us, see heed_signals(). */
static volatile sig_atomic_t caught;

void complain(const char *format, ...)
{
	char line[PATH_MAX + 512];
	va_list args;
	va_start(args, format);
	int n = vsnprintf(line, sizeof line, format, args);
	va_end(args);
	if (n >= (int)sizeof line)
		n = sizeof line - 1;
	if (dprintf(2, "sharedserver: %.*s\n", n, line) < 0)
		return;
}

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void trace(const char *format, ...)
{
	if (!debug)
		return;
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	char line[1024];
	va_list args;
	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	if (dprintf(2, "[%lld.%06ld launcher %d] %s\n", (long long)t.tv_sec, t.tv_nsec / 1000, (int)getpid(), line) < 0)
		return;
}

/* 0.5 to 8 ms, so that many launchers do not come back at the same moment */
static void pause_a_little(void)
{
	static unsigned seed;
	if (!seed)
		seed = (unsigned)getpid() * 2654435761u + 1;
	seed = seed * 1664525u + 1013904223u;
	struct timespec t = {0, 500000 + (long)(seed >> 8) % 7500000};
	nanosleep(&t, NULL);
}

static int connect_to(const struct sockaddr_un *address, socklen_t size)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	/* also bounds a connect that waits for room in the listener's queue */
	struct timeval patience = {PATIENCE_MS / 1000, 0};
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if (connect(fd, (const struct sockaddr *)address, size) == 0)
		return fd;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* Makes the guard look at its directory and at its agent. 0 if there is one. */
static int poke_guard(const struct statedir *d)
{
	struct sockaddr_un address;
	socklen_t size = statedir_abstract(d->path, "", &address);
	int fd = connect_to(&address, size);
	if (fd < 0)
		return -1;
	if (!statedir_is_ours(fd)) {
		close(fd);
		return -1;
	}
	/* the guard hangs up when it has looked */
	struct pollfd p = {fd, POLLIN, 0};
	poll(&p, 1, 1000);
	close(fd);
	return 0;
}

/* An agent whose guard has died ends within 2 s, which frees the lock for the next guard. One that does not is stopped or hangs,
 * and nobody is above it to find out. */
static int end_orphaned_agent(const struct proc_stat *s, void *context)
{
	const struct statedir *d = context;
	char path[64], wanted[PATH_MAX + 16], link[PATH_MAX + 16];
	snprintf(path, sizeof path, "/proc/%d/fd/5", (int)s->pid);
	snprintf(wanted, sizeof wanted, "%s/.agent.lock", d->path);
	ssize_t n = readlink(path, link, sizeof link - 1);
	if (n < 0)
		return 0; /* another user's, or without such a descriptor */
	link[n] = 0;
	if (strcmp(link, wanted) != 0 || poke_guard(d) == 0)
		return 0;
	trace("the guard is gone, and its agent %d does not end by itself", (int)s->pid);
	signal_process(s->pid, s->stamp, SIGKILL);
	return 1;
}

/* Where the guard finds what it is given. */
enum { GUARD_LOCK = 3, GUARD_REPORT = 4 };

static void keep_only(int lock, int report)
{
	/* first out of the way, then into place */
	lock = fcntl(lock, F_DUPFD, 16);
	report = fcntl(report, F_DUPFD, 16);
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	int null = open("/dev/null", O_RDWR);
	while (null >= 0 && null < 2)
		null = dup(null);
	dup2(lock, GUARD_LOCK);
	dup2(report, GUARD_REPORT);
	if (syscall(SYS_close_range, GUARD_REPORT + 1, ~0u, 0) != 0)
		for (int fd = GUARD_REPORT + 1; fd < 4096; fd++)
			close(fd);
}

static char *fixed_variable(const char *name, const char *otherwise)
{
	const char *value = getenv(name);
	if (!value || !*value)
		value = otherwise;
	char *entry = NULL;
	if (!value || asprintf(&entry, "%s=%s", name, value) < 0)
		return NULL;
	return entry;
}

static _Noreturn void cannot_become_guard(int report, const char *call)
{
	guard_report(report, 0, "%s: %s", call, strerror(errno));
	_exit(EXIT_TROUBLE);
}

/* Replaces this process by the guard, which holds nothing of its caller. */
static _Noreturn void become_guard(const struct statedir *d, int lock, int report)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	if (n < 0)
		cannot_become_guard(report, "readlink of /proc/self/exe");
	self[n] = 0;
	char *env[9];
	int count = 0;
	const char *names[][2] = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"HOME", "/"}, {"USER", NULL},
				  {"LOGNAME", NULL}, {"XDG_CACHE_HOME", NULL}, {"SHAREDSERVER_DEBUG", NULL},
				  {"SHAREDSERVER_SLEEP_AFTER", NULL}};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		env[count] = fixed_variable(names[i][0], names[i][1]);
		if (env[count])
			count++;
	}
	env[count++] = (char *)"LANG=C.UTF-8";
	env[count] = NULL;
	umask(077);
	if (chdir("/") != 0)
		cannot_become_guard(report, "chdir to /");
	keep_only(lock, report);
	if (default_dispositions() != 0)
		cannot_become_guard(GUARD_REPORT, "sigaction");
	char *argv[] = {(char *)"sharedserver", (char *)"--guard", (char *)d->path, (char *)d->logs,
			(char *)"3", (char *)"4", NULL};
	execve(self, argv, env);
	guard_report(GUARD_REPORT, 0, "execve of %s: %s", self, strerror(errno));
	_exit(EXIT_TROUBLE);
}

/* Waits until the guard listens or cannot: its end of the pipe is closed. -1: it told why it never will. */
static int guard_started(int report, struct statedir *d, int64_t deadline)
{
	unsigned char bytes[1024];
	size_t length = 0;
	for (;;) {
		struct pollfd p = {report, POLLIN, 0};
		int64_t left = deadline - now_ms();
		int ready = poll(&p, 1, left > 0 ? (int)left : 0);
		if (ready < 0 && errno == EINTR)
			continue;
		ssize_t n = ready > 0 ? read(report, bytes + length, sizeof bytes - 1 - length) : 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		length += (size_t)n;
	}
	struct cursor c = {bytes, bytes + length, 0};
	int passes = get_u8(&c);
	if (c.bad)
		return 0;
	bytes[length] = 0;
	snprintf(d->error, sizeof d->error, "cannot start the guard: %s", (const char *)c.at);
	trace("%s", d->error);
	return passes ? 0 : -1;
}

/* Starts a guard if the directory has none. -1: it cannot be done, and the user was told. */
static int ensure_guard(struct statedir *d, int64_t deadline)
{
	int created = 0, report[2];
	int lock = guard_lock(d->path, &created);
	if (lock < 0) {
		/* somebody has it, or the directory is being removed: it is made again before the next try */
		if (errno == EWOULDBLOCK || errno == ENOENT)
			return 0;
		complain("cannot lock %s/.agent.lock: %s", d->path, strerror(errno));
		return -1;
	}
	if (created || d->created) {
		/* the directory may have been removed under a guard that lives: it makes everything again */
		flock(lock, LOCK_UN);
		close(lock);
		if (poke_guard(d) == 0) {
			trace("a guard of a removed directory was told");
			return 0;
		}
		lock = guard_lock(d->path, &created);
		if (lock < 0)
			return 0;
	}
	trace("starting a guard");
	pid_t child = pipe2(report, O_CLOEXEC) == 0 ? fork() : -1;
	if (child < 0) {
		complain("cannot start the guard: %s", strerror(errno));
		close(lock);
		return -1;
	}
	if (child == 0) {
		/* twice: a command that this process becomes (`run`) must not find a child it never made */
		pid_t grandchild = fork();
		if (grandchild == 0) {
			setsid();
			become_guard(d, lock, report[1]);
		}
		if (grandchild < 0)
			cannot_become_guard(report[1], "fork");
		_exit(0);
	}
	int status;
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	close(lock);
	close(report[1]);
	int started = guard_started(report[0], d, deadline);
	close(report[0]);
	if (started != 0)
		complain("%s", d->error);
	return started;
}

/* Connects, starting the guard if there is none. */
static int connect_agent(struct statedir *d, int64_t deadline)
{
	struct sockaddr_un address;
	int keep = -1, fd = -1;
	for (;;) {
		if (statedir_address(d->path, ".agent.sock", &address, &keep) == 0) {
			fd = connect_to(&address, sizeof address);
			int error = errno;
			if (keep >= 0)
				close(keep);
			errno = error;
		}
		if (fd >= 0)
			return fd;
		if (errno == ENOENT || errno == ECONNREFUSED || errno == ECONNRESET) {
			if (errno == ENOENT && statedir_open(d) != 0) {
				complain("%s", d->error);
				return -1;
			}
			if (ensure_guard(d, deadline) != 0)
				return -1;
		} else if (errno != EAGAIN && errno != EINTR) {
			complain("cannot connect to %s/.agent.sock: %s", d->path, strerror(errno));
			return -1;
		}
		if (now_ms() > deadline) {
			complain("no answer from the agent of %s within %d s%s%s; see %s/.agent.log", d->path,
				 PATIENCE_MS / 1000, *d->error ? ": " : "", d->error, d->path);
			return -1;
		}
		pause_a_little();
	}
}

static uint64_t own_stamp(void)
{
	struct proc_stat s;
	return proc_stat(getpid(), &s) == 0 ? s.stamp : 0;
}

static void put_limits(struct buffer *b)
{
	put_u8(b, RLIMITS);
	for (int i = 0; i < RLIMITS; i++) {
		struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
		getrlimit((__rlimit_resource_t)i, &limit);
		put_u64(b, limit.rlim_cur);
		put_u64(b, limit.rlim_max);
	}
}

static void put_request(struct buffer *b, char **argv, const unsigned char id[16], int retry, const char *token)
{
	struct winsize window = {0, 0, 0, 0};
	char cwd[PATH_MAX];
	int flags = (retry ? FLAG_RETRY : 0) | (caught ? FLAG_SIGNALLED : 0);
	if (isatty(0))
		flags |= FLAG_STDIN;
	if (isatty(2))
		flags |= FLAG_STDERR;
	if (ioctl(1, TIOCGWINSZ, &window) == 0)
		flags |= FLAG_STDOUT;
	mode_t mask = umask(0);
	umask(mask);
	if (!getcwd(cwd, sizeof cwd))
		cwd[0] = 0;

	size_t frame = frame_begin(b, 'R');
	put_u16(b, PROTOCOL);
	put_bytes(b, id, 16);
	put_u16(b, (uint16_t)flags);
	put_u16(b, window.ws_col);
	put_u32(b, (uint32_t)getpid());
	put_u64(b, own_stamp());
	put_u32(b, (uint32_t)getppid());
	put_u32(b, mask);
	put_u32(b, (uint32_t)getpriority(PRIO_PROCESS, 0));
	put_limits(b);
	put_string(b, VERSION);
	put_string(b, cwd);
	put_string(b, token);
	put_list(b, argv[0] ? argv + 1 : argv);
	put_list(b, environ);
	frame_end(b, frame);
}

static int send_all(int fd, const unsigned char *at, size_t n)
{
	while (n) {
		ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return -1;
		at += sent;
		n -= (size_t)sent;
	}
	return 0;
}

/* Ends as any program does that writes to a pipe which nobody reads. */
static _Noreturn void broken_pipe(void)
{
	signal(SIGPIPE, SIG_DFL);
	raise(SIGPIPE);
	_exit(128 + SIGPIPE);
}

/* Standard output if it is a pipe, else -1. `events -f | head -1`: the next event may be hours away, the reader is gone now. */
static int stdout_pipe(void)
{
	struct stat s;
	return fstat(1, &s) == 0 && S_ISFIFO(s.st_mode) ? 1 : -1;
}

static void write_out(int fd, const unsigned char *at, size_t n)
{
	while (n) {
		ssize_t written = write(fd, at, n);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0 && errno == EAGAIN) {
			struct pollfd p = {fd, POLLOUT, 0};
			poll(&p, 1, -1);
			continue;
		}
		if (written < 0 && errno == EPIPE)
			broken_pipe();
		if (written <= 0) {
			complain("cannot write to descriptor %d: %s", fd, strerror(errno));
			_exit(EXIT_TROUBLE);
		}
		at += written;
		n -= (size_t)written;
	}
}

static void set_variable(char *entry)
{
	char *equals = strchr(entry, '=');
	if (!equals)
		return;
	*equals = 0;
	setenv(entry, equals + 1, 1);
	*equals = '=';
}

/* Another version of the product, or none of it: to ask again would not help. */
static int malformed(char type)
{
	complain("the agent sent a malformed frame %c", type);
	return TROUBLE;
}

static const int heeded[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
static int heeding;

static void note_signal(int sig)
{
	caught = sig;
}

/* From now on the first of these signals is told to the agent, which may have something to take back; a second one ends us as
 * ever. What our caller ignores stays ignored. */
static void heed_signals(void)
{
	struct sigaction action = {.sa_handler = note_signal, .sa_flags = (int)SA_RESETHAND}, before;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; !heeding && i < sizeof heeded / sizeof *heeded; i++)
		if (sigaction(heeded[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
			sigaction(heeded[i], &action, NULL);
	heeding = 1;
}

/* There is nothing to take back any more: a signal that came since the agent was last asked does now what it would have done. */
static void heed_signals_no_more(void)
{
	struct sigaction before;
	for (size_t i = 0; heeding && i < sizeof heeded / sizeof *heeded; i++)
		if (sigaction(heeded[i], NULL, &before) == 0 && before.sa_handler == note_signal)
			signal(heeded[i], SIG_DFL);
	heeding = 0;
	if (caught)
		raise(caught);
}

/* Becomes the given command. Comes back only if that fails, with the errno; *step says what of it failed. */
static int become(struct cursor *body, int *step)
{
	char **argv = get_list(body);
	char **env = argv ? get_list(body) : NULL;
	char *directory = env ? get_string(body) : NULL;
	if (!directory || !argv[0] || !cursor_done(body)) {
		malformed('C');
		exit(EXIT_TROUBLE);
	}
	for (char **one = env; *one; one++)
		set_variable(*one);
	trace("becoming %s", argv[0]);
	*step = STEP_CHDIR;
	if (*directory && chdir(directory) != 0)
		return errno;
	*step = STEP_EXEC;
	heed_signals_no_more();
	execvp(argv[0], argv);
	return errno;
}

struct watch {
	pid_t pid;
	uint64_t stamp;
	char *directory, *prefix;
	int64_t timeout;
	int heed;
};

/* poll(2) that a signal which came just before it ends, too; -1 and EINTR then. */
static int poll_unless_caught(struct pollfd *p, nfds_t n, int timeout_ms)
{
	sigset_t block, before;
	struct timespec t = {timeout_ms / 1000, timeout_ms % 1000 * 1000000L};
	sigemptyset(&block);
	for (size_t i = 0; i < sizeof heeded / sizeof *heeded; i++)
		sigaddset(&block, heeded[i]);
	sigprocmask(SIG_BLOCK, &block, &before);
	int ready = -1, error = EINTR;
	if (!caught) {
		ready = ppoll(p, n, timeout_ms < 0 ? NULL : &t, &before);
		error = errno;
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return ready;
}

static int open_pidfd(const struct watch *w)
{
	if (w->pid <= 0)
		return -1;
	int fd = (int)syscall(SYS_pidfd_open, w->pid, 0);
	if (fd >= 0 && !proc_is(w->pid, w->stamp)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

enum { NOT_AWAITED, AWAITED, DIRECTORY_GONE };

static int is_awaited(int inotify, const char *prefix)
{
	_Alignas(struct inotify_event) char bytes[4096];
	ssize_t n = read(inotify, bytes, sizeof bytes);
	size_t length = strlen(prefix);
	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *event = (const struct inotify_event *)(bytes + at);
		if (event->len == 0)
			return DIRECTORY_GONE;
		if (strncmp(event->name, prefix, length) == 0)
			return AWAITED;
		at += (ssize_t)(sizeof *event + event->len);
	}
	return NOT_AWAITED;
}

static void close_inotify(int *inotify)
{
	close(*inotify);
	*inotify = -1;
}

/* Waits without polling until it is worth while to ask again. *inotify: -1, or what an earlier wait has made. */
static void wait_for(const struct watch *w, int *inotify)
{
	if (w->heed)
		heed_signals();
	if (*w->directory && *inotify < 0) {
		*inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
		if (*inotify >= 0 && inotify_add_watch(*inotify, w->directory, IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF |
											IN_MOVE_SELF) < 0) {
			/* it was removed, and the guard makes it again */
			close_inotify(inotify);
			pause_a_little();
		}
		/* what happened between the answer and now would be missed: ask once more first */
		return;
	}
	int pidfd = open_pidfd(w);
	if (w->pid > 0 && pidfd < 0) {
		pause_a_little();
		return;
	}
	int64_t now = now_ms();
	int64_t deadline = w->timeout < 0 || w->timeout > INT64_MAX - now ? INT64_MAX : now + w->timeout;
	struct pollfd p[2] = {{pidfd, POLLIN, 0}, {*inotify, POLLIN, 0}};
	while (!caught) {
		int64_t left = deadline - now_ms();
		int ready = poll_unless_caught(p, 2, w->timeout < 0 ? -1 : left > INT_MAX ? INT_MAX : left > 0 ? (int)left : 0);
		if (p[0].revents || (ready == 0 && now_ms() >= deadline) || (ready < 0 && errno != EINTR))
			break;
		int seen = ready > 0 && p[1].revents ? is_awaited(*inotify, w->prefix) : NOT_AWAITED;
		if (seen == DIRECTORY_GONE)
			close_inotify(inotify); /* the next wait is for the one that is made in its place */
		if (seen != NOT_AWAITED)
			break;
	}
	if (pidfd >= 0)
		close(pidfd);
}

struct conversation {
	struct statedir *state;
	char *token;
	struct buffer in;
	int fd, inotify;
	int streams; /* something was printed, and there may be more */
	struct buffer input; /* standard input so far: kept, since an agent that takes over asks for it again */
	int input_ended;
	const struct buffer *request; /* that is being answered */
	struct relayed relayed;
};

enum { INPUT_WHOLE, INPUT_MORE, INPUT_LATE, INPUT_BROKEN };

/* Reads standard input to its end, but little more than limit bytes, and no longer than until the deadline. */
static int read_input(struct conversation *c, size_t limit, int64_t deadline)
{
	while (!c->input_ended && c->input.length <= limit) {
		struct pollfd p = {0, POLLIN, 0};
		int64_t left = deadline - now_ms();
		if (left <= 0)
			return INPUT_LATE;
		if (buffer_reserve(&c->input, 65536) != 0)
			return INPUT_BROKEN;
		int ready = poll(&p, 1, left > INT_MAX ? INT_MAX : (int)left);
		ssize_t n = ready > 0 ? read(0, c->input.at + c->input.length, 65536) : -1;
		if (n > 0)
			c->input.length += (size_t)n;
		else if (n == 0)
			c->input_ended = 1;
		else if (ready != 0 && errno == EAGAIN)
			pause_a_little(); /* a reader beside us was quicker, again and again */
		else if (ready != 0 && errno != EINTR)
			return INPUT_BROKEN;
	}
	return c->input.length <= limit ? INPUT_WHOLE : INPUT_MORE;
}

static int send_input(struct conversation *c, size_t limit, int64_t timeout_ms)
{
	struct buffer b = {0};
	int how = read_input(c, limit, now_ms() + timeout_ms);
	size_t frame = frame_begin(&b, 'I');
	put_u8(&b, (uint8_t)how);
	put_bytes(&b, c->input.at, c->input.length < limit ? c->input.length : limit);
	frame_end(&b, frame);
	int sent = b.failed ? -1 : send_all(c->fd, b.at, b.length);
	buffer_free(&b);
	return sent == 0 ? DONE : LOST;
}

static int exec_failed(struct conversation *c, int step, int error)
{
	struct buffer b = {0};
	size_t frame = frame_begin(&b, 'F');
	put_u8(&b, (uint8_t)step);
	put_u32(&b, (uint32_t)error);
	frame_end(&b, frame);
	int sent = send_all(c->fd, b.at, b.length);
	buffer_free(&b);
	if (sent == 0)
		return DONE;
	complain("cannot execute: %s", strerror(error));
	return step != STEP_EXEC ? TROUBLE : error == ENOENT || error == ENOTDIR ? 127 : 126;
}

/* The names of hubs' sockets: ".lsp.sock". Only in the state directory, which is ours alone, a request is repeated. */
static int names_a_hub(const char *name)
{
	size_t n = strlen(name);
	return n > 6 && n < 64 && name[0] == '.' && !strchr(name, '/') && strcmp(name + n - 5, ".sock") == 0;
}

/* Says the request again, to a hub. One that is not there is the agent's affair, which is asked once more. */
static int ask_hub(struct conversation *c, const char *name)
{
	struct sockaddr_un address;
	int keep = -1;
	close(c->fd);
	c->fd = -1;
	if (statedir_address(c->state->path, name, &address, &keep) != 0)
		return LOST;
	c->fd = connect_to(&address, sizeof address);
	if (keep >= 0)
		close(keep);
	if (c->fd < 0 || !statedir_is_ours(c->fd) || send_all(c->fd, c->request->at, c->request->length) != 0)
		return LOST;
	trace("answered by %s", name);
	const struct heeding heed = {&caught, poll_unless_caught};
	int code = relay(c->fd, &c->relayed, heeding ? &heed : NULL);
	if (code == RELAY_MALFORMED)
		complain("the hub at %s/%s sent what is no answer", c->state->path, name);
	if (code == RELAY_LOST && c->relayed.begun)
		complain("the hub at %s/%s hung up in the middle of the session", c->state->path, name);
	return code >= 0 ? code : code == RELAY_LOST && !c->relayed.begun ? LOST : TROUBLE;
}

static int obey(struct conversation *c, char type, struct cursor *body)
{
	switch (type) {
	case 'O':
	case 'E':
		c->streams |= type == 'O';
		write_out(type == 'O' ? 1 : 2, body->at, (size_t)(body->end - body->at));
		return DONE;
	case 'X': {
		int code = get_u8(body);
		return cursor_done(body) ? code : malformed(type);
	}
	case 'N': {
		char *why = get_string(body);
		if (!why || !cursor_done(body))
			return malformed(type);
		for (char *at = why; *at; at++)
			if ((unsigned char)*at < ' ' || *at == 0x7f)
				*at = '?'; /* it quotes a log, which a terminal must not obey */
		complain("%s", why);
		return TROUBLE;
	}
	case 'C': {
		int step = 0;
		int error = become(body, &step);
		return exec_failed(c, step, error);
	}
	case 'T': {
		char *token = get_string(body);
		if (!token || !cursor_done(body))
			return malformed(type);
		free(c->token);
		c->token = token;
		return DONE;
	}
	case 'I': {
		uint32_t limit = get_u32(body), timeout = get_u32(body);
		if (limit > INPUT_LIMIT || !cursor_done(body))
			return malformed(type);
		return send_input(c, limit, timeout);
	}
	case 'H': {
		char *name = get_string(body);
		int result = name && cursor_done(body) && names_a_hub(name) ? ask_hub(c, name) : malformed(type);
		free(name);
		return result;
	}
	case 'W': {
		struct watch w = {0};
		w.pid = (pid_t)get_u32(body);
		w.stamp = get_u64(body);
		w.directory = get_string(body);
		w.prefix = get_string(body);
		w.timeout = (int64_t)get_u64(body);
		w.heed = get_u8(body) & WATCH_HEED_SIGNALS;
		if (!w.directory || !w.prefix || !cursor_done(body))
			return malformed(type);
		close(c->fd);
		c->fd = -1;
		wait_for(&w, &c->inotify);
		free(w.directory);
		free(w.prefix);
		return AGAIN;
	}
	default:
		complain("the agent sent a frame of unknown type %d", type);
		return TROUBLE;
	}
}

/* Reads and obeys until there is an exit code, a reason to ask again, or an end of the connection. */
static int converse(struct conversation *c)
{
	int alone = 0; /* how often there was no guard */
	c->in.length = 0;
	for (;;) {
		if (buffer_reserve(&c->in, 65536) != 0)
			return LOST;
		/* no events of standard output: only that nobody reads it any more */
		struct pollfd p[2] = {{c->fd, POLLIN, 0}, {c->streams ? stdout_pipe() : -1, 0, 0}};
		ssize_t n = recv(c->fd, c->in.at + c->in.length, c->in.capacity - c->in.length, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			/* an agent that does not answer may hang: its guard finds out */
			int ready = poll(p, 2, alone ? ALONE_MS : POKE_MS);
			if (ready == 0) {
				alone = poke_guard(c->state) == 0 ? 0 : alone + 1;
				if (alone > 1)
					proc_each(end_orphaned_agent, c->state);
			} else if (ready > 0 && !p[0].revents && p[1].revents & POLLERR) {
				broken_pipe();
			}
			continue;
		}
		if (n <= 0)
			return LOST;
		c->in.length += (size_t)n;
		size_t done = 0, used;
		char type;
		struct cursor body;
		int found;
		while ((found = frame_next(c->in.at + done, c->in.length - done, &type, &body, &used)) == 1) {
			done += used;
			int result = obey(c, type, &body);
			if (result != DONE)
				return result;
		}
		if (found < 0) {
			complain("the agent sent what is no frame");
			return TROUBLE;
		}
		buffer_drop(&c->in, done);
	}
}

static int ask(struct conversation *c, char **argv)
{
	struct buffer b = {0};
	unsigned char id[16];
	int retry = 0;
	int64_t deadline = now_ms() + PATIENCE_MS;
	if (getrandom(id, sizeof id, 0) != (ssize_t)sizeof id)
		memset(id, 0, sizeof id);
	for (;;) {
		/* before the agent is woken by the connection, so that it finds the request as soon as it looks */
		b.length = 0;
		put_request(&b, argv, id, retry, c->token ? c->token : "");
		if (b.failed) {
			complain("arguments and environment are larger than %u bytes", MAX_FRAME);
			return TROUBLE;
		}
		c->fd = connect_agent(c->state, deadline);
		if (c->fd < 0)
			return TROUBLE;
		int64_t asked = now_ms();
		c->request = &b;
		int result = send_all(c->fd, b.at, b.length) == 0 ? converse(c) : LOST;
		if (result != LOST) {
			buffer_free(&b);
			if (c->fd >= 0)
				close(c->fd);
			return result;
		}
		if (c->fd >= 0)
			close(c->fd);
		trace("the agent hung up, trying again");
		if (now_ms() > deadline && now_ms() - asked < PATIENCE_MS) {
			complain("the agent of %s hung up without an answer; see %s/.agent.log", c->state->path,
				 c->state->path);
			return TROUBLE;
		}
		/* a long wait that ends with the agent is no failed try: the next one gets its time, too */
		if (now_ms() - asked >= PATIENCE_MS)
			deadline = now_ms() + PATIENCE_MS;
		retry = 1;
		pause_a_little();
	}
}

/* A caller may have closed some of 0 to 2: what we open must not land there and be taken for standard output. A command
 * that this process becomes finds them closed again. */
static void fill_standard_descriptors(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR | O_CLOEXEC) < 0)
			_exit(EXIT_TROUBLE);
}

int launcher_main(char **argv)
{
	static struct statedir state;
	struct conversation c = {.state = &state, .fd = -1, .inotify = -1};
	const char *debugging = getenv("SHAREDSERVER_DEBUG");
	int code = TROUBLE;
	fill_standard_descriptors();
	debug = debugging && *debugging && strcmp(debugging, "0") != 0;
	if (statedir_open(&state) != 0) {
		complain("%s", state.error);
	} else {
		trace("state directory %s", state.path);
		do
			code = ask(&c, argv);
		while (code == AGAIN);
	}
	if (code >= 0)
		return code;
	/* `check` answers trouble with 70, so that 0 to 3 are only ever states */
	int is_check = argv[0] && argv[1] && strcmp(argv[1], "check") == 0;
	return is_check ? EXIT_INTERNAL : EXIT_TROUBLE;
}
