/* SPDX-License-Identifier: BSD-3-Clause */
#include "recover_bench.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A port that falls and comes back, in every ring kind, over the loop device. */
static const struct ring_case {
	const char *back, *queue, *alone, *storm, *replay, *resend, *options;
} rings[] = {
#define X(name, options) \
	{ name ": a port comes back from NEEDS_RESET", \
	  name ": a broken queue comes back with the device", \
	  name ": a broken queue comes back by itself", \
	  name ": a hundred resets, nothing leaks", \
	  name ": what control calls have set is set again", \
	  name ": what was in flight is sent again, once and in order", \
	  options },
	RING_KINDS(X)
#undef X
};

/* ---- one fault ---- */

static void comes_back(void **state)
{
	const struct ring_case *c = *state;
	struct vio_queue_stats s;
	struct bench b;

	bench_open(&b, c->options);
	bench_exchange(&b);
	assert_int_equal(bench_send(&b, b.txq, BENCH_BURST), BENCH_BURST); /* they stay in flight */
	vio_loop_needs_reset(b.loop);
	assert_int_equal(vio_port_check(b.port), VIO_PORT_NEEDS_RESET);
	assert_string_equal(vio_error_last()->id, "VIO-DEV-09");
	assert_int_equal(bench_send(&b, b.txq, BENCH_BURST), 0);
	assert_int_equal(bench_receive(&b, b.rxq), 0);
	assert_int_equal(vio_port_rx_mode_set(b.port, VIO_RX_PROMISC, true), -EAGAIN);
	assert_string_equal(vio_error_last()->id, "VIO-CTRL-04");
	assert_int_equal(vio_port_check(b.port), VIO_PORT_UP);
	assert_ptr_equal(vio_port_rxq(b.port, 0), b.rxq);
	assert_ptr_equal(vio_port_txq(b.port, 0), b.txq);
	vio_txq_stats(b.txq, &s);
	assert_int_equal(s.taken_back, BENCH_BURST);
	assert_int_equal(vio_txq_in_flight(b.txq), 0);
	bench_accounts(&b);
	bench_exchange(&b);
	assert_int_equal(bench_info(&b).recoveries, 1);
	assert_int_equal(bench_info(&b).recoveries_failed, 0);
	assert_in_range(bench_info(&b).recovered_ns, 1, vio_clock_ns());
	bench_close(&b);
}

/* Completions that can't be: of more than was posted, or of a buffer that does not exist. */
static void break_ring(const struct ring *r)
{
	struct packed_desc *d = r->desc.packed + r->take.at;

	if (!r->place.packed) {
		r->device.used->idx = le16_from((uint16_t)(r->take.idx + 999));
		return;
	}
	d->id = le16_from(0xfff0);
	d->flags = le16_from((uint16_t)r->take.flags);
}

static void queue_comes_back(void **state)
{
	const struct ring_case *c = *state;
	char text[160];
	struct bench b;

	snprintf(text, sizeof(text), "%s,ring_reset=off", c->options);
	bench_open(&b, text);
	b.hostile = true;
	for (unsigned int i = 0; i < 2; i++) {
		bench_exchange(&b);
		assert_int_equal(bench_send(&b, b.txq, BENCH_BURST), BENCH_BURST);
		break_ring(i ? &b.own->txq[0]->ring : &b.own->rxq[0]->ring);
		assert_int_equal(vio_rx_burst(b.rxq, NULL, 0), 0);
		bench_receive(&b, b.rxq);
		vio_tx_burst(b.txq, NULL, 0);
		assert_int_equal(vio_port_check(b.port), VIO_PORT_QUEUE_BROKEN);
		assert_string_equal(vio_error_last()->id, "VIO-DEV-07");
		assert_int_equal(vio_port_check(b.port), VIO_PORT_UP);
		bench_accounts(&b);
	}
	bench_exchange(&b);
	assert_int_equal(bench_info(&b).recoveries, 2);
	bench_close(&b);
}

