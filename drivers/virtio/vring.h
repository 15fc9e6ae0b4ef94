/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_VRING_H
#define VIRTIO_VRING_H

#include "../../lib/base/vec.h"
#include "packed.h"
#include "split.h"

/*
 * The ring engine: few verbs, for runs of buffers that wrap nowhere, and the one place that knows
 * of both layouts.
 *
 *   vring_ready       how many completions to look at
 *   vring_look        which slot the next one names, raw
 *   vring_look_len    its length, raw
 *   vring_taken       so many have been taken
 *   vring_take_one    all of that for a single one, cold
 *   vring_post_to     fill a slot; nothing is visible yet
 *   vring_repost_to   the same for a slot that has been filled before
 *   vring_posted      so many have been filled
 *   vring_publish     show them to the device, and ask whether it wants a kick
 *   vring_kick        notify
 */

#define RING_BROKEN UINT32_MAX

/*
 * Completions to look at, at most @n. Split: so many there are; packed: so many there may be.
 * Return: RING_BROKEN if the index moved by more than is in flight.
 */
ALWAYS_INLINE uint32_t vring_ready(struct ring *r, uint32_t n, const struct mode mode)
{
	uint32_t ready;

	if (mode.packed) /* a check, too; one that pays, since it saves a look */
		return min_u32(n, ring_in_flight(r));
	ready = split_ready(r);
	if (unlikely(DISTRUST(ready > ring_in_flight(r))))
		return RING_BROKEN;
	return min_u32(n, ready);
}

/*
 * What the next completion names, as the device wrote it, read once (B9): taker.due says what it
 * has to be. Packed: with the bits above that tell whether there is one.
 */
ALWAYS_INLINE uint32_t vring_named(const struct taker *from, const struct mode mode)
{
	return mode.packed ? packed_named(from->packed) : le32_to(ring_load(&from->used->id));
}

/* Has the device used the buffer, where @named is of its completion? */
ALWAYS_INLINE bool vring_used(const struct taker *from, uint32_t named, const struct mode mode)
{
	return !mode.packed || named >> 16 == from->due >> 16;
}

/* The id in @named. */
ALWAYS_INLINE uint32_t vring_id(uint32_t named, const struct mode mode)
{
	return mode.packed ? named & 0xffff : named;
}

/* The length in it, as the device wrote it. */
ALWAYS_INLINE uint32_t vring_raw_len(const struct taker *from, const struct mode mode)
{
	return le32_to(ring_load(mode.packed ? &from->packed->len : &from->used->len));
}

/*
 * The slot at position @at, which points into ids, is @slot from now on. A split ring's available
 * ring names the same slots at the same positions, and so need not be written when a buffer is
 * posted: with a device that uses buffers in the order in which it gets them, never. The two part
 * for good with the first chain, which has several slots and one entry there.
 */
ALWAYS_INLINE void vring_rename(struct ring *r, uint16_t *at, size_t slot, const struct mode mode)
{
	*at = (uint16_t)slot;
	if (!mode.packed && !r->chained)
		ring_store(&r->driver.avail->ring[at - r->ids], le16_from((uint16_t)slot));
}

/*
 * The mode of a run. Most devices use buffers in order even where they have not promised to; while
 * one does, whatever is kept by slot is found at the position, which costs less.
 */
ALWAYS_INLINE struct mode vring_straight(struct mode mode)
{
	mode.in_order = true;
	return mode;
}

/*
 * Look at the next completion of a run: which slot it names.
 *
 * In order, one completion may stand for a batch: it carries the id of the batch's last buffer, the
 * ones skipped are completely filled ("In-order use of descriptors"). A run lies inside one batch
 * that has been begun (mode.batch), or takes completions that stand for themselves; another id ends
 * it, for vring_take_one() to look at.
 *
 * Not in order, the slot expected at this position is in flight. Another one is if its cookie says
 * so; as long as the device has kept the order, free slots are not marked, and it ends the run.
 */
