/* SPDX-License-Identifier: BSD-3-Clause */
#include "rx_body.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/base/err.h"
#include "feature_bits.h"

/* What a queue that is not started, or not any more, does. */
static uint16_t rx_stopped(struct vio_rxq *rxq, struct vio_pkt *pkts, uint16_t n)
{
	(void)rxq, (void)pkts, (void)n;
	return 0;
}

void rx_break(struct rxq *q, uint64_t *counter)
{
	stat_add(counter, 1);
	rxq_stop(q);
}

/* Index of the first entry of the packet that ends @n entries, all of which are marked MORE. */
static uint32_t unfinished_start(const struct vio_pkt *pkts, uint32_t n)
{
	while (n && pkts[n - 1].flags & VIO_PKT_MORE)
		n--;
	return n;
}

/* Throw the unfinished packet's segments away; those still to come will follow them. */
static void discard_unfinished(struct rxq *q, const struct vio_pkt *pkts, struct rx_got *got)
{
	uint32_t start = unfinished_start(pkts, got->n);

	for (uint32_t i = start; i < got->n; i++)
		got->bytes -= pkts[i].len;
	vio_pkt_put(q->cache, pkts + start, (uint16_t)(got->n - start));
	got->n = start;
	q->discard = true;
}

/* A packet of @buffers begins with @pkt. Return: false if that is impossible. */
static bool begin_merged(struct rxq *q, struct vio_pkt *pkt, uint16_t buffers)
{
	if (DISTRUST(buffers > q->merge_max))
		return false;
	q->left = (uint16_t)(buffers - 1);
	q->discard = false;
	pkt->flags |= VIO_PKT_MORE;
	return true;
}

/* Take a segment behind the first one. */
static void segment(struct rxq *q, void *buf, uint32_t len, struct vio_pkt *pkts,
		    struct rx_got *got)
{
	q->left--;
	if (!q->discard && DISTRUST(!len || len > q->len_max)) {
		stat_add(&q->stats.bad_len, 1);
		discard_unfinished(q, pkts, got);
	}
	if (q->discard) {
		vio_buf_put(q->cache, &buf, 1);
		return;
	}
	pkts[got->n++] = (struct vio_pkt){
		.data = (char *)buf + VIO_PKT_HEADROOM - q->hdr_len,
		.len = len,
		.flags = q->left ? VIO_PKT_MORE : 0,
	};
	got->bytes += len;
	got->packets += !q->left;
}

/* The first buffer of a packet: of one that is too short or too long, or of one that takes several.
 */
static bool first(struct rxq *q, void *buf, uint32_t len, struct vio_pkt *pkts, struct rx_got *got,
		  const struct mode mode)
{
	struct vio_pkt pkt = { .data = (char *)buf + VIO_PKT_HEADROOM, .len = len - q->hdr_len };
	uint16_t buffers = 1;

	if (DISTRUST(len < q->len_min || len > q->len_max)) {
		stat_add(&q->stats.bad_len, 1);
		vio_buf_put(q->cache, &buf, 1);
		return true;
	}
	/* Read again, and by itself: between the two the device may have changed its mind. */
	if (mode.mrg)
		buffers = rx_buffers(q, pkt.data);
	pkt_set_rest(&pkt, pkt.len, rx_flags(q, pkt.data));
	if (buffers > 1 && !begin_merged(q, &pkt, buffers)) {
		vio_buf_put(q->cache, &buf, 1);
		rx_break(q, &q->stats.bad_merge);
		return false;
	}
	pkts[got->n++] = pkt;
	got->bytes += pkt.len;
	got->packets += buffers <= 1;
	return true;
}

bool rx_odd(struct rxq *q, struct vio_pkt *pkts, struct rx_got *got, const struct mode mode)
{
	struct ring *r = &q->ring;
	struct used u;
	void *buf;
	int rc = vring_take_one(r, &u, q->len_max, mode);

	if (rc < 0)
		rx_break(q, &q->stats.bad_id);
	if (rc <= 0)
		return false;
	buf = (void *)(uintptr_t)r->cookie[u.id];
	r->cookie[u.id] = COOKIE_FREE;
	if (!mode.mrg || !q->left)
		return first(q, buf, u.len, pkts, got, mode);
	segment(q, buf, u.len, pkts, got);
	return true;
}

/* Post @n buffers, used from @top[-1] downwards, into free slots. */
static void fill(struct rxq *q, void *const *top, uint32_t n, const struct mode mode)
{
	struct ring *r = &q->ring;
	struct poster to = ring_poster(r, ring_post_at(r, mode), !ring_unshown(r),
				       vring_rest(r, q->len_max, DESC_WRITE, mode), mode);

	for (uint32_t i = 0; i < n; i++) {
		const size_t slot = poster_slot(&to, mode);
		const uint64_t buf = (uintptr_t) * --top;

		to.cookie[slot] = buf;
		vring_post_to(&to, slot, buf + q->post_off, 0, mode);
	}
	vring_posted(r, n, mode);
}

