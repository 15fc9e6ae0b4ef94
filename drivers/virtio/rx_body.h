/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_RX_BODY_H
#define VIRTIO_RX_BODY_H

#include "queue.h"

/*
 * The one receive path (VIRTIO 1.4, 5.1.6.4 "Processing of Incoming Packets"). The mode is a
 * constant in every instance.
 *
 * Trust: rx_claim() is where ids, slots and lengths that the device wrote are checked.
 */

/* What a burst has so far. */
struct rx_got {
	uint16_t n;       /* entries */
	uint16_t packets; /* whole ones */
	uint64_t bytes;
};

/* Stop the queue: its device broke a rule that leaves nothing to go on with. */
COLD void rx_break(struct rxq *q, uint64_t *counter);

/* Count a completion with an impossible length; its buffer goes back to the pool. */
COLD void rx_reject(struct rxq *q, void *buf);

/* Mergeable: keep the segments of an unfinished packet for the next burst, and bring them back. */
COLD void rx_suspend(struct rxq *q, struct vio_pkt *pkts, struct rx_got *got);
COLD void rx_resume(struct rxq *q, struct vio_pkt *pkts, uint16_t n, struct rx_got *got);

/* Mergeable: take a segment behind the first one. */
COLD void rx_segment(struct rxq *q, void *buf, uint32_t len, struct vio_pkt *pkts,
		     struct rx_got *got);

/* Mergeable: a packet of @buffers begins with @buf. Return: false if that is impossible; @buf is
 * back in the pool. */
COLD bool rx_begin_merged(struct rxq *q, void *buf, uint16_t buffers);

/* Take the buffer of a completion out of its slot. Return: NULL if there is no such buffer in
 * flight. */
ALWAYS_INLINE void *rx_claim(struct ring *r, uint32_t id, const struct mode mode)
{
	uint64_t cookie;

	/* In order, harvest made the id, from our own count of slots. */
	if (!mode.in_order && unlikely(id >= r->entries))
		return NULL;
	cookie = r->cookie[id];
	if (!mode.in_order && unlikely(!cookie))
		return NULL;
	r->cookie[id] = 0;
	if (!mode.in_order)
		r->free_ids[r->free] = (uint16_t)id;
	return (void *)(uintptr_t)cookie;
}

/* The header in front of @data: flags and gso_type, and num_buffers. */
ALWAYS_INLINE const struct net_hdr *rx_header(const struct rxq *q, const void *data)
{
	return (const struct net_hdr *)(const void *)((const char *)data - q->hdr_len);
}

ALWAYS_INLINE void rx_emit(struct rxq *q, void *buf, uint32_t len, struct vio_pkt *pkts,
			   struct rx_got *got, const struct mode mode)
{
	void *data = (char *)buf + VIO_PKT_HEADROOM;
	struct vio_pkt pkt = { .data = data, .len = len - q->hdr_len };

	if (mode.offload) {
		const le16 *word = (const le16 *)(const void *)rx_header(q, data);

		if (unlikely(ring_load(word) & q->offload_mask)) {
			pkt.flags = VIO_PKT_OFFLOAD;
			pkt.net_hdr_len = q->hdr_len;
		}
	}
	if (mode.mrg) {
		uint16_t buffers = le16_to(ring_load(&rx_header(q, data)->num_buffers));

		if (unlikely(buffers > 1)) {
			if (!rx_begin_merged(q, buf, buffers))
				return;
			pkt.flags |= VIO_PKT_MORE;
		}
	}
	pkts[got->n++] = pkt;
	got->packets = (uint16_t)(got->packets + !(pkt.flags & VIO_PKT_MORE));
	got->bytes += pkt.len;
}

ALWAYS_INLINE void rx_take(struct rxq *q, const struct used *used, uint16_t k, struct vio_pkt *pkts,
			   struct rx_got *got, const struct mode mode)
{
	const uint32_t len_min = q->len_min, len_span = q->len_max - q->len_min;

	for (uint16_t i = 0; i < k; i++) {
		void *buf = rx_claim(&q->ring, used[i].id, mode);
		uint32_t len = used[i].len;

		if (!mode.in_order && unlikely(!buf)) {
			rx_break(q, &q->stats.bad_id);
			return;
		}
		q->ring.free++;
		if (mode.in_order && len == USED_LEN_FULL)
			len = q->len_max;
		if (mode.mrg && unlikely(q->left))
			rx_segment(q, buf, len, pkts, got);
		else if (unlikely(len - len_min > len_span))
			rx_reject(q, buf);
		else
			rx_emit(q, buf, len, pkts, got, mode);
	}
}

ALWAYS_INLINE void rx_refill(struct rxq *q, const struct mode mode)
{
	struct ring *r = &q->ring;
	struct post p = vring_begin(r, mode);
	const uint64_t off = r->bias + VIO_PKT_HEADROOM - q->hdr_len;
	const uint32_t len = q->len_max;
	void *const *bufs;

	while (p.free) {
		uint32_t k = cache_take(q->cache, p.free, &bufs);

		if (unlikely(!k)) {
			stat_add(&q->stats.refill_short, 1);
			break;
		}
		for (uint32_t i = 0; i < k; i++) {
			uint16_t slot = ring_take_slot(r, &p, mode);
			uint64_t buf = (uintptr_t)bufs[i];

			r->cookie[slot] = buf;
			vring_post(r, &p, slot, buf + off, len, DESC_WRITE, mode);
		}
	}
	if (unlikely(!p.n))
		return;
	if (likely(!vring_publish(r, &p, mode))) {
		stat_add(&q->stats.kicks_suppressed, 1);
		return;
	}
	stat_add(&q->stats.kicks, 1);
	vring_kick(r);
}

ALWAYS_INLINE void rx_count(struct rxq *q, const struct rx_got *got)
{
	struct vio_queue_stats *s = &q->stats;

	stat_add(&s->bursts, 1);
	if (!got->n) {
		stat_add(&s->empty_polls, 1);
		return;
	}
	stat_add(&s->packets, got->packets);
	stat_add(&s->bytes, got->bytes);
}

ALWAYS_INLINE uint16_t rx_body(struct rxq *q, struct vio_pkt *pkts, uint16_t n,
			       const struct mode mode)
{
	struct used used[RING_BATCH];
	struct rx_got got = { 0 };

	REQUIRE_CONSTANT(mode.packed && mode.in_order && mode.mrg && mode.offload);
	if (mode.mrg && unlikely(q->partial_n))
		rx_resume(q, pkts, n, &got);
	while (got.n < n) {
		uint16_t want = min_u16((uint16_t)(n - got.n), RING_BATCH);
		uint16_t k = vring_harvest(&q->ring, used, want, mode);

		if (unlikely(k == RING_BROKEN)) {
			rx_break(q, &q->stats.bad_index);
			break;
		}
		rx_take(q, used, k, pkts, &got, mode);
		if (k < want)
			break;
	}
	if (mode.mrg && unlikely(q->left))
		rx_suspend(q, pkts, &got);
	if (q->ring.free >= q->refill_at)
		rx_refill(q, mode);
	rx_count(q, &got);
	return got.n;
}

#endif