/* With RING_RESET the others do not notice: the device goes on with what it has of them. */
static void queue_alone(void **state)
{
	const struct ring_case *c = *state;
	struct vio_queue_stats before, after;
	struct bench b;

	bench_open(&b, c->options);
	b.hostile = true;
	bench_exchange(&b);
	vio_txq_stats(vio_port_txq(b.port, 1), &before);
	for (unsigned int i = 0; i < 3; i++) {
		bench_send(&b, vio_port_txq(b.port, 1), BENCH_BURST);
		vio_loop_step(b.loop, 64);
		break_ring(i ? &b.own->txq[0]->ring : &b.own->rxq[0]->ring);
		bench_receive(&b, b.rxq);
		vio_tx_burst(b.txq, NULL, 0);
		assert_int_equal(vio_port_check(b.port), VIO_PORT_QUEUE_BROKEN);
		assert_int_equal(bench_receive(&b, vio_port_rxq(b.port, 1)), BENCH_BURST);
		assert_int_equal(vio_port_check(b.port), VIO_PORT_UP);
		bench_exchange(&b);
	}
	vio_txq_stats(vio_port_txq(b.port, 1), &after);
	assert_int_equal(after.taken_back, before.taken_back);
	assert_int_equal(bench_info(&b).recoveries, 3);
	bench_close(&b);
}

static void hundred(void **state)
{
	const struct ring_case *c = *state;
	char options[160];
	struct bench b;

	snprintf(options, sizeof(options), "%s,resets=any", c->options);
	bench_open(&b, options);
	for (unsigned int i = 0; i < 100; i++) {
		for (unsigned int n = 0; n < i % 5; n++)
			bench_send(&b, b.txq, BENCH_BURST);
		vio_loop_step(b.loop, i % 40);
		bench_receive(&b, b.rxq);
		vio_loop_needs_reset(b.loop);
		assert_int_equal(vio_port_check(b.port), VIO_PORT_NEEDS_RESET);
		assert_int_equal(vio_port_check(b.port), VIO_PORT_UP);
		bench_accounts(&b);
	}
	bench_exchange(&b);
	assert_int_equal(bench_info(&b).recoveries, 100);
	bench_close(&b);
}

/* ---- what was in flight is sent again ---- */

#define NUMBERED 12u

/* Packet @i: every third in two segments. */
static void send_numbered(struct bench *b)
{
	struct vio_pkt pkts[2];

	for (uint8_t i = 0; i < NUMBERED; i++) {
		const uint16_t n = i % 3 ? 1 : 2;

		assert_int_equal(vio_pkt_get(b->cache, pkts, n), n);
		for (uint16_t s = 0; s < n; s++) {
			pkts[s].len = 60;
			memset(pkts[s].data, 0x80 + i, 60);
			pkts[s].flags = s + 1 < n ? VIO_PKT_MORE : 0;
		}
		assert_int_equal(vio_tx_burst(b->txq, pkts, n), n);
	}
}

/* What has come, which must go on with number @next. Return: what comes next then. */
static unsigned int receive_numbered(struct bench *b, unsigned int next)
{
	struct vio_pkt pkts[NUMBERED];
	const uint16_t n = vio_rx_burst(b->rxq, pkts, NUMBERED);

	for (uint16_t i = 0; i < n; i++, next++) {
		assert_int_equal(*(uint8_t *)pkts[i].data, 0x80 + next);
		assert_int_equal(pkts[i].len, next % 3 ? 60 : 120);
	}
	vio_pkt_put(b->cache, pkts, n);
	return next;
}

/* @stepped: packets that the device has had before it fell. */
static void resends(const struct ring_case *c, const char *more, unsigned int stepped)
{
	struct vio_queue_stats s;
	unsigned int done;
	char text[200];
	struct bench b;

	snprintf(text, sizeof(text), "%s,in_flight=resend,resets=any%s", c->options, more);
	bench_open(&b, text);
	bench_exchange(&b);
	send_numbered(&b);
	vio_loop_step(b.loop, stepped);
	done = receive_numbered(&b, 0);
	assert_int_equal(done, stepped < NUMBERED ? stepped : NUMBERED);
	for (unsigned int i = 0; i < 2; i++) { /* it falls again before it has done anything */
		vio_loop_needs_reset(b.loop);
		assert_int_equal(vio_port_check(b.port), VIO_PORT_NEEDS_RESET);
		assert_int_equal(vio_port_check(b.port), VIO_PORT_UP);
		bench_accounts(&b);
	}
	vio_loop_step(b.loop, 64);
	assert_int_equal(receive_numbered(&b, done), NUMBERED);
	vio_txq_stats(b.txq, &s);
	assert_int_equal(s.resent, 2 * (NUMBERED - done));
	assert_int_equal(s.resent, s.taken_back);
	bench_exchange(&b);
	bench_close(&b);
}

