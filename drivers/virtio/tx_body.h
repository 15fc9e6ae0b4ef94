/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_TX_BODY_H
#define VIRTIO_TX_BODY_H

#include "queue.h"

/*
 * The one transmit path (VIRTIO 1.4, 5.1.6.2 "Packet Transmission"). The mode is a constant in
 * every instance.
 *
 * Trust: tx_release() is where ids that the device wrote are checked; lengths of completions are
 * ignored.
 */

COLD void tx_break(struct txq *q, uint64_t *counter);

/* Drop @segs entries that can't be sent and count why. */
COLD void tx_drop(struct txq *q, const struct vio_pkt *pkts, uint16_t segs);

/* Put what @pkt asks for into the header in front of its data. Return: false if that can't be. */
COLD bool tx_offload_header(const struct txq *q, const struct vio_pkt *pkt, uint32_t frame_len);

/*
 * Look at a packet of several segments: fill @parts, the header in the first. Return: false if it
 * can't be sent.
 */
COLD bool tx_gather(struct txq *q, const struct vio_pkt *pkts, uint16_t segs,
		    struct chain_part *parts);

/* Remember the buffers of a chain's segments in the cookies of @slots, or of an indirect table in
 * slot and table. */
COLD void tx_own_chain(struct txq *q, const struct vio_pkt *pkts, const uint16_t *slots,
		       uint16_t n);
COLD void tx_own_indirect(struct txq *q, const struct vio_pkt *pkts, uint16_t slot, uint16_t table,
			  uint16_t n);

/* Does the segment lie in one buffer of the pool, with room for @room bytes in front? */
ALWAYS_INLINE bool tx_fits(const struct txq *q, const struct vio_pkt *pkt, uint32_t room)
{
	uint64_t off = (uintptr_t)pkt->data - q->cache->base;
	uint64_t at = off & q->cache->buf_mask;

	return (off < q->cache->bytes) & (at >= room) & (at + pkt->len <= q->buf_bytes);
}

/* The header of a frame that asks for nothing: all zero, num_buffers too. */
ALWAYS_INLINE void tx_clear_header(void *hdr, uint16_t len)
{
	__builtin_memset(hdr, 0, NET_HDR_LEN_BASE);
	if (unlikely(len > NET_HDR_LEN_BASE))
		for (uint16_t i = NET_HDR_LEN_BASE; i < len; i += 4)
			__builtin_memset((char *)hdr + i, 0, 4);
}

ALWAYS_INLINE void tx_post(struct txq *q, struct post *p, const struct vio_pkt *pkt,
			   const struct mode mode)
{
	struct ring *r = &q->ring;
	uint16_t slot = ring_take_slot(r, p, mode);
	uint64_t data = (uintptr_t)pkt->data;

	r->cookie[slot] = data & ~(uint64_t)q->cache->buf_mask;
	vring_post(r, p, slot, data - q->hdr_len + r->bias, pkt->len + q->hdr_len, 0, mode);
}

ALWAYS_INLINE uint32_t tx_frame_len(const struct vio_pkt *pkts, uint16_t segs)
{
	uint32_t len = 0;

	for (uint16_t i = 0; i < segs; i++)
		len += pkts[i].len;
	return len;
}

/* A packet of several segments. Return: false if the ring has no room now. */
ALWAYS_INLINE bool tx_post_segments(struct txq *q, struct post *p, const struct vio_pkt *pkts,
				    uint16_t segs, const struct mode mode)
{
	struct chain_part parts[TX_SEGMENTS_MAX];
	uint16_t slots[TX_SEGMENTS_MAX];
	struct ring *r = &q->ring;

	if (q->indirect && segs <= INDIRECT_PARTS && r->indirect->free) {
		uint16_t slot, table;

		if (!tx_gather(q, pkts, segs, parts))
			return true;
		table = r->indirect->free_tables[--r->indirect->free];
		slot = ring_take_slot(r, p, mode);
		tx_own_indirect(q, pkts, slot, table, segs);
		vring_post_indirect(r, p, parts, segs, slot, table, mode);
		stat_add(&q->stats.bytes, tx_frame_len(pkts, segs));
		return true;
	}
	if (segs > r->entries) {
		tx_drop(q, pkts, segs);
		return true;
	}
	if (segs > p->free)
		return false;
	if (!tx_gather(q, pkts, segs, parts))
		return true;
	vring_post_chain(r, p, parts, segs, slots, mode);
	tx_own_chain(q, pkts, slots, segs);
	stat_add(&q->stats.bytes, tx_frame_len(pkts, segs));
	return true;
}

