/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_RX_BODY_H
#define VIRTIO_RX_BODY_H

#include "queue.h"

/*
 * The one receive path (VIRTIO 1.4, 5.1.6.4 "Processing of Incoming Packets"). The mode is a
 * constant in every instance.
 *
 * Trust: rx_one() and rx_fours() are where ids, slots and lengths that the device wrote are
 * checked.
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

/*
 * Does the header in front of @data ask the application to look at it? Flags and net_hdr_len, as
 * they lie behind a packet's length; 0 otherwise, so that it is plain when it is sent on.
 */
ALWAYS_INLINE uint64_t rx_flags(const struct rxq *q, const void *data)
{
	const void *word = (const char *)data - q->hdr_len; /* flags and gso_type */

	return ring_load((const le16 *)word) & q->offload_mask ? q->flagged : 0;
}

/* How many buffers the packet takes that begins at @data. */
ALWAYS_INLINE uint16_t rx_buffers(const struct rxq *q, const void *data)
{
	const void *hdr = (const char *)data - q->hdr_len;

	return le16_to(ring_load(&((const struct net_hdr *)hdr)->num_buffers));
}

/* Where a run stands. */
struct rx_cursor {
	struct taker from;
	struct poster to;
	void *const *fresh; /* behind the buffer to be posted next */
	uint64_t bytes;
};

/*
 * Turn the next completion into a packet, and post a fresh buffer in its place at once. This is
 * where what the device wrote is checked: the id names a slot, the slot is in flight, the length is
 * that of a header and a frame and not above what was posted. Return: LOOK_ODD, nothing was done:
 * it is not a plain packet.
 */
ALWAYS_INLINE enum look rx_one(struct rxq *q, struct vio_pkt *pkt, struct rx_cursor *c,
			       const struct mode mode)
{
	size_t slot;
	const enum look look = vring_look(&q->ring, &c->from, &slot, mode);
	uint64_t *at, cookie, buf;
	uint32_t len;
	void *data;

	if (look != LOOK_GOOD)
		return look;
	at = c->from.cookie + slot; /* in flight, a buffer by itself: no slot is free here */
	cookie = *at;
	len = vring_look_len(&c->from, q->len_max, mode) - q->len_min;
	if (unlikely(DISTRUST(len > q->len_span)))
		return LOOK_ODD;
	data = (char *)(uintptr_t)cookie + VIO_PKT_HEADROOM;
	len += FRAME_MIN;
	if (mode.mrg && unlikely(rx_buffers(q, data) > 1))
		return LOOK_ODD;
	pkt->data = data;
	pkt_set_rest(pkt, len, mode.offload ? rx_flags(q, data) : 0);
	c->bytes += len;
	buf = (uintptr_t) * --c->fresh;
	*at = buf;
	vring_repost_to(&c->to, slot, buf + q->post_off, mode);
	vring_look_on(&c->from, mode);
	return LOOK_GOOD;
}

/* As many more as are good, at most @n. */
ALWAYS_INLINE uint32_t rx_more(struct rxq *q, struct vio_pkt *pkts, uint32_t n, struct rx_cursor *c,
			       enum look *look, const struct mode mode)
{
	struct vio_pkt *pkt = pkts;
	const struct vio_pkt *const end = pkts + n;

	for (; pkt != end; pkt++) {
		*look = rx_one(q, pkt, c, mode);
		if (*look != LOOK_GOOD)
			break;
	}
	return (uint32_t)(pkt - pkts);
}

/* What rx_fours() has in registers. */
struct rx_lanes {
	vec due, span, rest, post_off;
};

/* Half of a step of rx_fours(): @over is by how much the lengths are above the least. */
ALWAYS_INLINE void rx_two(struct rx_lanes *l, struct vio_pkt *pkts, struct rx_cursor *c, vec over,
			  const struct mode mode)
{
	const vec buf = vec_load(c->from.cookie), fresh = vec_load(c->fresh -= 2);
	const vec data = buf + vec_both(VIO_PKT_HEADROOM), len = over + vec_both(FRAME_MIN);

	vec_store(pkts, vec_firsts(data, len));
	vec_store(pkts + 1, vec_seconds(data, len));
	vec_store(c->from.cookie, fresh);
	vring_repost_two(&c->to, fresh + l->post_off, l->rest, mode);
	vring_look_past(&c->from, 2, mode);
	l->due += vec_both(UINT64_C(2) << 32);
	if (mode.packed)
		l->rest += vec_both(UINT64_C(2) << 32);
}

