/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_VRING_H
#define VIRTIO_VRING_H

#include "packed.h"
#include "split.h"

/*
 * The ring engine: few verbs, for runs of buffers that wrap nowhere, and the one place that knows
 * of both layouts.
 *
 *   vring_ready       how many completions to look at
 *   vring_used_at     look at one, raw
 *   vring_taken       so many have been taken
 *   vring_take_one    all of that for a single one, cold
 *   vring_post_at     fill a slot; nothing is visible yet
 *   vring_repost_at   the same for a slot that has been filled before
 *   vring_posted      so many have been filled
 *   vring_publish     show them to the device, and ask whether it wants a kick
 *   vring_kick        notify
 */

#define RING_BROKEN UINT32_MAX

/*
 * Completions to look at. Split: so many there are. Packed: so many there may be. Return:
 * RING_BROKEN if the index moved by more than is in flight.
 */
ALWAYS_INLINE uint32_t vring_ready(struct ring *r, const struct mode mode)
{
	uint32_t ready = r->buffers;

	if (!mode.packed) {
		ready = split_ready(r);
		if (unlikely(ready > r->buffers))
			return RING_BROKEN;
	}
	return ready;
}

/* Read the @i-th completion of a run. Return: false where the device has not used it yet. */
ALWAYS_INLINE bool vring_entry(const struct taker at, uint32_t i, struct used *u,
			       const struct mode mode)
{
	if (mode.packed)
		return packed_entry(at.packed + i, at.flags, u);
	*u = split_entry(at.used + i);
	return true;
}

/*
 * In order, one completion may stand for a batch: it carries the id of the batch's last buffer, the
 * ones skipped are completely filled
 * ("In-order use of descriptors"). A run lies inside one batch that has been begun, or takes
 * completions that stand for themselves; another id ends it, for vring_take_one() to look at.
 */
ALWAYS_INLINE enum look in_order_used_at(const struct taker at, uint32_t i, struct used *u,
					 const struct mode mode)
{
	const uint32_t slot = at.slot + i;

	if (unlikely(at.left)) {
		*u = (struct used){ slot, i + 1 == at.left ? at.len : at.full };
		return LOOK_GOOD;
	}
	if (!vring_entry(at, i, u, mode))
		return LOOK_NONE;
	return likely(u->id == slot) ? LOOK_GOOD : LOOK_ODD;
}

/* Look at the @i-th completion of a run. */
ALWAYS_INLINE enum look vring_used_at(const struct taker at, uint32_t i, struct used *u,
				      const struct mode mode)
{
	if (mode.in_order)
		return in_order_used_at(at, i, u, mode);
	if (!vring_entry(at, i, u, mode))
		return LOOK_NONE;
	return likely(u->id <= at.last_slot) ? LOOK_GOOD : LOOK_ODD;
}

/* The @n single-slot buffers of a run have been taken. */
ALWAYS_INLINE void vring_taken(struct ring *r, uint32_t n, const struct mode mode)
{
	struct take *t = &r->take;

	r->buffers = (uint16_t)(r->buffers - n);
	if (mode.in_order) {
		uint32_t slot = t->slot + n;

		t->slot = (uint16_t)(slot == r->entries ? 0 : slot);
		t->left = (uint16_t)(t->left ? t->left - n : 0);
	}
	if (mode.packed)
		packed_step(&t->idx, &t->flags, n, r->entries);
	else
		t->idx = (uint16_t)(t->idx + n);
}

/*
 * Fill a slot for the @i-th buffer of a run. Packed: @tail is where the descriptor's tail goes,
 * packed_next_tail() at first, and moves on to the next one's.
 */
ALWAYS_INLINE void vring_post_at(const struct poster at, uint32_t i, le64 **tail, uint32_t slot,
				 uint64_t addr, uint32_t len, uint32_t flags,
				 const struct mode mode)
{
	if (mode.packed) {
		packed_write(at.packed + i, *tail, slot, addr + at.bias, len, flags | at.flags);
		*tail = packed_tail(at.packed + i + 1);
		return;
	}
	split_write(at.split + slot, addr + at.bias, len, flags, 0);
	ring_store(at.avail + i, le16_from((uint16_t)slot));
}

/* The same for a slot whose descriptor has had this length and these flags before: a split one
 * keeps them. */
ALWAYS_INLINE void vring_repost_at(const struct poster at, uint32_t i, le64 **tail, uint32_t slot,
				   uint64_t addr, uint32_t len, uint32_t flags,
				   const struct mode mode)
{
	if (mode.packed) {
		vring_post_at(at, i, tail, slot, addr, len, flags, mode);
		return;
	}
	ring_store(&at.split[slot].addr, le64_from(addr + at.bias));
	ring_store(at.avail + i, le16_from((uint16_t)slot));
}

/* @n buffers have been posted, of @slots slots, which were counted off the free ones by the caller.
 */
ALWAYS_INLINE void vring_posted(struct ring *r, uint32_t n, uint32_t slots, const struct mode mode)
{
	struct post *p = &r->post;

	p->n = (uint16_t)(p->n + n);
	if (mode.in_order) {
		uint32_t slot = p->slot + slots;

		p->slot = (uint16_t)(slot >= r->entries ? slot - r->entries : slot);
	}
	if (mode.packed) {
		p->descs = (uint16_t)(p->descs + slots);
		packed_step(&p->idx, &p->flags, slots, r->entries);
	} else {
		p->idx = (uint16_t)(p->idx + n);
	}
}