ALWAYS_INLINE enum look vring_look(struct ring *r, const struct taker *from, size_t *slot,
				   const struct mode mode)
{
	const uint32_t id = mode.in_order ? 0 : *from->ids;
	uint32_t named = mode.batch ? 0 : vring_named(from, mode) - from->due;

	if (mode.packed && !mode.in_order)
		ONE_PIECE(named); /* or the compiler keeps what it was before, too */
	*slot = id;
	if (mode.batch || likely(named == id)) /* the usual one, so in range */
		return LOOK_GOOD;
	named += from->due;
	if (!vring_used(from, named, mode))
		return LOOK_NONE;
	*slot = vring_id(named, mode);
	if (mode.in_order || DISTRUST(*slot >= r->entries) || r->straight)
		return LOOK_ODD;
	vring_rename(r, from->ids, *slot, mode);
	return LOOK_GOOD;
}

/* Its length; @full is that of a buffer that was skipped. */
ALWAYS_INLINE uint32_t vring_look_len(const struct taker *from, uint32_t full,
				      const struct mode mode)
{
	if (mode.batch)
		return from->left == 1 ? from->len : full;
	return vring_raw_len(from, mode);
}

/*
 * Completions @k and @k + 1 from here as the device wrote them: below their lengths, above what
 * vring_named() gives.
 */
ALWAYS_INLINE vec vring_named_two(const struct taker *from, size_t k, const struct mode mode)
{
	const vec kept = vec_both((uint64_t)(PACKED_TURN << 16 | 0xffff) << 32 | UINT32_MAX);

	if (!mode.packed)
		return vec_swap_halves(vec_load_shared(from->used + k));
	return vec_load_acquire(packed_tail(from->packed + k), packed_tail(from->packed + k + 1)) &
	       kept;
}

/* What the next two have to hold, in order, where their lengths are @len. */
ALWAYS_INLINE vec vring_due_two(const struct taker *from, uint32_t len)
{
	const uint64_t due = (uint64_t)from->due << 32 | len;

	return (vec){ due, due + (UINT64_C(1) << 32) };
}

/* What vring_named() gives of the next four completions, in halves. */
ALWAYS_INLINE vec vring_named_four(const struct taker *from, const struct mode mode)
{
	const struct packed_desc *d = from->packed;

	if (!mode.packed)
		return vec_lower_halves(vec_load_shared(from->used),
					vec_load_shared(from->used + 2));
	return vec_upper_halves(vec_load_acquire(packed_tail(d), packed_tail(d + 1)),
				vec_load_acquire(packed_tail(d + 2), packed_tail(d + 3))) &
	       vec_all_halves(PACKED_TURN << 16 | 0xffff);
}

/* What they have to name, in order. */
ALWAYS_INLINE vec vring_due_four(const struct taker *from)
{
	return vec_all_halves(from->due) + (vec){ UINT64_C(1) << 32, UINT64_C(3) << 32 | 2 };
}

/* In order, on by @n. */
ALWAYS_INLINE void vring_look_past(struct taker *from, uint32_t n, const struct mode mode)
{
	from->due += n;
	from->cookie += n;
	if (mode.packed)
		from->packed += n;
	else
		from->used += n;
}

/* On to the next one. */
ALWAYS_INLINE void vring_look_on(struct taker *from, const struct mode mode)
{
	if (mode.batch)
		from->left--;
	if (mode.in_order) {
		vring_look_past(from, 1, mode);
		return;
	}
	from->ids++;
	if (mode.packed)
		from->packed++;
	else
		from->used++;
}

/* Write the available ring for the next @n single-slot buffers. */
NOINLINE void vring_name(struct ring *r, uint32_t n, bool in_order);

