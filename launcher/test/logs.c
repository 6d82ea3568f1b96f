#include "check.h"
#include "logs.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const places[] = {"/tmp", "/dev/shm"}; /* a disk, most often, and memory: two kinds of file system */
static const enum log_way ways[] = {LOG_COLLAPSE, LOG_HOLE, LOG_MOVE};

static int file_in(const char *directory)
{
	char path[64];
	snprintf(path, sizeof path, "%s/sst-log-XXXXXX", directory);
	int fd = mkstemp(path);
	if (fd >= 0)
		unlink(path);
	return fd;
}

static int file_of(const char *text)
{
	int fd = file_in("/tmp");
	return fd >= 0 && pwrite(fd, text, strlen(text), 0) == (ssize_t)strlen(text) ? fd : -1;
}

static off_t size_of(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 ? st.st_size : -1;
}

/* Appends n bytes of a stream whose byte at each place is known; a line ends at every multiple of `line`. */
static uint64_t append(int fd, uint64_t at, uint64_t n, uint64_t line)
{
	char bytes[4096];
	lseek(fd, 0, SEEK_END);
	while (n) {
		size_t piece = n < sizeof bytes ? (size_t)n : sizeof bytes;
		for (size_t i = 0; i < piece; i++, at++)
			bytes[i] = (at + 1) % line == 0 ? '\n' : (char)('a' + at % 23);
		if (write(fd, bytes, piece) != (ssize_t)piece)
			return 0;
		n -= piece;
	}
	return at;
}

/* Whether everything from N on is there and nothing else, up to `end`. */
static int is_whole(int fd, uint64_t end, uint64_t line)
{
	struct log_head head;
	char bytes[4096];
	if (log_head(fd, &head) != 0 || (uint64_t)size_of(fd) - head.base + head.cut != end)
		return 0;
	uint64_t at = head.cut;
	for (;;) {
		ssize_t n = pread(fd, bytes, sizeof bytes, (off_t)(head.base + at - head.cut));
		if (n <= 0)
			return n == 0 && at == end;
		for (ssize_t i = 0; i < n; i++, at++)
			if (bytes[i] != ((at + 1) % line == 0 ? '\n' : (char)('a' + at % 23)))
				return 0;
	}
}

static void a_head_is_found(void)
{
	struct log_head head;
	int fd = file_of("--- sharedserver: 12345 bytes cut at 2026-11-21T10:11:12.123Z ---------\nrest");
	CHECK(log_head(fd, &head) == 0 && head.cut == 12345 && head.size == 72 && head.base == 72);
	close(fd);
}

static int file_with_hole(long long base, long long inode_more)
{
	char line[160];
	struct stat st;
	int fd = file_in("/tmp");
	if (fstat(fd, &st) != 0)
		return -1;
	int n = snprintf(line, sizeof line, "--- sharedserver: 7 bytes cut at 2026-11-21T10:11:12.123Z, continued at byte %lld of inode %lld ---\n", base,
			 (long long)st.st_ino + inode_more);
	return pwrite(fd, line, (size_t)n, 0) == n && ftruncate(fd, 10000) == 0 ? fd : -1;
}

static void a_head_with_a_hole_is_found(void)
{
	struct log_head head;
	int fd = file_with_hole(8192, 0);
	CHECK(log_head(fd, &head) == 0 && head.cut == 7 && head.base == 8192);
	close(fd);
	/* shortened by somebody else: there is no output behind its end */
	fd = file_with_hole(10001, 0);
	CHECK(log_head(fd, &head) == 0 && head.cut == 7 && head.base == head.size);
	close(fd);
}

/* A server may show the log of another one: that its own output is a hole is no reason to remove it. */
static void another_logs_head_is_output(void)
{
	struct log_head head;
	int fd = file_with_hole(8192, 1);
	CHECK(log_head(fd, &head) == 0 && head.cut == 0 && head.base == 0 && head.size == 0);
	CHECK(log_close_gap(fd) == 0 && size_of(fd) == 10000);
	close(fd);
}

