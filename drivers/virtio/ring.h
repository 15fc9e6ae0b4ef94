/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_RING_H
#define VIRTIO_RING_H

#include "../../lib/base/atomics.h"
#include "spec.h"
#include "transport.h"

/*
 * What a body is compiled for. Given by value to always-inline functions, so that every question
 * about it is answered by the compiler; the tables in rx.c and tx.c list the combinations that
 * exist.
 */
struct mode {
	bool packed;
	bool in_order;
	bool mrg;     /* receive: a packet may fill several buffers */
	bool offload; /* receive: look at the header for checksum and segmentation data */
};

#define RING_BATCH 32u /* completions and posts handled at a time */

/* Buffers posted but not yet made visible, and where the next one goes. */
struct post {
	uint64_t head;  /* packed: second half of the batch's first descriptor, stored last */
	uint16_t idx;   /* split: available index; packed: position */
	uint16_t slot;  /* in order: next slot */
	uint16_t free;  /* slots free */
	uint16_t n;     /* buffers in the batch */
	uint16_t descs; /* packed: descriptors in the batch */
	uint16_t flags; /* packed: AVAIL and USED bits that make a descriptor available now */
};

/* What the device uses up next. */
struct take {
	uint16_t idx;   /* split: used index; packed: position */
	uint16_t slot;  /* in order: oldest slot in flight */
	uint16_t left;  /* in order: slots of the current batch, up to the last buffer's first */
	uint16_t flags; /* packed: AVAIL and USED bits of a descriptor that is used now */
	uint32_t len;   /* in order: length of the batch's last buffer */
};

/*
 * One virtqueue as the driver sees it. All of this is private memory; only what desc, driver and
 * device point to is shared, and of that only what the device writes is ever read.
 *
 * A slot is what an in-flight buffer (or segment of one) occupies: a descriptor of the table
 * (split) or a buffer id (packed). A slot's cookie is 0 while it is free. Otherwise it is the
 * address of the packet buffer, whose low byte is free since buffers are aligned to 256, plus the
 * number of further slots in the chain; or COOKIE_INDIRECT plus the number of an indirect table.
 */
struct ring {
	union {
		struct split_desc *split;
		struct packed_desc *packed;
	} desc;
	union {
		struct split_avail *avail;
		struct packed_event *event;
	} driver;
	union {
		struct split_used *used;
		struct packed_event *event;
	} device;
	uint64_t *cookie;   /* by slot */
	uint16_t *free_ids; /* stack of free slots; unused in order */
	uint64_t bias;      /* address of the device = address of ours + bias */
	struct post post;
	struct take take;
	uint16_t entries;
	uint16_t buffers;   /* in flight, as the device counts: a chain is one */
	uint16_t used_seen; /* split: the device's used index as last read */
	uint16_t avail_idx; /* what has been published, as post.idx */
	bool event_idx;

	/* Cold from here. */
	uint16_t *next; /* by slot: following slot of a chain; unused in order */
	struct indirect *indirect;
	struct doorbell doorbell;
	struct vio_region *region;
	void *shared, *private;
	size_t shared_bytes, private_bytes;
};

#define COOKIE_INDIRECT BIT64(63)
#define COOKIE_CHAIN    UINT64_C(0xff) /* mask: further slots */

/* A completion as the device wrote it: nothing in it has been checked. */
struct used {
	uint32_t id, len;
};
#define USED_ID_NONE UINT32_MAX /* an in-order id that can't be: no slot has it */
#define USED_LEN_FULL \
	UINT32_MAX /* in-order batch: this buffer was skipped, that is, filled completely */

/*
 * What a loop over slots needs of a ring, by value: stores into shared memory must not make the
 * compiler read any of it again.
 */
struct view {
	struct split_desc *split;
	struct packed_desc *packed;
	le16 *avail;
	const struct split_used_elem *used;
	uint64_t *cookie;
	uint16_t *free_ids;
	uint64_t bias;
	uint32_t entries;
};

ALWAYS_INLINE struct view ring_view(const struct ring *r)
{
	return (struct view){
		.split = r->desc.split,
		.packed = r->desc.packed,
		.avail = r->driver.avail->ring,
		.used = r->device.used->ring,
		.cookie = r->cookie,
		.free_ids = r->free_ids,
		.bias = r->bias,
		.entries = r->entries,
	};
}

/* Free slots are taken last freed first; in order, in ring order. */
ALWAYS_INLINE uint32_t post_slot(const struct view v, const struct post p, uint32_t i,
				 const struct mode mode)
{
	return mode.in_order ? p.slot + i : v.free_ids[p.free - 1u - i];
}

/* How many of @n single-slot buffers can be posted without wrapping. */
ALWAYS_INLINE uint32_t post_run(const struct view v, const struct post p, uint32_t n,
				const struct mode mode)
{
	if (mode.in_order)
		n = min_u32(n, v.entries - p.slot);
	if (mode.packed)
		n = min_u32(n, v.entries - p.idx);
	return n;
}

/* The same for buffers to be taken. */
ALWAYS_INLINE uint32_t take_run(const struct view v, const struct take t, uint32_t n,
				const struct mode mode)
{
	if (mode.in_order)
		n = min_u32(n, v.entries - t.slot);
	if (mode.packed)
		n = min_u32(n, v.entries - t.idx);
	return n;
}

/* Should a peer that asked to be told at @event hear of the step from @old to @now? ("Used Buffer
 * Notification Suppression") */
ALWAYS_INLINE bool ring_need_event(uint16_t event, uint16_t now, uint16_t old)
{
	return (uint16_t)(now - event - 1) < (uint16_t)(now - old);
}

#endif
