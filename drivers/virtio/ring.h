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

#define RING_BATCH 32u /* a usual burst; what publishing and reclaiming are reckoned by */

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
 * number of further slots in the chain, or COOKIE_TAIL in these: the device may name heads only; or
 * COOKIE_INDIRECT plus the number of an indirect table.
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
#define COOKIE_TAIL     UINT64_C(0xff) /* no head has so many */

/* A completion as the device wrote it: nothing in it has been checked. */
struct used {
	uint32_t id, len;
};

/* What a look at the next completion gives. */
enum look {
	LOOK_NONE, /* there is none yet */
	LOOK_ODD,  /* its id is no slot's, or, in order, not that of the slot whose turn it is */
	LOOK_GOOD, /* the id is in range; all else is unchecked */
};

/*
 * Where a run takes completions, and where it posts buffers: by value, since stores into shared
 * memory must not make the compiler read any of it again, and as plain pointers, since a run wraps
 * nowhere.
 */
struct taker {
	const struct split_used_elem *used;
	const struct packed_desc *packed;
	uint64_t *cookie;   /* by slot */
	uint16_t *freed;    /* where slots go that become free */
	uint32_t last_slot; /* ids above it are impossible */
	uint32_t slot;      /* in order: the first completion's */
	uint32_t left, len; /* in order: of the batch that is being taken, as struct take */
	uint32_t full;      /* in order: length of a buffer that was skipped */
	uint32_t flags;
};

struct poster {
	struct split_desc *split;
	struct packed_desc *packed;
	le16 *avail;
	uint64_t *cookie;     /* by slot */
	const uint16_t *free; /* behind the free slot to be taken first */
	uint64_t bias;
	uint32_t slot; /* in order: the first buffer's */
	uint32_t flags;
};

ALWAYS_INLINE struct taker ring_taker(const struct ring *r, uint32_t full)
{
	return (struct taker){
		.used = r->device.used->ring + (r->take.idx & (r->entries - 1u)),
		.packed = r->desc.packed + r->take.idx,
		.cookie = r->cookie,
		.freed = r->free_ids + r->post.free,
		.last_slot = r->entries - 1u,
		.slot = r->take.slot,
		.left = r->take.left,
		.len = r->take.len,
		.full = full,
		.flags = r->take.flags,
	};
}

ALWAYS_INLINE struct poster ring_poster(const struct ring *r)
{
	return (struct poster){
		.split = r->desc.split,
		.packed = r->desc.packed + r->post.idx,
		.avail = r->driver.avail->ring + (r->post.idx & (r->entries - 1u)),
		.cookie = r->cookie,
		.free = r->free_ids + r->post.free,
		.bias = r->bias,
		.slot = r->post.slot,
		.flags = r->post.flags,
	};
}

/*
 * Where a buffer is posted in the place of one that is taken. While no slot is free, the ring is as
 * long as the number of its slots, so both stand at the same position, and in order in the same
 * slot.
 */
ALWAYS_INLINE struct poster ring_replacer(const struct ring *r)
{
	return (struct poster){
		.split = r->desc.split,
		.packed = r->desc.packed + r->take.idx,
		.avail = r->driver.avail->ring + (r->take.idx & (r->entries - 1u)),
		.cookie = r->cookie,
		.bias = r->bias,
		.flags = r->post.flags,
	};
}

/* Free slots are taken last freed first; in order, in ring order. */
ALWAYS_INLINE uint32_t poster_slot(const struct poster at, uint32_t i, const struct mode mode)
{
	return mode.in_order ? at.slot + i : at.free[-1 - (int32_t)i];
}

/* How many of @n single-slot buffers can be posted without wrapping, and how many taken. */
ALWAYS_INLINE uint32_t ring_post_run(const struct ring *r, uint32_t n, const struct mode mode)
{
	const uint32_t pos = mode.packed ? r->post.idx : r->post.idx & (r->entries - 1u);

	if (mode.in_order)
		n = min_u32(n, (uint32_t)r->entries - r->post.slot);
	return min_u32(n, r->entries - pos);
}

ALWAYS_INLINE uint32_t ring_take_run(const struct ring *r, uint32_t n, const struct mode mode)
{
	const uint32_t pos = mode.packed ? r->take.idx : r->take.idx & (r->entries - 1u);

	if (mode.in_order)
		n = min_u32(n, (uint32_t)r->entries - r->take.slot);
	if (mode.in_order && unlikely(r->take.left))
		n = min_u32(n, r->take.left);
	return min_u32(n, r->entries - pos);
}

/* Should a peer that asked to be told at @event hear of the step from @old to @now? ("Used Buffer
 * Notification Suppression") */
ALWAYS_INLINE bool ring_need_event(uint16_t event, uint16_t now, uint16_t old)
{
	return (uint16_t)(now - event - 1) < (uint16_t)(now - old);
}

#endif
