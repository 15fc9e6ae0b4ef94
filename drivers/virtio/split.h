/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_SPLIT_H
#define VIRTIO_SPLIT_H

#include "ring.h"

/* Split virtqueues: VIRTIO 1.4, 2.7. The verbs are explained in vring.h. */

ALWAYS_INLINE uint16_t split_mask(const struct ring *r)
{
	return (uint16_t)(r->entries - 1);
}

/*
 * Completions that wait. The device's index is read only when what was seen before is used up: its
 * line moves between the cores each time. An index that moved by more than is in flight is left to
 * the caller to judge.
 */
ALWAYS_INLINE uint16_t split_ready(struct ring *r)
{
	if (r->used_seen == r->used_idx)
		/* B3, pairs with the device's release of idx after the entries. */
		r->used_seen = le16_to(ring_load_acquire(&r->device.used->idx));
	return (uint16_t)(r->used_seen - r->used_idx);
}

ALWAYS_INLINE struct used split_entry(const struct ring *r, uint16_t idx)
{
	/* One load of both words (B9). */
	const le64 *at = (const le64 *)(const void *)&r->device.used->ring[idx & split_mask(r)];
	uint64_t word = le64_to(ring_load(at));

	return (struct used){ .id = (uint32_t)word, .len = (uint32_t)(word >> 32) };
}

ALWAYS_INLINE void split_post(struct ring *r, struct post *p, uint16_t slot, uint64_t addr,
			      uint32_t len, uint16_t flags)
{
	struct split_desc *d = &r->desc.split[slot];
	le64 *tail = (le64 *)(void *)&d->len;

	ring_store(&d->addr, le64_from(addr));
	ring_store(tail, le64_from(len | (uint64_t)flags << 32));
	ring_store(&r->driver.avail->ring[p->idx & split_mask(r)], le16_from(slot));
	p->idx++;
	p->n++;
}

/* A further descriptor of a chain whose head has not been posted yet. */
ALWAYS_INLINE void split_post_part(struct ring *r, uint16_t slot, uint64_t addr, uint32_t len,
				   uint16_t flags, uint16_t next)
{
	struct split_desc *d = &r->desc.split[slot];
	le64 *tail = (le64 *)(void *)&d->len;

	ring_store(&d->addr, le64_from(addr));
	ring_store(tail, le64_from(len | (uint64_t)flags << 32 | (uint64_t)next << 48));
}

/* Put the head of a chain into the available ring. */
ALWAYS_INLINE void split_post_head(struct ring *r, struct post *p, uint16_t slot)
{
	ring_store(&r->driver.avail->ring[p->idx & split_mask(r)], le16_from(slot));
	p->idx++;
	p->n++;
}

ALWAYS_INLINE void split_publish(struct ring *r, const struct post *p)
{
	r->avail_idx = p->idx;
	/* B1: descriptors and entries first. Also B10. */
	ring_store_release(&r->driver.avail->idx, le16_from(p->idx));
}

/* Does the device want to hear of the last @n buffers? After the fence (B2). */
ALWAYS_INLINE bool split_kick_wanted(const struct ring *r, uint16_t n)
{
	const le16 *avail_event = (const le16 *)(const void *)&r->device.used->ring[r->entries];

	if (r->event_idx)
		return ring_need_event(le16_to(ring_load(avail_event)), r->avail_idx,
				       (uint16_t)(r->avail_idx - n));
	return !(le16_to(ring_load(&r->device.used->flags)) & USED_NO_NOTIFY);
}

#endif