static void resent(void **state)
{
	static const unsigned int stepped[] = { 0, 1, 5, 64 };

	for (size_t i = 0; i < ARRAY_SIZE(stepped); i++) {
		resends(*state, "", stepped[i]);
		resends(*state, ",indirect_desc=off", stepped[i]);
	}
}

/* Held when the port is closed: back in the pool, and counted. */
static void never_resent(void **state)
{
	struct vio_queue_stats s;
	struct bench b;

	(void)state;
	bench_open(&b, "in_flight=resend");
	send_numbered(&b);
	features_drop(&b.loop->offered, NET_F_CTRL_RX);
	vio_loop_needs_reset(b.loop);
	assert_int_equal(vio_port_check(b.port), VIO_PORT_NEEDS_RESET);
	assert_int_equal(vio_port_check(b.port), VIO_PORT_REFUSED);
	vio_txq_stats(b.txq, &s);
	assert_int_equal(s.taken_back, NUMBERED);
	assert_int_equal(s.resent, 0);
	bench_close(&b);
}

/* ---- limits ---- */

static void limit(void **state)
{
	struct vio_pool_info pool;
	struct bench b;

	(void)state;
	bench_open(&b, rings[0].options);
	for (unsigned int i = 0; i < 3; i++) {
		vio_loop_needs_reset(b.loop);
		assert_int_equal(vio_port_check(b.port), VIO_PORT_NEEDS_RESET);
		assert_int_equal(vio_port_check(b.port), VIO_PORT_UP);
	}
	bench_send(&b, b.txq, BENCH_BURST);
	vio_loop_needs_reset(b.loop);
	for (unsigned int i = 0; i < 20; i++) {
		assert_int_equal(vio_port_check(b.port), VIO_PORT_NEEDS_RESET);
		usleep(1000);
	}
	assert_non_null(strstr(vio_error_last()->why, "3 times within 10 s"));
	assert_true(bench_info(&b).given_up);
	assert_int_equal(bench_info(&b).recoveries, 3);
	/* What was in flight is back all the same. */
	assert_int_equal(vio_txq_in_flight(b.txq), 0);
	bench_accounts(&b);
	vio_cache_close(b.cache);
	vio_pool_info(b.pool, &pool);
	assert_int_equal(pool.out, 0);
	assert_int_equal(vio_cache_open(b.pool, &b.cache), 0);
	bench_close(&b);
}

static void stays(void **state)
{
	struct bench b;

	(void)state;
	bench_open(&b, "recover=off");
	vio_loop_needs_reset(b.loop);
	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(vio_port_check(b.port), VIO_PORT_NEEDS_RESET);
	assert_int_equal(bench_send(&b, b.txq, BENCH_BURST), 0);
	assert_int_equal(bench_info(&b).recoveries, 0);
	bench_close(&b);
}

static const struct option_case {
	const char *what, *options;
	int rc;
} options[] = {
	{ "16 resets in 10 s may be asked for", "resets=16", 0 },
	{ "17 resets in 10 s may not", "resets=17", -EINVAL },
	{ "0 resets in 10 s may not", "resets=0", -EINVAL },
	{ "recovery is on or off", "recover=perhaps", -EINVAL },
};

static void option(void **state)
{
	const struct option_case *c = *state;
	struct vio_port *port;
	char address[64];
	struct bench b;

	bench_open(&b, rings[0].options);
	snprintf(address, sizeof(address), "loop:echo,size=16,%s", c->options);
	assert_int_equal(vio_port_open(address, b.pool, NULL, &port), c->rc);
	if (c->rc == 0)
		vio_port_close(port);
	bench_close(&b);
}

/* ---- a device that has changed ---- */

static void refused(void **state)
{
	const struct ring_case *c = *state;
	struct vio_features had;
	struct bench b;

	bench_open(&b, c->options);
	had = b.loop->offered;
	features_drop(&b.loop->offered, NET_F_MQ);
	features_drop(&b.loop->offered, NET_F_CTRL_RX);
	vio_loop_needs_reset(b.loop);
	assert_int_equal(vio_port_check(b.port), VIO_PORT_NEEDS_RESET);
	assert_int_equal(vio_port_check(b.port), VIO_PORT_REFUSED);
	assert_non_null(strstr(vio_error_last()->fix, "without ctrl_rx mq"));
	assert_int_equal(bench_info(&b).recoveries_failed, 1);
	b.loop->offered = had;
	bench_back(&b);
	bench_exchange(&b);
	bench_close(&b);
}

