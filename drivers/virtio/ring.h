/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_RING_H
#define VIRTIO_RING_H

#include "../../lib/base/atomics.h"
#include "distrust.h"
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
	bool batch;   /* in order: inside a batch that one completion stands for */
	bool mrg;     /* receive: a packet may fill several buffers */
	bool offload; /* receive: look at the header for checksum and segmentation data */
	bool wide;    /* four at a time, for bursts of WIDE and more: fewer take longer so */
};

#define WIDE 8u
#define STEP 4u /* one of a wide run */

#define RING_BATCH 32u /* a usual burst; what publishing and reclaiming are reckoned by */

/*
 * Where the next buffer is posted. Positions count slots round the ring: a packed ring's own;
 * split, (idx + skew) modulo the ring's size. Behind position p of a ring that is not in order
 * stands ids[p], the slot that is used there; in order, the slot is p.
 */
struct post {
	uint64_t head;  /* packed: second half of the batch's first descriptor, stored last */
	uint64_t flags; /* packed: bits of a second half that make a descriptor available now */
	uint32_t idx;   /* buffers ever posted (a chain is one); split: the available index */
	uint32_t shown; /* of these, made visible */
	uint32_t free;  /* slots free */
	uint32_t skew;  /* split: slots ever posted beyond one for each buffer */
	uint32_t at;    /* packed: position */
	struct packed_desc *first; /* packed: the batch's first descriptor */
};

/* What the device uses up next. */
struct take {
	uint32_t idx;   /* buffers ever taken; split: the used index */
	uint32_t seen;  /* split: the device's used index as last read */
	uint32_t skew;  /* split: slots ever taken beyond one for each buffer */
	uint32_t at;    /* packed: position */
	uint32_t flags; /* packed: AVAIL and USED bits of a descriptor that is used now */
	uint32_t left;  /* in order: slots of the current batch, up to the last buffer's first */
	uint32_t len;   /* in order: length of the batch's last buffer */
};

/*
 * One virtqueue as the driver sees it. All of this is private memory; only what desc, driver and
 * device point to is shared, and of that only what the device writes is ever read.
 *
 * A slot is what an in-flight buffer (or segment of one) occupies: a descriptor of the table
 * (split) or a buffer id (packed). In order it is the position itself. A slot's cookie is the
 * address of its packet buffer, whose highest byte is free, since no address of a program is that
 * high, and says what the slot is: 0, a buffer by itself; less than COOKIE_HEADS, a chain's head
 * with so many further slots; or one of the marks below. The device may name single buffers, heads
 * and indirect tables only.
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
	uint64_t *cookie; /* by slot */
	uint16_t *ids;    /* by position; unused in order */
	uint64_t bias;    /* address of the device = address of ours + bias */
	struct post post;
	struct take take;
	uint32_t entries;
	bool event_idx;
	bool chained; /* split: the available ring does not say what ids says, see vring_rename() */
	bool straight; /* the device has used buffers in the order in which it got them: ids[p] is
			* p, and cookies of free slots need not say so; see vring_look() */

	/* Cold from here. */
	uint16_t *next; /* by slot: following slot of a chain; unused in order */
	struct indirect *indirect;
	struct doorbell doorbell;
	struct ring_place place; /* what the device is told of it */
	struct vio_region *region;
	void *shared, *private;
	size_t shared_bytes, private_bytes;
};

#define COOKIE_SHIFT      56
#define COOKIE_HEAD(more) ((uint64_t)(more) << COOKIE_SHIFT)
#define COOKIE_MARK       COOKIE_HEAD(0xff)
#define COOKIE_HEADS      COOKIE_HEAD(0xf0)
#define COOKIE_INDIRECT   COOKIE_HEAD(0xfd) /* number of the indirect table below */
#define COOKIE_FREE       COOKIE_HEAD(0xfe)
#define COOKIE_TAIL       COOKIE_HEAD(0xff) /* a later slot of a chain */

/* A completion as the device wrote it: nothing in it has been checked. */
struct used {
	uint32_t id, len;
};

/* What a look at the next completion gives. */
enum look {
	LOOK_NONE, /* there is none yet */
	LOOK_ODD,  /* its id is no slot's, or, in order, not that of the slot whose turn it is */
	LOOK_GOOD, /* the id is in range, and ids has it at its position; all else is unchecked */
};

/* The second half of a packed descriptor: length, id and flags are written as one word. */
ALWAYS_INLINE le64 *packed_tail(const struct packed_desc *d)
{
	return (le64 *)(void *)(uintptr_t)&d->len;
}

