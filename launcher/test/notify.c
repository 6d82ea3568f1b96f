#include "check.h"
#include "notify.h"
#include "statedir.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int is_told(struct note *note, const char *text)
{
	struct buffer b = {0};
	note_put(note, &b);
	struct cursor c = {b.at, b.at + b.length, 0};
	char *told = get_string(&c);
	int same = told && cursor_done(&c) && strcmp(told, text) == 0;
	free(told);
	buffer_free(&b);
	return same;
}

static void the_last_line_of_each_key_is_told_once(void)
{
	struct note note = {0};
	CHECK(note_hear(&note, "STATUS=one\nREADY=1\nSTATUS=second\nERRNO=7\nX_UNKNOWN=1\nMAINPID=3"));
	CHECK(note.news & NOTE_URGENT);
	CHECK(is_told(&note, "READY=1\nERRNO=7\nSTATUS=second\n") && !note.news);
	CHECK(!note_hear(&note, "READY=1\nSTATUS=second\nERRNO=7") && !note.news && is_told(&note, ""));
	CHECK(note_hear(&note, "STATUS=3") && !(note.news & NOTE_URGENT) && is_told(&note, "STATUS=3\n"));
	CHECK(note_hear(&note, "STATUS=longer than before\nSTOPPING=1\nSTATUS=") && is_told(&note, "STOPPING=1\nSTATUS=\n"));
	note_free(&note);
	CHECK(!note.line[NOTE_READY] && !note.news);
}

static void each_sign_of_life_is_told(void)
{
	struct note note = {0};
	for (int i = 0; i < 3; i++) {
		CHECK(note_hear(&note, "WATCHDOG=1\nWATCHDOG=1\n") && !note_hear(&note, "WATCHDOG=1"));
		CHECK(is_told(&note, "WATCHDOG=1\n"));
	}
	note_free(&note);
}

static void another_agent_is_told_what_was_kept(void)
{
	struct note note = {0};
	note_hear(&note, "READY=1\nWATCHDOG=1\nSTATUS=up");
	CHECK(is_told(&note, "READY=1\nWATCHDOG=1\nSTATUS=up\n"));
	note_hear(&note, "STATUS=more");
	note_renew(&note);
	CHECK(is_told(&note, "READY=1\nSTATUS=more\n"));
	note_free(&note);
	note_renew(&note);
	CHECK(!note.news);
}

static void other_text_says_nothing(void)
{
	static const char *const texts[] = {"", "\n", "\n\n\n", "=", "READY", "READY=", "READY=0", "READY=11", " READY=1", "READY=1 ", "ready=1",
					    "READY=1\r\n", "STATUS", "ERRNO", "WATCHDOG=trigger", "BARRIER=1", "XSTATUS=x"};
	struct note note = {0};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		CHECK(!note_hear(&note, texts[i]) && !note.news);
	note_free(&note);
}

static int address_of(const char *directory, struct sockaddr_un *address)
{
	char text[128];
	int n = (int)notify_address(directory, text, sizeof text);
	memset(address, 0, sizeof *address);
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path + 1, text + 1, (size_t)n - 1);
	return n < (int)sizeof text && text[0] == '@' ? (int)sizeof(sa_family_t) + n : -1;
}

static void what_is_sent_to_the_address_is_taken(void)
{
	char directory[64];
	struct sockaddr_un address;
	struct said said;
	snprintf(directory, sizeof directory, "/test/%d", (int)getpid());
	int size = address_of(directory, &address), fd = notify_open(directory), from = socket(AF_UNIX, SOCK_DGRAM, 0);
	CHECK(size > 0 && fd >= 0 && from >= 0 && connect(from, (struct sockaddr *)&address, (socklen_t)size) == 0);
	CHECK(notify_next(fd, &said) == -1);
	CHECK(send(from, "READY=1", 7, 0) == 7 && notify_next(fd, &said) == 1);
	CHECK(said.pid == getpid() && said.uid == getuid() && !strcmp(said.text, "READY=1"));
	CHECK(send(from, "READY=1", 8, 0) == 8 && notify_next(fd, &said) == 1 && !strcmp(said.text, "READY=1"));
	CHECK(send(from, "A\0B", 3, 0) == 3 && notify_next(fd, &said) == 0);
	CHECK(send(from, "", 0, 0) == 0 && notify_next(fd, &said) == 0);
	CHECK(send(from, "", 1, 0) == 1 && notify_next(fd, &said) == 0);
	char large[NOTE_LIMIT + 1];
	memset(large, 'x', sizeof large);
	CHECK(send(from, large, NOTE_LIMIT, 0) == NOTE_LIMIT && notify_next(fd, &said) == 1 && strlen(said.text) == NOTE_LIMIT);
	CHECK(send(from, large, NOTE_LIMIT + 1, 0) == NOTE_LIMIT + 1 && notify_next(fd, &said) == 0);
	CHECK(notify_next(fd, &said) == -1);
	CHECK(notify_open(directory) == -1);
	close(from);
	close(fd);
}

static void each_directory_has_an_address_of_its_own(void)
{
	char a[128], b[128];
	struct sockaddr_un own;
	notify_address("/a", a, sizeof a);
	notify_address("/b", b, sizeof b);
	CHECK(strcmp(a, b) != 0 && strncmp(a, "@sharedserver-notify-", 21) == 0);
	statedir_abstract("/a", "", &own);
	CHECK(strcmp(own.sun_path + 1, a + 1) != 0);
}

int main(void)
{
	RUN(the_last_line_of_each_key_is_told_once);
	RUN(each_sign_of_life_is_told);
	RUN(another_agent_is_told_what_was_kept);
	RUN(other_text_says_nothing);
	RUN(what_is_sent_to_the_address_is_taken);
	RUN(each_directory_has_an_address_of_its_own);
	DONE();
}
