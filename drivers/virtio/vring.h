/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_VRING_H
#define VIRTIO_VRING_H

#include "packed.h"
#include "split.h"

/*
 * The ring engine: few verbs, each on a batch, and the one place that knows of both layouts.
 *
 *   vring_harvest     take completions, raw
 *   vring_begin       start a batch of posts
 *   vring_post        fill one slot; nothing is visible yet
 *   vring_publish     show the batch to the device, and ask whether it wants a kick
 *   vring_kick        notify
 */

/*
 * In order, one completion may stand for a batch: it carries the id of the batch's last buffer
 * ("In-order use of descriptors"). Our slots are then ring positions, so the id says how long the
 * batch is. Return: buffers from @first to @id; 0: no such id. More than are in flight is left to
 * the caller to judge.
 */
ALWAYS_INLINE uint16_t vring_batch_of(const struct ring *r, uint32_t id)
{
	if (unlikely(id >= r->entries))
		return 0;
	return (uint16_t)((id >= r->done_slot ? id : id + r->entries) - r->done_slot + 1);
}

/*
 * Take up to @n raw completions of single-slot buffers (receive) into @used, oldest first. Advances
 * the ring. Return: how many; RING_BROKEN: the index moved too far or an in-order id is impossible.
 */
#define RING_BROKEN UINT16_MAX

ALWAYS_INLINE uint16_t split_harvest(struct ring *r, struct used *used, uint16_t n)
{
	uint16_t ready = split_ready(r);

	if (unlikely(ready > r->buffers))
		return RING_BROKEN;
	n = min_u16(n, ready);
	for (uint16_t i = 0; i < n; i++)
		used[i] = split_entry(r, (uint16_t)(r->used_idx + i));
	r->used_idx = (uint16_t)(r->used_idx + n);
	r->buffers = (uint16_t)(r->buffers - n);
	return n;
}

ALWAYS_INLINE uint16_t packed_harvest(struct ring *r, struct used *used, uint16_t n)
{
	uint16_t pos = r->used_idx, i = 0;
	bool wrap = r->used_wrap;

	n = min_u16(n, r->buffers);
	while (i < n && packed_entry(r, pos, wrap, &used[i])) {
		i++;
		pos = packed_step(r, pos, 1, &wrap);
	}
	r->used_idx = pos;
	r->used_wrap = wrap;
	r->buffers = (uint16_t)(r->buffers - i);
	return i;
}

/* Read the next batch's completion. Return: false: there is none, or (batch_left 0 stays) the ring
 * is broken. */
ALWAYS_INLINE bool vring_next_batch(struct ring *r, const struct mode mode, bool *broken)
{
	struct used u;
	uint16_t n;

	if (mode.packed) {
		if (!r->buffers || !packed_entry(r, r->used_idx, r->used_wrap, &u))
			return false;
	} else {
		uint16_t ready = split_ready(r);

		if (!ready)
			return false;
		*broken = ready > r->buffers;
		u = split_entry(r, r->used_idx);
	}
	n = vring_batch_of(r, u.id);
	*broken |= !n || n > r->buffers ||
		   (!mode.packed && n > (uint16_t)(r->used_seen - r->used_idx));
	if (unlikely(*broken))
		return false;
	r->batch_left = n;
	r->batch_len = u.len;
	return true;
}

/* The same for in-order rings: one completion is spread over the buffers it stands for. */
ALWAYS_INLINE uint16_t in_order_harvest(struct ring *r, struct used *used, uint16_t n,
					const struct mode mode)
{
	uint16_t got = 0;
	bool broken = false;

	while (got < n && (r->batch_left || vring_next_batch(r, mode, &broken))) {
		used[got++] =
			(struct used){ .id = r->done_slot,
				       .len = r->batch_left == 1 ? r->batch_len : USED_LEN_FULL };
		r->batch_left--;
		r->buffers--;
		r->done_slot = (uint16_t)(r->done_slot + 1 == r->entries ? 0 : r->done_slot + 1);
		if (mode.packed)
			r->used_idx = packed_step(r, r->used_idx, 1, &r->used_wrap);
		else
			r->used_idx++;
	}
	return unlikely(broken) && !got ? RING_BROKEN : got;
}

ALWAYS_INLINE uint16_t vring_harvest(struct ring *r, struct used *used, uint16_t n,
				     const struct mode mode)
{
	if (mode.in_order)
		return in_order_harvest(r, used, n, mode);
	return mode.packed ? packed_harvest(r, used, n) : split_harvest(r, used, n);
}

/* Slots that the chain with head @slot occupies. */
ALWAYS_INLINE uint16_t vring_span(const struct ring *r, uint32_t slot)
{
	uint64_t cookie = r->cookie[slot];

	return (uint16_t)(cookie & COOKIE_INDIRECT ? 1 : 1 + (cookie & COOKIE_CHAIN));
}

/*
 * The same for chains (transmit): @heads receives the raw ids of up to @n used ones. Where
 * positions depend on the length of a chain (packed) an impossible id can't be passed: it is the
 * last one handed out.
 */
