/* sharedserver: a launcher by default, the guard of one state directory as `sharedserver --guard DIR LOGS LOCK`. */
#include "guard.h"
#include "launcher.h"

#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "--guard") == 0)
		return guard_main(argv[2], argv[3], atoi(argv[4]));
	return launcher_main(argv);
}
