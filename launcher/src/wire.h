/* Frames of docs/protocol.md: growing buffers to write them, bounds-checked cursors to read them. */
#ifndef WIRE_H
#define WIRE_H

#include <stddef.h>
#include <stdint.h>

#define MAX_FRAME (4u << 20)
#define PROTOCOL 1

struct buffer {
	unsigned char *at;
	size_t length, capacity;
	int failed; /* out of memory, or a frame would be too long: the content is worthless */
};

void put_u8(struct buffer *b, uint8_t v);
void put_u16(struct buffer *b, uint16_t v);
void put_u32(struct buffer *b, uint32_t v);
void put_u64(struct buffer *b, uint64_t v);
void put_bytes(struct buffer *b, const void *bytes, size_t n);
void put_string(struct buffer *b, const char *s);
void put_list(struct buffer *b, char *const *list);
size_t frame_begin(struct buffer *b, char type);
void frame_end(struct buffer *b, size_t begun);
void buffer_free(struct buffer *b);
void buffer_drop(struct buffer *b, size_t n); /* forget the first n bytes */
int buffer_reserve(struct buffer *b, size_t more);

struct cursor {
	const unsigned char *at, *end;
	int bad; /* something was missing or out of bounds: everything read since is 0 or empty */
};

uint8_t get_u8(struct cursor *c);
uint32_t get_u32(struct cursor *c);
uint64_t get_u64(struct cursor *c);
char *get_string(struct cursor *c); /* malloc'ed; a NUL byte inside is bad; NULL when bad */
char **get_list(struct cursor *c);  /* malloc'ed, NULL-terminated; NULL when bad */
int cursor_done(const struct cursor *c); /* nothing bad and nothing left */
void list_free(char **list);

/* Looks for a whole frame at the start of n bytes. 1: *type and *body are set, *used is its size.
 * 0: more bytes are needed. -1: no frame. */
int frame_next(const unsigned char *bytes, size_t n, char *type, struct cursor *body, size_t *used);

#endif
