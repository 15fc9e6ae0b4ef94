/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_RX_BODY_H
#define VIRTIO_RX_BODY_H

#include "queue.h"

/*
 * The one receive path (VIRTIO 1.4, 5.1.6.4 "Processing of Incoming Packets"). The mode is a
 * constant in every instance.
 *
 * Trust: rx_run() is where ids, slots and lengths that the device wrote are checked.
 */

/* What a burst has so far. */
struct rx_got {
	uint32_t n;       /* entries */
	uint32_t packets; /* whole ones */
	uint64_t bytes;
	bool dry; /* nothing more has been used */
};

/* Stop the queue: its device broke a rule that leaves nothing to go on with. */
COLD void rx_break(struct rxq *q, uint64_t *counter);

/* Mergeable: keep the segments of an unfinished packet for the next burst, and bring them back. */
COLD void rx_suspend(struct rxq *q, struct vio_pkt *pkts, struct rx_got *got);
COLD void rx_resume(struct rxq *q, struct vio_pkt *pkts, uint16_t n, struct rx_got *got);

/*
 * Take one completion that is not a plain packet, or for which the pool has no buffer to put in its
 * place: impossible ones, and packets of several buffers. Return: false if there is none or the
 * queue is broken.
 */
COLD bool rx_odd(struct rxq *q, struct vio_pkt *pkts, struct rx_got *got, const struct mode mode);

/* Post buffers into the slots that are free, as far as the pool goes. */
COLD void rx_refill(struct rxq *q, const struct mode mode);

/* Does the header in front of @data ask the application to look at it? */
ALWAYS_INLINE uint16_t rx_flags(const struct rxq *q, const void *data)
{
	const void *word = (const char *)data - q->hdr_len; /* flags and gso_type */

	return ring_load((const le16 *)word) & q->offload_mask ? VIO_PKT_OFFLOAD : 0;
}

/* How many buffers the packet takes that begins at @data. */
ALWAYS_INLINE uint16_t rx_buffers(const struct rxq *q, const void *data)
{
	const void *hdr = (const char *)data - q->hdr_len;

	return le16_to(ring_load(&((const struct net_hdr *)hdr)->num_buffers));
}

/*
 * Turn completions into packets, and post a fresh buffer in the place of each at once, up to the
 * first odd one. This is where what the device wrote is checked: the id names a slot, the slot is
 * in flight, the length is that of a header and a frame and not above what was posted. Only for
 * rings without a free slot. Return: how many, of @k.
 */
ALWAYS_INLINE uint32_t rx_run(struct rxq *q, struct vio_pkt *pkts, uint32_t k, struct rx_got *got,
			      const struct mode mode)
{
	struct ring *r = &q->ring;
	const struct taker from = ring_taker(r, q->len_max);
	const struct poster to = ring_replacer(r);
	const uint32_t len_min = q->len_min, len_max = q->len_max;
	const uint64_t post_off = VIO_PKT_HEADROOM + FRAME_MIN - len_min;
	enum look look = LOOK_GOOD;
	void *const *fresh;
	le64 *tail = packed_next_tail(r);
	uint64_t bytes = 0;
	uint32_t i;

	if (unlikely(r->post.free))
		return 0;
	k = cache_take_begin(q->cache, ring_take_run(r, k, mode), &fresh);
	for (i = 0; i < k; i++) {
		const uint64_t buf = (uintptr_t)fresh[-1 - (int32_t)i];
		struct used u;
		struct vio_pkt pkt;
		uint64_t cookie;

		look = vring_used_at(from, i, &u, mode);
		if (look != LOOK_GOOD)
			break;
		cookie = from.cookie[u.id];
		if (unlikely(!cookie) || unlikely(u.len - len_min > len_max - len_min))
			break;
		pkt = (struct vio_pkt){ .data = (char *)(uintptr_t)cookie + VIO_PKT_HEADROOM,
					.len = u.len - len_min + FRAME_MIN };
		if (mode.mrg && unlikely(rx_buffers(q, pkt.data) > 1))
			break;
		if (mode.offload) {
			pkt.flags = rx_flags(q, pkt.data);
			pkt.net_hdr_len = q->hdr_len;
		}
		pkts[i] = pkt;
		bytes += pkt.len;
		to.cookie[u.id] = buf;
		vring_repost_at(to, i, &tail, u.id, buf + post_off, len_max, DESC_WRITE, mode);
	}
	got->dry = look == LOOK_NONE;
	cache_take_end(q->cache, i);
	vring_replaced(r, i, mode);
	got->n += i;
	got->packets += i;
	got->bytes += bytes;
	return i;
}

ALWAYS_INLINE void rx_publish(struct rxq *q, const struct mode mode)
{
	if (likely(!vring_publish(&q->ring, mode))) {
		stat_add(&q->stats.kicks_suppressed, 1);
		return;
	}
	stat_add(&q->stats.kicks, 1);
	vring_kick(&q->ring);
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

/*
 * The general form of a burst: runs, odd completions between them, and packets of several buffers,
 * until there is nothing more.
 * @got is what a first run has taken.
 */
ALWAYS_INLINE struct rx_got rx_all(struct rxq *q, struct vio_pkt *pkts, uint16_t n,
				   struct rx_got got, const struct mode mode)
{
	if (mode.mrg && unlikely(q->partial_n))
		rx_resume(q, pkts, n, &got);
	while (got.n < n && !got.dry) {
		const uint32_t want = n - got.n, ready = vring_ready(&q->ring, mode);
		const uint32_t k = min_u32(want, ready);
		uint32_t run = 0;

		if (unlikely(ready == RING_BROKEN)) {
			rx_break(q, &q->stats.bad_index);
			break;
		}
		if (!k)
			break;
		if (!mode.mrg || likely(!q->left))
			run = rx_run(q, pkts + got.n, k, &got, mode);
		if (likely(run == k)) /* to look for more would cost the line of the index */
			break;
		if (!run && !got.dry && !rx_odd(q, pkts, &got, mode))
			break;
	}
	if (mode.mrg && unlikely(q->left))
		rx_suspend(q, pkts, &got);
	if (unlikely(q->ring.post.free))
		rx_refill(q, mode);
	return got;
}

/*
 * One run does for most bursts; @all is rx_all() for the same mode as a function of its own, for
 * what it leaves over.
 */
ALWAYS_INLINE uint16_t rx_body(struct rxq *q, struct vio_pkt *pkts, uint16_t n,
			       struct rx_got (*all)(struct rxq *q, struct vio_pkt *pkts, uint16_t n,
						    struct rx_got got),
			       const struct mode mode)
{
	const uint32_t ready = vring_ready(&q->ring, mode);
	struct rx_got got = { 0 };
	uint32_t k = min_u32(n, ready);

	REQUIRE_CONSTANT(mode.packed + mode.in_order + mode.mrg + mode.offload);
	if (unlikely(ready == RING_BROKEN || q->ring.post.free) ||
	    (mode.mrg && unlikely(q->left | q->partial_n)))
		got = all(q, pkts, n, got);
	else if (k && unlikely(rx_run(q, pkts, k, &got, mode) < k && !got.dry))
		got = all(q, pkts, n, got);
	if (q->ring.post.n >= q->publish_at)
		rx_publish(q, mode);
	rx_count(q, &got);
	return (uint16_t)got.n;
}

#endif
