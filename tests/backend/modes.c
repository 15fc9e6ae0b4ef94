/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "frame.h"
#include "verify.h"

#define BURST     32u
#define HELLO_NS  20000000u
#define HELLO_LEN 64u
#define SETTLE_MS 100u
#define LOST_MS   3000u

static uint16_t flow_id(const struct run *run, const struct port *port, uint16_t queue)
{
	return (uint16_t)((port - run->port) * QUEUES_MAX + queue);
}

/* Buffers that a frame takes in the peer's and in our rings, at most. */
static uint32_t frame_cost(const struct run *run, uint32_t len)
{
	return 1 + len / (run->opt->buf_bytes - VIO_PKT_HEADROOM);
}

/* Frame bytes that the segment @i of @n takes, of @rest: the first is short, as headers are. */
static uint32_t segment_len(uint32_t room, uint32_t rest, uint16_t i, uint16_t n, uint64_t seq)
{
	uint32_t left = (uint32_t)(n - i - 1), brief = 14 + (uint32_t)(seq % 53);

	if (i == 0 && rest >= brief + left && rest <= brief + left * room)
		return brief;
	return rest / (left + 1);
}

/* Append frame @seq of @flow to what waits to be sent. False: no buffers, or no room. */
static bool build(struct run *run, struct queue *q, enum frame_kind kind, uint16_t flow,
		  uint64_t seq, uint32_t len)
{
	const struct options *opt = run->opt;
	uint32_t room = opt->buf_bytes - VIO_PKT_HEADROOM, off = 0;
	uint16_t need = (uint16_t)((len + room - 1) / room),
		 n = (uint16_t)(1 + seq % opt->segments);
	struct vio_pkt *pkts = q->pend + q->n_pend;
	struct frame f;

	n = n < need ? need : n;
	if (q->n_pend + n > (uint16_t)(sizeof(q->pend) / sizeof(q->pend[0])))
		return false;
	uint16_t got = vio_pkt_get(run->cache, pkts, n);
	if (got < n) {
		vio_pkt_put(run->cache, pkts, got);
		return false;
	}

	frame_init(&f, kind, flow, seq, len);
	for (uint16_t i = 0; i < n; off += pkts[i++].len) {
		pkts[i].len = segment_len(room, len - off, i, n, seq);
		pkts[i].flags = i + 1 < n ? VIO_PKT_MORE : 0;
		frame_write(&f, off, pkts[i].data, pkts[i].len);
	}
	q->n_pend = (uint16_t)(q->n_pend + n);
	return true;
}

/* Hand what waits to the driver; what it does not take waits on. */
static uint32_t flush(struct queue *q)
{
	uint16_t taken = vio_tx_burst(q->tx, q->pend, q->n_pend);

	q->n_pend = (uint16_t)(q->n_pend - taken);
	memmove(q->pend, q->pend + taken, q->n_pend * sizeof(q->pend[0]));
	return taken;
}

static uint32_t send_flow(struct run *run, struct port *port, uint16_t queue, uint64_t window)
{
	uint16_t id = flow_id(run, port, queue);
	struct queue *q = &port->queue[queue];
	struct flow *flow = &run->flow[id];

	for (uint32_t i = 0; i < BURST && flow->tx < flow->count; i++) {
		uint32_t len = run->opt->lens[flow->tx % LENS], cost = frame_cost(run, len);

		if (flow->out + cost > window || !build(run, q, FRAME_DATA, id, flow->tx, len))
			break;
		flow->tx++;
		flow->out += cost;
		run->result.tx++;
		run->result.tx_bytes += len;
	}
	return flush(q);
}

/* One of our frames: right in each byte, and the one that is due in its flow? */
static void check_data(struct run *run, const struct vio_pkt *pkts, uint16_t segments, uint16_t id,
		       uint64_t seq, uint32_t len)
{
	struct flow *flow = &run->flow[id];
	uint32_t due_len = run->opt->lens[seq % LENS];
	struct frame f;

	frame_init(&f, FRAME_DATA, id, seq, due_len);
	if (len != due_len || frame_len(pkts, segments) != len || !frame_same(&f, pkts, segments) ||
	    seq >= flow->tx) {
		run->result.corrupt++;
		return;
	}
	flow->rx++;
	flow->out -= frame_cost(run, len);
	run->result.rx++;
	run->result.rx_bytes += len;
	if (seq < flow->next) {
		run->result.reordered++;
		return;
	}
	flow->next = seq + 1;
}