/* The @n single-slot buffers of a run have been taken, and their slots are free. */
ALWAYS_INLINE void vring_taken(struct ring *r, uint32_t n, const struct mode mode)
{
	r->take.idx += n;
	r->post.free += n;
	if (mode.batch)
		r->take.left -= n;
	if (mode.packed)
		packed_take_step(&r->take, n, r->entries);
}

/* Length and flags of a buffer, as the descriptor holds them. */
ALWAYS_INLINE uint64_t vring_rest(const struct ring *r, uint32_t len, uint32_t flags,
				  const struct mode mode)
{
	return mode.packed ? packed_rest(len, flags) | r->post.flags : split_rest(len, flags, 0);
}

/* In order, on by @n. */
ALWAYS_INLINE void vring_post_past(struct poster *to, uint32_t n, const struct mode mode)
{
	to->cookie += n;
	to->split += n;
	to->packed += n;
	to->tail = packed_tail(to->packed);
	if (mode.packed)
		to->rest += (uint64_t)n << 32;
}

/* On to the next one. */
ALWAYS_INLINE void vring_post_on(struct poster *to, const struct mode mode)
{
	if (mode.in_order) {
		vring_post_past(to, 1, mode);
		return;
	}
	to->ids++;
	to->packed++;
	to->tail = packed_tail(to->packed);
}

/*
 * Fill @slot for the next buffer of a run, at @addr as the device counts and @more bytes longer
 * than the poster has it.
 */
ALWAYS_INLINE void vring_post_to(struct poster *to, size_t slot, uint64_t addr, uint64_t more,
				 const struct mode mode)
{
	const uint64_t rest = to->rest + more;

	if (mode.packed)
		packed_write(to->packed, to->tail, slot, addr, rest);
	else
		split_write(to->split + slot, addr, rest);
	vring_post_on(to, mode);
}

/* The same for a slot whose descriptor has had this length before: a split one keeps it. */
ALWAYS_INLINE void vring_repost_to(struct poster *to, size_t slot, uint64_t addr,
				   const struct mode mode)
{
	if (mode.packed) {
		vring_post_to(to, slot, addr, 0, mode);
		return;
	}
	ring_store(&to->split[slot].addr, le64_from(addr));
	vring_post_on(to, mode);
}

/*
 * vring_post_to() in order for the next two buffers; @rest are the second halves of their
 * descriptors.
 */
ALWAYS_INLINE void vring_post_two(struct poster *to, vec addr, vec rest, const struct mode mode)
{
	const vec first = vec_firsts(addr, rest), second = vec_seconds(addr, rest);

	if (mode.packed) {
		vec_store_two(&to->packed[0].addr, to->tail, first);
		vec_store(to->packed + 1, second);
	} else {
		vec_store(to->split, first);
		vec_store(to->split + 1, second);
	}
	vring_post_past(to, 2, mode);
}

/* vring_repost_to() likewise. */
ALWAYS_INLINE void vring_repost_two(struct poster *to, vec addr, vec rest, const struct mode mode)
{
	if (mode.packed) {
		vring_post_two(to, addr, rest, mode);
		return;
	}
	vec_store_two(&to->split[0].addr, &to->split[1].addr, addr);
	vring_post_past(to, 2, mode);
}

/* The @n single-slot buffers of a run have been posted. */
ALWAYS_INLINE void vring_posted(struct ring *r, uint32_t n, const struct mode mode)
{
	if (!mode.packed && unlikely(r->chained))
		vring_name(r, n, mode.in_order);
	r->post.idx += n;
	r->post.free -= n;
	if (mode.packed)
		packed_post_step(&r->post, n, r->entries);
}

/*
 * @n single-slot buffers have been taken and others posted in their slots: vring_taken() and
 * vring_posted() meet while no slot is free.
 */
