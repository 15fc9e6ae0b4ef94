/* SPDX-License-Identifier: BSD-3-Clause */
#include "rig.h"

#include <stdio.h>
#include <string.h>

static const char *on(bool yes)
{
	return yes ? "on" : "off";
}

static void must(int rc)
{
	if (rc < 0)
		fail_msg("%s", vio_error_text());
}

static void open_pool(struct rig *r, const struct rig_opts *opts)
{
	struct vio_region_opts region = VIO_OPTS(struct vio_region_opts, .page = VIO_PAGE_NORMAL);
	struct vio_pool_opts pool =
		VIO_OPTS(struct vio_pool_opts, .buffers = opts->buffers ? opts->buffers : ENOUGH,
			 .buf_bytes = opts->buf_bytes, .ring_bytes = opts->ring_bytes,
			 .region_opts = &region);

	if (opts->pool)
		r->pool = opts->pool;
	else
		must(vio_pool_open(&pool, &r->pool));
	must(vio_cache_open(r->pool, &r->cache));
}

void rig_open(struct rig *r, const struct variant *v, const struct rig_opts *opts)
{
	char address[512];

	memset(r, 0, offsetof(struct rig, flat));
	r->v = v;
	r->len = len_60;
	r->budget = BURST_MAX;
	open_pool(r, opts);
	snprintf(address, sizeof(address),
		 "%s,packed=%s,in_order=%s,mrg_rxbuf=%s,event_idx=%s,indirect_desc=%s,csum=%s,"
		 "guest_csum=%s",
		 opts->address, on(v->packed), on(v->in_order), on(v->mrg), on(v->event_idx),
		 on(v->indirect), on(v->offload), on(v->offload));
	must(vio_port_open(address, r->pool, NULL, &r->port));
	vio_port_info(r->port, &r->info);
	r->loop = vio_port_loop(r->port);
	assert_non_null(r->loop);
}

/* What the driver has counted as wrong, on either side. */
static void check_errors(const struct vio_queue_stats *s)
{
	assert_int_equal(s->bad_id, 0);
	assert_int_equal(s->bad_len, 0);
	assert_int_equal(s->bad_index, 0);
	assert_int_equal(s->bad_merge, 0);
	assert_int_equal(s->drop_invalid, 0);
	assert_int_equal(s->drop_foreign, 0);
	assert_int_equal(s->drop_truncated, 0);
}

static void check_pair(struct rig *r, uint16_t i)
{
	struct vio_txq *txq = vio_port_txq(r->port, i);
	struct vio_queue_stats rx, tx;

	vio_rxq_stats(vio_port_rxq(r->port, i), &rx);
	vio_txq_stats(txq, &tx);
	check_errors(&rx);
	check_errors(&tx);
	assert_int_equal(tx.packets, r->flow[i].sent);
	assert_int_equal(rx.packets, r->flow[i].got);
	assert_int_equal(tx.packets, tx.completed + vio_txq_in_flight(txq));
}

static void check_device(struct rig *r)
{
	const char *first = "";
	uint64_t n = vio_loop_violations(r->loop, &first);

	if (n)
		fail_msg("%llu violations, the first: %s", (unsigned long long)n, first);
	if (vio_port_check(r->port) != VIO_PORT_UP)
		fail_msg("%s", vio_error_text());
}

void rig_close_port(struct rig *r)
{
	check_device(r);
	for (uint16_t i = 0; i < r->info.queues; i++)
		check_pair(r, i);
	vio_port_close(r->port);
	vio_cache_close(r->cache);
}

void rig_close(struct rig *r)
{
	struct vio_pool_info info;

	rig_close_port(r);
	vio_pool_info(r->pool, &info);
	assert_int_equal(info.out, 0);
	assert_int_equal(info.foreign_puts, 0);
	assert_int_equal(info.double_puts, 0);
	must(vio_pool_close(r->pool));
}

uint32_t len_60(uint32_t seq)
{
	(void)seq;
	return 60;
}

/* The number, then bytes that follow from it. */
static void fill(uint8_t *p, uint32_t seq, uint32_t off, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		p[i] = (uint8_t)(seq + off + i);
	for (uint32_t i = off; i < 4 && i < off + len; i++)
		p[i - off] = (uint8_t)(seq >> (8 * i));
}