/* What is not one plain segment. Return: entries taken; 0: the ring has no room now. */
static NOINLINE uint16_t tx_special(struct txq *q, struct post *p, const struct vio_pkt *pkts,
				    uint16_t n, const struct mode mode)
{
	uint16_t segs = vio_pkt_segments(pkts, n);

	if (!segs || segs > TX_SEGMENTS_MAX) {
		tx_drop(q, pkts, segs ? segs : n);
		return segs ? segs : n;
	}
	if (segs > 1)
		return tx_post_segments(q, p, pkts, segs, mode) ? segs : 0;
	if (!tx_fits(q, pkts, q->hdr_len) || pkts->len < FRAME_MIN ||
	    !tx_offload_header(q, pkts, pkts->len)) {
		tx_drop(q, pkts, 1);
		return 1;
	}
	tx_post(q, p, pkts, mode);
	stat_add(&q->stats.bytes, pkts->len);
	return 1;
}

/* Give the buffers of used chains back. Return: false if the device named one that is not in
 * flight. */
ALWAYS_INLINE bool tx_release(struct txq *q, const uint32_t *heads, uint16_t n,
			      const struct mode mode)
{
	struct ring *r = &q->ring;
	void **slots = NULL;
	uint32_t room = 0, put = 0;

	for (uint16_t i = 0; i < n; i++) {
		uint64_t cookie;

		if (!mode.in_order && unlikely(heads[i] >= r->entries))
			return false;
		cookie = r->cookie[heads[i]];
		if (!mode.in_order && unlikely(!cookie))
			return false;
		if (unlikely(cookie & (COOKIE_INDIRECT | COOKIE_CHAIN))) {
			cache_put_end(q->cache, put);
			room = put = 0;
			vring_free_chain(r, (uint16_t)heads[i], q->cache, mode.in_order);
			continue;
		}
		if (put == room) {
			cache_put_end(q->cache, put);
			room = cache_put_begin(q->cache, n, &slots);
			put = 0;
		}
		slots[put++] = (void *)(uintptr_t)cookie;
		r->cookie[heads[i]] = 0;
		if (!mode.in_order)
			r->free_ids[r->free] = (uint16_t)heads[i];
		r->free++;
	}
	cache_put_end(q->cache, put);
	return true;
}

/* Take back what the device is done with, up to about @want packets. Return: false if that broke
 * the queue. */
ALWAYS_INLINE bool tx_reclaim(struct txq *q, uint32_t want, const struct mode mode)
{
	uint32_t heads[RING_BATCH], got = 0;
	uint16_t k;

	do {
		k = vring_harvest_chains(&q->ring, heads, RING_BATCH, mode);
		if (unlikely(k == RING_BROKEN)) {
			tx_break(q, &q->stats.bad_index);
			return false;
		}
		if (unlikely(!tx_release(q, heads, k, mode))) {
			tx_break(q, &q->stats.bad_id);
			return false;
		}
		got += k;
	} while (k == RING_BATCH && got < want);
	stat_add(&q->stats.completed, got);
	return true;
}

ALWAYS_INLINE void tx_publish(struct txq *q, const struct post *p, const struct mode mode)
{
	if (likely(!vring_publish(&q->ring, p, mode))) {
		stat_add(&q->stats.kicks_suppressed, 1);
		return;
	}
	stat_add(&q->stats.kicks, 1);
	vring_kick(&q->ring);
}

ALWAYS_INLINE uint16_t tx_body(struct txq *q, const struct vio_pkt *pkts, uint16_t n,
			       const struct mode mode)
{
	struct ring *r = &q->ring;
	uint16_t done = 0;
	uint64_t bytes = 0;
	struct post p;

	REQUIRE_CONSTANT(mode.packed && mode.in_order);
	if (r->entries - r->free >= q->reclaim_at || r->free < n || !n)
		if (unlikely(!tx_reclaim(q, n * 2u, mode)))
			return 0;
	p = vring_begin(r, mode);
	while (done < n && p.free) {
		const struct vio_pkt *pkt = &pkts[done];

		if (unlikely(pkt->flags)) {
			uint16_t took = tx_special(q, &p, pkt, (uint16_t)(n - done), mode);

			if (!took)
				break;
			done = (uint16_t)(done + took);
			continue;
		}
		done++;
		if (unlikely(!tx_fits(q, pkt, q->hdr_len) || pkt->len < FRAME_MIN)) {
			tx_drop(q, pkt, 1);
			continue;
		}
		tx_clear_header((char *)pkt->data - q->hdr_len, q->hdr_len);
		tx_post(q, &p, pkt, mode);
		bytes += pkt->len;
	}
	stat_add(&q->stats.bursts, 1);
	if (p.n) {
		stat_add(&q->stats.packets, p.n);
		stat_add(&q->stats.bytes, bytes);
		tx_publish(q, &p, mode);
	}
	if (unlikely(done < n))
		stat_add(&q->stats.ring_full, 1);
	return done;
}

#endif
