/* SPDX-License-Identifier: BSD-3-Clause */
#include "tx_body.h"

#include <errno.h>
#include <string.h>

#include "../../lib/base/err.h"
#include "feature_bits.h"
#include "net_hdr.h"
#include "resend.h"

static uint16_t tx_stopped(struct vio_txq *txq, const struct vio_pkt *pkts, uint16_t n)
{
	(void)txq, (void)pkts, (void)n;
	return 0;
}

/* Drop @segs entries that can't be sent and count why. */
static void drop(struct txq *q, const struct vio_pkt *pkts, uint16_t segs)
{
	bool foreign = false;

	for (uint16_t i = 0; i < segs; i++) {
		if (cache_buf_of(q->cache, pkts[i].data))
			vio_pkt_put(q->cache, &pkts[i], 1);
		else
			foreign = true;
	}
	stat_add(foreign ? &q->stats.drop_foreign : &q->stats.drop_invalid, 1);
}

static uint32_t frame_len(const struct vio_pkt *pkts, uint16_t segs)
{
	uint32_t len = 0;

	for (uint16_t i = 0; i < segs; i++)
		len += pkts[i].len;
	return len;
}

/* Put what @pkt asks for into the header in front of its data. Return: false if that can't be. */
static bool write_header(const struct txq *q, const struct vio_pkt *pkt, uint32_t len)
{
	struct net_hdr hdr = { 0 };

	if (pkt->flags & VIO_PKT_OFFLOAD && !net_hdr_for_tx(pkt, len, &q->taken, &hdr))
		return false;
	memset((char *)pkt->data - q->hdr_len, 0, q->hdr_len);
	memcpy((char *)pkt->data - q->hdr_len, &hdr, min_size(q->hdr_len, sizeof(hdr)));
	return true;
}

/* Room that the first segment needs in front: for our header, and for the one that is read. */
static uint32_t header_room(const struct txq *q, const struct vio_pkt *pkt)
{
	const bool read = pkt->flags & VIO_PKT_OFFLOAD;

	return read && pkt->net_hdr_len > q->hdr_len ? pkt->net_hdr_len : q->hdr_len;
}

/* Does the segment lie in one buffer of the pool, with room for @room bytes in front? */
static bool segment_fits(const struct txq *q, const struct vio_pkt *pkt, uint32_t room)
{
	const struct slots *s = &q->cache->slots;
	const uint64_t off = (uintptr_t)pkt->data - s->base;
	const uint64_t at = off < s->bytes ? slots_inside(s, off) : s->room;

	return at >= room && at + pkt->len <= s->room && pkt->len;
}

/* Every segment in order, and the frame; fills @parts, the header in the first. */
static bool gather(const struct txq *q, const struct vio_pkt *pkts, uint16_t segs,
		   struct chain_part *parts)
{
	const uint32_t len = frame_len(pkts, segs);
	bool ok = len >= FRAME_MIN;

	for (uint16_t i = 0; i < segs; i++) {
		const uint32_t room = i ? 0 : q->hdr_len;

		ok &= segment_fits(q, &pkts[i], i ? 0 : header_room(q, &pkts[i]));
		parts[i] = (struct chain_part){
			.addr = (uintptr_t)pkts[i].data - room,
			.len = pkts[i].len + room,
		};
	}
	return ok && write_header(q, pkts, len);
}

static uint64_t cookie_of(const struct txq *q, const struct vio_pkt *pkt)
{
	return (uintptr_t)cache_buf_of(q->cache, pkt->data);
}

static void post_indirect(struct txq *q, const struct vio_pkt *pkts, const struct chain_part *parts,
			  uint16_t segs, const struct mode mode)
{
	struct indirect *in = q->ring.indirect;
	const uint16_t table = in->free_tables[--in->free];
	const uint16_t slot = vring_post_indirect(&q->ring, parts, segs, table, mode);

	for (uint16_t i = 0; i < segs; i++)
		in->bufs[table][i] = cache_buf_of(q->cache, pkts[i].data);
	in->parts[table] = segs;
	q->ring.cookie[slot] = table | COOKIE_INDIRECT;
}

static void post_chain(struct txq *q, const struct vio_pkt *pkts, const struct chain_part *parts,
		       uint16_t segs, const struct mode mode)
{
	uint16_t slots[TX_SEGMENTS_MAX];

	vring_post_chain(&q->ring, parts, segs, slots, mode);
	for (uint16_t i = 0; i < segs; i++)
		q->ring.cookie[slots[i]] =
			cookie_of(q, &pkts[i]) | (i ? COOKIE_TAIL : COOKIE_HEAD(segs - 1));
}