uint16_t frame_make(struct rig *r, uint32_t seq, uint32_t len, struct vio_pkt *pkts)
{
	uint32_t piece = r->segment ? r->segment : len;
	uint16_t n = (uint16_t)((len + piece - 1) / piece);
	uint16_t have = vio_pkt_get(r->cache, pkts, n);

	if (have < n) {
		vio_pkt_put(r->cache, pkts, have);
		return 0;
	}
	for (uint32_t i = 0, off = 0; i < n; i++, off += piece) {
		pkts[i].len = len - off < piece ? len - off : piece;
		pkts[i].flags = i + 1 < n ? VIO_PKT_MORE : 0;
		fill(pkts[i].data, seq, off, pkts[i].len);
	}
	return n;
}

static uint32_t count_frames(const struct vio_pkt *pkts, uint16_t n)
{
	uint32_t frames = 0;

	for (uint16_t i = 0; i < n; i++)
		frames += !(pkts[i].flags & VIO_PKT_MORE);
	return frames;
}

uint32_t rig_send(struct rig *r, uint32_t pair, uint32_t n)
{
	struct vio_pkt pkts[BURST_MAX * 8];
	struct flow *f = &r->flow[pair];
	uint16_t entries = 0, took;
	uint32_t frames;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t len = r->len(f->sent + i);

		if (entries + (r->segment ? len / r->segment + 1 : 1) > BURST_MAX * 8)
			break;
		took = frame_make(r, f->sent + i, len, pkts + entries);
		if (!took)
			break;
		entries = (uint16_t)(entries + took);
	}
	took = vio_tx_burst(vio_port_txq(r->port, (uint16_t)pair), pkts, entries);
	assert_true(took <= entries);
	assert_true(!took || !(pkts[took - 1].flags & VIO_PKT_MORE));
	vio_pkt_put(r->cache, pkts + took, (uint16_t)(entries - took));
	frames = count_frames(pkts, took);
	f->sent += frames;
	return frames;
}

static uint32_t seq_of(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

void frame_check(struct rig *r, struct flow *f, const struct vio_pkt *pkts, uint16_t segs)
{
	static uint8_t want[FRAME_MAX];
	const uint8_t *frame = pkts[0].data;
	uint32_t len = pkts[0].len, seq;

	if (segs > 1) {
		frame = r->flat;
		len = 0;
		for (uint16_t i = 0; i < segs; i++) {
			assert_true(len + pkts[i].len <= FRAME_MAX);
			memcpy(r->flat + len, pkts[i].data, pkts[i].len);
			len += pkts[i].len;
		}
	}
	seq = r->loose ? seq_of(frame) : f->got;
	assert_true(seq < f->sent);
	assert_int_equal(len, r->len(seq));
	fill(want, seq, 0, len);
	if (memcmp(want, frame, len))
		fail_msg("frame %u of %u bytes came back changed", seq, len);
	f->got++;
}

uint32_t rig_receive(struct rig *r, uint32_t pair, uint16_t n)
{
	struct vio_pkt pkts[BURST_MAX * 8];
	uint16_t got = vio_rx_burst(vio_port_rxq(r->port, (uint16_t)pair), pkts, n);
	uint32_t frames = 0;

	assert_true(got <= n);
	for (uint16_t at = 0, segs; at < got; at = (uint16_t)(at + segs), frames++) {
		segs = vio_pkt_segments(pkts + at, (uint16_t)(got - at));
		assert_true(segs > 0);
		frame_check(r, &r->flow[pair], pkts + at, segs);
	}
	vio_pkt_put(r->cache, pkts, got);
	return frames;
}

void rig_step(struct rig *r)
{
	vio_loop_step(r->loop, r->budget);
}

void rig_drain(struct rig *r, uint32_t pair)
{
	for (uint32_t idle = 0; idle < IDLE_STEPS; idle++) {
		vio_tx_burst(vio_port_txq(r->port, (uint16_t)pair), NULL, 0);
		if (vio_loop_step(r->loop, r->budget))
			idle = 0;
		if (rig_receive(r, pair, BURST_MAX))
			idle = 0;
	}
}

void rig_run(struct rig *r, uint32_t pair, uint32_t total, uint32_t burst)
{
	uint32_t start = r->flow[pair].sent, stuck = 0;

	while (r->flow[pair].sent - start < total) {
		uint32_t left = total - (r->flow[pair].sent - start);
		uint32_t moved = rig_send(r, pair, left < burst ? left : burst);

		rig_step(r);
		for (uint32_t got = 1; got; moved += got)
			got = rig_receive(r, pair, BURST_MAX);
		stuck = moved ? 0 : stuck + 1;
		if (stuck > 10000)
			fail_msg("nothing moves after %u frames", r->flow[pair].sent - start);
	}
	rig_drain(r, pair);
	if (!r->loose)
		assert_int_equal(r->flow[pair].got, r->flow[pair].sent);
}