ALWAYS_INLINE uint16_t packed_harvest_chains(struct ring *r, uint32_t *heads, uint16_t n)
{
	uint16_t i = 0;
	struct used u;

	n = min_u16(n, r->buffers);
	while (i < n && packed_entry(r, r->used_idx, r->used_wrap, &u)) {
		heads[i++] = u.id;
		if (unlikely(u.id >= r->entries))
			break;
		r->used_idx = packed_step(r, r->used_idx, vring_span(r, u.id), &r->used_wrap);
	}
	r->buffers = (uint16_t)(r->buffers - i);
	return i;
}

/* The oldest chain in flight: its head, which is passed. */
ALWAYS_INLINE uint16_t in_order_pass(struct ring *r, uint16_t *span)
{
	uint16_t head = r->done_slot;
	uint32_t next;

	*span = vring_span(r, head);
	next = head + *span;
	r->done_slot = (uint16_t)(next >= r->entries ? next - r->entries : next);
	r->buffers--;
	return head;
}

/* In order and split, the index alone tells how many are done; the entries need not be read. */
ALWAYS_INLINE uint16_t split_in_order_harvest_chains(struct ring *r, uint32_t *heads, uint16_t n)
{
	uint16_t ready = split_ready(r), span;

	if (unlikely(ready > r->buffers))
		return RING_BROKEN;
	n = min_u16(n, ready);
	for (uint16_t i = 0; i < n; i++)
		heads[i] = in_order_pass(r, &span);
	r->used_idx = (uint16_t)(r->used_idx + n);
	return n;
}

/* In order and packed: a batch reaches to the chain whose head it names. */
ALWAYS_INLINE uint16_t packed_in_order_harvest_chains(struct ring *r, uint32_t *heads, uint16_t n)
{
	uint16_t i = 0, span;
	struct used u;

	while (i < n && r->buffers) {
		if (!r->batch_left) {
			if (!packed_entry(r, r->used_idx, r->used_wrap, &u))
				break;
			r->batch_left = vring_batch_of(r, u.id);
			if (unlikely(!r->batch_left || r->batch_left > r->entries - r->free))
				return RING_BROKEN;
		}
		heads[i++] = in_order_pass(r, &span);
		r->used_idx = packed_step(r, r->used_idx, span, &r->used_wrap);
		if (unlikely(r->batch_left > 1 && r->batch_left < span))
			return RING_BROKEN; /* it named the middle of a chain */
		r->batch_left = r->batch_left > span ? (uint16_t)(r->batch_left - span) : 0;
	}
	return i;
}

ALWAYS_INLINE uint16_t split_harvest_chains(struct ring *r, uint32_t *heads, uint16_t n)
{
	struct used used[RING_BATCH];

	n = split_harvest(r, used, n);
	for (uint16_t i = 0; n != RING_BROKEN && i < n; i++)
		heads[i] = used[i].id;
	return n;
}

ALWAYS_INLINE uint16_t vring_harvest_chains(struct ring *r, uint32_t *heads, uint16_t n,
					    const struct mode mode)
{
	if (mode.packed)
		return mode.in_order ? packed_in_order_harvest_chains(r, heads, n)
				     : packed_harvest_chains(r, heads, n);
	return mode.in_order ? split_in_order_harvest_chains(r, heads, n)
			     : split_harvest_chains(r, heads, n);
}

ALWAYS_INLINE struct post vring_begin(const struct ring *r, const struct mode mode)
{
	return (struct post){
		.idx = r->avail_idx,
		.slot = r->next_slot,
		.free = r->free,
		.wrap = r->avail_wrap,
		.flags = mode.packed ? packed_avail_flags(r->avail_wrap) : 0,
	};
}

ALWAYS_INLINE void vring_post(struct ring *r, struct post *p, uint16_t slot, uint64_t addr,
			      uint32_t len, uint16_t flags, const struct mode mode)
{
	if (mode.packed)
		packed_post(r, p, slot, addr, len, flags);
	else
		split_post(r, p, slot, addr, len, flags);
}

/* Show the batch to the device. Return: true if it wants a kick for it. */
ALWAYS_INLINE bool vring_publish(struct ring *r, const struct post *p, const struct mode mode)
{
	r->next_slot = p->slot;
	r->free = p->free;
	r->buffers = (uint16_t)(r->buffers + p->n);
	if (mode.packed)
		packed_publish(r, p);
	else
		split_publish(r, p);
	ring_fence(); /* B2, B5 */
	return mode.packed ? packed_kick_wanted(r, p->descs) : split_kick_wanted(r, p->n);
}

/* Notify the device ("Available Buffer Notifications"); a store, or a system call where the
 * transport has no register. */
COLD void vring_kick(struct ring *r);

/* A descriptor of a chain: where, how long, and may the device write it. */
struct chain_part {
	uint64_t addr;
	uint32_t len;
	bool write;
};

/*
 * Post a chain of @n >= 2 descriptors: there must be @n free slots. The slots' cookies are the
 * caller's: @slots receives them in order, the first is the one that will complete.
 */
void vring_post_chain(struct ring *r, struct post *p, const struct chain_part *parts, uint16_t n,
		      uint16_t *slots, const struct mode mode);

/* Post an indirect table of @n entries as one buffer ("Indirect Descriptors"); both tables are the
 * ring's number @table. */
void vring_post_indirect(struct ring *r, struct post *p, const struct chain_part *parts, uint16_t n,
			 uint16_t slot, uint16_t table, const struct mode mode);

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

/* Memory of a ring with @opts in the shared region, in bytes. */
size_t vring_shared_bytes(const struct vring_opts *opts);

#endif
