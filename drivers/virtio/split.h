/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_SPLIT_H
#define VIRTIO_SPLIT_H

#include "ring.h"

/* Split virtqueues: VIRTIO 1.4, 2.7. The verbs are explained in vring.h. */

/*
 * Completions that wait. The device's index is read only when what was seen before is used up: its
 * line moves between the cores each time. An index that moved by more than is in flight is left to
 * the caller to judge.
 */
ALWAYS_INLINE uint32_t split_ready(struct ring *r)
{
	if (r->used_seen == r->take.idx)
		/* B3, pairs with the device's release of idx after the entries. */
		r->used_seen = le16_to(ring_load_acquire(&r->device.used->idx));
	return (uint16_t)(r->used_seen - r->take.idx);
}

ALWAYS_INLINE struct used split_entry(const struct split_used_elem *e)
{
	/* Each word once (B9). They lie at 4 modulo 8, so one load of both could cross a line. */
	return (struct used){ .id = le32_to(ring_load(&e->id)),
			      .len = le32_to(ring_load(&e->len)) };
}

ALWAYS_INLINE void split_write(struct split_desc *d, uint64_t addr, uint32_t len, uint32_t flags,
			       uint32_t next)
{
	ring_store(&d->addr, le64_from(addr));
	ring_store((le64 *)(void *)&d->len, le64_from(len | (uint64_t)(flags | next << 16) << 32));
}

ALWAYS_INLINE void split_publish(struct ring *r)
{
	/* B1: descriptors and entries first. Also B10. */
	ring_store_release(&r->driver.avail->idx, le16_from(r->post.idx));
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