/* Where flow @id may come out: at its own queue of the only port, or at the other port. */
static bool is_expected(const struct run *run, const struct port *port, uint16_t queue, uint16_t id)
{
	if (id >= FLOWS_MAX || !run->flow[id].count)
		return false;
	if (run->opt->ports == 1)
		return id == flow_id(run, port, queue);
	return id / QUEUES_MAX != (uint16_t)(port - run->port);
}

static void check_own(struct run *run, struct port *port, uint16_t queue,
		      const struct vio_pkt *pkts, uint16_t segments)
{
	enum frame_kind kind;
	uint16_t id;
	uint64_t seq;
	uint32_t len;

	if (!frame_header(pkts, segments, &kind, &id, &seq, &len) ||
	    !is_expected(run, port, queue, id))
		run->result.stray++;
	else if (kind == FRAME_HELLO)
		run->flow[id].alive = true;
	else
		check_data(run, pkts, segments, id, seq, len);
}

/* One of flowgen's frames: its flows take turns; on several queues only their sum can tell. */
static void check_turn(struct run *run, struct queue *q, uint16_t queues, uint32_t dst)
{
	uint32_t flow = dst % run->opt->traffic_flows;

	run->gen_seen[flow]++;
	if (queues == 1 && q->gen_next != UINT64_MAX && q->gen_next != flow)
		run->result.reordered++;
	q->gen_next = (flow + 1) % run->opt->traffic_flows;
}

/* A frame of testpmd's. */
static void check_udp(struct run *run, struct port *port, uint16_t queue,
		      const struct vio_pkt *pkts, uint16_t segments)
{
	uint32_t dst, len = frame_len(pkts, segments);

	if (!frame_udp(pkts, segments, &dst)) {
		run->result.corrupt++;
		return;
	}
	if (len > LEN_MAX || !run->opt->len_wanted[len])
		run->result.corrupt++;
	if (run->opt->traffic == TRAFFIC_FLOWGEN)
		check_turn(run, &port->queue[queue], port->queues, dst);
	run->result.rx++;
	run->result.rx_bytes += len;
}

/* True if nothing has moved for @ms. */
static bool is_silent(const struct run *run, uint32_t ms)
{
	return run->now_ns - run->moved_ns > ms * UINT64_C(1000000);
}

typedef void check_fn(struct run *run, struct port *port, uint16_t queue,
		      const struct vio_pkt *pkts, uint16_t segments);

static uint32_t receive(struct run *run, struct port *port, uint16_t queue, check_fn *check)
{
	struct vio_pkt pkts[64];
	uint16_t n = vio_rx_burst(port->queue[queue].rx, pkts, 64);

	for (uint16_t i = 0, segments; i < n; i = (uint16_t)(i + segments)) {
		segments = vio_pkt_segments(pkts + i, (uint16_t)(n - i));
		if (!segments) {
			run->result.corrupt++;
			break;
		}
		check(run, port, queue, pkts + i, segments);
	}
	vio_pkt_put(run->cache, pkts, n);
	return n;
}

/* Entries that the devices have not given back. */
static uint64_t in_flight(const struct port *port)
{
	uint64_t sum = 0;

	for (uint16_t q = 0; q < port->queues; q++)
		sum += port->queue[q].n_pend + vio_txq_in_flight(port->queue[q].tx);
	return sum;
}

/*
 * A switch takes a while until it forwards for a new port. Send small frames until one of each flow
 * has come through, then wait until the last of them has.
 */
uint32_t settle_step(struct run *run, bool *done)
{
	bool alive = true, due = run->now_ns - run->hello_ns > HELLO_NS;
	uint32_t moved = 0;

	for (unsigned int p = 0; p < run->opt->ports; p++)
		for (uint16_t q = 0; q < run->port[p].queues; q++) {
			struct queue *queue = &run->port[p].queue[q];
			uint16_t id = flow_id(run, &run->port[p], q);

			if (due && !run->flow[id].alive)
				build(run, queue, FRAME_HELLO, id, 0, HELLO_LEN);
			flush(queue);
			moved += receive(run, &run->port[p], q, check_own);
			alive = alive && run->flow[id].alive;
		}
	if (due)
		run->hello_ns = run->now_ns;
	*done = alive && is_silent(run, SETTLE_MS);
	return moved;
}

/* Every buffer that can be had, as a small frame. */
static void warm_begin(struct run *run, uint16_t id)
{
	struct frame f;

	frame_init(&f, FRAME_HELLO, id, 0, HELLO_LEN);
	run->n_warming = vio_pkt_get(run->cache, run->warming, WARM_MAX);
	run->n_warmed = 0;
	for (uint16_t i = 0; i < run->n_warming; i++) {
		run->warming[i].len = HELLO_LEN;
		frame_write(&f, 0, run->warming[i].data, HELLO_LEN);
	}
}

