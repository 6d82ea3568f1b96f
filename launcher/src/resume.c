#include "resume.h"

#include "wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAGIC 0x53534754u /* "SSGT" */

/* 1 had neither a notify socket nor what was heard there */
enum { FORMAT = 2, OLDEST_FORMAT = 1, MAX_TABLE = 64 << 20 };

static void put_process(struct process *p, void *context)
{
	struct buffer *b = context;
	put_u32(b, (uint32_t)p->pid);
	put_u64(b, p->stamp);
	put_u32(b, (uint32_t)p->handle.fd);
	put_u8(b, (uint8_t)p->dead);
	put_u8(b, (uint8_t)p->known);
	put_u8(b, (uint8_t)p->spawned);
	put_u8(b, (uint8_t)p->code);
	put_u32(b, (uint32_t)p->status);
	put_u32(b, (uint32_t)p->note.pid);
	put_u64(b, p->note.stamp);
	put_u32(b, (uint32_t)p->note.session);
	put_u32(b, p->note.uid);
	for (int key = 0; key < NOTE_KEYS; key++)
		put_string(b, p->note.line[key] ? p->note.line[key] : "");
}

int resume_save(struct legacy *l)
{
	struct buffer b = {0};
	put_u32(&b, MAGIC);
	put_u32(&b, FORMAT);
	put_string(&b, l->version);
	const int descriptors[] = {l->lock, l->directory_lock, l->socket_inode, l->snapshot, l->listener, l->abstract, l->notify};
	for (size_t i = 0; i < sizeof descriptors / sizeof *descriptors; i++)
		put_u32(&b, (uint32_t)descriptors[i]);
	put_u8(&b, (uint8_t)l->abandoned);
	put_u64(&b, l->timer_ns);
	put_u32(&b, l->children.count);
	table_each(&l->children, put_process, &b);
	put_u32(&b, l->strangers.count);
	table_each(&l->strangers, put_process, &b);
	int fd = b.failed ? -1 : (int)syscall(SYS_memfd_create, "sharedserver-table", 1u /* MFD_CLOEXEC */);
	size_t done = 0;
	while (fd >= 0 && done < b.length) {
		ssize_t n = write(fd, b.at + done, b.length - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			int error = errno;
			close(fd);
			errno = error;
			fd = -1;
		} else {
			done += (size_t)n;
		}
	}
	buffer_free(&b);
	return fd;
}

static int get_note(struct cursor *c, struct note *note)
{
	note->pid = (pid_t)get_u32(c);
	note->stamp = get_u64(c);
	note->session = (pid_t)get_u32(c);
	note->uid = get_u32(c);
	for (int key = 0; key < NOTE_KEYS; key++) {
		char *line = get_string(c);
		if (line && *line && strlen(line) <= NOTE_LIMIT)
			note->line[key] = line;
		else
			free(line);
	}
	return c->bad ? -1 : 0;
}

static int get_table(struct cursor *c, uint32_t format, enum kind kind, struct table *t)
{
	for (uint32_t n = get_u32(c); n > 0 && !c->bad; n--) {
		pid_t pid = (pid_t)get_u32(c);
		uint64_t stamp = get_u64(c);
		int fd = (int)get_u32(c);
		int dead = get_u8(c), known = get_u8(c), spawned = get_u8(c), code = get_u8(c);
		int status = (int)get_u32(c);
		if (c->bad || pid <= 1 || table_find(t, pid, stamp))
			return -1;
		struct process *p = table_add(t, kind, pid, stamp);
		if (!p)
			return -1;
		p->handle.fd = fd;
		p->dead = dead;
		p->known = known;
		p->spawned = spawned;
		p->code = code;
		p->status = status;
		if (format > 1 && get_note(c, &p->note) != 0)
			return -1;
	}
	return c->bad ? -1 : 0;
}

static int parse(struct cursor *c, struct legacy *l)
{
	if (get_u32(c) != MAGIC)
		return -1;
	uint32_t format = get_u32(c);
	if (format < OLDEST_FORMAT || format > FORMAT)
		return -1;
	l->version = get_string(c);
	int *const descriptors[] = {&l->lock, &l->directory_lock, &l->socket_inode, &l->snapshot, &l->listener, &l->abstract};
	for (size_t i = 0; i < sizeof descriptors / sizeof *descriptors; i++)
		*descriptors[i] = (int)get_u32(c);
	l->notify = format > 1 ? (int)get_u32(c) : -1;
	l->abandoned = get_u8(c);
	l->timer_ns = get_u64(c);
	if (c->bad || get_table(c, format, CHILD, &l->children) != 0 || get_table(c, format, STRANGER, &l->strangers) != 0)
		return -1;
	return cursor_done(c) && l->lock >= 0 && l->snapshot >= 0 && l->listener >= 0 ? 0 : -1;
}

int resume_load(int fd, struct legacy *l)
{
	struct stat st;
	memset(l, 0, sizeof *l);
	if (fstat(fd, &st) != 0 || st.st_size <= 0 || st.st_size > MAX_TABLE)
		return -1;
	size_t size = (size_t)st.st_size, done = 0;
	unsigned char *bytes = malloc(size);
	while (bytes && done < size) {
		ssize_t n = pread(fd, bytes + done, size - done, (off_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	struct cursor c = {bytes, bytes + done, 0};
	int result = bytes && done == size ? parse(&c, l) : -1;
	free(bytes);
	if (result != 0)
		resume_free(l);
	return result;
}

static void free_process(struct process *p, void *context)
{
	table_remove(context, p);
}

void resume_free(struct legacy *l)
{
	free(l->version);
	table_each(&l->children, free_process, &l->children);
	table_each(&l->strangers, free_process, &l->strangers);
	memset(l, 0, sizeof *l);
}