/* One whole packet. Return: false if the ring has no room for it now. */
static bool post_packet(struct txq *q, const struct vio_pkt *pkts, uint16_t segs,
			const struct mode mode)
{
	const bool indirect =
		segs > 1 && q->indirect && segs <= INDIRECT_PARTS && q->ring.indirect->free;
	struct chain_part parts[TX_SEGMENTS_MAX];

	if (!indirect && segs <= q->ring.entries && segs > q->ring.post.free)
		return false;
	if ((!indirect && segs > q->ring.entries) || !gather(q, pkts, segs, parts)) {
		drop(q, pkts, segs);
		return true;
	}
	if (indirect)
		post_indirect(q, pkts, parts, segs, mode);
	else
		post_chain(q, pkts, parts, segs, mode);
	stat_add(&q->stats.packets, 1);
	stat_add(&q->stats.bytes, frame_len(pkts, segs));
	return true;
}

uint32_t tx_special(struct txq *q, const struct vio_pkt *pkts, uint32_t n, const struct mode mode)
{
	uint16_t segs = vio_pkt_segments(pkts, (uint16_t)n);

	if (!segs || segs > TX_SEGMENTS_MAX) {
		segs = (uint16_t)(segs ? segs : n);
		drop(q, pkts, segs);
		return segs;
	}
	return post_packet(q, pkts, segs, mode) ? segs : 0;
}

bool tx_reclaim_odd(struct txq *q, const struct mode mode)
{
	struct used u;
	int rc = vring_take_one(&q->ring, &u, 0, mode);

	if (rc < 0)
		tx_break(q, &q->stats.bad_id);
	else if (rc)
		vring_free_chain(&q->ring, u.id, q->cache, mode);
	return rc > 0;
}

/* Every transmit variant, and nothing else. */
#define TX_VARIANTS(X) \
	X(split, .packed = false) \
	X(split_in_order, .in_order = true) \
	X(packed, .packed = true) \
	X(packed_in_order, .packed = true, .in_order = true)