/* Positions of what is posted and of what is taken next. */
ALWAYS_INLINE uint32_t ring_post_at(const struct ring *r, const struct mode mode)
{
	return mode.packed ? r->post.at : (r->post.idx + r->post.skew) & (r->entries - 1);
}

ALWAYS_INLINE uint32_t ring_take_at(const struct ring *r, const struct mode mode)
{
	return mode.packed ? r->take.at : (r->take.idx + r->take.skew) & (r->entries - 1);
}

/*
 * Where a run takes completions, and where it posts buffers: by value, since stores into shared
 * memory must not make the compiler read any of it again, and as plain pointers that move on, since
 * a run wraps nowhere. In order, what is kept by slot moves on, too, and slot 0 is meant there.
 */
struct taker {
	const struct split_used_elem *used;
	const struct packed_desc *packed;
	uint64_t *cookie;   /* by slot */
	uint16_t *ids;      /* at the position */
	uint32_t due;       /* what the next completion is to name, less *ids if not in order */
	uint32_t left, len; /* in a batch: slots left, length of the last buffer */
};

struct poster {
	struct split_desc *split; /* by slot */
	struct packed_desc *packed;
	le64 *tail;          /* packed: where the next descriptor's second half goes */
	uint64_t *cookie;    /* by slot */
	const uint16_t *ids; /* free slots, in the order in which they are taken */
	uint64_t rest;       /* second half of the next descriptor, less the id if not in order */
};

ALWAYS_INLINE struct taker ring_taker(const struct ring *r, const struct mode mode)
{
	const uint32_t at = ring_take_at(r, mode);

	return (struct taker){
		.used = r->device.used->ring + (r->take.idx & (r->entries - 1)),
		.packed = r->desc.packed + at,
		.cookie = r->cookie + (mode.in_order ? at : 0),
		.ids = r->ids + at,
		.due = (mode.packed ? r->take.flags << 16 : 0) | (mode.in_order ? at : 0),
		.left = r->take.left,
		.len = r->take.len,
	};
}

/* Buffers posted and not shown yet. */
ALWAYS_INLINE uint32_t ring_unshown(const struct ring *r)
{
	return r->post.idx - r->post.shown;
}

/*
 * At position @at: ring_post_at(); or ring_take_at(), where a buffer is posted in the place of one
 * that is taken: while no slot is free, the ring is as long as the number of its slots, so both
 * stand at the same position. Packed: the first descriptor of a batch (@fresh) waits in the post
 * for the others, since the device looks at its flags, and sees all of the batch or nothing. @rest:
 * vring_rest() of the buffers.
 */
ALWAYS_INLINE struct poster ring_poster(struct ring *r, uint32_t at, bool fresh, uint64_t rest,
					const struct mode mode)
{
	struct packed_desc *const packed = r->desc.packed + at;
	const uint32_t first = mode.in_order ? at : 0;

	if (mode.packed && fresh)
		r->post.first = packed;
	return (struct poster){
		.split = r->desc.split + first,
		.packed = packed,
		.tail = fresh ? &r->post.head : packed_tail(packed),
		.cookie = r->cookie + first,
		.ids = r->ids + at,
		.rest = mode.packed ? rest | (uint64_t)first << 32 : rest,
	};
}

/* Slots are used in the order in which they became free; in order, in ring order. */
ALWAYS_INLINE size_t poster_slot(const struct poster *to, const struct mode mode)
{
	return mode.in_order ? 0 : *to->ids;
}

/* How many of @n single-slot buffers can be posted without wrapping, and how many taken. */
ALWAYS_INLINE uint32_t ring_post_run(const struct ring *r, uint32_t n, const struct mode mode)
{
	n = min_u32(n, r->entries - ring_post_at(r, mode));
	if (!mode.packed && unlikely(r->chained))
		n = min_u32(n, r->entries - (r->post.idx & (r->entries - 1)));
	return n;
}

ALWAYS_INLINE uint32_t ring_take_run(const struct ring *r, uint32_t n, const struct mode mode)
{
	n = min_u32(n, r->entries - ring_take_at(r, mode));
	if (!mode.packed && unlikely(r->chained))
		n = min_u32(n, r->entries - (r->take.idx & (r->entries - 1)));
	return mode.batch ? min_u32(n, r->take.left) : n;
}

/* Buffers in flight, as the device counts: a chain is one. */
ALWAYS_INLINE uint32_t ring_in_flight(const struct ring *r)
{
	return r->post.shown - r->take.idx;
}

/* Should a peer that asked to be told at @event hear of the step from @old to @now? ("Used Buffer
 * Notification Suppression") */
ALWAYS_INLINE bool ring_need_event(uint16_t event, uint16_t now, uint16_t old)
{
	return (uint16_t)(now - event - 1) < (uint16_t)(now - old);
}

#endif
