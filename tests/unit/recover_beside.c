/* SPDX-License-Identifier: BSD-3-Clause */
#include "recover_bench.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A port that falls and comes back beside others: ports, and threads that know nothing of it. */
static const struct ring_case {
	const char *beside, *late, *sleep, *options;
} rings[] = {
#define X(name, options) \
	{ name ": a thread that polls all along polls on", \
	  name ": a burst that comes too late finds the gate shut", \
	  name ": who sleeps wakes, and sleeps again", options },
	RING_KINDS(X)
#undef X
};

/* ---- beside others ---- */

static void neighbour(void **state)
{
	struct bench b, other;

	(void)state;
	bench_open(&b, "resets=any");
	other = b;
	bench_port(&other, rings[3].options);
	for (unsigned int i = 0; i < 20; i++) {
		bench_send(&b, b.txq, BENCH_BURST);
		vio_loop_needs_reset(b.loop);
		bench_exchange(&other);
		vio_port_check(b.port);
		bench_exchange(&other);
		assert_int_equal(vio_port_check(b.port), VIO_PORT_UP);
		bench_exchange(&other);
	}
	bench_accounts(&other);
	vio_port_close(other.port);
	bench_close(&b);
}

/* What a thread does that knows nothing of the port's state. */
struct poller {
	struct bench *b;
	struct vio_cache *cache;
	pthread_t thread;
	bool stop;
	uint64_t received;
};

static void *poll_on(void *arg)
{
	struct poller *p = arg;
	struct vio_pkt pkts[BENCH_BURST];

	while (!__atomic_load_n(&p->stop, __ATOMIC_RELAXED)) {
		uint16_t n = vio_rx_burst(p->b->rxq, pkts, BENCH_BURST), took;

		vio_pkt_put(p->cache, pkts, n);
		__atomic_fetch_add(&p->received, n, __ATOMIC_RELAXED);
		n = vio_pkt_get(p->cache, pkts, 4);
		for (uint16_t i = 0; i < n; i++)
			pkts[i].len = 60;
		took = vio_tx_burst(p->b->txq, pkts, n);
		vio_pkt_put(p->cache, pkts + took, (uint16_t)(n - took));
		vio_txq_in_flight(p->b->txq);
		if (!took)
			sched_yield();
	}
	return NULL;
}

static void poller_start(struct poller *p, struct bench *b, void *(*run)(void *arg))
{
	*p = (struct poller){ .b = b };
	assert_int_equal(vio_cache_open(b->pool, &p->cache), 0);
	assert_int_equal(pthread_create(&p->thread, NULL, run, p), 0);
}

static void poller_end(struct poller *p)
{
	__atomic_store_n(&p->stop, true, __ATOMIC_RELAXED);
	assert_int_equal(pthread_join(p->thread, NULL), 0);
	vio_cache_close(p->cache);
}

/* Step until the poller has got @n more. */
static void flow(struct bench *b, struct poller *p, uint64_t n)
{
	const uint64_t end = __atomic_load_n(&p->received, __ATOMIC_RELAXED) + n;

	for (unsigned int i = 0; __atomic_load_n(&p->received, __ATOMIC_RELAXED) < end; i++) {
		assert_true(i < 2000000);
		if (!vio_loop_step(b->loop, 64))
			sched_yield();
	}
}

static void polled(void **state)
{
	const struct ring_case *c = *state;
	struct poller p;
	char text[160];
	struct bench b;

	snprintf(text, sizeof(text), "%s,resets=any,timeout=2000", c->options);
	bench_open(&b, text);
	poller_start(&p, &b, poll_on);
	for (unsigned int i = 0; i < 50; i++) {
		flow(&b, &p, 100);
		vio_loop_needs_reset(b.loop);
		assert_int_equal(vio_port_check(b.port), VIO_PORT_NEEDS_RESET);
		vio_loop_step(b.loop, i % 64);
		bench_back(&b);
	}
	flow(&b, &p, 100);
	poller_end(&p);
	assert_int_equal(bench_info(&b).recoveries, 50);
	bench_close(&b);
}

/* A thread that does not come out of its burst: nothing is touched before it does. */
static void held_up(void **state)
{
	struct vio_queue_stats s;
	struct bench b;

	(void)state;
	bench_open(&b, rings[0].options);
	bench_send(&b, b.txq, BENCH_BURST);
	b.own->txq[0]->gate.inside = 1;
	vio_loop_needs_reset(b.loop);
	assert_int_equal(vio_port_check(b.port), VIO_PORT_NEEDS_RESET);
	assert_int_equal(vio_port_check(b.port), VIO_PORT_NEEDS_RESET);
	assert_non_null(strstr(vio_error_last()->fix, "inside a call"));
	vio_txq_stats(b.txq, &s);
	assert_int_equal(s.taken_back, 0);
	assert_int_equal(b.loop->status & STATUS_NEEDS_RESET, STATUS_NEEDS_RESET);
	gate_leave(&b.own->txq[0]->gate);
	bench_back(&b);
	bench_exchange(&b);
	assert_int_equal(bench_info(&b).recoveries_failed, 1);
	bench_close(&b);
}

