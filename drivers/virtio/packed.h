/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_PACKED_H
#define VIRTIO_PACKED_H

#include "ring.h"

/* Packed virtqueues: VIRTIO 1.4, 2.8. The verbs are explained in vring.h. */

/* The second half of a descriptor: length, id and flags are written and read as one word. */
ALWAYS_INLINE le64 *packed_tail(const struct ring *r, uint16_t pos)
{
	return (le64 *)(void *)&r->desc.packed[pos].len;
}

/* Read the descriptor at @pos. Return: false where the device has not used it yet. */
ALWAYS_INLINE bool packed_entry(const struct ring *r, uint16_t pos, bool wrap, struct used *u)
{
	/*
	 * B6 and B9: one load gives flags, id and length; acquire pairs with the device's release
	 * of the flags, for the payload's sake.
	 */
	uint64_t word = le64_to(ring_load_acquire(packed_tail(r, pos)));
	uint32_t flags = (uint32_t)(word >> 48) & (PACKED_AVAIL | PACKED_USED);

	if (flags != (wrap ? PACKED_AVAIL | PACKED_USED : 0))
		return false;
	*u = (struct used){ .id = (uint32_t)(word >> 32) & 0xffff, .len = (uint32_t)word };
	return true;
}

/* The position @n behind @pos; crossing the end turns the wrap counter. */
ALWAYS_INLINE uint16_t packed_step(const struct ring *r, uint16_t pos, uint32_t n, bool *wrap)
{
	uint32_t next = pos + n;

	if (unlikely(next >= r->entries)) {
		next -= r->entries;
		*wrap = !*wrap;
	}
	return (uint16_t)next;
}

ALWAYS_INLINE uint16_t packed_avail_flags(bool wrap)
{
	return wrap ? PACKED_AVAIL : PACKED_USED;
}

/*
 * Write the descriptor at the next position. The tail of the batch's first one stays in the post:
 * the device looks there, and sees all of the batch or nothing.
 */
ALWAYS_INLINE void packed_write(struct ring *r, struct post *p, uint16_t id, uint64_t addr,
				uint32_t len, uint16_t flags)
{
	uint64_t tail = len | (uint64_t)id << 32 | (uint64_t)(flags | p->flags) << 48;
	uint64_t *to = p->descs ? packed_tail(r, p->idx) : &p->head;

	ring_store(&r->desc.packed[p->idx].addr, le64_from(addr));
	ring_store(to, le64_from(tail));
	p->descs++;
	p->idx++;
	if (unlikely(p->idx == r->entries)) {
		p->idx = 0;
		p->wrap = !p->wrap;
		p->flags = packed_avail_flags(p->wrap);
	}
}

ALWAYS_INLINE void packed_post(struct ring *r, struct post *p, uint16_t id, uint64_t addr,
			       uint32_t len, uint16_t flags)
{
	packed_write(r, p, id, addr, len, flags);
	p->n++;
}

ALWAYS_INLINE void packed_publish(struct ring *r, const struct post *p)
{
	le64 *first = packed_tail(r, r->avail_idx);

	r->avail_idx = p->idx;
	r->avail_wrap = p->wrap;
	/* B4: everything else of the batch first. Also B10. */
	ring_store_release(first, p->head);
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

	if (flags != PACKED_EVENT_DESC || !r->event_idx)
		return flags != PACKED_EVENT_DISABLE;
	/* Bring both positions onto one line: an event in the lap before lies one ring size below.
	 */
	if ((bool)(word >> 15 & 1) != r->avail_wrap)
		event = (uint16_t)(event - r->entries);
	return ring_need_event(event, r->avail_idx, (uint16_t)(r->avail_idx - descs));
}

#endif
