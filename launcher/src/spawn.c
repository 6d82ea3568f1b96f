#include "spawn.h"

#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <paths.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int spawn_parse(struct cursor *body, struct spawn *s)
{
	memset(s, 0, sizeof *s);
	s->request = get_u64(body);
	s->umask = get_u32(body) & 0777;
	s->nice = (int)get_u32(body);
	int limits = get_u8(body);
	for (int i = 0; i < limits; i++) {
		struct rlimit limit;
		limit.rlim_cur = get_u64(body);
		limit.rlim_max = get_u64(body);
		if (i < (int)RLIM_NLIMITS)
			s->limit[i] = limit;
	}
	s->limits = limits < (int)RLIM_NLIMITS ? limits : (int)RLIM_NLIMITS;
	s->cwd = get_string(body);
	s->in = get_string(body);
	s->out = get_string(body);
	s->err = get_string(body);
	s->path = get_string(body);
	s->argv = get_list(body);
	s->env = get_list(body);
	if (cursor_done(body) && s->argv[0])
		return 0;
	spawn_free(s);
	return -1;
}

void spawn_free(struct spawn *s)
{
	free(s->cwd);
	free(s->in);
	free(s->out);
	free(s->err);
	free(s->path);
	list_free(s->argv);
	list_free(s->env);
	memset(s, 0, sizeof *s);
}

/* The C library refuses to touch its own signals 32 and 33, and a caller may have them ignored: ask the kernel. */
int default_dispositions(void)
{
	struct {
		void (*handler)(int);
		unsigned long flags;
		void (*restorer)(void);
		uint64_t mask;
	} action;
	memset(&action, 0, sizeof action);
	for (int sig = 1; sig <= 64; sig++) {
		if (sig == SIGKILL || sig == SIGSTOP)
			continue;
		if (syscall(SYS_rt_sigaction, sig, &action, NULL, sizeof action.mask) != 0)
			return -1;
	}
	uint64_t none = 0;
	return (int)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof none);
}

static char word[PATH_MAX + 128]; /* in the child: what leave_word() left */

static _Noreturn void fail(int report, enum spawn_step step)
{
	struct spawn_failure failure = {(uint32_t)step, (uint32_t)errno};
	if (*word)
		unlink(word);
	ssize_t written = write(report, &failure, sizeof failure);
	_exit(written == (ssize_t)sizeof failure ? 127 : 126);
}

static int blocking(int fd)
{
	return fd >= 0 && fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK) == 0 ? fd : -1;
}

static int is_fifo(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
}

/* Opened without waiting for the other end of a fifo(7): nobody could cancel that. */
static int open_output(const char *path)
{
	return blocking(open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK, 0600));
}

static int open_input(const char *path)
{
	int fd = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK);
	if (fd >= 0 && is_fifo(fd)) {
		/* with a writer of its own (itself) the server sees no end of file between two writers */
		int both = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK);
		if (both >= 0) {
			close(fd);
			fd = both;
		}
	}
	return blocking(fd);
}

/* A server that is talked to by two fifos outlives whoever talks to it: it is its own reader, too, and waits for the next one. */
static int open_answers(const char *path, int in)
{
	if (is_fifo(in)) {
		int both = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK);
		if (both >= 0 && is_fifo(both))
			return blocking(both);
		if (both >= 0)
			close(both);
	}
	return open_output(path);
}

static void close_between(unsigned first, unsigned last)
{
	if (first > last || syscall(SYS_close_range, first, last, 0) == 0)
		return;
	for (unsigned fd = first; fd <= last && fd < 65536; fd++)
		close((int)fd);
}

/* A file without a #! line is a script of the shell, as execvp(3) has it. */
static void run_script(char **argv, const char *path, char **env)
{
	size_t n = 0;
	while (argv[n])
		n++;
	char **shell = calloc(n + 2, sizeof *shell);
	if (!shell)
		return;
	shell[0] = (char *)_PATH_BSHELL;
	shell[1] = (char *)path;
	for (size_t i = 1; i < n; i++)
		shell[i + 1] = argv[i];
	execve(_PATH_BSHELL, shell, env);
}

static void execute(const char *path, char **argv, char **env)
{
	execve(path, argv, env);
	if (errno == ENOEXEC)
		run_script(argv, path, env);
}