void rx_refill(struct rxq *q, const struct mode mode)
{
	struct ring *r = &q->ring;
	void *const *top;

	while (r->post.free) {
		uint32_t n = cache_take_begin(q->cache, r->post.free, &top);

		if (!n) {
			stat_add(&q->stats.refill_short, 1);
			if (ring_unshown(r)) /* there may be no others for the device */
				rx_publish(q, mode);
			break;
		}
		n = ring_post_run(r, n, mode);
		fill(q, top, n, mode);
		cache_take_end(q->cache, n);
	}
}

void rx_suspend(struct rxq *q, struct vio_pkt *pkts, struct rx_got *got)
{
	uint32_t start = unfinished_start(pkts, got->n);

	if (q->discard)
		return;
	q->partial_n = (uint16_t)(got->n - start);
	memcpy(q->partial, pkts + start, q->partial_n * sizeof(*pkts));
	for (uint32_t i = start; i < got->n; i++)
		got->bytes -= pkts[i].len;
	got->n = start;
}

void rx_resume(struct rxq *q, struct vio_pkt *pkts, uint16_t n, struct rx_got *got)
{
	uint16_t have = q->partial_n;

	q->partial_n = 0;
	if (have + q->left > n) {
		stat_add(&q->stats.drop_truncated, 1);
		vio_pkt_put(q->cache, q->partial, have);
		q->discard = true;
		return;
	}
	memcpy(pkts, q->partial, have * sizeof(*pkts));
	for (uint16_t i = 0; i < have; i++)
		got->bytes += pkts[i].len;
	got->n = have;
}

/* The first filling, of all slots. */
static void fill_ring(struct rxq *q, const struct mode mode)
{
	rx_refill(q, mode);
	if (ring_unshown(&q->ring))
		rx_publish(q, mode);
}

/*
 * Every receive variant, and nothing else. A mrg_offload one serves where only mrg was negotiated:
 * each header is read for num_buffers anyway.
 */
/* clang-format off */
#define RX_VARIANTS(X) \
	X(split, .packed = false) \
	X(split_offload, .offload = true) \
	X(split_mrg_offload, .mrg = true, .offload = true) \
	X(split_in_order, .in_order = true) \
	X(split_in_order_offload, .in_order = true, .offload = true) \
	X(split_in_order_mrg_offload, .in_order = true, .mrg = true, .offload = true) \
	X(packed, .packed = true) \
	X(packed_offload, .packed = true, .offload = true) \
	X(packed_mrg_offload, .packed = true, .mrg = true, .offload = true) \
	X(packed_in_order, .packed = true, .in_order = true) \
	X(packed_in_order_offload, .packed = true, .in_order = true, .offload = true) \
	X(packed_in_order_mrg_offload, .packed = true, .in_order = true, .mrg = true, .offload = true)
/* clang-format on */

