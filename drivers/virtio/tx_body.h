/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_TX_BODY_H
#define VIRTIO_TX_BODY_H

#include <string.h>

#include "queue.h"

/*
 * The one transmit path (VIRTIO 1.4, 5.1.6.2 "Packet Transmission"). The mode is a constant in
 * every instance.
 *
 * Trust: tx_reclaim_run() and tx_reclaim_fours() are where ids that the device wrote are checked;
 * lengths of completions are ignored.
 */

/* What a run has posted. */
struct tx_done {
	uint32_t n;
	uint64_t bytes;
};

COLD void tx_break(struct txq *q, uint64_t *counter);

/*
 * A header that asks for nothing is all zero, num_buffers too. It is written by one store, with the
 * four bytes in front of it.
 */

static_assert(PKT_ROOM >= NET_HDR_LEN_BASE && PKT_ROOM <= VIO_PKT_HEADROOM, "room");

/*
 * Post a packet if it is plain, and add its length to @sum: one segment without wishes in a buffer
 * of the pool, with PKT_ROOM in front of it, no shorter than FRAME_MIN. Any flag makes it too long.
 */
ALWAYS_INLINE bool tx_one(struct txq *q, const struct vio_pkt *pkt, struct poster *to,
			  uint64_t *sum, const struct mode mode)
{
	const struct tx_limits *lim = &q->plain;
	const uint64_t data = (uintptr_t)pkt->data, len = pkt_rest(pkt);
	const uint64_t off = data - lim->slots.base, over = len - FRAME_MIN;
	const uint64_t at = slots_inside(&lim->slots, off);
	size_t slot;

	if (unlikely(off >= lim->slots.bytes) || unlikely(over > lim->over_max) ||
	    unlikely(at + over > lim->over_max))
		return false;
	slot = poster_slot(to, mode);
	memset((char *)pkt->data - PKT_ROOM, 0, PKT_ROOM);
	to->cookie[slot] = data - PKT_ROOM - at;
	vring_post_to(to, slot, data + lim->to_header, len, mode);
	*sum += len;
	return true;
}

/* What tx_fours() has in registers. */
struct tx_lanes {
	vec base, last, over_max, inverse, stride, to_header, rest;
	uint32_t shift;
};

/* Two packets: from the pool's start to their room, from their buffers' to it, and how much longer
 * than FRAME_MIN they are. */
struct tx_pair {
	vec off, at, over;
};

ALWAYS_INLINE struct tx_pair tx_pair(const struct tx_lanes *l, const struct vio_pkt *pkts)
{
	const vec a = vec_load(pkts), b = vec_load(pkts + 1);
	const vec off = vec_firsts(a, b) - l->base;
	const vec index = vec_mul(off / CACHE_LINE, l->inverse) >> l->shift; /* slots_index() */

	return (struct tx_pair){
		.off = off,
		.at = off - vec_mul(index, l->stride),
		.over = vec_seconds(a, b) - vec_both(FRAME_MIN),
	};
}

/* Is one of them not plain? Then a highest bit is set: of what must not be negative. */
ALWAYS_INLINE vec tx_odd(const struct tx_lanes *l, struct tx_pair p)
{
	return p.off | (l->last - p.off) | p.over | (l->over_max - p.at - p.over);
}

/* Half of a step of tx_fours(). */
ALWAYS_INLINE void tx_two(struct tx_lanes *l, const struct vio_pkt *pkts, struct poster *to,
			  struct tx_pair p, const struct mode mode)
{
	memset((char *)pkts[0].data - PKT_ROOM, 0, PKT_ROOM);
	memset((char *)pkts[1].data - PKT_ROOM, 0, PKT_ROOM);
	vec_store(to->cookie, p.off - p.at + l->base - vec_both(PKT_ROOM));
	vring_post_two(to, p.off + l->to_header, p.over + l->rest, mode);
	if (mode.packed)
		l->rest += vec_both(UINT64_C(2) << 32);
}

/* tx_one() for four at a time, as far as all four are plain. */
ALWAYS_INLINE uint32_t tx_fours(struct txq *q, const struct vio_pkt *pkts, uint32_t n,
				struct poster *to, uint64_t *sum, const struct mode mode)
{
	const struct slots *s = &q->plain.slots;
	const uint64_t rest = to->rest + FRAME_MIN;
	struct tx_lanes l = {
		.base = vec_both(s->base),
		.last = vec_both(s->bytes - 1),
		.over_max = vec_both(q->plain.over_max),
		.inverse = vec_both(s->inverse),
		.stride = vec_both(s->stride),
		.to_header = vec_both(q->plain.to_header + s->base),
		.rest = { rest, rest + (mode.packed ? UINT64_C(1) << 32 : 0) },
		.shift = s->shift,
	};
	const struct vio_pkt *pkt = pkts, *const end = pkts + (n & -STEP);
	vec bytes = { 0 };

