/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../drivers/virtio/watchdog.h"

#include <stdio.h>
#include <unistd.h>
#include <vio/vio.h>

#include "../../drivers/virtio/device.h"
#include "../cases.h"

/* A device that sleeps until it is kicked, and whose wish for a kick gets lost. */
#define PACKETS 5

static const struct ring_case {
	const char *lost, *well, *idle, *many, *options;
} rings[] = {
#define CASES(name, options) \
	{ \
		name ": a device that forgot to ask is kicked, once", \
			name ": a device that asks, or works, is not kicked", \
			name ": nothing to send is no standstill", \
			name ": each standstill has a kick of its own", options \
	}
	CASES("split", "packed=off,event_idx=off"),
	CASES("split, event index", "packed=off,event_idx=on"),
	CASES("split in order, event index", "packed=off,event_idx=on,in_order=on"),
	CASES("packed", "packed=on,event_idx=off"),
	CASES("packed, event index", "packed=on,event_idx=on"),
	CASES("packed in order, event index", "packed=on,event_idx=on,in_order=on"),
#undef CASES
};

struct bench {
	struct vio_pool *pool;
	struct vio_cache *cache;
	struct vio_port *port;
	struct vio_loop *loop;
	struct txq *txq;
};

static void bench_open(struct bench *b, const struct ring_case *c)
{
	const struct vio_region_opts pages =
		VIO_OPTS(struct vio_region_opts, .page = VIO_PAGE_NORMAL);
	const struct vio_pool_opts opts =
		VIO_OPTS(struct vio_pool_opts, .buffers = 512, .region_opts = &pages);
	char address[256];

	snprintf(address, sizeof(address), "loop:sink,kick=event,size=64,%s", c->options);
	assert_int_equal(vio_pool_open(&opts, &b->pool), 0);
	assert_int_equal(vio_cache_open(b->pool, &b->cache), 0);
	if (vio_port_open(address, b->pool, NULL, &b->port) < 0)
		fail_msg("%s", vio_error_text());
	b->loop = vio_port_loop(b->port);
	b->txq = container_of(vio_port_txq(b->port, 0), struct txq, pub);
}

static void bench_close(struct bench *b)
{
	const char *first = "";

	if (vio_loop_violations(b->loop, &first))
		fail_msg("%s", first);
	vio_port_close(b->port);
	vio_cache_close(b->cache);
	assert_int_equal(vio_pool_close(b->pool), 0);
}

static void send(struct bench *b)
{
	struct vio_pkt pkts[PACKETS];

	assert_int_equal(vio_pkt_get(b->cache, pkts, PACKETS), PACKETS);
	for (int i = 0; i < PACKETS; i++)
		pkts[i].len = 60;
	assert_int_equal(vio_tx_burst(&b->txq->pub, pkts, PACKETS), PACKETS);
}

/* What the device has asked for is overwritten by what it no longer wants. */
static void lose_wish(struct bench *b)
{
	struct ring *r = &b->txq->ring;
	const bool packed =
		!strncmp(b->txq->variant ? txq_variant_name(b->txq) : "", "tx_packed", 9);

	if (packed && r->event_idx) /* a position that has been passed */
		ring_store(&r->device.event->off_wrap,
			   le16_from((uint16_t)(r->post.at - 1) | 0x8000));
	else if (packed)
		ring_store(&r->device.event->flags, le16_from(PACKED_EVENT_DISABLE));
	else if (r->event_idx)
		ring_store((le16 *)(void *)&r->device.used->ring[r->entries],
			   le16_from((uint16_t)(r->post.idx - 1)));
	else
		ring_store(&r->device.used->flags, le16_from(USED_NO_NOTIFY));
}

static void pass(unsigned int ms)
{
	usleep(ms * 1000);
}

/* Two looks, so far apart that a standstill is one. */
static uint64_t looked(struct bench *b)
{
	struct vio_queue_stats s;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(vio_port_check(b->port), VIO_PORT_UP);
		pass(WATCHDOG_MS + 2);
	}
	vio_txq_stats(&b->txq->pub, &s);
	return s.kicks_watchdog;
}

static unsigned int completed(struct bench *b)
{
	vio_tx_burst(&b->txq->pub, NULL, 0);
	return (unsigned int)stat_read(&b->txq->stats.completed);
}

/* Asleep, with its first packets done. */
static void fall_asleep(struct bench *b)
{
	send(b);
	vio_loop_step(b->loop, 64);
	vio_loop_step(b->loop, 64);
}

static void forgotten(void **state)
{
	struct vio_queue_stats s;
	struct bench b;

	bench_open(&b, *state);
	fall_asleep(&b);
	lose_wish(&b);
	send(&b);
	vio_loop_step(b.loop, 64);
	assert_int_equal(completed(&b), PACKETS);
	vio_port_check(b.port);
	vio_port_check(b.port); /* at once: it has had no time */
	vio_txq_stats(&b.txq->pub, &s);
	assert_int_equal(s.kicks_watchdog, 0);
	assert_int_equal(looked(&b), 1);
	vio_loop_step(b.loop, 64);
	assert_int_equal(completed(&b), 2 * PACKETS);
	assert_int_equal(looked(&b), 1);
	bench_close(&b);
}

static void all_is_well(void **state)
{
	struct bench b;

	bench_open(&b, *state);
	for (int i = 0; i < 30; i++) {
		send(&b);
		vio_port_check(b.port);
		vio_loop_step(b.loop, 64);
		pass(1);
	}
	assert_int_equal(looked(&b), 0);
	bench_close(&b);
}

static void nothing_to_send(void **state)
{
	struct bench b;

	bench_open(&b, *state);
	assert_int_equal(looked(&b), 0);
	fall_asleep(&b);
	lose_wish(&b);
	assert_int_equal(looked(&b), 0);
	bench_close(&b);
}

static void again_and_again(void **state)
{
	struct bench b;

	bench_open(&b, *state);
	fall_asleep(&b);
	for (unsigned int i = 1; i <= 3; i++) {
		lose_wish(&b);
		send(&b);
		assert_int_equal(looked(&b), i);
		vio_loop_step(b.loop, 64);
		vio_loop_step(b.loop, 64);
		assert_int_equal(completed(&b), (i + 1) * PACKETS);
	}
	bench_close(&b);
}

int main(void)
{
	static struct case_list list;

	for (size_t i = 0; i < ARRAY_SIZE(rings); i++) {
		case_add(&list, rings[i].lost, forgotten, &rings[i]);
		case_add(&list, rings[i].well, all_is_well, &rings[i]);
		case_add(&list, rings[i].idle, nothing_to_send, &rings[i]);
		case_add(&list, rings[i].many, again_and_again, &rings[i]);
	}
	return case_run("watchdog", &list);
}
