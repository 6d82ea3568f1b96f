/* The state directory: the stream is the values of the variables that say where it is, cut at newlines. */
#include "statedir.h"

#include "world.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[] = {"SHAREDSERVER_LOCKDIR", "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "HOME", "SHAREDSERVER_DEBUG"};
static char *values[sizeof names / sizeof *names];

static char *value_of(const char *name)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(name, names[i]) == 0)
			return values[i];
	return NULL;
}

static int ends_in(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);
	return n >= m && strcmp(text + n - m, end) == 0;
}

static void run(void)
{
	static struct statedir d;
	struct sockaddr_un address;
	int keep;
	memset(&d, 0, sizeof d);
	int result = statedir_open(&d);
	if (result != 0 && (!d.error[0] || strlen(d.error) >= sizeof d.error))
		world_wrong("it fails and does not say why");
	if (d.logs[0] && (d.logs[0] != '/' || !ends_in(d.logs, "/sharedserver")))
		world_wrong("logs in a directory that nobody chose: ...%s", d.logs + (strlen(d.logs) > 40 ? strlen(d.logs) - 40 : 0));
	if (result != 0)
		return;
	size_t n = strlen(d.path);
	/* the longest name of a file in it is 255 bytes */
	if (d.path[0] != '/' || n + 256 > PATH_MAX || (n > 1 && d.path[n - 1] == '/'))
		world_wrong("the path is %s", d.path);
	if (!d.chosen && !strstr(d.path, "/sharedserver"))
		world_wrong("the path is %s", d.path);
	if (statedir_address(d.path, ".agent.sock", &address, &keep) == 0 &&
	    (!memchr(address.sun_path, 0, sizeof address.sun_path) || !ends_in(address.sun_path, "/.agent.sock") ||
	     (keep < 0 && strncmp(address.sun_path, d.path, n) != 0)))
		world_wrong("the address is %.108s", address.sun_path);
	if (statedir_abstract(d.path, "notify-", &address) > sizeof address || address.sun_path[0])
		world_wrong("no abstract name");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	/* before the world is made, so that the stream can be cut up */
	size_t k = n ? data[0] : 0, skip = n > k + 1 ? k + 1 : n;
	char *text = malloc(n - skip + 1), *rest = text;
	if (!text)
		abort();
	if (n > skip)
		memcpy(text, data + skip, n - skip);
	text[n - skip] = 0;
	memset(values, 0, sizeof values);
	for (size_t i = 0; i < sizeof names / sizeof *names && rest; i++) {
		char *one = strsep(&rest, "\n");
		/* "-" is a variable that is not set */
		values[i] = strcmp(one, "-") == 0 ? NULL : one;
	}
	world_variable = value_of;
	world_run(data, n, run);
	free(text);
	return 0;
}