#define X(name, ...) \
	static NOINLINE void reclaim_##name(struct txq *q, uint32_t want) \
	{ \
		tx_reclaim(q, want, (struct mode){ .wide = true, __VA_ARGS__ }); \
	} \
	static NOINLINE uint16_t all_##name(struct txq *q, const struct vio_pkt *pkts, uint32_t n, \
					    uint32_t done) \
	{ \
		return tx_all(q, pkts, n, done, (struct mode){ .wide = true, __VA_ARGS__ }); \
	} \
	static const struct tx_seldom seldom_##name = { reclaim_##name, all_##name }; \
	static NOINLINE uint16_t wide_##name(struct txq *q, const struct vio_pkt *pkts, \
					     uint16_t n) \
	{ \
		return tx_body(q, pkts, n, seldom_##name, \
			       (struct mode){ .wide = true, __VA_ARGS__ }); \
	} \
	static uint16_t tx_##name(struct vio_txq *txq, const struct vio_pkt *pkts, uint16_t n) \
	{ \
		struct txq *q = (struct txq *)txq; \
		uint16_t took; \
\
		if (unlikely(!gate_enter(&q->gate))) \
			return 0; \
		took = n >= WIDE \
			       ? wide_##name(q, pkts, n) \
			       : tx_body(q, pkts, n, seldom_##name, (struct mode){ __VA_ARGS__ }); \
		gate_leave(&q->gate); \
		return took; \
	}
TX_VARIANTS(X)
#undef X

static const struct tx_variant {
	const char *name;
	uint16_t (*burst)(struct vio_txq *txq, const struct vio_pkt *pkts, uint16_t n);
	uint16_t (*wide)(struct txq *q, const struct vio_pkt *pkts, uint16_t n);
	struct mode mode;
} variants[] = {
#define X(name, ...) { "tx_" #name, tx_##name, wide_##name, { __VA_ARGS__ } },
	TX_VARIANTS(X)
#undef X
};

void tx_break(struct txq *q, uint64_t *counter)
{
	stat_add(counter, 1);
	q->broken = true;
	txq_stop(q);
	vring_mark_free(&q->ring, q->variant->mode);
	q->ring.post.free = 0; /* the burst that found it out posts nothing more */
}

static const struct tx_variant *variant_find(const struct vio_features *taken)
{
	const struct mode want = {
		.packed = features_have(taken, F_RING_PACKED),
		.in_order = features_have(taken, F_IN_ORDER),
	};

	for (size_t i = 0; i < ARRAY_SIZE(variants); i++)
		if (!memcmp(&variants[i].mode, &want, sizeof(want)))
			return &variants[i];
	return NULL;
}

/*
 * Reclaim once so many slots are taken, with those of a burst: enough to do it in bulk, but a part
 * of the ring, so that a small one never stalls, and few, so that a large one does not drain a
 * small pool.
 */
static int32_t reclaim_below(uint32_t entries)
{
	const uint32_t taken = min_u32(entries / 2, 2 * RING_BATCH);

	return (int32_t)(entries - taken - taken / 2 + 1);
}

static struct tx_limits limits_of(const struct txq *q, uint64_t bias)
{
	const struct slots *s = &q->cache->slots;
	struct tx_limits plain = {
		.slots = *s,
		.over_max = s->room - PKT_ROOM - FRAME_MIN,
		.to_header = bias - q->hdr_len,
	};

	plain.slots.base += PKT_ROOM;
	if (q->hdr_len > PKT_ROOM)
		plain.slots.bytes = 0;
	return plain;
}

int txq_init(struct txq *q, const struct queue_opts *opts, struct ring_place *place)
{
	const struct vring_opts ring = vring_opts_of(opts, true);
	struct vio_pool_info pool;
	int rc;

	vio_pool_info(opts->pool, &pool);
	*q = (struct txq){
		.pub.burst = tx_stopped,
		.hdr_len = opts->hdr_len,
		.reclaim_below = reclaim_below(opts->entries),
		.taken = opts->taken,
		.indirect = ring.indirect,
		.variant = variant_find(&opts->taken),
	};
	rc = vio_cache_open(opts->pool, &q->cache);
	if (rc < 0)
		return rc;
	q->plain = limits_of(q, opts->bias);
	if (opts->resend)
		rc = resend_open(&q->resend, &q->cache->slots, opts->entries);
	if (rc < 0)
		goto close_cache;
	rc = vring_init(&q->ring, pool.region, &ring, place);
	if (rc < 0)
		goto close_resend;
	return 0;

close_resend:
	resend_close(q->resend);
close_cache:
	vio_cache_close(q->cache);
	return rc;
}

/* A burst whose packets may have to be sent again. */
static uint16_t tx_noted(struct vio_txq *txq, const struct vio_pkt *pkts, uint16_t n)
{
	struct txq *q = container_of(txq, struct txq, pub);
	uint16_t took;

	if (unlikely(!gate_enter(&q->gate)))
		return 0;
	took = q->variant->wide(q, pkts, n);
	resend_note(q->resend, pkts, took, q->hdr_len);
	gate_leave(&q->gate);
	return took;
}

/* What was in flight, in front of all that is new. It fits: the ring is empty, and it came out of
 * it; what a hostile device has made of headers meanwhile is checked as at first. */
static void send_again(struct txq *q)
{
	struct resend *rs = q->resend;
	const uint64_t before = stat_read(&q->stats.packets);
	const uint16_t took = q->variant->wide(q, rs->pkts, (uint16_t)rs->held_n);

	resend_note(rs, rs->pkts, took, q->hdr_len);
	vio_pkt_put(q->cache, rs->pkts + took, (uint16_t)(rs->held_n - took));
	stat_add(&q->stats.resent, stat_read(&q->stats.packets) - before);
	rs->held_n = 0;
}

void txq_start(struct txq *q)
{
	if (q->resend && q->resend->held_n)
		send_again(q);
	gate_open(&q->gate);
	__atomic_store_n(&q->pub.burst, q->resend ? tx_noted : q->variant->burst, __ATOMIC_RELEASE);
}

void txq_stop(struct txq *q)
{
	__atomic_store_n(&q->pub.burst, tx_stopped, __ATOMIC_RELEASE);
}

bool txq_running(const struct txq *q)
{
	return __atomic_load_n(&q->pub.burst, __ATOMIC_RELAXED) != tx_stopped;
}

const char *txq_variant_name(const struct txq *q)
{
	return q->variant->name;
}

static void take_back(struct txq *q)
{
	stat_add(&q->stats.taken_back, vring_take_back(&q->ring, q->cache, q->variant->mode));
}

static void hold(struct txq *q)
{
	const uint32_t in_flight = ring_in_flight(&q->ring);

	resend_hold(q->resend, &q->ring, q->variant->mode);
	stat_add(&q->stats.taken_back, in_flight);
}

/* What the device has done before it fell is no longer in flight. */
static void reclaim_last(struct txq *q)
{
	uint64_t before;

	do {
		before = stat_read(&q->stats.completed);
		q->variant->wide(q, NULL, 0);
	} while (stat_read(&q->stats.completed) != before && !q->broken);
}

void txq_reset(struct txq *q)
{
	if (!q->broken)
		reclaim_last(q);
	if (q->resend)
		hold(q);
	else
		take_back(q);
	q->broken = false;
	vring_reset(&q->ring, q->variant->mode);
}

void txq_fini(struct txq *q)
{
	take_back(q);
	if (q->resend)
		vio_pkt_put(q->cache, q->resend->pkts, (uint16_t)q->resend->held_n);
	resend_close(q->resend);
	vring_fini(&q->ring);
	vio_cache_close(q->cache);
}
