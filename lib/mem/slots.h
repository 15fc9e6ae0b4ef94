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
 */
struct slots {
	uintptr_t base;   /* of the first buffer */
	size_t bytes;     /* of all */
	uint32_t room;    /* of each, a power of two */
	uint32_t stride;  /* from one to the next */
	uint32_t inverse; /* 2^shift / (stride / CACHE_LINE), rounded up */
	uint32_t shift;
};

#define SLOTS_BYTES_MAX ((UINT64_C(1) << 31) * CACHE_LINE)

ALWAYS_INLINE uint32_t slots_stride(uint32_t room)
{
	return room + CACHE_LINE;
}

/* @room: a power of two, at least 4 * CACHE_LINE; all of them at most SLOTS_BYTES_MAX. */
ALWAYS_INLINE struct slots slots_of(void *base, uint32_t n, uint32_t room)
{
	const uint32_t lines = slots_stride(room) / CACHE_LINE;
	const uint32_t shift = 63 - (uint32_t)__builtin_clz(lines);

	return (struct slots){
		.base = (uintptr_t)base,
		.bytes = (size_t)n * slots_stride(room),
		.room = room,
		.stride = slots_stride(room),
		.inverse = (uint32_t)((BIT64(shift) + lines - 1) / lines),
		.shift = shift,
	};
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
