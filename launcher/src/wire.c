#include "wire.h"

#include <stdlib.h>
#include <string.h>

int buffer_reserve(struct buffer *b, size_t more)
{
	if (b->failed)
		return -1;
	if (b->capacity - b->length >= more)
		return 0;
	size_t capacity = b->capacity ? b->capacity : 4096;
	while (capacity - b->length < more)
		capacity *= 2;
	unsigned char *at = realloc(b->at, capacity);
	if (!at) {
		b->failed = 1;
		return -1;
	}
	b->at = at;
	b->capacity = capacity;
	return 0;
}

void put_bytes(struct buffer *b, const void *bytes, size_t n)
{
	if (n == 0 || buffer_reserve(b, n))
		return;
	memcpy(b->at + b->length, bytes, n);
	b->length += n;
}

static void put_big_endian(struct buffer *b, uint64_t v, int size)
{
	unsigned char bytes[8];
	for (int i = 0; i < size; i++)
		bytes[i] = (unsigned char)(v >> 8 * (size - 1 - i));
	put_bytes(b, bytes, (size_t)size);
}

void put_u8(struct buffer *b, uint8_t v)
{
	put_big_endian(b, v, 1);
}

void put_u16(struct buffer *b, uint16_t v)
{
	put_big_endian(b, v, 2);
}

void put_u32(struct buffer *b, uint32_t v)
{
	put_big_endian(b, v, 4);
}

void put_u64(struct buffer *b, uint64_t v)
{
	put_big_endian(b, v, 8);
}

void put_string(struct buffer *b, const char *s)
{
	size_t n = strlen(s);
	if (n > MAX_FRAME) {
		b->failed = 1;
		return;
	}
	put_u32(b, (uint32_t)n);
	put_bytes(b, s, n);
}

void put_list(struct buffer *b, char *const *list)
{
	uint32_t n = 0;
	while (list[n])
		n++;
	put_u32(b, n);
	for (uint32_t i = 0; i < n; i++)
		put_string(b, list[i]);
}

size_t frame_begin(struct buffer *b, char type)
{
	size_t begun = b->length;
	put_u32(b, 0);
	put_u8(b, (uint8_t)type);
	return begun;
}

void frame_end(struct buffer *b, size_t begun)
{
	if (b->failed)
		return;
	size_t n = b->length - begun - 4;
	if (n > MAX_FRAME) {
		b->failed = 1;
		return;
	}
	for (int i = 0; i < 4; i++)
		b->at[begun + (size_t)i] = (unsigned char)(n >> 8 * (3 - i));
}

void buffer_drop(struct buffer *b, size_t n)
{
	b->length -= n;
	if (b->length)
		memmove(b->at, b->at + n, b->length);
}

void buffer_free(struct buffer *b)
{
	free(b->at);
	memset(b, 0, sizeof *b);
}

static uint64_t get_big_endian(struct cursor *c, size_t size)
{
	if (c->bad || (size_t)(c->end - c->at) < size) {
		c->bad = 1;
		return 0;
	}
	uint64_t v = 0;
	for (size_t i = 0; i < size; i++)
		v = v << 8 | *c->at++;
	return v;
}

uint8_t get_u8(struct cursor *c)
{
	return (uint8_t)get_big_endian(c, 1);
}

uint32_t get_u32(struct cursor *c)
{
	return (uint32_t)get_big_endian(c, 4);
}

uint64_t get_u64(struct cursor *c)
{
	return get_big_endian(c, 8);
}

char *get_string(struct cursor *c)
{
	uint32_t n = get_u32(c);
	if (c->bad || n > (size_t)(c->end - c->at) || memchr(c->at, 0, n)) {
		c->bad = 1;
		return NULL;
	}
	char *s = malloc((size_t)n + 1);
	if (!s) {
		c->bad = 1;
		return NULL;
	}
	memcpy(s, c->at, n);
	s[n] = 0;
	c->at += n;
	return s;
}

char **get_list(struct cursor *c)
{
	uint32_t n = get_u32(c);
	/* an item takes at least its own length, so a count that cannot be true allocates nothing */
	if (c->bad || n > (size_t)(c->end - c->at) / 4) {
		c->bad = 1;
		return NULL;
	}
	char **list = calloc((size_t)n + 1, sizeof *list);
	if (!list) {
		c->bad = 1;
		return NULL;
	}
	for (uint32_t i = 0; i < n; i++) {
		list[i] = get_string(c);
		if (!list[i]) {
			list_free(list);
			return NULL;
		}
	}
	return list;
}

void list_free(char **list)
{
	for (char **one = list; list && *one; one++)
		free(*one);
	free(list);
}

int cursor_done(const struct cursor *c)
{
	return !c->bad && c->at == c->end;
}

int frame_next(const unsigned char *bytes, size_t n, char *type, struct cursor *body, size_t *used)
{
	if (n < 4)
		return 0;
	struct cursor c = {bytes, bytes + n, 0};
	uint32_t length = get_u32(&c);
	if (length < 1 || length > MAX_FRAME)
		return -1;
	if (n - 4 < length)
		return 0;
	*type = (char)get_u8(&c);
	*body = (struct cursor){c.at, bytes + 4 + length, 0};
	*used = (size_t)length + 4;
	return 1;
}