#define X(name, ...) \
	static NOINLINE uint16_t all_##name(struct rxq *q, struct vio_pkt *pkts, uint16_t n, \
					    struct rx_got got) \
	{ \
		return rx_all(q, pkts, n, got, (struct mode){ .wide = true, __VA_ARGS__ }); \
	} \
	static NOINLINE uint16_t wide_##name(struct rxq *q, struct vio_pkt *pkts, uint16_t n) \
	{ \
		return rx_body(q, pkts, n, all_##name, \
			       (struct mode){ .wide = true, __VA_ARGS__ }); \
	} \
	static uint16_t rx_##name(struct vio_rxq *rxq, struct vio_pkt *pkts, uint16_t n) \
	{ \
		struct rxq *q = (struct rxq *)rxq; \
		uint16_t got; \
\
		if (unlikely(!gate_enter(&q->gate))) \
			return 0; \
		got = n >= WIDE ? wide_##name(q, pkts, n) \
				: rx_body(q, pkts, n, all_##name, (struct mode){ __VA_ARGS__ }); \
		gate_leave(&q->gate); \
		return got; \
	}
RX_VARIANTS(X)
#undef X

static const struct rx_variant {
	const char *name;
	uint16_t (*burst)(struct vio_rxq *rxq, struct vio_pkt *pkts, uint16_t n);
	struct mode mode;
} variants[] = {
#define X(name, ...) { "rx_" #name, rx_##name, { __VA_ARGS__ } },
	RX_VARIANTS(X)
#undef X
};

static const struct rx_variant *variant_find(const struct vio_features *taken)
{
	const bool mrg = features_have(taken, NET_F_MRG_RXBUF);
	const struct mode want = {
		.packed = features_have(taken, F_RING_PACKED),
		.in_order = features_have(taken, F_IN_ORDER),
		.mrg = mrg,
		.offload = mrg || features_have(taken, NET_F_GUEST_CSUM),
	};

	for (size_t i = 0; i < ARRAY_SIZE(variants); i++)
		if (!memcmp(&variants[i].mode, &want, sizeof(want)))
			return &variants[i];
	return NULL;
}

/* Fewest buffers worth showing: the fence behind that costs as much as posting several. */
static uint16_t publish_threshold(uint16_t entries)
{
	return entries < 8 ? 1 : min_u16(entries / 4, RING_BATCH);
}

/* For rx_headers(): flags and num_buffers. */
static void headers_init(struct rxq *q, bool mrg)
{
	const size_t window = q->hdr_len > 2 * sizeof(uint64_t) ? q->hdr_len : 2 * sizeof(uint64_t);
	char *const odd = (char *)q->hdr_odd + window - q->hdr_len;
	const le16 several = le16_from(0xfffe);

	q->hdr_at = VIO_PKT_HEADROOM - window;
	memcpy(odd, &q->offload_mask, sizeof(q->offload_mask));
	if (mrg)
		memcpy(odd + offsetof(struct net_hdr, num_buffers), &several, sizeof(several));
}

static int merge_init(struct rxq *q)
{
	q->merge_max = min_u16(q->ring.entries, (uint16_t)(NET_LARGE_FRAME_MAX / q->len_max + 1));
	q->partial = calloc(q->merge_max, sizeof(*q->partial));
	return q->partial ? 0 : err_set(ERR_NO_MEMORY, -ENOMEM, "no memory for a receive queue");
}

int rxq_init(struct rxq *q, const struct queue_opts *opts, struct ring_place *place)
{
	const struct vring_opts ring = vring_opts_of(opts, false);
	struct vio_pool_info pool;
	int rc;

	vio_pool_info(opts->pool, &pool);
	*q = (struct rxq){
		.pub.burst = rx_stopped,
		.hdr_len = opts->hdr_len,
		.len_min = opts->hdr_len + FRAME_MIN,
		.len_span = pool.buf_bytes - VIO_PKT_HEADROOM - FRAME_MIN,
		.len_max = pool.buf_bytes - VIO_PKT_HEADROOM + opts->hdr_len,
		.post_off = VIO_PKT_HEADROOM - opts->hdr_len + opts->bias,
		.publish_at = publish_threshold(opts->entries),
		.offload_mask = features_have(&opts->taken, NET_F_GUEST_CSUM) ? UINT16_MAX : 0,
		.flagged = (uint64_t)VIO_PKT_OFFLOAD << 32 | (uint64_t)opts->hdr_len << 48,
		.variant = variant_find(&opts->taken),
	};
	rc = vio_cache_open(opts->pool, &q->cache);
	if (rc < 0)
		return rc;
	rc = vring_init(&q->ring, pool.region, &ring, place);
	if (rc < 0)
		goto close_cache;
	headers_init(q, features_have(&opts->taken, NET_F_MRG_RXBUF));
	rc = merge_init(q);
	if (rc < 0)
		goto fini_ring;
	return 0;

fini_ring:
	vring_fini(&q->ring);
close_cache:
	vio_cache_close(q->cache);
	return rc;
}

void rxq_start(struct rxq *q)
{
	fill_ring(q, q->variant->mode);
	gate_open(&q->gate);
	__atomic_store_n(&q->pub.burst, q->variant->burst, __ATOMIC_RELEASE);
}

void rxq_stop(struct rxq *q)
{
	__atomic_store_n(&q->pub.burst, rx_stopped, __ATOMIC_RELEASE);
}

bool rxq_running(const struct rxq *q)
{
	return __atomic_load_n(&q->pub.burst, __ATOMIC_RELAXED) != rx_stopped;
}

const char *rxq_variant_name(const struct rxq *q)
{
	return q->variant->name;
}

static void take_back(struct rxq *q)
{
	vio_pkt_put(q->cache, q->partial, q->partial_n);
	vring_take_back(&q->ring, q->cache, q->variant->mode);
}

void rxq_reset(struct rxq *q)
{
	take_back(q);
	q->left = q->partial_n = 0;
	q->discard = false;
	q->event.renewed++;
	vring_reset(&q->ring, q->variant->mode);
}

void rxq_fini(struct rxq *q)
{
	take_back(q);
	free(q->partial);
	vring_fini(&q->ring);
	vio_cache_close(q->cache);
}
