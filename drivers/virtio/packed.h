/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_PACKED_H
#define VIRTIO_PACKED_H

#include "ring.h"

/* Packed virtqueues: VIRTIO 1.4, 2.8. The verbs are explained in vring.h. */

#define PACKED_TURN (PACKED_AVAIL | PACKED_USED) /* what a crossing of the ring's end inverts */

/* Has the device used this descriptor? */
ALWAYS_INLINE bool packed_used(const struct packed_desc *d, uint32_t used_flags)
{
	/* B6: acquire, pairs with the device's release of the flags after the rest. */
	const uint32_t flags = le16_to(ring_load_acquire(&d->flags));

	ring_saw(packed_tail(d));
	return likely((flags & PACKED_TURN) == used_flags);
}

/*
 * What a used descriptor names, its AVAIL and USED bits above that: id and flags are read as one
 * word, with acquire as above.
 */
ALWAYS_INLINE uint32_t packed_named(const struct packed_desc *d)
{
	const uint32_t word = le32_to(ring_load_acquire((const le32 *)(const void *)&d->id));

	ring_saw(packed_tail(d));
	return word & (PACKED_TURN << 16 | 0xffff);
}

ALWAYS_INLINE uint64_t packed_rest(uint32_t len, uint32_t flags)
{
	return len | (uint64_t)flags << 48;
}

/* Move @at on by @n. Return: the end was crossed, so that the wrap counter turns. */
ALWAYS_INLINE bool packed_step(uint32_t *at, uint32_t n, uint32_t entries)
{
	const uint32_t next = *at + n;
	const bool crossed = unlikely(next >= entries);

	*at = crossed ? next - entries : next;
	return crossed;
}

ALWAYS_INLINE void packed_post_step(struct post *p, uint32_t n, uint32_t entries)
{
	if (packed_step(&p->at, n, entries))
		p->flags ^= packed_rest(0, PACKED_TURN);
}

ALWAYS_INLINE void packed_take_step(struct take *t, uint32_t n, uint32_t entries)
{
	if (packed_step(&t->at, n, entries))
		t->flags ^= PACKED_TURN;
}

/* @rest: length and flags as they lie in the descriptor's tail. */
ALWAYS_INLINE void packed_write(struct packed_desc *d, le64 *tail, uint64_t id, uint64_t addr,
				uint64_t rest)
{
	ring_store(&d->addr, le64_from(addr));
	ring_store(tail, le64_from(rest | id << 32));
}

ALWAYS_INLINE void packed_publish(struct ring *r)
{
	/* B4: everything else of the batch first. Also B10. B5: the look at the device's word
	 * waits.
	 */
	ring_publish(packed_tail(r->post.first), r->post.head);
}

/*
 * Does the device want to hear of the batch? After packed_publish() (B5). Its event structure is
 * read as one word ("Event Suppression Structure Format").
 */
ALWAYS_INLINE bool packed_kick_wanted(const struct ring *r)
{
	const uint32_t word = le32_to(ring_load((const le32 *)(const void *)r->device.event));
	const uint32_t flags = word & 3u << 16, at = r->post.at;
	const bool wrap = r->post.flags == packed_rest(0, PACKED_AVAIL);
	uint32_t first, event = word & 0x7fff;

	if (likely(flags == PACKED_EVENT_DISABLE << 16))
		return false;
	if (flags != PACKED_EVENT_DESC << 16 || !r->event_idx)
		return true;
	/* Bring all positions onto one line: what lies in the lap before is one ring size below. */
	if ((bool)(word >> 15 & 1) != wrap)
		event -= r->entries;
	first = (uint32_t)(r->post.first - r->desc.packed);
	if (first >= at)
		first -= r->entries;
	return ring_need_event((uint16_t)event, (uint16_t)at, (uint16_t)first);
}

#endif
