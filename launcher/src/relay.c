#include "relay.h"

#include "wire.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Neither side of a session may hold up the other: an editor that writes without reading must find room until the hub says
 * enough. So nothing here blocks but poll. */

enum { PIECE = 65536, KEPT = 1 << 20 };

struct relay {
	int fd;
	struct relayed *relayed;
	const struct heeding *heeding;
	int told; /* of a signal */
	struct buffer out; /* frames for the hub */
	size_t sent;
	struct buffer in; /* from the hub */
	size_t used;      /* of it: what was obeyed */
	int to;           /* where body goes, 0 for nowhere */
	struct cursor body;
	int code;
};

/* A socket takes what it has room for, a pipe what poll(2) promises, and a file or terminal all. */
static ssize_t write_some(int fd, const unsigned char *at, size_t n)
{
	struct stat s;
	int known = fstat(fd, &s) == 0;
	if (known && S_ISSOCK(s.st_mode))
		return send(fd, at, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	return write(fd, at, known && S_ISFIFO(s.st_mode) && n > PIPE_BUF ? PIPE_BUF : n);
}

static int passes(int error)
{
	return error == EAGAIN || error == EINTR;
}

/* -1: the hub is gone */
static int send_piece(struct relay *r)
{
	ssize_t n = send(r->fd, r->out.at + r->sent, r->out.length - r->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		return passes(errno) ? 0 : -1;
	r->sent += (size_t)n;
	if (r->sent == r->out.length)
		r->out.length = r->sent = 0;
	return 0;
}

/* -1: no memory */
static int read_piece(struct relay *r)
{
	unsigned char piece[PIECE];
	ssize_t n = read(0, piece, sizeof piece);
	if (n < 0 && passes(errno))
		return 0;
	/* what cannot be read any more has ended; an empty frame says so */
	r->relayed->ended = n <= 0;
	size_t frame = frame_begin(&r->out, 'D');
	put_bytes(&r->out, piece, n > 0 ? (size_t)n : 0);
	frame_end(&r->out, frame);
	if (r->relayed->frames.length + r->out.length > KEPT)
		r->relayed->begun = 1;
	if (!r->relayed->begun)
		put_bytes(&r->relayed->frames, r->out.at, r->out.length);
	return r->out.failed || r->relayed->frames.failed ? -1 : 0;
}

/* -1: the hub is gone, or no memory */
static int receive(struct relay *r)
{
	buffer_drop(&r->in, r->used);
	r->used = 0;
	if (buffer_reserve(&r->in, PIECE) != 0)
		return -1;
	ssize_t n = recv(r->fd, r->in.at + r->in.length, r->in.capacity - r->in.length, MSG_DONTWAIT);
	if (n < 0 && passes(errno))
		return 0;
	if (n <= 0)
		return -1;
	r->in.length += (size_t)n;
	return 0;
}

/* Takes frames until one is to be written. 0: more bytes are needed, or something is to be written; 1: code is set. */
static int take(struct relay *r)
{
	size_t used;
	char type;
	int found = 0;
	while (!r->to && (found = frame_next(r->in.at + r->used, r->in.length - r->used, &type, &r->body, &used)) == 1) {
		r->used += used;
		r->relayed->begun = 1;
		if (type == 'X') {
			r->code = get_u8(&r->body);
			if (!cursor_done(&r->body))
				r->code = RELAY_MALFORMED;
			return 1;
		}
		if (type != 'O' && type != 'E') {
			r->code = RELAY_MALFORMED;
			return 1;
		}
		if (r->body.at < r->body.end)
			r->to = type == 'O' ? 1 : 2;
	}
	if (found < 0)
		r->code = RELAY_MALFORMED;
	return found < 0;
}

/* -1: nobody reads it */
static int write_piece(struct relay *r)
{
	ssize_t n = write_some(r->to, r->body.at, (size_t)(r->body.end - r->body.at));
	if (n < 0)
		return passes(errno) ? 0 : -1;
	r->body.at += n;
	if (r->body.at == r->body.end)
		r->to = 0;
	return 0;
}

/* The next signal ends us: that we wait for one answer is no reason to be deaf. */
static void tell_signal(struct relay *r)
{
	size_t frame = frame_begin(&r->out, 'S');
	put_u8(&r->out, (uint8_t)*r->heeding->caught);
	frame_end(&r->out, frame);
	r->told = 1;
}

static int wait_for_news(struct relay *r, struct pollfd *p, nfds_t n)
{
	return r->heeding && !r->told ? r->heeding->poll_unless_caught(p, n, -1) : poll(p, n, -1);
}

static int carry(struct relay *r)
{
	int refused = 0; /* the hub takes no more */
	for (;;) {
		if (take(r))
			return r->code;
		if (r->heeding && !r->told && *r->heeding->caught)
			tell_signal(r);
		/* a hub that is not read is not read from; what it has for us waits in the socket */
		short hub = (short)((r->to ? 0 : POLLIN) | (r->out.length ? POLLOUT : 0));
		struct pollfd p[3] = {{r->heeding || refused || r->out.length || r->relayed->ended ? -1 : 0, POLLIN, 0},
				      {hub ? r->fd : -1, hub, 0},
				      {r->to ? r->to : -1, POLLOUT, 0}};
		if (wait_for_news(r, p, 3) < 0) {
			if (errno != EINTR)
				return RELAY_LOST;
			continue;
		}
		if (p[0].revents && read_piece(r) != 0)
			return RELAY_LOST;
		if (p[2].revents && write_piece(r) != 0)
			return RELAY_LOST;
		if (p[1].revents & POLLOUT && send_piece(r) != 0) {
			/* it may have said why before it hung up */
			r->out.length = r->sent = 0;
			refused = 1;
		}
		/* not if it only hangs up while there is something to write: its exit code may lie behind that */
		if (hub & POLLIN && p[1].revents & (POLLIN | POLLHUP | POLLERR) && receive(r) != 0)
			return RELAY_LOST;
	}
}

int relay(int fd, struct relayed *relayed, const struct heeding *heeding)
{
	struct relay r = {.fd = fd, .relayed = relayed, .heeding = heeding};
	put_bytes(&r.out, relayed->frames.at, relayed->frames.length);
	int code = r.out.failed ? RELAY_LOST : carry(&r);
	buffer_free(&r.out);
	buffer_free(&r.in);
	if (relayed->begun)
		buffer_free(&relayed->frames);
	return code;
}
