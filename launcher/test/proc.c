#include "check.h"
#include "proc.h"

#include <string.h>
#include <unistd.h>

#define REST " 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 8123456 9 10"

static void a_line_is_parsed(void)
{
	struct proc_stat s;
	CHECK(proc_stat_parse("42 (sh) S 7 42 41" REST, &s) == 0);
	CHECK(s.pid == 42 && s.ppid == 7 && s.pgrp == 42 && s.session == 41 && s.state == 'S' && s.stamp == 8123456);
}

static void a_name_may_hold_anything(void)
{
	static const char *const lines[] = {"42 (a) b) S 7 42 41" REST, "42 (((() Z 7 42 41" REST, "42 () R 1 2) S 7 42 41" REST,
					    "42 (new\nline) S 7 42 41" REST, "42 ( ) S 7 42 41" REST};
	struct proc_stat s;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		CHECK(proc_stat_parse(lines[i], &s) == 0 && s.ppid == 7 && s.stamp == 8123456);
}

static void what_is_cut_short_is_none(void)
{
	static const char line[] = "42 (sh) S 7 42 41 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0";
	struct proc_stat s;
	CHECK(proc_stat_parse("", &s) != 0 && proc_stat_parse("x", &s) != 0 && proc_stat_parse("1 (a)", &s) != 0);
	for (size_t n = 0; n < sizeof line; n++) {
		char *copy = strndup(line, n);
		CHECK(copy && proc_stat_parse(copy, &s) != 0);
		free(copy);
	}
}

static void this_process_is_found(void)
{
	struct proc_stat s;
	CHECK(proc_stat(getpid(), &s) == 0 && s.pid == getpid() && s.ppid == getppid() && s.pgrp == getpgrp());
	CHECK(proc_is(getpid(), s.stamp) && !proc_is(getpid(), s.stamp + 1));
	CHECK(proc_stat(0, &s) != 0 && proc_stat(-1, &s) != 0 && !proc_is(0, 0) && !proc_is(-1, 0));
}

int main(void)
{
	RUN(a_line_is_parsed);
	RUN(a_name_may_hold_anything);
	RUN(what_is_cut_short_is_none);
	RUN(this_process_is_found);
	DONE();
}
