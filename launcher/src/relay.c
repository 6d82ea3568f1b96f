#include "relay.h"

#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Neither side of a session may hold up the other: an editor that writes without reading must find room until the hub says
 * enough. So nothing here blocks but poll. */

enum { PIECE = 65536, ROOM = 160 << 10, KEPT = 1 << 20 };

/* Where bytes for the editor go. */
struct outlet {
	int fd;
	int own;     /* opened here: never waits, whoever else has the same pipe */
	int socket;  /* whose send never waits */
	size_t most; /* that poll(2) promises room for */
};

struct relay {
	int fd;
	struct relayed *relayed;
	const struct heeding *heeding;
	int told; /* of a signal */
	struct buffer out; /* frames for the hub */
	size_t sent;
	struct buffer in; /* from the hub */
	size_t used;      /* of it: what was obeyed */
	struct outlet outlets[2]; /* standard output and error */
	struct outlet *to;        /* where body goes, NULL for nowhere */
	struct cursor body;
	int code;
};

/* A pipe's blocking is a matter of the open file, which others may share: so it is opened anew. */
static int open_anew(int fd)
{
	char path[32];
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
}

static struct outlet outlet(int fd)
{
	struct stat s;
	struct outlet o = {.fd = fd, .most = SIZE_MAX};
	if (fstat(fd, &s) != 0)
		return o;
	o.socket = S_ISSOCK(s.st_mode);
	if (!S_ISFIFO(s.st_mode))
		return o;
	int own = open_anew(fd);
	if (own >= 0) {
		o.fd = own;
		o.own = 1;
	} else {
		o.most = PIPE_BUF;
	}
	return o;
}

static void let_go(struct outlet *o)
{
	if (o->own)
		close(o->fd);
}

/* A file or terminal takes all. */
static ssize_t write_some(const struct outlet *o, const unsigned char *at, size_t n)
{
	if (o->socket)
		return send(o->fd, at, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	return write(o->fd, at, n > o->most ? o->most : n);
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
	if (buffer_reserve(&r->in, ROOM) != 0)
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
			r->to = &r->outlets[type == 'E'];
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
		r->to = NULL;
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

/* Whether a write may be tried before poll(2) says that there is room. */
static int never_waits(const struct relay *r)
{
	return r->to && (r->to->own || r->to->socket);
}

static int carry(struct relay *r)
{
	int refused = 0; /* the hub takes no more */
	for (;;) {
		if (take(r))
			return r->code;
		if (never_waits(r)) {
			if (write_piece(r) != 0)
				return RELAY_LOST;
			if (!r->to)
				continue;
		}
		if (r->heeding && !r->told && *r->heeding->caught)
			tell_signal(r);
		/* a hub that is not read is not read from; what it has for us waits in the socket */
		short hub = (short)((r->to ? 0 : POLLIN) | (r->out.length ? POLLOUT : 0));
		struct pollfd p[3] = {{r->heeding || refused || r->out.length || r->relayed->ended ? -1 : 0, POLLIN, 0},
				      {hub ? r->fd : -1, hub, 0},
				      {r->to ? r->to->fd : -1, POLLOUT, 0}};
		if (wait_for_news(r, p, 3) < 0) {
			if (errno != EINTR)
				return RELAY_LOST;
			continue;
		}
		if (p[0].revents && read_piece(r) != 0)
			return RELAY_LOST;
		if (p[2].revents && write_piece(r) != 0)
			return RELAY_LOST;
		/* what was just read mostly finds room at once */
		if (r->out.length && (p[0].revents || p[1].revents & POLLOUT) && send_piece(r) != 0) {
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
	struct relay r = {.fd = fd, .relayed = relayed, .heeding = heeding, .outlets = {outlet(1), outlet(2)}};
	put_bytes(&r.out, relayed->frames.at, relayed->frames.length);
	int code = r.out.failed ? RELAY_LOST : carry(&r);
	let_go(&r.outlets[0]);
	let_go(&r.outlets[1]);
	buffer_free(&r.out);
	buffer_free(&r.in);
	if (relayed->begun)
		buffer_free(&relayed->frames);
	return code;
}