/*
 * What in the headers of four buffers is not plain: in the first number, something that the
 * application has to look at; in the second, that a packet has several buffers.
 */
ALWAYS_INLINE vec rx_headers(const struct rxq *q, const uint64_t *cookie)
{
	vec any = { 0 };

	for (int i = 0; i < 4; i++)
		any |= vec_load_shared((const char *)(uintptr_t)cookie[i] + q->hdr_at);
	return any & vec_load(q->hdr_odd);
}

ALWAYS_INLINE void rx_flag_four(const struct rxq *q, struct vio_pkt *pkts)
{
	for (int i = 0; i < 4; i++)
		pkt_set_rest(&pkts[i], pkts[i].len, rx_flags(q, pkts[i].data));
}

ALWAYS_INLINE bool rx_in_fours(const struct mode mode)
{
	return VEC_STEPS && mode.wide && mode.in_order && !mode.batch;
}

/*
 * rx_one() for four at a time, as far as all four are good. What each has to be, the slot whose
 * turn it is and a length in bounds, is one number in one range: its distance from the least, or
 * that from the greatest, is negative for all others.
 */
ALWAYS_INLINE uint32_t rx_fours(struct rxq *q, struct vio_pkt *pkts, uint32_t n,
				struct rx_cursor *c, const struct mode mode)
{
	struct rx_lanes l = {
		.due = vring_due_two(&c->from, q->len_min),
		.span = vec_both(DISTRUST(true) ? q->len_span : UINT32_MAX),
		.rest = { c->to.rest, c->to.rest + (UINT64_C(1) << 32) },
		.post_off = vec_both(q->post_off),
	};
	struct vio_pkt *pkt = pkts;
	const struct vio_pkt *const end = pkts + (n & -STEP);
	vec bytes = { 0 }, odd = { 0 };

	do {
		vec a = vring_named_two(&c->from, 0, mode) - l.due;
		vec b = vring_named_two(&c->from, 2, mode) - (l.due + vec_both(UINT64_C(2) << 32));

		ONE_VEC(a);
		ONE_VEC(b);
		if (unlikely(vec_top(a | (l.span - a) | b | (l.span - b))))
			break;
		if (mode.mrg || mode.offload)
			odd = rx_headers(q, c->from.cookie);
		if (unlikely(vec_any(odd)) && odd[1])
			break;
		bytes += a;
		bytes += b;
		rx_two(&l, pkt, c, a, mode);
		rx_two(&l, pkt + 2, c, b, mode);
		if (unlikely(vec_any(odd)))
			rx_flag_four(q, pkt);
	} while ((pkt += STEP) != end);
	n = (uint32_t)(pkt - pkts);
	c->bytes += bytes[0] + bytes[1] + n * (uint64_t)FRAME_MIN;
	return n;
}

/* In fours, and by itself what is left of them or in their way, at most @n. */
ALWAYS_INLINE uint32_t rx_mixed(struct rxq *q, struct vio_pkt *pkts, uint32_t n,
				struct rx_cursor *c, enum look *look, const struct mode mode)
{
	uint32_t done = 0;

	do {
		if (likely(n - done >= STEP))
			done += rx_fours(q, pkts + done, n - done, c, mode);
		if (done < n)
			done += rx_more(q, pkts + done, min_u32(n - done, STEP), c, look, mode);
	} while (*look == LOOK_GOOD && done < n);
	return done;
}

/*
 * Completions up to the first odd one, at most @k; only for rings without a free slot. Return: what
 * they were.
 */
