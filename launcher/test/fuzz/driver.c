/* Runs a target without a fuzzing engine: each seed as it is, then N inputs made of the seeds by mutation, or of nothing.
 *
 *   TARGET N SEED FILE…     the same N and SEED make the same inputs
 *   TARGET 0 0 FILE…        just the files: to see a finding again
 *
 * An input that ends the process is left behind as finding-TARGET. */
#include "world.h"

#include <fcntl.h>
#include <sanitizer/common_interface_defs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { LARGEST = 1 << 15, SEEDS = 256, PATIENCE_S = 10 };

static struct seed {
	unsigned char *at;
	size_t n;
} seeds[SEEDS];
static unsigned seed_count;

static unsigned char input[LARGEST];
static size_t length;
static const char *target;
static unsigned long long state, begun_with, number;

static unsigned random_below(unsigned n)
{
	/* xorshift64* */
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return n ? (unsigned)((state * 2685821657736338717ull) >> 33) % n : 0;
}

/* async-signal-safe: it is called when the heap may be broken */
static void leave_input(int sig)
{
	char text[200], name[100];
	int n = snprintf(text, sizeof text, "%s: signal %d at input %llu of seed %llu, see finding-%s\n", target, sig, number, begun_with, target);
	if (n > 0 && write(2, text, (size_t)n) < 0)
		_exit(3);
	if (sig == SIGALRM)
		__sanitizer_print_stack_trace(); /* it hangs: where? */
	snprintf(name, sizeof name, "finding-%s", target);
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write(fd, input, length) < 0)
		_exit(3);
	_exit(2);
}

static void watch_time(void)
{
	struct itimerval t = {{0, 0}, {PATIENCE_S, 0}};
	setitimer(ITIMER_REAL, &t, NULL);
}

static void run(void)
{
	if (number % 256 == 0)
		watch_time();
	LLVMFuzzerTestOneInput(input, length);
	number++;
}

static void insert(size_t at, const void *bytes, size_t n)
{
	if (length + n > sizeof input)
		return;
	memmove(input + at + n, input + at, length - at);
	if (bytes)
		memcpy(input + at, bytes, n);
	length += n;
}

static void put_number(size_t at, unsigned size, unsigned long long v)
{
	for (unsigned i = 0; i < size && at + i < length; i++)
		input[at + i] = (unsigned char)(v >> 8 * (size - 1 - i));
}

static void mutate(void)
{
	static const unsigned long long odd[] = {0, 1, 2, 4, 27, 127, 128, 255, 256, 4096, 65535, 1 << 22, (1 << 22) + 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x7fffffffffffffff, 0xffffffffffffffff};
	size_t at = length ? random_below((unsigned)length) : 0, n = 1 + random_below(random_below(4) ? 8 : 200);
	const struct seed *other = seed_count ? &seeds[random_below(seed_count)] : NULL;
	switch (random_below(12)) {
	case 0:
		if (length)
			input[at] ^= (unsigned char)(1u << random_below(8));
		break;
	case 1:
		if (length)
			input[at] = (unsigned char)random_below(256);
		break;
	case 2:
		length = at;
		break;
	case 3:
		put_number(at, 1u << random_below(4), odd[random_below(sizeof odd / sizeof *odd)]);
		break;
	case 4: /* cut out */
		if (n > length - at)
			n = length - at;
		memmove(input + at, input + at + n, length - at - n);
		length -= n;
		break;
	case 5: /* double */
		if (n > length - at)
			n = length - at;
		if (length + n <= sizeof input) {
			unsigned char copy[256];
			memcpy(copy, input + at, n);
			insert(at, copy, n);
		}
		break;
	case 6: /* something of another seed */
		if (other && other->n) {
			size_t from = random_below((unsigned)other->n);
			n = n > other->n - from ? other->n - from : n;
			insert(at, other->at + from, n);
		}
		break;
	case 7: /* all frames of another seed behind */
		if (other && other->n > (size_t)other->at[0] + 1)
			insert(length, other->at + other->at[0] + 1, other->n - other->at[0] - 1);
		break;
	case 8: { /* luck */
		unsigned char luck[64];
		unsigned count = length ? 255u - input[0] : 0;
		count = count ? 1 + random_below(count < sizeof luck ? count : sizeof luck) : 0;
		for (unsigned i = 0; i < count; i++)
			luck[i] = random_below(3) ? (unsigned char)random_below(256) : 0;
		if (count && length + count <= sizeof input) {
			insert(1, luck, count);
			input[0] = (unsigned char)(input[0] + count);
		}
		break;
	}
	case 9: /* a text of one character, or of nothing */
		for (size_t i = at; i < length && i < at + n; i++)
			input[i] = input[at];
		break;
	case 10: /* a length that is off by a little */
		if (length)
			input[at] = (unsigned char)(input[at] + random_below(9) - 4);
		break;
	default:
		for (unsigned i = 0; i < n; i++) {
			unsigned char one = (unsigned char)random_below(256);
			insert(at, &one, 1);
		}
		break;
	}
}

static void make_input(void)
{
	length = 0;
	if (seed_count && random_below(20)) {
		const struct seed *s = &seeds[random_below(seed_count)];
		memcpy(input, s->at, s->n);
		length = s->n;
	}
	for (unsigned n = 1 + random_below(random_below(8) ? 4 : 40); n > 0; n--)
		mutate();
}

static int load(const char *path)
{
	FILE *file = fopen(path, "rb");
	if (!file || seed_count == SEEDS)
		return -1;
	static unsigned char bytes[LARGEST];
	size_t n = fread(bytes, 1, sizeof bytes, file);
	fclose(file);
	unsigned char *copy = malloc(n + 1);
	if (!copy)
		return -1;
	memcpy(copy, bytes, n);
	seeds[seed_count++] = (struct seed){copy, n};
	return 0;
}

int main(int argc, char **argv)
{
	struct timespec from, to;
	const char *slash = strrchr(argv[0], '/');
	target = slash ? slash + 1 : argv[0];
	unsigned long long inputs = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
	begun_with = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
	state = begun_with * 0x9e3779b97f4a7c15ull + 1;
	for (int i = 3; i < argc; i++)
		if (load(argv[i]) != 0) {
			fprintf(stderr, "%s: cannot read %s\n", target, argv[i]);
			return 1;
		}
	signal(SIGABRT, leave_input);
	signal(SIGSEGV, leave_input);
	signal(SIGBUS, leave_input);
	signal(SIGFPE, leave_input);
	signal(SIGILL, leave_input);
	signal(SIGALRM, leave_input);
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (unsigned i = 0; i < seed_count; i++) {
		memcpy(input, seeds[i].at, seeds[i].n);
		length = seeds[i].n;
		run();
	}
	while (number < inputs) {
		make_input();
		run();
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	double seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
	printf("%s: %llu inputs, seed %llu, %.1f s, %.0f a second\n", target, number, begun_with, seconds, (double)number / seconds);
	return 0;
}