static const struct changed_case {
	const char *what, *text;
	uint64_t max_queues, max_size;
} changed_cases[] = {
	{ "a device that comes back with fewer queue pairs is refused", "with 1 queue pairs", 1,
	  1024 },
	{ "a device that comes back with shorter rings is refused", "with 32 entries", 64, 32 },
};

static void changed(void **state)
{
	const struct changed_case *c = *state;
	struct bench b;

	bench_open(&b, rings[0].options);
	b.loop->opt.max_queues = c->max_queues;
	b.loop->opt.max_size = c->max_size;
	vio_loop_needs_reset(b.loop);
	assert_int_equal(vio_port_check(b.port), VIO_PORT_NEEDS_RESET);
	assert_int_equal(vio_port_check(b.port), VIO_PORT_REFUSED);
	assert_non_null(strstr(vio_error_last()->fix, c->text));
	bench_close(&b);
}

static void replayed(void **state)
{
	const struct vio_mac mac = { { 2, 1, 2, 3, 4, 5 } }, group = { { 1, 0, 0x5e, 0, 0, 7 } };
	const struct ring_case *c = *state;
	char text[160];
	struct bench b;

	snprintf(text, sizeof(text), "%s,ctrl_vlan=on", c->options);
	bench_open(&b, text);
	assert_int_equal(vio_port_mac_set(b.port, &mac), 0);
	assert_int_equal(vio_port_mac_table_set(b.port, NULL, 0, &group, 1), 0);
	assert_int_equal(vio_port_rx_mode_set(b.port, VIO_RX_PROMISC, false), 0);
	assert_int_equal(vio_port_rx_mode_set(b.port, VIO_RX_NOBCAST, true), 0);
	assert_int_equal(vio_port_vlan_set(b.port, 77, true), 0);
	assert_int_equal(vio_port_queues_set(b.port, 1), 0);
	vio_loop_needs_reset(b.loop);
	assert_int_equal(vio_port_check(b.port), VIO_PORT_NEEDS_RESET);
	assert_int_equal(vio_port_check(b.port), VIO_PORT_UP);
	assert_memory_equal(b.loop->ctrl.mac, &mac, sizeof(mac));
	assert_int_equal(b.loop->ctrl.multicast, 1);
	assert_memory_equal(&b.loop->ctrl.table[0], &group, sizeof(group));
	assert_false(b.loop->ctrl.rx_mode[VIO_RX_PROMISC]);
	assert_true(b.loop->ctrl.rx_mode[VIO_RX_NOBCAST]);
	assert_int_equal(b.loop->ctrl.vlans[1], BIT64(77 - 64));
	assert_int_equal(b.loop->pairs, 1);
	assert_memory_equal(bench_info(&b).mac, &mac, sizeof(mac));
	/* The second pair is out of use as before, and comes back into it. */
	assert_int_equal(bench_send(&b, vio_port_txq(b.port, 1), 1), 0);
	assert_int_equal(vio_port_queues_set(b.port, 2), 0);
	assert_int_equal(bench_send(&b, vio_port_txq(b.port, 1), 1), 1);
	bench_close(&b);
}
int main(void)
{
	static struct case_list list;

	for (size_t i = 0; i < ARRAY_SIZE(rings); i++) {
		case_add(&list, rings[i].back, comes_back, &rings[i]);
		case_add(&list, rings[i].queue, queue_comes_back, &rings[i]);
		case_add(&list, rings[i].alone, queue_alone, &rings[i]);
		case_add(&list, rings[i].storm, hundred, &rings[i]);
		case_add(&list, rings[i].replay, replayed, &rings[i]);
		case_add(&list, rings[i].resend, resent, &rings[i]);
	}
	CASES_ADD(&list, options, option);
	CASES_ADD(&list, changed_cases, changed);
	case_add(&list, "a device that asks for reset after reset is left alone", limit, NULL);
	case_add(&list, "with recover=off a port stays as it is", stays, NULL);
	case_add(&list, "a device that comes back with less is refused, by name", refused,
		 &rings[0]);
	case_add(&list, "what can't be sent again is back when the port closes", never_resent,
		 NULL);
	return case_run("recover", &list);
}