/* A thread that has looked up its burst function, and calls it when the port is down. */
static void too_late(void **state)
{
	const struct ring_case *c = *state;
	uint16_t (*rx)(struct vio_rxq * rxq, struct vio_pkt * pkts, uint16_t n);
	uint16_t (*tx)(struct vio_txq * txq, const struct vio_pkt *pkts, uint16_t n);
	struct vio_pkt pkts[BENCH_BURST];
	char text[160];
	struct bench b;

	for (unsigned int i = 0; i < 2; i++) {
		snprintf(text, sizeof(text), "%s,in_flight=%s", c->options, i ? "resend" : "drop");
		bench_open(&b, text);
		rx = b.rxq->burst;
		tx = b.txq->burst;
		bench_send(&b, b.txq, BENCH_BURST);
		vio_loop_step(b.loop, 64); /* there would be something to receive */
		vio_loop_needs_reset(b.loop);
		assert_int_equal(vio_port_check(b.port), VIO_PORT_NEEDS_RESET);
		assert_int_equal(vio_pkt_get(b.cache, pkts, 1), 1);
		pkts[0].len = 60;
		assert_int_equal(tx(b.txq, pkts, 1), 0);
		vio_pkt_put(b.cache, pkts, 1);
		assert_int_equal(rx(b.rxq, pkts, BENCH_BURST), 0);
		assert_int_equal(b.own->rxq[0]->gate.inside | b.own->txq[0]->gate.inside, 0);
		bench_back(&b);
		assert_ptr_equal(b.rxq->burst, rx);
		assert_ptr_equal(b.txq->burst, tx);
		bench_close(&b);
	}
}

/* ---- sleepers ---- */

static void *sleep_on(void *arg)
{
	struct poller *p = arg;
	struct vio_pkt pkts[BENCH_BURST];

	while (!__atomic_load_n(&p->stop, __ATOMIC_RELAXED)) {
		int rc = vio_rx_wait(p->b->rxq, 10000);
		uint16_t n = vio_rx_burst(p->b->rxq, pkts, BENCH_BURST);

		assert_true(rc == 1 || rc == -EPIPE);
		if (rc < 0)
			usleep(100);
		vio_pkt_put(p->cache, pkts, n);
		__atomic_fetch_add(&p->received, n, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void sleeper(void **state)
{
	const struct ring_case *c = *state;
	struct poller p;
	char text[160];
	struct bench b;

	snprintf(text, sizeof(text), "%s,resets=any,wait=on", c->options);
	bench_open(&b, text);
	poller_start(&p, &b, sleep_on);
	for (unsigned int i = 0; i < 10; i++) {
		bench_send(&b, b.txq, BENCH_BURST);
		flow(&b, &p, BENCH_BURST);
		usleep(2000); /* it is asleep by now, mostly */
		vio_loop_needs_reset(b.loop);
		assert_int_equal(vio_port_check(b.port), VIO_PORT_NEEDS_RESET);
		bench_back(&b);
	}
	bench_send(&b, b.txq, BENCH_BURST);
	flow(&b, &p, BENCH_BURST);
	__atomic_store_n(&p.stop, true, __ATOMIC_RELAXED);
	bench_send(&b, b.txq, BENCH_BURST); /* or it would sleep on */
	vio_loop_step(b.loop, 64);
	poller_end(&p);
	bench_close(&b);
}

static void event(void **state)
{
	struct bench b;
	int fd;

	(void)state;
	bench_open(&b, "wait=on");
	fd = vio_port_event_fd(b.port);
	for (unsigned int i = 0; i < 2; i++) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };

		assert_int_equal(poll(&pfd, 1, 0), 0);
		vio_loop_needs_reset(b.loop);
		assert_int_equal(poll(&pfd, 1, 0), 1);
		assert_int_equal(vio_port_check(b.port), VIO_PORT_NEEDS_RESET);
		assert_int_equal(vio_port_check(b.port), VIO_PORT_UP);
		assert_int_equal(vio_port_event_fd(b.port), fd);
	}
	bench_close(&b);
}
int main(void)
{
	static struct case_list list;

	for (size_t i = 0; i < ARRAY_SIZE(rings); i++) {
		case_add(&list, rings[i].beside, polled, &rings[i]);
		case_add(&list, rings[i].late, too_late, &rings[i]);
		case_add(&list, rings[i].sleep, sleeper, &rings[i]);
	}
	case_add(&list, "a neighbour loses nothing", neighbour, NULL);
	case_add(&list, "nothing is touched while a thread is inside a burst", held_up, NULL);
	case_add(&list, "the port's event tells that it needs a reset", event, NULL);
	return case_run("recover_beside", &list);
}