static uint32_t warm_queue(struct run *run, struct queue *q)
{
	uint16_t left = (uint16_t)(run->n_warming - run->n_warmed), n;

	n = vio_tx_burst(q->tx, run->warming + run->n_warmed, left < BURST ? left : BURST);
	run->n_warmed = (uint16_t)(run->n_warmed + n);
	if (run->n_warmed == run->n_warming && !vio_txq_in_flight(q->tx)) {
		q->warm = true;
		run->n_warming = 0;
	}
	return n;
}

/*
 * Send all buffers before any comes back, one queue after the other: so the device behind each has
 * seen where all of them lie.
 */
uint32_t warm_step(struct run *run, bool *done)
{
	for (unsigned int p = 0; p < run->opt->ports; p++)
		for (uint16_t q = 0; q < run->port[p].queues; q++) {
			struct queue *queue = &run->port[p].queue[q];

			if (queue->warm)
				continue;
			if (!run->n_warming)
				warm_begin(run, flow_id(run, &run->port[p], q));
			return warm_queue(run, queue);
		}
	*done = true;
	return 0;
}

static uint32_t open_step(struct run *run, bool *done)
{
	(void)run;
	*done = true;
	return 0;
}

static uint32_t tx_step(struct run *run, bool *done)
{
	uint32_t moved = 0;

	*done = true;
	for (unsigned int p = 0; p < run->opt->ports; p++) {
		struct port *port = &run->port[p];

		for (uint16_t q = 0; q < port->queues; q++) {
			struct flow *flow = &run->flow[flow_id(run, port, q)];

			moved += send_flow(run, port, q, UINT64_MAX);
			*done = *done && flow->tx == flow->count;
		}
		*done = *done && !in_flight(port);
	}
	return moved;
}

static void say_reached(struct run *run)
{
	if (run->reached || run->result.rx < run->opt->count)
		return;
	run->reached = true;
	puts("reached");
	fflush(stdout);
}

static uint32_t rx_step(struct run *run, bool *done)
{
	uint32_t moved = 0;

	for (unsigned int p = 0; p < run->opt->ports; p++)
		for (uint16_t q = 0; q < run->port[p].queues; q++)
			moved += receive(run, &run->port[p], q, check_udp);
	say_reached(run);
	*done = run->reached && !moved && is_silent(run, run->opt->silence_ms);
	return moved;
}

static uint32_t echo_step(struct run *run, bool *done)
{
	uint32_t moved = 0;

	*done = true;
	for (unsigned int p = 0; p < run->opt->ports; p++) {
		struct port *port = &run->port[p];

		for (uint16_t q = 0; q < port->queues; q++) {
			struct flow *flow = &run->flow[flow_id(run, port, q)];

			send_flow(run, port, q, run->opt->window);
			moved += receive(run, port, q, check_own);
			*done = *done && flow->rx == flow->count;
		}
	}
	/* What has not come by now does not come any more. */
	if (!moved && is_silent(run, LOST_MS))
		*done = true;
	return moved;
}

/* So long a sleep is due to a notification that was lost, and not to a busy machine. */
#define SLEEP_MS 3000

static void sleep_for_frames(struct run *run)
{
	const uint64_t start = vio_clock_ns();
	struct vio_rxq *queues[FLOWS_MAX];
	uint16_t n = 0;

	for (unsigned int p = 0; p < run->opt->ports; p++)
		for (uint16_t q = 0; q < run->port[p].queues; q++)
			if (run->flow[flow_id(run, &run->port[p], q)].out)
				queues[n++] = run->port[p].queue[q].rx;
	if (n && vio_rx_wait_any(queues, n, SLEEP_MS) < 0)
		run->result.slept_over++;
	if (vio_clock_ns() - start >= SLEEP_MS * UINT64_C(1000000))
		run->result.slept_over++;
}

/* As echo, but with a sleep in the place of each poll that would find nothing. */
static uint32_t sleep_step(struct run *run, bool *done)
{
	uint32_t moved = echo_step(run, done);

	if (!moved && !*done)
		sleep_for_frames(run);
	*done |= run->result.slept_over;
	return moved;
}

const struct mode modes[] = {
	{ "open", false, open_step }, { "tx", false, tx_step },      { "rx", false, rx_step },
	{ "echo", true, echo_step },  { "sleep", true, sleep_step }, { 0 },
};
