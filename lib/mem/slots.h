/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MEM_SLOTS_H
#define MEM_SLOTS_H

#include <stdbool.h>

#include "../base/compiler.h"

/*
 * Where the buffers of a pool lie: one cache line apart from each other. A distance that is a power
 * of two would put the same line of all buffers, the one with header and addresses above all, into
 * few sets of every cache on the way, ours and the device's: at 2048 bytes 16 such lines fill their
 * sets of a first-level cache that has room for 512.
 *
 * So the distance is an odd number of lines, and which buffer an address lies in takes a division:
 * by a multiplication, exact as long as the pool has fewer than 2^31 lines.
 *
 * A slot that would lie in two huge pages holds no buffer. Behind a virtual IOMMU DPDK's vhost
 * takes what follows in bus addresses for one piece of its own memory, and would reach beside the
 * second page.
 */
struct slots {
	uintptr_t base;   /* of the first slot */
	size_t bytes;     /* of all, up to the end of the last buffer's */
	uint32_t room;    /* of each, a power of two */
	uint32_t stride;  /* from one to the next */
	uint32_t inverse; /* 2^shift / (stride / CACHE_LINE), rounded up */
	uint32_t shift;
};

#define SLOTS_BYTES_MAX ((UINT64_C(1) << 31) * CACHE_LINE)
#define SLOTS_PAGE      (UINT32_C(2) << 20)

ALWAYS_INLINE uint32_t slots_stride(uint32_t room)
{
	return room + CACHE_LINE;
}

/* Buffers that a page has at least, wherever in it they begin. */
ALWAYS_INLINE uint32_t slots_a_page(uint32_t room)
{
	return SLOTS_PAGE / slots_stride(room) - 1;
}

/* Memory for @n buffers: each page that they reach into may cost a slot. */
ALWAYS_INLINE size_t slots_bytes(uint32_t n, uint32_t room)
{
	return ((size_t)n + n / slots_a_page(room) + 1) * slots_stride(room);
}

/* The most buffers for which slots_bytes() is at most SLOTS_BYTES_MAX. */
ALWAYS_INLINE uint64_t slots_buffers_max(uint32_t room)
{
	const uint32_t a_page = slots_a_page(room);

	return (SLOTS_BYTES_MAX / slots_stride(room) - 1) / (a_page + 1) * a_page;
}

/* Does the slot @off bytes behind the base lie in one page? */
ALWAYS_INLINE bool slots_whole(const struct slots *s, size_t off)
{
	return (s->base + off) / SLOTS_PAGE == (s->base + off + s->room - 1) / SLOTS_PAGE;
}

/* Offset of the last slot with a buffer that lies before @off; there must be one. */
ALWAYS_INLINE size_t slots_whole_before(const struct slots *s, size_t off)
{
	do
		off -= s->stride;
	while (!slots_whole(s, off));
	return off;
}

/* @room: a power of two, at least 4 * CACHE_LINE; @n: at most slots_buffers_max(). */
ALWAYS_INLINE struct slots slots_of(void *base, uint32_t n, uint32_t room)
{
	const uint32_t lines = slots_stride(room) / CACHE_LINE;
	const uint32_t shift = 63 - (uint32_t)__builtin_clz(lines);
	struct slots s = {
		.base = (uintptr_t)base,
		.room = room,
		.stride = slots_stride(room),
		.inverse = (uint32_t)((BIT64(shift) + lines - 1) / lines),
		.shift = shift,
	};

	for (uint32_t left = n; left; s.bytes += s.stride)
		left -= slots_whole(&s, s.bytes);
	return s;
}

/* Number of the buffer that the byte @off behind the base lies in, which is less than bytes. */
ALWAYS_INLINE uint64_t slots_index(const struct slots *s, uint64_t off)
{
	return off / CACHE_LINE * s->inverse >> s->shift;
}

/* How far behind the beginning of its buffer it lies. */
ALWAYS_INLINE uint64_t slots_inside(const struct slots *s, uint64_t off)
{
	return off - slots_index(s, off) * s->stride;
}

#endif
