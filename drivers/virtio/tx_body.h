/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_TX_BODY_H
#define VIRTIO_TX_BODY_H

#include <string.h>

#include "queue.h"

/*
 * The one transmit path (VIRTIO 1.4, 5.1.6.2 "Packet Transmission"). The mode is a constant in
 * every instance.
 *
 * Trust: tx_reclaim_run() is where ids that the device wrote are checked; lengths of completions
 * are ignored.
 */

COLD void tx_break(struct txq *q, uint64_t *counter);

/*
 * What a plain packet is checked against, by value. Its header has the base length, a constant
 * here: longer ones, which come with features that are rare, go the way of packets that are not
 * plain.
 */
struct tx_limits {
	uint64_t base, bytes, buf_mask;
};

ALWAYS_INLINE struct tx_limits tx_limits_of(const struct txq *q)
{
	return (struct tx_limits){
		.base = q->cache->base,
		.bytes = q->cache->bytes,
		.buf_mask = q->cache->buf_mask,
	};
}

/* Length, flags and header length of @pkt as one number, the length in its low half. */
ALWAYS_INLINE uint64_t tx_rest(const struct vio_pkt *pkt)
{
	return pkt->len | (uint64_t)pkt->flags << 32 | (uint64_t)pkt->net_hdr_len << 48;
}

/*
 * Is a packet one segment without wishes, in a buffer of the pool, with room for the header in
 * front of it, no shorter than FRAME_MIN? It lies @off bytes into the pool, and @at bytes into its
 * buffer; any flag in @rest makes it too long.
 */
ALWAYS_INLINE bool tx_plain(const struct tx_limits lim, uint64_t off, uint64_t at, uint64_t rest)
{
	return likely(off < lim.bytes) && likely(at >= NET_HDR_LEN_BASE) &&
	       likely(rest - FRAME_MIN <= lim.buf_mask) && likely(at + rest - 1 <= lim.buf_mask);
}

/* Post packets up to the first one that is not plain. Return: how many, of @n. */
ALWAYS_INLINE uint32_t tx_run(struct txq *q, const struct vio_pkt *pkts, uint32_t n,
			      uint64_t *bytes, const struct mode mode)
{
	struct ring *r = &q->ring;
	struct poster to = ring_poster(r);
	const struct tx_limits lim = tx_limits_of(q);
	le64 *tail = packed_next_tail(r);
	uint64_t sum = 0;
	uint32_t i;

	to.bias -= NET_HDR_LEN_BASE; /* each begins with its header */
	n = ring_post_run(r, min_u32(n, r->post.free), mode);
	for (i = 0; i < n; i++) {
		const uint64_t data = (uintptr_t)pkts[i].data, rest = tx_rest(&pkts[i]);
		const uint64_t off = data - lim.base, at = off & lim.buf_mask;
		uint32_t slot;

		if (!tx_plain(lim, off, at, rest))
			break;
		slot = poster_slot(to, i, mode);
		/* A header that asks for nothing is all zero, num_buffers too. */
		memset((char *)pkts[i].data - NET_HDR_LEN_BASE, 0, NET_HDR_LEN_BASE);
		to.cookie[slot] = data - at;
		vring_post_at(to, i, &tail, slot, data, (uint32_t)rest + NET_HDR_LEN_BASE, 0, mode);
		sum += rest;
	}
	r->post.free = (uint16_t)(r->post.free - i);
	vring_posted(r, i, i, mode);
	*bytes += sum;
	return i;
}

/* What is not plain. Return: entries taken; 0: the ring has no room now. */
COLD uint32_t tx_special(struct txq *q, const struct vio_pkt *pkts, uint32_t n,
			 const struct mode mode);

/*
 * Give the buffers of the next used chain back. Return: false if there is none or the queue is
 * broken.
 */
COLD bool tx_reclaim_odd(struct txq *q, const struct mode mode);

/*
 * The same for plain buffers, at most @k, up to the first odd one. This is where ids that the
 * device wrote are checked; lengths mean nothing here. Return: how many.
 */