	do {
		const struct tx_pair a = tx_pair(&l, pkt), b = tx_pair(&l, pkt + 2);

		if (unlikely(vec_top(tx_odd(&l, a) | tx_odd(&l, b))))
			break;
		bytes += a.over;
		bytes += b.over;
		tx_two(&l, pkt, to, a, mode);
		tx_two(&l, pkt + 2, to, b, mode);
	} while ((pkt += STEP) != end);
	n = (uint32_t)(pkt - pkts);
	*sum += bytes[0] + bytes[1] + n * (uint64_t)FRAME_MIN;
	return n;
}

/* As many more as are plain, at most @n. */
ALWAYS_INLINE uint32_t tx_more(struct txq *q, const struct vio_pkt *pkts, uint32_t n,
			       struct poster *to, uint64_t *sum, const struct mode mode)
{
	const struct vio_pkt *pkt = pkts, *const end = pkts + n;

	for (; pkt != end; pkt++)
		if (!tx_one(q, pkt, to, sum, mode))
			break;
	return (uint32_t)(pkt - pkts);
}

/* In fours, and by itself what is left of them or in their way, up to the first that is not plain.
 */
ALWAYS_INLINE uint32_t tx_mixed(struct txq *q, const struct vio_pkt *pkts, uint32_t n,
				struct poster *to, uint64_t *sum, const struct mode mode)
{
	uint32_t done = 0, few, got;

	do {
		if (likely(n - done >= STEP))
			done += tx_fours(q, pkts + done, n - done, to, sum, mode);
		if (done == n)
			break;
		few = min_u32(n - done, STEP);
		got = tx_more(q, pkts + done, few, to, sum, mode);
		done += got;
	} while (got == few && done < n);
	return done;
}

/*
 * Post packets up to the first one that is not plain, at least one and at most as many as there are
 * free slots; @fresh: with them a batch begins.
 */
ALWAYS_INLINE struct tx_done tx_run(struct txq *q, const struct vio_pkt *pkts, uint32_t n,
				    bool fresh, const struct mode mode)
{
	struct ring *r = &q->ring;
	struct poster to = ring_poster(r, ring_post_at(r, mode), fresh,
				       vring_rest(r, q->hdr_len, 0, mode), mode);
	struct tx_done done = { 0 };

	if (VEC_STEPS && mode.wide && mode.in_order) {
		n = ring_post_run(r, n, mode);
		done.n = tx_mixed(q, pkts, n, &to, &done.bytes, mode);
	} else if (tx_one(q, pkts, &to, &done.bytes, mode)) {
		done.n = 1;
		if (n > 1)
			done.n += tx_more(q, pkts + 1, ring_post_run(r, n, mode) - 1, &to,
					  &done.bytes, mode);
	}
	vring_posted(r, done.n, mode);
	return done;
}

/* The same as long as the device keeps the order, or not. */
ALWAYS_INLINE struct tx_done tx_run_any(struct txq *q, const struct vio_pkt *pkts, uint32_t n,
					bool fresh, const struct mode mode)
{
	if (!mode.in_order && !q->ring.straight)
		return tx_run(q, pkts, n, fresh, mode);
	return tx_run(q, pkts, n, fresh, vring_straight(mode));
}

ALWAYS_INLINE void tx_count(struct txq *q, const struct tx_done done)
{
	stat_add(&q->stats.packets, done.n);
	stat_add(&q->stats.bytes, done.bytes);
}

/* What is not plain. Return: entries taken; 0: the ring has no room now. */
COLD uint32_t tx_special(struct txq *q, const struct vio_pkt *pkts, uint32_t n,
			 const struct mode mode);

/*
 * Give the buffers of the next used chain back. Return: false if there is none or the queue is
 * broken.
 */
COLD bool tx_reclaim_odd(struct txq *q, const struct mode mode);

/* tx_reclaim_run() for four at a time, as far as all four are good. Return: behind the last one. */
ALWAYS_INLINE void **tx_reclaim_fours(void **buf, uint32_t k, struct taker *from,
				      const struct mode mode)
{
	vec due = vring_due_four(from);
	void **const end = buf + (k & -STEP);

	do {
		const vec a = vec_load(from->cookie), b = vec_load(from->cookie + 2);

		if (unlikely(vec_any((vring_named_four(from, mode) ^ due) |
				     ((a | b) & vec_both(COOKIE_MARK)))))
			break;
		vec_store(buf, a);
		vec_store(buf + 2, b);
		due += vec_all_halves(STEP);
		vring_look_past(from, STEP, mode);
	} while ((buf += STEP) != end);
	return buf;
}

/*
 * The same for plain buffers, at most @k, up to the first odd one. This is where ids that the
 * device wrote are checked; lengths mean nothing here. Return: how many.
 */
