/* The launcher, from its first step to its exit code: what it reads from the agent is the stream. */
#include "../../src/launcher.c"

#include "world.h"

static void run(void)
{
	char *argv[] = {(char *)"sharedserver", (char *)"check", (char *)"web", NULL};
	caught = 0;
	int code = launcher_main(argv);
	if (code < 0 || code > 255)
		world_wrong("exit code %d", code);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	world_run(data, n, run);
	return 0;
}
