/* sharedserver: a launcher by default, the guard of one state directory as `sharedserver --guard DIR LOGS LOCK REPORT`. */
#include "guard.h"
#include "launcher.h"

#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--guard") == 0) {
		if (argc == 6)
			return guard_main(argv[2], argv[3], atoi(argv[4]), atoi(argv[5]));
		complain("--guard is for the launcher to use: any other command starts the guard");
		return 1;
	}
	return launcher_main(argv);
}
