/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LOOP_SHARED_H
#define LOOP_SHARED_H

#include <string.h>

#include "device.h"

/*
 * The one door to memory that driver and device share. Every address that the driver names is
 * looked up here, and every word and byte that the device stores passes through here, where
 * struct loop_fault can change it.
 */

/* @len bytes at the driver's address @addr; NULL: not all of them lie in one region. */
ALWAYS_INLINE uint8_t *shared_at(const struct vio_loop *loop, uint64_t addr, uint64_t len)
{
	for (unsigned int i = 0; i < loop->n_regions; i++) {
		uint64_t off = addr - (uintptr_t)loop->regions[i].base;

		if (likely(off <= loop->regions[i].bytes && len <= loop->regions[i].bytes - off))
			return loop->regions[i].base + off;
	}
	return NULL;
}

ALWAYS_INLINE uint32_t shared_word(struct queue *q, enum word word, uint32_t v)
{
	const struct loop_fault *fault = q->loop->fault;

	return unlikely(fault && fault->word) ? fault->word(fault->arg, q, word, v) : v;
}

ALWAYS_INLINE void shared_put16(struct queue *q, enum word word, le16 *at, uint16_t v)
{
	ring_store(at, le16_from((uint16_t)shared_word(q, word, v)));
}

/* Pairs with the driver's acquire of the same word: what was stored before is visible with it. */
ALWAYS_INLINE void shared_release16(struct queue *q, enum word word, le16 *at, uint16_t v)
{
	ring_store_release(at, le16_from((uint16_t)shared_word(q, word, v)));
}

ALWAYS_INLINE void shared_put32(struct queue *q, enum word word, le32 *at, uint32_t v)
{
	ring_store(at, le32_from(shared_word(q, word, v)));
}

ALWAYS_INLINE void shared_put8(struct queue *q, enum word word, uint8_t *at, uint8_t v)
{
	ring_store(at, (uint8_t)shared_word(q, word, v));
}

ALWAYS_INLINE void shared_copy(struct queue *q, uint8_t *at, const void *from, size_t len)
{
	const struct loop_fault *fault = q->loop->fault;

	memcpy(at, from, len);
	if (unlikely(fault && fault->bytes))
		fault->bytes(fault->arg, q, at, len);
}

#endif
