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
	uint32_t ready = (uint16_t)(r->take.seen - r->take.idx);

	if (ready)
		return ready;
	/* B3, pairs with the device's release of idx after the entries. */
	r->take.seen = le16_to(ring_load_acquire(&r->device.used->idx));
	return (uint16_t)(r->take.seen - r->take.idx);
}

/* @rest: length, flags and next as they lie in the descriptor. */
ALWAYS_INLINE void split_write(struct split_desc *d, uint64_t addr, uint64_t rest)
{
	ring_store(&d->addr, le64_from(addr));
	ring_store((le64 *)(void *)&d->len, le64_from(rest));
}

ALWAYS_INLINE uint64_t split_rest(uint32_t len, uint32_t flags, uint32_t next)
{
	return len | (uint64_t)(flags | next << 16) << 32;
}

ALWAYS_INLINE void split_publish(struct ring *r)
{
	/* B1: descriptors and entries first. Also B10. B2: the look at the device's word waits. */
	ring_publish(&r->driver.avail->idx, le16_from((uint16_t)r->post.idx));
}

/* Does the device want to hear of the buffers behind @before? After split_publish() (B2). */
ALWAYS_INLINE bool split_kick_wanted(const struct ring *r, uint32_t before)
{
	const le16 *avail_event = (const le16 *)(const void *)&r->device.used->ring[r->entries];

	if (r->event_idx)
		return ring_need_event(le16_to(ring_load(avail_event)), (uint16_t)r->post.idx,
				       (uint16_t)before);
	return !(le16_to(ring_load(&r->device.used->flags)) & USED_NO_NOTIFY);
}

#endif