ALWAYS_INLINE uint32_t tx_reclaim_run(struct txq *q, uint32_t k, bool *dry, const struct mode mode)
{
	struct ring *r = &q->ring;
	const struct taker from = ring_taker(r, 0);
	enum look look = LOOK_GOOD;
	uint16_t *freed = from.freed;
	void **slots;
	uint32_t i;

	k = cache_put_begin(q->cache, ring_take_run(r, k, mode), &slots);
	ONE_PIECE(slots);
	ONE_PIECE(freed);
	for (i = 0; i < k; i++) {
		struct used u;
		uint64_t cookie;

		look = vring_used_at(from, i, &u, mode);
		if (look != LOOK_GOOD)
			break;
		cookie = from.cookie[u.id];
		/* Free, of an indirect table, or of a chain: one test for the first two. */
		if (unlikely((int64_t)cookie <= 0) || unlikely(cookie & COOKIE_CHAIN))
			break;
		from.cookie[u.id] = 0;
		slots[i] = (void *)(uintptr_t)cookie;
		if (!mode.in_order)
			freed[i] = (uint16_t)u.id;
	}
	*dry = look == LOOK_NONE;
	cache_put_end(q->cache, i);
	r->post.free = (uint16_t)(r->post.free + i);
	vring_taken(r, i, mode);
	return i;
}

/* Take back what the device is done with, about @want packets. */
ALWAYS_INLINE void tx_reclaim(struct txq *q, uint32_t want, const struct mode mode)
{
	uint32_t got = 0;
	bool dry = false;

	while (got < want && !dry) {
		const uint32_t ready = vring_ready(&q->ring, mode);
		const uint32_t k = min_u32(want - got, ready);
		uint32_t run;

		if (unlikely(ready == RING_BROKEN)) {
			tx_break(q, &q->stats.bad_index);
			break;
		}
		if (!k)
			break;
		run = tx_reclaim_run(q, k, &dry, mode);
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

ALWAYS_INLINE void tx_publish(struct txq *q, const struct mode mode)
{
	if (likely(!vring_publish(&q->ring, mode))) {
		stat_add(&q->stats.kicks_suppressed, 1);
		return;
	}
	stat_add(&q->stats.kicks, 1);
	vring_kick(&q->ring);
}

/* The general form: runs, and what is not plain between them, until the ring is full. @done packets
 * are posted already. */
ALWAYS_INLINE uint32_t tx_all(struct txq *q, const struct vio_pkt *pkts, uint32_t n, uint32_t done,
			      const struct mode mode)
{
	uint64_t bytes = 0;
	uint32_t run;

	while (done < n && q->ring.post.free) {
		run = 0;
		if (likely(q->hdr_len == NET_HDR_LEN_BASE))
			run = tx_run(q, pkts + done, n - done, &bytes, mode);
		if (unlikely(!run))
			run = tx_special(q, pkts + done, n - done, mode);
		done += run;
		if (!run)
			break;
	}
	stat_add(&q->stats.bytes, bytes);
	if (done < n)
		stat_add(&q->stats.ring_full, 1);
	return done;
}

/* What a burst calls once in a while, as functions of their own: inline they would take registers
 * from the run. */
struct tx_seldom {
	void (*reclaim)(struct txq *q, uint32_t want); /* tx_reclaim() */
	uint32_t (*all)(struct txq *q, const struct vio_pkt *pkts, uint32_t n,
			uint32_t done); /* tx_all() */
};

ALWAYS_INLINE uint16_t tx_body(struct txq *q, const struct vio_pkt *pkts, uint16_t n,
			       const struct tx_seldom seldom, const struct mode mode)
{
	struct ring *r = &q->ring;
	uint32_t done = 0;
	uint64_t bytes = 0;

	REQUIRE_CONSTANT(mode.packed + mode.in_order);
	if (r->entries - r->post.free >= q->reclaim_at || r->post.free < n || !n)
		seldom.reclaim(q, 2u * n + 2 * RING_BATCH);
	if (likely(q->hdr_len == NET_HDR_LEN_BASE))
		done = tx_run(q, pkts, n, &bytes, mode);
	if (unlikely(done < n))
		done = seldom.all(q, pkts, n, done);
	stat_add(&q->stats.bursts, 1);
	if (r->post.n) {
		stat_add(&q->stats.packets, r->post.n);
		stat_add(&q->stats.bytes, bytes);
		tx_publish(q, mode);
	}
	return (uint16_t)done;
}

#endif
