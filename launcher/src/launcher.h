#ifndef LAUNCHER_H
#define LAUNCHER_H

/* Hands the command line to the agent and does what it answers. Returns an exit code. */
int launcher_main(char **argv);

/* Says one line of trouble on stderr, as the product says it. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
