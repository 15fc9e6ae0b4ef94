/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_UNIT_APP_CAPTURE_H
#define TESTS_UNIT_APP_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Makes captures in memory, in either byte order. */
struct capture {
	uint8_t *bytes;
	size_t n, room;
	bool big; /* endian */
};

static inline void capture_free(struct capture *c)
{
	free(c->bytes);
	*c = (struct capture){ 0 };
}

static inline uint8_t *capture_more(struct capture *c, size_t n)
{
	if (c->n + n > c->room) {
		c->room = 2 * (c->n + n);
		c->bytes = realloc(c->bytes, c->room);
		if (!c->bytes)
			abort();
	}
	c->n += n;
	return memset(c->bytes + c->n - n, 0, n);
}

static inline void capture_put(struct capture *c, uint64_t value, size_t bytes)
{
	uint8_t *at = capture_more(c, bytes);

	for (size_t i = 0; i < bytes; i++)
		at[i] = (uint8_t)(value >> 8 * (c->big ? bytes - 1 - i : i));
}

/* Write @value over the four bytes at @at. */
static inline void capture_set(struct capture *c, size_t at, uint32_t value)
{
	struct capture word = { .big = c->big };

	capture_put(&word, value, sizeof(value));
	memcpy(c->bytes + at, word.bytes, sizeof(value));
	capture_free(&word);
}

static inline void capture_add(struct capture *c, const void *data, size_t n)
{
	memcpy(capture_more(c, n), data, n);
}

static inline void capture_classic(struct capture *c, uint32_t magic, uint32_t link)
{
	capture_put(c, magic, 4);
	capture_put(c, 2, 2);
	capture_put(c, 4, 2);
	capture_put(c, 0, 8);
	capture_put(c, 262144, 4);
	capture_put(c, link, 4);
}

static inline void capture_record(struct capture *c, uint32_t sec, uint32_t fraction,
				  const void *frame, uint32_t stored, uint32_t len)
{
	capture_put(c, sec, 4);
	capture_put(c, fraction, 4);
	capture_put(c, stored, 4);
	capture_put(c, len, 4);
	capture_add(c, frame, stored);
}

/* Begin a block, whose length capture_block_end() fills in. Return: where it begins. */
static inline size_t capture_block(struct capture *c, uint32_t type)
{
	capture_put(c, type, 4);
	capture_put(c, 0, 4);
	return c->n - 8;
}

static inline void capture_block_end(struct capture *c, size_t begin)
{
	uint32_t total;

	capture_more(c, -c->n % 4);
	total = (uint32_t)(c->n - begin + 4);
	capture_put(c, total, 4);
	capture_set(c, begin + 4, total);
}

static inline void capture_section(struct capture *c)
{
	size_t begin = capture_block(c, 0x0a0d0d0a);

	capture_put(c, 0x1a2b3c4d, 4);
	capture_put(c, 1, 2);
	capture_put(c, 0, 2);
	capture_put(c, UINT64_MAX, 8);
	capture_block_end(c, begin);
}

/* @resolution: if_tsresol; @offset_s: if_tsoffset */
static inline void capture_interface(struct capture *c, uint16_t link, uint32_t snap,
				     uint8_t resolution, int64_t offset_s)
{
	size_t begin = capture_block(c, 1);

	capture_put(c, link, 2);
	capture_put(c, 0, 2);
	capture_put(c, snap, 4);
	capture_put(c, 9, 2);
	capture_put(c, 1, 2);
	capture_add(c, (uint8_t[]){ resolution, 0, 0, 0 }, 4);
	capture_put(c, 14, 2);
	capture_put(c, 8, 2);
	capture_put(c, (uint64_t)offset_s, 8);
	capture_put(c, 0, 4);
	capture_block_end(c, begin);
}

/* @options: bytes of a comment behind the frame; 0: none */
static inline void capture_packet(struct capture *c, uint32_t interface, uint64_t stamp,
				  const void *frame, uint32_t stored, uint32_t len,
				  uint16_t options)
{
	size_t begin = capture_block(c, 6);

	capture_put(c, interface, 4);
	capture_put(c, stamp >> 32, 4);
	capture_put(c, (uint32_t)stamp, 4);
	capture_put(c, stored, 4);
	capture_put(c, len, 4);
	capture_add(c, frame, stored);
	capture_more(c, -c->n % 4);
	if (options) {
		capture_put(c, 1, 2);
		capture_put(c, options, 2);
		capture_more(c, options);
		capture_more(c, -c->n % 4);
		capture_put(c, 0, 4);
	}
	capture_block_end(c, begin);
}

#endif
