/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_PACKED_H
#define VIRTIO_PACKED_H

#include "ring.h"

/* Packed virtqueues: VIRTIO 1.4, 2.8. The verbs are explained in vring.h. */

#define PACKED_TURN (PACKED_AVAIL | PACKED_USED) /* what a crossing of the ring's end inverts */

/* The second half of a descriptor: length, id and flags are written and read as one word. */
ALWAYS_INLINE le64 *packed_tail(const struct packed_desc *d)
{
	return (le64 *)(void *)(uintptr_t)&d->len;
}

/* Read a descriptor. Return: false where the device has not used it yet. */
ALWAYS_INLINE bool packed_entry(const struct packed_desc *d, uint32_t used_flags, struct used *u)
{
	/*
	 * B6 and B9: one load gives flags, id and length; acquire pairs with the device's release
	 * of the flags, for the payload's sake.
	 */
	uint64_t word = le64_to(ring_load_acquire(packed_tail(d)));

	if (((uint32_t)(word >> 48) & PACKED_TURN) != used_flags)
		return false;
	*u = (struct used){ .id = (uint32_t)(word >> 32) & 0xffff, .len = (uint32_t)word };
	return true;
}

/* Move @pos on by @n; crossing the end turns the wrap counter, which the @flags stand for. */
ALWAYS_INLINE void packed_step(uint16_t *pos, uint16_t *flags, uint32_t n, uint32_t entries)
{
	uint32_t next = *pos + n;

	if (unlikely(next >= entries)) {
		next -= entries;
		*flags ^= PACKED_TURN;
	}
	*pos = (uint16_t)next;
}

/*
 * Where the tail of the next descriptor to be posted goes: the batch's first one waits in the post,
 * since the device looks at its flags, and sees all of the batch or nothing.
 */
ALWAYS_INLINE le64 *packed_next_tail(struct ring *r)
{
	return r->post.descs ? packed_tail(&r->desc.packed[r->post.idx]) : &r->post.head;
}

ALWAYS_INLINE void packed_write(struct packed_desc *d, le64 *tail, uint32_t id, uint64_t addr,
				uint32_t len, uint32_t flags)
{
	ring_store(&d->addr, le64_from(addr));
	ring_store(tail, le64_from(len | (uint64_t)(id | flags << 16) << 32));
}

ALWAYS_INLINE void packed_publish(struct ring *r)
{
	/* B4: everything else of the batch first. Also B10. */
	ring_store_release(packed_tail(&r->desc.packed[r->avail_idx]), r->post.head);
}

/*
 * Does the device want to hear of the batch, @descs descriptors long? After the fence (B5). Its
 * event structure is read as one word ("Event Suppression Structure Format").
 */
ALWAYS_INLINE bool packed_kick_wanted(const struct ring *r, uint16_t descs)
{
	uint32_t word = le32_to(ring_load((const le32 *)(const void *)r->device.event));
	uint32_t flags = word >> 16 & 3;
	uint16_t event = word & 0x7fff;
	const bool wrap = r->post.flags == PACKED_AVAIL;

	if (flags != PACKED_EVENT_DESC || !r->event_idx)
		return flags != PACKED_EVENT_DISABLE;
	/* Bring both positions onto one line: an event in the lap before lies one ring size below.
	 */
	if ((bool)(word >> 15 & 1) != wrap)
		event = (uint16_t)(event - r->entries);
	return ring_need_event(event, r->avail_idx, (uint16_t)(r->avail_idx - descs));
}

#endif
