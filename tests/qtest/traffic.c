/* SPDX-License-Identifier: BSD-3-Clause */
#include "traffic.h"

#include <stdlib.h>
#include <string.h>

#include "../backend/frame.h"

#define BURST       32
#define SLEEP_MS    1000
#define SEGMENT_MAX 1900u /* what a buffer takes at least */

static uint32_t max_u32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

struct run {
	struct vio_port *port;
	struct vio_cache *cache;
	const struct traffic *t;
	struct outcome *out;
	uint16_t queues;
	struct vio_pkt todo[BURST * 16]; /* built, and not taken yet */
	uint16_t n_todo, queue;          /* of this queue */
};

/*
 * Frame @seq, in 1 to t->segments segments of about the same length, or as many as it takes.
 * Return: false: no buffers.
 */
static bool build(struct run *r, uint64_t seq)
{
	const uint32_t len = length_sent(&r->t->lengths, seq), least = len / SEGMENT_MAX + 1;
	const uint32_t segments = max_u32(1 + (uint32_t)(seq % r->t->segments), least);
	struct vio_pkt *pkts = r->todo + r->n_todo;
	struct frame f;

	if (vio_pkt_get(r->cache, pkts, (uint16_t)segments) != segments)
		return false;
	frame_init(&f, FRAME_DATA, r->queue, seq, len);
	for (uint32_t i = 0; i < segments; i++) {
		const uint32_t from = len * i / segments, to = len * (i + 1) / segments;

		pkts[i].len = to - from;
		pkts[i].flags = i + 1 < segments ? VIO_PKT_MORE : 0;
		frame_write(&f, from, pkts[i].data, to - from);
	}
	r->n_todo = (uint16_t)(r->n_todo + segments);
	return true;
}

static void send_some(struct run *r)
{
	const struct traffic *t = r->t;
	uint16_t n;

	if (!r->n_todo) {
		r->queue = (uint16_t)((r->queue + 1) % r->queues);
		for (int i = 0; i < BURST && r->out->sent < t->frames &&
				r->out->sent - r->out->tally.good < t->window;
		     i++)
			r->out->sent += build(r, r->out->sent);
	}
	n = vio_tx_burst(vio_port_txq(r->port, r->queue), r->todo, r->n_todo);
	r->n_todo = (uint16_t)(r->n_todo - n);
	memmove(r->todo, r->todo + n, r->n_todo * sizeof(*r->todo));
}

static void receive_some(struct run *r, uint16_t queue)
{
	struct vio_pkt pkts[BURST * 8];
	uint16_t n = vio_rx_burst(vio_port_rxq(r->port, queue), pkts, BURST * 8), flow;
	uint64_t seq;

	for (uint16_t i = 0, segs; i < n; i = (uint16_t)(i + segs)) {
		segs = vio_pkt_segments(pkts + i, (uint16_t)(n - i));
		tally_frame(&r->out->tally, &r->t->lengths, true, pkts + i, segs, &flow, &seq);
	}
	vio_pkt_put(r->cache, pkts, n);
}

static bool finished(struct run *r)
{
	const struct tally *tally = &r->out->tally;

	if (r->t->stop_at && tally->good >= r->t->stop_at)
		return true;
	return tally->good >= r->t->frames;
}

void traffic_run(struct vio_port *port, struct vio_cache *cache, const struct traffic *t,
		 struct outcome *out)
{
	const uint64_t begin = vio_clock_ns(), end = begin + t->seconds * UINT64_C(1000000000);
	struct run r = { .port = port, .cache = cache, .t = t, .out = out };
	struct vio_port_info info;

	vio_port_info(port, &info);
	r.queues = info.queues;
	out->why = NULL;
	for (uint64_t round = 1; !finished(&r); round++) {
		send_some(&r);
		for (uint16_t q = 0; q < r.queues; q++)
			receive_some(&r, q);
		if (round % 4096)
			continue;
		if (vio_port_check(port) != VIO_PORT_UP)
			out->why = vio_error_last()->what;
		else if (vio_clock_ns() > end)
			out->why = "too late";
		if (out->why)
			break;
	}
	if (t->stop_at) /* some that nobody waits for */
		send_some(&r);
	vio_pkt_put(cache, r.todo, r.n_todo);
	out->ms = (vio_clock_ns() - begin) / 1000000;
}

/* Sleep until the answer comes. Return: false: it came, but nobody woke us. */
static bool answered(struct run *r)
{
	const uint64_t before = r->out->tally.good;
	uint32_t slept = 0;

	for (int try = 0; try < 3; try++) {
		int rc = vio_rx_wait(vio_port_rxq(r->port, 0), SLEEP_MS);

		slept += rc == 0;
		receive_some(r, 0);
		if (r->out->tally.good > before)
			return !slept;
		if (rc < 0)
			break;
	}
	r->out->why = "no answer";
	return false;
}

unsigned int traffic_asleep(struct vio_port *port, struct vio_cache *cache, const struct traffic *t,
			    struct outcome *out)
{
	struct run r = { .port = port, .cache = cache, .t = t, .out = out, .queues = 1 };
	const uint64_t begin = vio_clock_ns();
	unsigned int missed = 0;

	out->why = NULL;
	while (!finished(&r) && !out->why) {
		send_some(&r);
		missed += !answered(&r);
	}
	vio_pkt_put(cache, r.todo, r.n_todo);
	out->ms = (vio_clock_ns() - begin) / 1000000;
	return missed;
}