ALWAYS_INLINE void vring_replaced(struct ring *r, uint32_t n, const struct mode mode)
{
	struct take *t = &r->take;
	struct post *p = &r->post;

	t->idx += n;
	p->idx += n;
	if (mode.batch)
		t->left -= n;
	if (!mode.packed)
		return;
	t->at = p->at = t->at + n;
	if (unlikely(t->at == r->entries)) {
		t->at = p->at = 0;
		t->flags ^= PACKED_TURN;
		p->flags ^= packed_rest(0, PACKED_TURN);
	}
}

/* Show what was posted to the device. Return: true if it wants a kick for it. */
ALWAYS_INLINE bool vring_publish(struct ring *r, const struct mode mode)
{
	const uint32_t before = r->post.shown;

	r->post.shown = r->post.idx;
	if (!mode.packed) {
		split_publish(r);
		return split_kick_wanted(r, before);
	}
	packed_publish(r);
	return packed_kick_wanted(r);
}

/* Notify the device ("Available Buffer Notifications"); a store, or a system call where the
 * transport has no register. */
NOINLINE void vring_kick(struct ring *r);

/*
 * For a thread beside the queue's own: notify; and how many of the buffers that were shown the
 * device has not used, as far as shared memory tells. A packed ring's chains may count after they
 * were used, and so may batches that were used by one completion.
 */
COLD void vring_kick_beside(const struct ring *r);
COLD uint32_t vring_waiting(const struct ring *r, const struct mode mode);

/* A descriptor of a chain: where (our address), how long, and may the device write it. */
struct chain_part {
	uint64_t addr;
	uint32_t len;
	bool write;
};

/* The cookie of a buffer by itself? One look serves for all that a completion must not name. */
ALWAYS_INLINE bool cookie_plain(uint64_t cookie)
{
	return !(cookie & COOKIE_MARK);
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
 * @u->id is a head that was in flight; its slots are free, their cookies are for the caller to
 * clear before anything is posted. Return: 1; 0: there is none; -EPROTO: the device named what is
 * not in flight, the ring is broken.
 */
int vring_take_one(struct ring *r, struct used *u, uint32_t full, const struct mode mode);

/* Mark the cookies of the free slots, which from now on stay marked. */
void vring_mark_free(struct ring *r, const struct mode mode);

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

/*
 * Give the buffers of a chain back whose completion vring_take_one() has taken.
 */
void vring_free_chain(struct ring *r, uint32_t head, struct vio_cache *cache,
		      const struct mode mode);

struct vring_opts {
	uint16_t entries;
	bool packed, in_order, event_idx, indirect;
	bool legacy; /* in one piece: what the device writes begins at the next LEGACY_ALIGN */
	uint64_t bias;
};

/*
 * Allocate a ring in @region and fill @place with what the transport needs to know.
 * Return: 0, -ENOMEM with the error set and nothing left allocated.
 */
int vring_init(struct ring *r, struct vio_region *region, const struct vring_opts *opts,
	       struct ring_place *place);
void vring_fini(struct ring *r);

/* Make a ring as it was at first, which the device does not use any more: every cookie is forgotten
 * (vring_take_back() comes first). */
void vring_reset(struct ring *r, const struct mode mode);

/* Give the buffers of everything in flight back to @cache's pool. Return: buffers (chains) that it
 * was. */
uint32_t vring_take_back(struct ring *r, struct vio_cache *cache, const struct mode mode);

/* The buffers of everything in flight, in any order: at most one for each entry and each part of an
 * indirect table. Return: how many. */
uint32_t vring_list(struct ring *r, uint64_t *bufs, const struct mode mode);

/*
 * Notifications of used buffers ("Used Buffer Notification Suppression"). Armed, the device
 * notifies of the next buffer that it uses; whoever sleeps then must look once more in between,
 * with vring_pending(), as the device may have used one before it saw this. A ring begins disarmed.
 */
void vring_arm(struct ring *r, const struct mode mode);
void vring_disarm(struct ring *r, const struct mode mode);

/* Is there a completion to look at, or anything that the bursts would break the ring for? */
bool vring_pending(const struct ring *r, const struct mode mode);

#endif
