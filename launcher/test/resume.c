#include "check.h"
#include "resume.h"
#include "wire.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct process *add(struct table *t, enum kind kind, pid_t pid, uint64_t stamp, int fd)
{
	struct process *p = table_add(t, kind, pid, stamp);
	if (!p)
		abort();
	p->handle.fd = fd;
	return p;
}

static int sample(void)
{
	struct legacy l = {.version = (char *)"1.2 (abc)", .lock = 3, .directory_lock = -1, .socket_inode = 5, .snapshot = 6,
			   .listener = 7, .abstract = 8, .notify = 9, .abandoned = 1, .timer_ns = 0x0123456789abcdef};
	struct process *dead = add(&l.children, CHILD, 4711, 99, -1);
	dead->dead = dead->spawned = 1;
	dead->code = 2;
	dead->status = -9;
	add(&l.children, CHILD, 4712, 100, 12)->spawned = 1;
	struct process *gone = add(&l.strangers, STRANGER, 4194303, UINT64_MAX, -1);
	gone->dead = gone->known = 1;
	struct note *note = &add(&l.strangers, STRANGER, 2, 1, 13)->note;
	note_hear(note, "STATUS=up\nREADY=1");
	note->pid = 3;
	note->stamp = 4;
	note->session = 2;
	note->uid = 5;
	int fd = resume_save(&l);
	l.version = NULL;
	resume_free(&l);
	return fd;
}

static int table_of(const void *bytes, size_t n)
{
	int fd = (int)syscall(SYS_memfd_create, "test", 0);
	if (fd < 0 || write(fd, bytes, n) != (ssize_t)n)
		abort();
	return fd;
}

static void what_is_saved_can_be_loaded(void)
{
	struct legacy l;
	int fd = sample();
	CHECK(fd >= 0 && resume_load(fd, &l) == 0);
	CHECK(!strcmp(l.version, "1.2 (abc)") && l.lock == 3 && l.directory_lock == -1 && l.socket_inode == 5);
	CHECK(l.snapshot == 6 && l.listener == 7 && l.abstract == 8 && l.abandoned == 1 && l.timer_ns == 0x0123456789abcdef);
	CHECK(l.children.count == 2 && l.strangers.count == 2);
	struct process *p = table_find(&l.children, 4711, 99);
	CHECK(p && p->handle.kind == CHILD && p->dead && p->spawned && p->code == 2 && p->status == -9 && p->handle.fd == -1);
	p = table_find(&l.children, 4712, 100);
	CHECK(p && !p->dead && p->spawned);
	p = table_find(&l.strangers, 4194303, UINT64_MAX);
	CHECK(p && p->handle.kind == STRANGER && p->dead && p->known && p->handle.fd == -1);
	p = table_find(&l.strangers, 2, 1);
	CHECK(p && !p->dead && p->handle.fd == 13 && l.notify == 9);
	CHECK(p->note.pid == 3 && p->note.stamp == 4 && p->note.session == 2 && p->note.uid == 5 && !p->note.news);
	CHECK(!strcmp(p->note.line[NOTE_READY], "READY=1") && !strcmp(p->note.line[NOTE_STATUS], "STATUS=up"));
	CHECK(!p->note.line[NOTE_STOPPING] && !p->note.line[NOTE_WATCHDOG] && !p->note.line[NOTE_ERRNO]);
	resume_free(&l);
	close(fd);
}

static void a_table_that_is_cut_off_is_none(void)
{
	unsigned char bytes[4096];
	struct legacy l;
	int fd = sample();
	ssize_t n = pread(fd, bytes, sizeof bytes, 0);
	close(fd);
	CHECK(n > 100 && n < (ssize_t)sizeof bytes);
	for (ssize_t length = 0; length <= n + 1; length++) {
		bytes[n] = 0;
		fd = table_of(bytes, (size_t)length);
		CHECK((resume_load(fd, &l) == 0) == (length == n));
		resume_free(&l);
		close(fd);
	}
	CHECK(resume_load(-1, &l) == -1);
}

static void the_format_of_an_earlier_build_is_understood(void)
{
	struct buffer b = {0};
	struct legacy l;
	put_u32(&b, 0x53534754);
	put_u32(&b, 1);
	put_string(&b, "1.0");
	for (uint32_t fd = 3; fd < 9; fd++)
		put_u32(&b, fd);
	put_u8(&b, 0);
	put_u64(&b, 0);
	put_u32(&b, 1);
	put_u32(&b, 4711);
	put_u64(&b, 99);
	put_u32(&b, (uint32_t)-1);
	put_u32(&b, 0x00000100); /* not dead, not known, spawned, no code */
	put_u32(&b, 0);
	put_u32(&b, 0);
	int fd = table_of(b.at, b.length);
	CHECK(resume_load(fd, &l) == 0 && l.abstract == 8 && l.notify == -1);
	struct process *p = table_find(&l.children, 4711, 99);
	CHECK(p && p->spawned && !p->note.line[NOTE_READY] && l.strangers.count == 0);
	resume_free(&l);
	close(fd);
	buffer_free(&b);
}

static void another_format_is_refused(void)
{
	unsigned char bytes[4096];
	struct legacy l;
	int fd = sample();
	ssize_t n = pread(fd, bytes, sizeof bytes, 0);
	close(fd);
	CHECK(n > 8);
	for (int i = 0; i < 8; i++) { /* magic and format */
		bytes[i] ^= 4;
		fd = table_of(bytes, (size_t)n);
		CHECK(resume_load(fd, &l) == -1 && l.children.count == 0);
		close(fd);
		bytes[i] ^= 4;
	}
}

static void damage_never_harms(void)
{
	unsigned char bytes[4096];
	struct legacy l;
	unsigned seed = 1;
	int fd = sample();
	ssize_t n = pread(fd, bytes, sizeof bytes, 0);
	close(fd);
	CHECK(n > 8);
	for (int round = 0; round < 20000; round++) {
		unsigned char copy[4096];
		memcpy(copy, bytes, (size_t)n);
		for (int i = 0; i < 3; i++) {
			seed = seed * 1103515245u + 12345u;
			copy[8 + (seed >> 8) % ((unsigned)n - 8)] = (unsigned char)(seed >> 24 & 1 ? seed >> 16 : 255);
		}
		fd = table_of(copy, (size_t)n);
		if (resume_load(fd, &l) == 0) {
			CHECK(l.version && l.lock >= 0 && l.listener >= 0 && l.snapshot >= 0);
			resume_free(&l);
		} else {
			CHECK(l.version == NULL && l.children.count == 0 && l.strangers.count == 0);
		}
		close(fd);
	}
}

int main(void)
{
	RUN(what_is_saved_can_be_loaded);
	RUN(a_table_that_is_cut_off_is_none);
	RUN(the_format_of_an_earlier_build_is_understood);
	RUN(another_format_is_refused);
	RUN(damage_never_harms);
	DONE();
}
