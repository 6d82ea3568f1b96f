/* sharedserver: a launcher by default, the guard of one state directory as `sharedserver --guard DIR LOGS LOCK REPORT`, the guard
 * in place of an older or newer build of it as `sharedserver --guard DIR LOGS LOCK --resume TABLE`. */
#include "guard.h"
#include "launcher.h"
#include "resume.h"

#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--can-resume") == 0) {
		struct legacy l;
		int readable = resume_load(atoi(argv[2]), &l) == 0;
		resume_free(&l);
		return readable ? RESUMABLE : 1;
	}
	if (argc > 1 && strcmp(argv[1], "--guard") == 0) {
		if (argc == 6)
			return guard_main(argv[2], argv[3], atoi(argv[4]), atoi(argv[5]));
		if (argc == 7 && strcmp(argv[5], "--resume") == 0)
			return guard_resume(argv[2], argv[3], atoi(argv[6]));
		complain("--guard is for the launcher to use: any other command starts the guard");
		return 1;
	}
	return launcher_main(argv);
}
