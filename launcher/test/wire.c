#include "check.h"
#include "wire.h"

#include <string.h>

/* A copy of its own size on the heap, so that the address sanitizer sees every byte read beyond it. */
static unsigned char *exactly(const void *bytes, size_t n)
{
	unsigned char *copy = malloc(n ? n : 1);
	if (!copy)
		abort();
	if (n)
		memcpy(copy, bytes, n);
	return copy;
}

static void what_is_put_can_be_got(void)
{
	struct buffer b = {0};
	char *const list[] = {(char *)"", (char *)"a b", (char *)"\xff\xfe", NULL};
	size_t frame = frame_begin(&b, 'S');
	put_u8(&b, 200);
	put_u16(&b, 0xabcd);
	put_u32(&b, 0xdeadbeef);
	put_u64(&b, 0x0123456789abcdef);
	put_string(&b, "");
	put_list(&b, list);
	frame_end(&b, frame);
	char type;
	struct cursor body;
	size_t used;
	CHECK(!b.failed && frame_next(b.at, b.length, &type, &body, &used) == 1);
	CHECK(type == 'S' && used == b.length);
	CHECK(get_u8(&body) == 200 && get_u8(&body) == 0xab && get_u8(&body) == 0xcd && get_u32(&body) == 0xdeadbeef);
	CHECK(get_u64(&body) == 0x0123456789abcdef);
	char *text = get_string(&body);
	char **got = get_list(&body);
	CHECK(text && !*text && got && !*got[0] && !strcmp(got[1], "a b") && !strcmp(got[2], "\xff\xfe") && !got[3]);
	CHECK(cursor_done(&body));
	free(text);
	list_free(got);
	buffer_free(&b);
}

static void a_frame_is_whole_or_not_there(void)
{
	static const unsigned char two[] = {0, 0, 0, 3, 'O', 'h', 'i', 0, 0, 0, 2, 'X', 7};
	for (size_t n = 0; n <= sizeof two; n++) {
		unsigned char *copy = exactly(two, n);
		char type;
		struct cursor body;
		size_t used;
		int found = frame_next(copy, n, &type, &body, &used);
		CHECK(found == (n >= 7));
		if (found)
			CHECK(type == 'O' && used == 7 && body.end - body.at == 2);
		free(copy);
	}
}

static void wrong_lengths_are_no_frames(void)
{
	static const unsigned char wrong[][4] = {{0, 0, 0, 0}, {0, 0x40, 0, 1}, {0xff, 0xff, 0xff, 0xff}, {0x80, 0, 0, 0}};
	char type;
	struct cursor body;
	size_t used;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		CHECK(frame_next(wrong[i], 4, &type, &body, &used) == -1);
}

static void texts_and_lists_stay_in_their_frame(void)
{
	static const struct {
		const char *bytes;
		size_t n;
	} bad[] = {{"\0\0\0", 3}, {"\0\0\0\5abcd", 8}, {"\xff\xff\xff\xff", 4}, {"\0\0\0\3a\0b", 7}, {"\x7f\xff\xff\xff\0", 5}};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		unsigned char *copy = exactly(bad[i].bytes, bad[i].n);
		struct cursor one = {copy, copy + bad[i].n, 0}, many = one;
		CHECK(!get_string(&one) && one.bad && !cursor_done(&one));
		CHECK(get_u64(&one) == 0);
		CHECK(!get_list(&many) && many.bad);
		free(copy);
	}
}

static void garbage_never_harms(void)
{
	unsigned seed = 1;
	for (int round = 0; round < 200000; round++) {
		unsigned char bytes[64];
		size_t n = (size_t)(seed >> 8) % sizeof bytes;
		for (size_t i = 0; i < n; i++) {
			seed = seed * 1103515245u + 12345u;
			/* mostly small numbers, so that lengths often fit */
			bytes[i] = seed >> 24 & 1 ? (unsigned char)(seed >> 16) : (unsigned char)(seed >> 16 & 3);
		}
		unsigned char *copy = exactly(bytes, n);
		char type;
		struct cursor body = {copy, copy + n, 0};
		size_t used;
		if (frame_next(copy, n, &type, &body, &used) == 1)
			CHECK(used <= n && body.end <= copy + n);
		else
			body = (struct cursor){copy, copy + n, 0};
		free(get_string(&body));
		list_free(get_list(&body));
		get_u64(&body);
		CHECK(body.at <= body.end);
		free(copy);
		seed = seed * 1103515245u + 12345u;
	}
}

int main(void)
{
	RUN(what_is_put_can_be_got);
	RUN(a_frame_is_whole_or_not_there);
	RUN(wrong_lengths_are_no_frames);
	RUN(texts_and_lists_stay_in_their_frame);
	RUN(garbage_never_harms);
	DONE();
}