static void what_is_no_head_is_output(void)
{
	static const char *const texts[] = {"", "\n", "--- sharedserver: ", "--- sharedserver: bytes cut at x\n", "--- sharedserver: 1 bytes cut at x",
					    "-- sharedserver: 1 bytes cut at x\n", "--- sharedserver: 1234567890123456789 bytes cut at x\n",
					    "--- sharedserver: 1 bytes cut at x, continued at byte z\n", "--- sharedserver: 1 bytes cut at x, continued at byte 7\n", "x--- sharedserver: 1 bytes cut at x\n"};
	struct log_head head;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		int fd = file_of(texts[i]);
		CHECK(log_head(fd, &head) == 0 && head.cut == 0 && head.size == 0 && head.base == 0);
		close(fd);
	}
}

static void a_cut_keeps_the_end_and_counts_the_rest(void)
{
	static const uint64_t lines[] = {80, 4096, 1000000, 1 << 30};
	for (size_t p = 0; p < 2; p++)
		for (size_t w = 0; w < 3; w++)
			for (size_t l = 0; l < sizeof lines / sizeof *lines; l++) {
				int fd = file_in(places[p]);
				uint64_t end = append(fd, 0, 4 << 20, lines[l]);
				for (int again = 0; again < 2; again++) {
					struct log_head head;
					CHECK(log_cut(fd, 2 << 20, ways[w]) == 0 && is_whole(fd, end, lines[l]) && log_head(fd, &head) == 0);
					/* a line longer than what is looked through is split, another one never */
					CHECK(lines[l] > 1 << 20 || head.cut % lines[l] == 0);
					CHECK(end - head.cut <= 2 << 20 && end - head.cut >= 1 << 20);
					end = append(fd, end, (2 << 20) + 12345, lines[l]);
					CHECK(is_whole(fd, end, lines[l]));
				}
				CHECK(log_close_gap(fd) == 0 && is_whole(fd, end, lines[l]));
				CHECK(size_of(fd) < 10 << 20);
				close(fd);
			}
}

static void the_head_is_short_where_lines_are(void)
{
	int fd = file_in("/tmp");
	append(fd, 0, 6 << 20, 61);
	struct log_head head;
	CHECK(log_cut(fd, 3 << 20, LOG_COLLAPSE) == 0 && log_head(fd, &head) == 0 && head.size < 160);
	close(fd);
}

static void a_short_log_is_left_alone(void)
{
	int fd = file_in("/tmp");
	uint64_t end = append(fd, 0, 100000, 80);
	CHECK(log_cut(fd, 100000, LOG_COLLAPSE) == 0 && size_of(fd) == 100000 && is_whole(fd, end, 80));
	CHECK(log_close_gap(fd) == 0 && size_of(fd) == 100000);
	close(fd);
}

static void a_hole_gives_its_space_back(void)
{
	struct stat st;
	struct log_head head;
	int fd = file_in("/dev/shm");
	append(fd, 0, 8 << 20, 80);
	CHECK(log_cut(fd, 1 << 20, LOG_HOLE) == 0 && fstat(fd, &st) == 0 && st.st_size == 8 << 20);
	CHECK(st.st_blocks < (2 << 20) / 512 && log_head(fd, &head) == 0 && head.base > head.size);
	CHECK(log_close_gap(fd) == 0 && size_of(fd) < 2 << 20 && log_head(fd, &head) == 0 && head.base == head.size);
	close(fd);
}

int main(void)
{
	RUN(a_head_is_found);
	RUN(a_head_with_a_hole_is_found);
	RUN(another_logs_head_is_output);
	RUN(what_is_no_head_is_output);
	RUN(a_cut_keeps_the_end_and_counts_the_rest);
	RUN(the_head_is_short_where_lines_are);
	RUN(a_short_log_is_left_alone);
	RUN(a_hole_gives_its_space_back);
	DONE();
}