/* As execvpe(3), but with the client's PATH. Comes back only when it failed. */
static void search(const struct spawn *s)
{
	const char *name = s->argv[0];
	if (!*name) {
		errno = ENOENT;
		return;
	}
	if (strchr(name, '/')) {
		execute(name, s->argv, s->env);
		return;
	}
	int refused = 0;
	size_t n = strlen(name);
	for (const char *at = s->path;;) {
		size_t length = strcspn(at, ":");
		char *file = malloc(length + n + 3);
		if (!file)
			return;
		/* an empty entry is the working directory */
		sprintf(file, "%.*s%s%s", (int)length, at, length ? "/" : "", name);
		execute(file, s->argv, s->env);
		free(file);
		if (errno == EACCES)
			refused = 1;
		else if (errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG && errno != ELOOP)
			return;
		if (!at[length])
			break;
		at += length + 1;
	}
	errno = refused ? EACCES : ENOENT;
}

/* The caller's limit, as far as our own hard one allows: a guard started from a more limited shell serves others too. */
static int set_limit(__rlimit_resource_t resource, struct rlimit wanted)
{
	struct rlimit mine;
	if (setrlimit(resource, &wanted) == 0)
		return 0;
	if (errno != EPERM || getrlimit(resource, &mine) != 0)
		return -1;
	if (wanted.rlim_max > mine.rlim_max)
		wanted.rlim_max = mine.rlim_max;
	if (wanted.rlim_cur > wanted.rlim_max)
		wanted.rlim_cur = wanted.rlim_max;
	return setrlimit(resource, &wanted);
}

/* An empty file `.starting-PID-STAMP-BOOT` in the state directory, until the agent has written down that this process runs: should
 * guard and agent both die before, their successors find by it what nobody knows of. It must be there before exec,
 * and whoever finds it without a guard above itself does not exec at all: so there is no moment to miss. */
static void leave_word(const struct spawn *s, pid_t guard)
{
	struct proc_stat self;
	if (!s->directory || proc_stat(getpid(), &self) != 0)
		return;
	snprintf(word, sizeof word, "%s/.starting-%d-%llu-%s", s->directory, (int)getpid(),
		 (unsigned long long)self.stamp, s->boot_id);
	/* without it (a full disk) nothing is lost but that */
	int fd = open(word, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0)
		close(fd);
	if (getppid() != guard) {
		unlink(word);
		_exit(126);
	}
}

static _Noreturn void child(const struct spawn *s, pid_t guard, int report)
{
	/* at once, not only before exec: a child that hangs on a dead file system must not hold lock and listener */
	close_between(3, (unsigned)report - 1);
	close_between((unsigned)report + 1, ~0u);
	if (setsid() < 0)
		fail(report, STEP_SETSID);
	leave_word(s, guard);
	umask(s->umask);
	for (int i = 0; i < s->limits; i++)
		if (set_limit((__rlimit_resource_t)i, s->limit[i]) != 0)
			fail(report, STEP_RLIMITS);
	errno = 0;
	if (setpriority(PRIO_PROCESS, 0, s->nice) != 0 && errno != EACCES && errno != EPERM)
		fail(report, STEP_NICE);
	if (chdir(s->cwd) != 0)
		fail(report, STEP_CHDIR);
	int in = open_input(*s->in ? s->in : "/dev/null");
	if (in < 0)
		fail(report, STEP_STDIN);
	int out = open_answers(s->out, in);
	if (out < 0)
		fail(report, STEP_OUTPUT);
	int err = *s->err ? open_output(s->err) : out;
	if (err < 0)
		fail(report, STEP_OUTPUT);
	/* the guard keeps 0 to 2 open, so the new ones are above: dup2 never lands on one of its sources */
	if (dup2(in, 0) < 0)
		fail(report, STEP_STDIN);
	if (dup2(out, 1) < 0 || dup2(err, 2) < 0)
		fail(report, STEP_OUTPUT);
	if (dup2(report, 3) < 0 || fcntl(3, F_SETFD, FD_CLOEXEC) != 0)
		fail(report, STEP_OUTPUT);
	close_between(4, ~0u);
	if (default_dispositions() != 0)
		fail(3, STEP_SIGNALS);
	search(s);
	fail(3, STEP_EXEC);
}

pid_t spawn_start(const struct spawn *s, int *report)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	pid_t guard = getpid(), pid = fork();
	if (pid == 0) {
		close(ends[0]);
		child(s, guard, ends[1]);
	}
	int error = errno;
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		errno = error;
		return -1;
	}
	*report = ends[0];
	return pid;
}