ALWAYS_INLINE struct rx_got rx_run(struct rxq *q, struct vio_pkt *pkts, uint32_t k,
				   const struct mode mode)
{
	struct ring *r = &q->ring;
	struct rx_cursor c = {
		.from = ring_taker(r, mode),
		.to = ring_poster(r, ring_take_at(r, mode), !ring_unshown(r),
				  vring_rest(r, q->len_max, DESC_WRITE, mode), mode),
	};
	const uint32_t n = cache_take_begin(q->cache, ring_take_run(r, k, mode), &c.fresh);
	enum look look = LOOK_GOOD;
	uint32_t done = 0;

	if (rx_in_fours(mode)) {
		done = rx_mixed(q, pkts, n, &c, &look, mode);
	} else if (likely(n)) {
		look = rx_one(q, pkts, &c, mode);
		if (likely(look == LOOK_GOOD)) {
			done = 1;
			if (n > 1)
				done += rx_more(q, pkts + 1, n - 1, &c, &look, mode);
		}
	}
	cache_take_end(q->cache, done);
	vring_replaced(r, done, mode);
	return (struct rx_got){ done, done, c.bytes, look == LOOK_NONE };
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

/* The end of a burst. */
ALWAYS_INLINE uint16_t rx_end(struct rxq *q, const struct rx_got got, const struct mode mode)
{
	if (ring_unshown(&q->ring) >= q->publish_at)
		rx_publish(q, mode);
	stat_add(&q->stats.bursts, 1);
	stat_add(&q->stats.packets, got.packets);
	stat_add(&q->stats.bytes, got.bytes);
	if (unlikely(!got.n))
		stat_add(&q->stats.empty_polls, 1);
	return (uint16_t)got.n;
}

/* A run inside a batch of completions, or of a device that keeps the order, or not. */
ALWAYS_INLINE struct rx_got rx_run_any(struct rxq *q, struct vio_pkt *pkts, uint32_t k,
				       const struct mode mode)
{
	struct mode within = mode;

	if (!mode.in_order && !q->ring.straight)
		return rx_run(q, pkts, k, mode);
	if (!mode.in_order || !q->ring.take.left)
		return rx_run(q, pkts, k, vring_straight(mode));
	within.batch = true;
	return rx_run(q, pkts, k, within);
}

/*
 * The general form of a burst: runs, odd completions between them, and packets of several buffers,
 * until there is nothing more.
 * @got is what a first run has taken.
 */
ALWAYS_INLINE uint16_t rx_all(struct rxq *q, struct vio_pkt *pkts, uint16_t n, struct rx_got got,
			      const struct mode mode)
{
	if (mode.mrg && unlikely(q->partial_n))
		rx_resume(q, pkts, n, &got);
	while (got.n < n && !got.dry) {
		const uint32_t k = vring_ready(&q->ring, n - got.n, mode);
		struct rx_got run = { 0 };

		if (unlikely(DISTRUST(k == RING_BROKEN))) {
			rx_break(q, &q->stats.bad_index);
			break;
		}
		if (!k)
			break;
		if (!q->ring.post.free && (!mode.mrg || likely(!q->left)))
			run = rx_run_any(q, pkts + got.n, k, mode);
		got = (struct rx_got){ got.n + run.n, got.packets + run.packets,
				       got.bytes + run.bytes, run.dry };
		if (likely(run.n == k)) /* to look for more would cost the line of the index */
			break;
		if (!run.n && !got.dry && !rx_odd(q, pkts, &got, mode))
			break;
	}
	if (mode.mrg && unlikely(q->left))
		rx_suspend(q, pkts, &got);
	if (unlikely(q->ring.post.free))
		rx_refill(q, mode);
	return rx_end(q, got, mode);
}

/*
 * One run does for most bursts; @all is rx_all() for the same mode as a function of its own, for
 * what it leaves over.
 */
ALWAYS_INLINE uint16_t rx_body(struct rxq *q, struct vio_pkt *pkts, uint16_t n,
			       uint16_t (*all)(struct rxq *q, struct vio_pkt *pkts, uint16_t n,
					       struct rx_got got),
			       const struct mode mode)
{
	const uint32_t k = vring_ready(&q->ring, n, mode);
	struct rx_got got;

	REQUIRE_CONSTANT(mode.packed + mode.in_order + mode.mrg + mode.offload);
	if (unlikely(DISTRUST(k == RING_BROKEN)) || unlikely(q->ring.post.free) ||
	    (mode.mrg && unlikely(q->left | q->partial_n)) ||
	    (mode.in_order ? unlikely(q->ring.take.left) : unlikely(!q->ring.straight)))
		return all(q, pkts, n, (struct rx_got){ 0 });
	if (unlikely(!k))
		return rx_end(q, (struct rx_got){ 0 }, mode);
	got = rx_run(q, pkts, k, vring_straight(mode));
	if (unlikely(got.n < k) && !got.dry)
		return all(q, pkts, n, got);
	return rx_end(q, got, mode);
}

#endif
