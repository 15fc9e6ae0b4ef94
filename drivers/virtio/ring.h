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
	uint16_t entries;
	uint16_t free;      /* slots free */
	uint16_t avail_idx; /* next to post. split: free running; packed: position */
	uint16_t used_idx;  /* next to be used. split: free running; packed: position */
	uint16_t used_seen; /* split: the device's used index as last read */
	uint16_t next_slot; /* in order: next slot to post */
	uint16_t done_slot; /* in order: oldest slot in flight */
	uint16_t buffers;   /* in flight, as the device counts: a chain is one */
	bool avail_wrap;    /* packed: wrap counters */
	bool used_wrap;
	bool event_idx;
	uint16_t batch_left; /* in order: buffers of the current batch not taken yet */
	uint32_t batch_len;  /* length of its last one */

	/* Cold from here. */
	uint16_t *next; /* by slot: following slot of a chain; unused in order */
	uint64_t bias;  /* address of the device = address of ours + bias */
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
#define USED_LEN_FULL \
	UINT32_MAX /* in-order batch: this buffer was skipped, that is, filled completely */

/* Buffers posted but not yet made visible. Copied from and to the ring once per batch. */
struct post {
	uint16_t idx;   /* split: available index; packed: position */
	uint16_t slot;  /* in order: next slot */
	uint16_t free;  /* slots free */
	uint16_t n;     /* buffers in the batch */
	uint16_t descs; /* packed: descriptors in the batch */
	uint16_t flags; /* packed: AVAIL and USED bits that make a descriptor available now */
	bool wrap;
	uint64_t head; /* packed: second half of the batch's first descriptor, stored last */
};

/* Address a device uses for @p. */
ALWAYS_INLINE uint64_t ring_bus(const struct ring *r, const void *p)
{
	return (uint64_t)(uintptr_t)p + r->bias;
}

/* Slots are handed out in ring order, or last freed first. There must be a free one. */
ALWAYS_INLINE uint16_t ring_take_slot(const struct ring *r, struct post *p, const struct mode mode)
{
	uint16_t slot;

	p->free--;
	if (!mode.in_order)
		return r->free_ids[p->free];
	slot = p->slot;
	p->slot = (uint16_t)(slot + 1 == r->entries ? 0 : slot + 1);
	return slot;
}

/* Should a peer that asked to be told at @event hear of the step from @old to @now? ("Used Buffer
 * Notification Suppression") */
ALWAYS_INLINE bool ring_need_event(uint16_t event, uint16_t now, uint16_t old)
{
	return (uint16_t)(now - event - 1) < (uint16_t)(now - old);
}

#endif