ALWAYS_INLINE uint32_t tx_reclaim_run(struct txq *q, uint32_t k, bool *dry, const struct mode mode)
{
	struct ring *r = &q->ring;
	struct taker from = ring_taker(r, mode);
	enum look look = LOOK_GOOD;
	void **slots, **buf, **end;

	k = cache_put_begin(q->cache, ring_take_run(r, k, mode), &slots);
	buf = slots;
	end = buf + k;
	if (VEC_STEPS && mode.wide && mode.in_order && !mode.batch && k >= STEP)
		buf = tx_reclaim_fours(buf, k, &from, mode);
	for (; buf != end; buf++) {
		size_t slot;
		uint64_t cookie;

		look = vring_look(r, &from, &slot, mode);
		if (look != LOOK_GOOD)
			break;
		cookie = from.cookie[slot];
		if (unlikely(!cookie_plain(cookie)))
			break;
		if (!mode.in_order) /* so ids no longer tell which slots are free */
			from.cookie[slot] = COOKIE_FREE;
		*buf = (void *)(uintptr_t)cookie;
		vring_look_on(&from, mode);
	}
	*dry = look == LOOK_NONE;
	k = (uint32_t)(buf - slots);
	cache_put_end(q->cache, k);
	vring_taken(r, k, mode);
	return k;
}

/* A run inside a batch of completions, or of a device that keeps the order, or not. */
ALWAYS_INLINE uint32_t tx_reclaim_any(struct txq *q, uint32_t k, bool *dry, const struct mode mode)
{
	struct mode within = mode;

	if (!mode.in_order && !q->ring.straight)
		return tx_reclaim_run(q, k, dry, mode);
	if (!mode.in_order || !q->ring.take.left)
		return tx_reclaim_run(q, k, dry, vring_straight(mode));
	within.batch = true;
	return tx_reclaim_run(q, k, dry, within);
}

/* Take back what the device is done with, about @want packets. */
ALWAYS_INLINE void tx_reclaim(struct txq *q, uint32_t want, const struct mode mode)
{
	uint32_t got = 0;
	bool dry = false;

	while (got < want && !dry) {
		const uint32_t k = vring_ready(&q->ring, want - got, mode);
		uint32_t run;

		if (unlikely(DISTRUST(k == RING_BROKEN))) {
			tx_break(q, &q->stats.bad_index);
			break;
		}
		if (!k)
			break;
		run = tx_reclaim_any(q, k, &dry, mode);
		got += run;
		if (likely(run == k))
			break;
		if (!run && !dry) {
			if (!tx_reclaim_odd(q, mode))
				break;
			got++;
		}
	}
	stat_add(&q->stats.completed, got);
}

/* Bursts that show nothing are counted, so that kicks that were not wanted need not be. */
ALWAYS_INLINE void tx_publish(struct txq *q, const struct mode mode)
{
	if (likely(!vring_publish(&q->ring, mode)))
		return;
	stat_add(&q->stats.kicks, 1);
	vring_kick(&q->ring);
}

/*
 * The general form: runs, and what is not plain between them, until the ring is full. @done packets
 * are posted already.
 */
ALWAYS_INLINE uint16_t tx_all(struct txq *q, const struct vio_pkt *pkts, uint32_t n, uint32_t done,
			      const struct mode mode)
{
	struct ring *r = &q->ring;

	while (done < n && r->post.free) {
		const struct tx_done plain = tx_run_any(
			q, pkts + done, min_u32(n - done, r->post.free), !ring_unshown(r), mode);
		uint32_t run = plain.n;

		tx_count(q, plain);
		if (unlikely(!run))
			run = tx_special(q, pkts + done, n - done, mode);
		done += run;
		if (!run)
			break;
	}
	stat_add(&q->stats.bursts, 1);
	if (done < n)
		stat_add(&q->stats.ring_full, 1);
	if (ring_unshown(r))
		tx_publish(q, mode);
	else
		stat_add(&q->silent, 1);
	return (uint16_t)done;
}

/* What a burst calls once in a while, as functions of their own: inline they would take registers
 * from the run. */
struct tx_seldom {
	void (*reclaim)(struct txq *q, uint32_t want); /* tx_reclaim() */
	uint16_t (*all)(struct txq *q, const struct vio_pkt *pkts, uint32_t n,
			uint32_t done); /* tx_all() */
};

ALWAYS_INLINE uint16_t tx_body(struct txq *q, const struct vio_pkt *pkts, uint32_t n,
			       const struct tx_seldom seldom, const struct mode mode)
{
	struct ring *r = &q->ring;
	struct tx_done done;

	REQUIRE_CONSTANT(mode.packed + mode.in_order);
	if (unlikely(!n) || (int32_t)(r->post.free - n) < q->reclaim_below) {
		seldom.reclaim(q, 2u * n + 2 * RING_BATCH);
		if (unlikely(!n || n > r->post.free))
			return seldom.all(q, pkts, n, 0);
	}
	if (!mode.in_order && unlikely(!r->straight))
		return seldom.all(q, pkts, n, 0);
	done = tx_run(q, pkts, n, true, vring_straight(mode));
	if (unlikely(done.n < n)) {
		tx_count(q, done);
		return seldom.all(q, pkts, n, done.n);
	}
	tx_publish(q, mode);
	/* After the fence, which would wait for these stores. */
	stat_add(&q->stats.bursts, 1);
	tx_count(q, done);
	return (uint16_t)done.n;
}

#endif
