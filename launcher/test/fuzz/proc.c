/* The parser of /proc/<pid>/stat: any text, and lines whose fields are known whatever the name of the process is. */
#include "proc.h"

#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The kernel's line for a process of that name comes back as it was. */
static void check_line(const char *name, unsigned number)
{
	char line[8192];
	struct proc_stat s;
	int pid = 1 + (int)(number >> 10), ppid = (int)(number >> 8);
	unsigned long long stamp = (unsigned long long)number * number;
	snprintf(line, sizeof line,
		 "%d (%s) S %d %d %d 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 %llu 9 10 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 "
		 "0 17 3 0 0 0 0 0 0 0 0 0 0 0 0 %d\n",
		 pid, name, ppid, pid, ppid, stamp, (int)(number & 0xffff));
	if (proc_stat_parse(line, &s) != 0 || s.pid != pid || s.ppid != ppid || s.pgrp != pid || s.session != ppid ||
	    s.state != 'S' || s.stamp != stamp || s.exit_status != (int)(number & 0xffff)) {
		fprintf(stderr, "finding: not read back: %s", line);
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = malloc(n + 1);
	if (!text)
		abort();
	if (n)
		memcpy(text, data, n);
	text[n] = 0;
	struct proc_stat s;
	if (proc_stat_parse(text, &s) == 0 && s.pid <= 0) {
		fprintf(stderr, "finding: pid %d\n", (int)s.pid);
		abort();
	}
	unsigned number = 0;
	for (size_t i = 0; i < n && i < 4; i++)
		number = number << 8 | data[i];
	if (strlen(text) < 4096)
		check_line(text, number);
	free(text);
	return 0;
}