/*
 * @n single-slot buffers have been taken and others posted in their places: as vring_taken() and
 * vring_posted(), which meet while no slot is free (see ring_replacer()).
 */
ALWAYS_INLINE void vring_replaced(struct ring *r, uint32_t n, const struct mode mode)
{
	struct take *t = &r->take;
	struct post *p = &r->post;

	r->buffers = (uint16_t)(r->buffers - n);
	p->n = (uint16_t)(p->n + n);
	if (mode.in_order) {
		uint32_t slot = t->slot + n;

		t->slot = p->slot = (uint16_t)(slot == r->entries ? 0 : slot);
		t->left = (uint16_t)(t->left ? t->left - n : 0);
	}
	if (mode.packed) {
		p->descs = (uint16_t)(p->descs + n);
		t->idx = p->idx = (uint16_t)(t->idx + n);
		if (unlikely(t->idx == r->entries)) {
			t->idx = p->idx = 0;
			t->flags ^= PACKED_TURN;
			p->flags ^= PACKED_TURN;
		}
	} else {
		t->idx = (uint16_t)(t->idx + n);
		p->idx = (uint16_t)(p->idx + n);
	}
}

/* Show what was posted to the device. Return: true if it wants a kick for it. */
ALWAYS_INLINE bool vring_publish(struct ring *r, const struct mode mode)
{
	const uint16_t n = r->post.n, descs = r->post.descs;

	if (mode.packed)
		packed_publish(r);
	else
		split_publish(r);
	r->avail_idx = r->post.idx;
	r->buffers = (uint16_t)(r->buffers + n);
	r->post.n = r->post.descs = 0;
	ring_fence(); /* B2, B5 */
	return mode.packed ? packed_kick_wanted(r, descs) : split_kick_wanted(r, n);
}

/* Notify the device ("Available Buffer Notifications"); a store, or a system call where the
 * transport has no register. */
COLD void vring_kick(struct ring *r);

/* A descriptor of a chain: where (our address), how long, and may the device write it. */
struct chain_part {
	uint64_t addr;
	uint32_t len;
	bool write;
};

/* Is @slot in flight, and not a later one of a chain? */
ALWAYS_INLINE bool vring_is_head(const struct ring *r, uint32_t slot)
{
	uint64_t cookie = r->cookie[slot];

	return cookie & COOKIE_INDIRECT || (cookie && (cookie & COOKIE_CHAIN) != COOKIE_TAIL);
}

/* Slots that the chain with head @slot occupies. */
ALWAYS_INLINE uint32_t vring_span(const struct ring *r, uint32_t slot)
{
	uint64_t cookie = r->cookie[slot];

	return cookie & COOKIE_INDIRECT ? 1 : 1 + (uint32_t)(cookie & COOKIE_CHAIN);
}

/*
 * Post a chain of @n descriptors: there must be @n free slots. The slots' cookies are the caller's:
 * @slots receives them in order, the first is the one that will complete.
 */
void vring_post_chain(struct ring *r, const struct chain_part *parts, uint16_t n, uint16_t *slots,
		      const struct mode mode);

/*
 * Post an indirect table of @n entries as one buffer ("Indirect Descriptors"): the ring's number
 * @table. Return: its slot.
 */
uint16_t vring_post_indirect(struct ring *r, const struct chain_part *parts, uint16_t n,
			     uint16_t table, const struct mode mode);

/*
 * Take the next completion, of whatever chain: what a run leaves over, and the control queue.
 * @u->id is a head that is in flight. Return: 1; 0: there is none; -EPROTO: the device named what
 * is not in flight, the ring is broken.
 */
int vring_take_one(struct ring *r, struct used *u, uint32_t full, const struct mode mode);

/* Indirect tables: in shared memory what the device reads, beside them whose buffers they hold. */
#define INDIRECT_PARTS  16u
#define INDIRECT_TABLES 256u
struct indirect {
	struct split_desc
		*tables; /* INDIRECT_PARTS for each; packed: the same bytes as struct packed_desc */
	void *(*bufs)[INDIRECT_PARTS];
	uint16_t parts[INDIRECT_TABLES]; /* by table: entries in use */
	uint16_t free_tables[INDIRECT_TABLES];
	uint16_t free;
};

/* Give the buffers of the chain with head @head back, and its slots. The slot has been checked to
 * be in flight. */
void vring_free_chain(struct ring *r, uint16_t head, struct vio_cache *cache, bool in_order);

struct vring_opts {
	uint16_t entries;
	bool packed, in_order, event_idx, indirect;
	uint64_t bias;
};

/*
 * Allocate a ring in @region and fill @place with what the transport needs to know.
 * Return: 0, -ENOMEM with the error set and nothing left allocated.
 */
int vring_init(struct ring *r, struct vio_region *region, const struct vring_opts *opts,
	       struct ring_place *place);
void vring_fini(struct ring *r);

/* Give the buffers of everything in flight back to @cache's pool. Return: buffers (chains) that it
 * was. */
uint32_t vring_take_back(struct ring *r, struct vio_cache *cache);

#endif
