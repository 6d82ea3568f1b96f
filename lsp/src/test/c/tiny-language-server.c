/* A language server that is easy to take by surprise: static, stripped, and it ends with the line of the surprise when a system
   call of it tells of an interruption that no signal caused.

   usage: tiny-language-server [read|poll|epoll|epoll-timeout] [hidden] [signals] [threads]

   It answers every request with {"echo":"METHOD"}, and knows the state of nothing. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define MUST(x) \
	do { \
		if (!(x)) \
			_exit(__LINE__ % 100 + 100); \
	} while (0)

static char input[1 << 20];
static size_t have;
static int epoll = -1;
static const char *mode = "read";
static int signals;
static volatile sig_atomic_t alarms;

static void rang(int signal)
{
	(void)signal;
	alarms++;
}

static void *brief(void *nothing)
{
	usleep(200);
	return nothing;
}

static void *breed(void *nothing)
{
	for (;;) {
		pthread_t child;
		MUST(pthread_create(&child, 0, brief, nothing) == 0);
		MUST(pthread_join(child, 0) == 0);
	}
}

/* makes children, whose ends are signals */
static void *bear(void *nothing)
{
	for (;;) {
		pid_t child = fork();
		if (child == 0)
			_exit(0);
		MUST(child > 0);
		while (waitpid(child, 0, 0) < 0)
			MUST(errno == EINTR);
		usleep(3000);
	}
	return nothing;
}

static void wait_for_input(void)
{
	if (!strcmp(mode, "poll")) {
		struct pollfd fd = {.fd = 0, .events = POLLIN};
		int ready;
		while ((ready = poll(&fd, 1, -1)) < 0)
			MUST(errno == EINTR && signals);
		MUST(ready == 1);
	} else if (!strncmp(mode, "epoll", 5)) {
		struct epoll_event event;
		int timeout = strcmp(mode, "epoll-timeout") ? -1 : 5000, ready;
		while ((ready = epoll_wait(epoll, &event, 1, timeout)) <= 0)
			MUST(ready == 0 ? timeout > 0 : errno == EINTR && signals);
		MUST(ready == 1 && event.data.u64 == 0xfeedfacecafebeefull);
	}
}

static void more(void)
{
	wait_for_input();
	MUST(have < sizeof input - 1);
	ssize_t got = read(0, input + have, sizeof input - 1 - have);
	/* all handlers are SA_RESTART: a read is never interrupted */
	MUST(got >= 0);
	if (got == 0)
		exit(0);
	have += (size_t)got;
	input[have] = 0;
}

static void answer(const char *id, size_t id_length, const char *method, size_t method_length)
{
	static char body[4096], message[5000];
	int length = snprintf(body, sizeof body, "{\"jsonrpc\":\"2.0\",\"id\":%.*s,\"result\":{\"echo\":\"%.*s\"}}", (int)id_length, id,
		(int)method_length, method);
	length = snprintf(message, sizeof message, "Content-Length: %d\r\n\r\n%s", length, body);
	for (int done = 0; done < length;) {
		ssize_t n = write(1, message + done, (size_t)(length - done));
		MUST(n > 0);
		done += (int)n;
	}
}

int main(int argc, char **argv)
{
	int hidden = 0, threads = 0;
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "hidden"))
			hidden = 1;
		else if (!strcmp(argv[i], "signals"))
			signals = 1;
		else if (!strcmp(argv[i], "threads"))
			threads = 1;
		else
			mode = argv[i];
	}
	if (hidden)
		MUST(prctl(PR_SET_DUMPABLE, 0) == 0);
	if (!strncmp(mode, "epoll", 5)) {
		epoll = epoll_create1(EPOLL_CLOEXEC);
		struct epoll_event event = {.events = EPOLLIN, .data.u64 = 0xfeedfacecafebeefull};
		MUST(epoll >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &event) == 0);
	}
	if (signals) {
		struct sigaction action = {.sa_handler = rang, .sa_flags = SA_RESTART};
		struct itimerval each = {{0, 1000}, {0, 1000}};
		pthread_t mother;
		MUST(sigaction(SIGALRM, &action, 0) == 0 && sigaction(SIGCHLD, &action, 0) == 0);
		MUST(pthread_create(&mother, 0, bear, 0) == 0);
		MUST(setitimer(ITIMER_REAL, &each, 0) == 0);
	}
	if (threads)
		for (int i = 0; i < 3; i++) {
			pthread_t breeder;
			MUST(pthread_create(&breeder, 0, breed, 0) == 0);
		}
	for (;;) {
		char *end;
		while (!(end = memmem(input, have, "\r\n\r\n", 4)))
			more();
		MUST(!strncasecmp(input, "Content-Length: ", 16));
		size_t length = strtoul(input + 16, 0, 10), header = (size_t)(end + 4 - input);
		while (have < header + length)
			more();
		char *body = input + header, after = body[length];
		body[length] = 0;
		MUST(body[0] == '{' && body[length - 1] == '}');
		char *id = strstr(body, "\"id\":"), *method = strstr(body, "\"method\":\"");
		if (id && method)
			answer(id + 5, strcspn(id + 5, ",}"), method + 10, strcspn(method + 10, "\""));
		body[length] = after;
		have -= header + length;
		memmove(input, body + length, have + 1);
	}
}
