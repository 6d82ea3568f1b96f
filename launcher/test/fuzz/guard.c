/* The guard with its loop: the stream is what its agents write. */
#include "../../src/guard.c"

#include "logs.h"
#include "world.h"

struct tally {
	unsigned open, blocks, unwatched;
};

static void add_process(struct process *p, void *context)
{
	struct tally *t = context;
	t->open += p->handle.fd >= 0;
	t->blocks++;
	for (int key = 0; key < NOTE_KEYS; key++)
		t->blocks += p->note.line[key] != NULL;
	t->unwatched += p->handle.kind == CHILD && p->handle.fd < 0 && !p->dead;
}

/* Between two rounds every open descriptor and every block of memory belongs to somebody. */
static void check_books(void)
{
	struct tally t = {0, 0, 0};
	logs_tally(&t.open, &t.blocks);
	const int own[] = {g.epoll, g.lock, g.directory_lock, g.socket_inode, g.snapshot, g.listener.fd, g.abstract.fd, g.notify.fd,
			   g.inotify.fd, g.orphan.fd, g.agent_handle.fd, g.control.fd, g.room.fd};
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		t.open += own[i] >= 0;
	if (g.children.count)
		table_each(&g.children, add_process, &t);
	if (g.strangers.count)
		table_each(&g.strangers, add_process, &t);
	for (const struct spawning *s = g.spawning; s; s = s->next, t.blocks++)
		t.open += s->handle.fd >= 0;
	for (const struct member *m = g.members; m; m = m->next, t.blocks++)
		t.open += m->handle.fd >= 0;
	if (t.open != world_open_descriptors())
		world_wrong("%u descriptors are open, %u are known", world_open_descriptors(), t.open);
	t.blocks += (g.in.at != NULL) + (g.out.at != NULL) + (g.heir != NULL);
	if (t.blocks != world_blocks())
		world_wrong("%u blocks of memory are in use, %u are known", world_blocks(), t.blocks);
	if (t.unwatched)
		world_wrong("a living child without a pidfd");
}

static void run(void)
{
	memset(&g, 0, sizeof g);
	world_quiet = check_books;
	int lock = open("/state/.agent.lock", O_RDWR), report = open("report", O_WRONLY);
	if (lock >= 0 && report >= 0)
		guard_main("/state", "/logs", lock, report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	world_run(data, n, run);
	return 0;
}
