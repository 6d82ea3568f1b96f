#include "notify.h"

#include "statedir.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* With `=` at its end: any value; else this line alone. Systemd has more (sd_notify(3)), which mean nothing to us. */
static const char *const keys[NOTE_KEYS] = {"READY=1", "STOPPING=1", "WATCHDOG=1", "ERRNO=", "STATUS="};

unsigned notify_address(const char *directory, char *text, size_t size)
{
	struct sockaddr_un address;
	statedir_abstract(directory, "notify-", &address);
	return (unsigned)snprintf(text, size, "@%s", address.sun_path + 1);
}

int notify_open(const char *directory)
{
	struct sockaddr_un address;
	socklen_t size = statedir_abstract(directory, "notify-", &address);
	const int on = 1;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* the option first: whatever comes has credentials */
	if (fd >= 0 && (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0 ||
			bind(fd, (struct sockaddr *)&address, size) != 0)) {
		int error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

int notify_next(int fd, struct said *said)
{
	/* With room for the credentials and nothing else: the kernel puts them first, and closes descriptors for which there is no
	 * room (unix(7)), so that no sender can leave us any. */
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct iovec into = {said->text, NOTE_LIMIT};
	struct msghdr message = {.msg_iov = &into, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
	ssize_t n = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return errno == EINTR ? 0 : -1;
	const struct cmsghdr *c = CMSG_FIRSTHDR(&message);
	struct ucred who;
	if (message.msg_flags & MSG_TRUNC || !c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS ||
	    c->cmsg_len < CMSG_LEN(sizeof who))
		return 0;
	memcpy(&who, CMSG_DATA(c), sizeof who);
	if (n > 0 && !said->text[n - 1])
		n--; /* systemd lets it pass, too */
	/* pid 0: of a name space that we cannot see into */
	if (n == 0 || memchr(said->text, 0, (size_t)n) || who.pid <= 0 || (who.uid != geteuid() && who.uid != 0))
		return 0;
	said->pid = who.pid;
	said->uid = who.uid;
	said->text[n] = 0;
	return 1;
}

static int key_of(const char *line, size_t n)
{
	for (int key = 0; key < NOTE_KEYS; key++) {
		size_t length = strlen(keys[key]);
		int any = keys[key][length - 1] == '=';
		if (n >= length && memcmp(line, keys[key], length) == 0 && (any || n == length))
			return key;
	}
	return -1;
}

static int hear_line(struct note *note, int key, const char *line, size_t n)
{
	char **known = &note->line[key];
	if (*known && strlen(*known) == n && memcmp(*known, line, n) == 0)
		return 0;
	if (!*known || strlen(*known) < n) {
		char *room = realloc(*known, n + 1);
		if (!room)
			return 0;
		*known = room;
	}
	memcpy(*known, line, n);
	(*known)[n] = 0;
	note->news |= 1u << key;
	return 1;
}

int note_hear(struct note *note, const char *text)
{
	int heard = 0;
	while (*text) {
		size_t n = strcspn(text, "\n");
		int key = key_of(text, n);
		if (key >= 0)
			heard |= hear_line(note, key, text, n);
		text += n + (text[n] != 0);
	}
	return heard;
}

void note_put(struct note *note, struct buffer *b)
{
	size_t length = 0;
	for (int key = 0; key < NOTE_KEYS; key++)
		if (note->news >> key & 1)
			length += strlen(note->line[key]) + 1;
	put_u32(b, (uint32_t)length);
	for (int key = 0; key < NOTE_KEYS; key++)
		if (note->news >> key & 1) {
			put_bytes(b, note->line[key], strlen(note->line[key]));
			put_u8(b, '\n');
		}
	note->news = 0;
	/* of a sign of life each counts */
	free(note->line[NOTE_WATCHDOG]);
	note->line[NOTE_WATCHDOG] = NULL;
}

void note_renew(struct note *note)
{
	for (int key = 0; key < NOTE_KEYS; key++)
		if (note->line[key])
			note->news |= 1u << key;
	note->told_ms = 0;
}

void note_free(struct note *note)
{
	for (int key = 0; key < NOTE_KEYS; key++)
		free(note->line[key]);
	memset(note, 0, sizeof *note);
}
