/* SPDX-License-Identifier: BSD-3-Clause */
#include "tx_body.h"

#include <errno.h>
#include <string.h>

#include "../../lib/base/err.h"
#include "feature_bits.h"
#include "net_hdr.h"

static uint16_t tx_stopped(struct vio_txq *txq, const struct vio_pkt *pkts, uint16_t n)
{
	(void)txq, (void)pkts, (void)n;
	return 0;
}

void tx_break(struct txq *q, uint64_t *counter)
{
	stat_add(counter, 1);
	txq_stop(q);
}

void tx_drop(struct txq *q, const struct vio_pkt *pkts, uint16_t segs)
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

bool tx_offload_header(const struct txq *q, const struct vio_pkt *pkt, uint32_t frame_len)
{
	struct net_hdr hdr = { 0 };

	if (pkt->flags & VIO_PKT_OFFLOAD && !net_hdr_for_tx(pkt, frame_len, &q->taken, &hdr))
		return false;
	tx_clear_header((char *)pkt->data - q->hdr_len, q->hdr_len);
	memcpy((char *)pkt->data - q->hdr_len, &hdr, sizeof(hdr));
	return true;
}

bool tx_gather(struct txq *q, const struct vio_pkt *pkts, uint16_t segs, struct chain_part *parts)
{
	const uint32_t frame_len = tx_frame_len(pkts, segs);
	bool ok = frame_len >= FRAME_MIN;

	for (uint16_t i = 0; i < segs; i++) {
		uint32_t room = i ? 0 : q->hdr_len;

		ok &= tx_fits(q, &pkts[i], room) && pkts[i].len;
		parts[i] = (struct chain_part){
			.addr = ring_bus(&q->ring, (char *)pkts[i].data - room),
			.len = pkts[i].len + room,
		};
	}
	if (ok && tx_offload_header(q, pkts, frame_len))
		return true;
	tx_drop(q, pkts, segs);
	return false;
}

static void *buf_of(const struct txq *q, const struct vio_pkt *pkt)
{
	return cache_buf_of(q->cache, pkt->data);
}

void tx_own_chain(struct txq *q, const struct vio_pkt *pkts, const uint16_t *slots, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++)
		q->ring.cookie[slots[i]] = (uintptr_t)buf_of(q, &pkts[i]);
	q->ring.cookie[slots[0]] |= (uint64_t)(n - 1);
}

void tx_own_indirect(struct txq *q, const struct vio_pkt *pkts, uint16_t slot, uint16_t table,
		     uint16_t n)
{
	struct indirect *in = q->ring.indirect;

	for (uint16_t i = 0; i < n; i++)
		in->bufs[table][i] = buf_of(q, &pkts[i]);
	in->parts[table] = n;
	q->ring.cookie[slot] = COOKIE_INDIRECT | table;
}

/* Every transmit variant, and nothing else. */
#define TX_VARIANTS(X) \
	X(split, .packed = false) \
	X(split_in_order, .in_order = true) \
	X(packed, .packed = true) \
	X(packed_in_order, .packed = true, .in_order = true)

#define X(name, ...) \
	static uint16_t tx_##name(struct vio_txq *txq, const struct vio_pkt *pkts, uint16_t n) \
	{ \
		return tx_body((struct txq *)txq, pkts, n, (struct mode){ __VA_ARGS__ }); \
	}
TX_VARIANTS(X)
#undef X

static const struct tx_variant {
	const char *name;
	uint16_t (*burst)(struct vio_txq *txq, const struct vio_pkt *pkts, uint16_t n);
	struct mode mode;
} variants[] = {
#define X(name, ...) { "tx_" #name, tx_##name, { __VA_ARGS__ } },
	TX_VARIANTS(X)
#undef X
};

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
 * Reclaim once this many slots are taken: enough to do it in bulk, but a part of the ring, so that
 * a small one never stalls, and few, so that a large one does not drain a small pool.
 */
static uint16_t reclaim_threshold(uint16_t entries)
{
	return min_u16((uint16_t)(entries / 2), 2 * RING_BATCH);
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
		.buf_bytes = pool.buf_bytes,
		.reclaim_at = reclaim_threshold(opts->entries),
		.taken = opts->taken,
		.indirect = ring.indirect,
		.variant = variant_find(&opts->taken),
	};
	rc = vio_cache_open(opts->pool, &q->cache);
	if (rc < 0)
		return rc;
	rc = vring_init(&q->ring, pool.region, &ring, place);
	if (rc < 0)
		vio_cache_close(q->cache);
	return rc;
}

void txq_start(struct txq *q)
{
	__atomic_store_n(&q->pub.burst, q->variant->burst, __ATOMIC_RELEASE);
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

void txq_fini(struct txq *q)
{
	stat_add(&q->stats.taken_back, vring_take_back(&q->ring, q->cache));
	vring_fini(&q->ring);
	vio_cache_close(q->cache);
}
