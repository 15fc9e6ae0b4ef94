/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../drivers/virtio/wait.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <vio/vio.h>

#include "../../drivers/transport/loop/device.h"
#include "../../drivers/transport/loop/random.h"
#include "../cases.h"

/* Sleeping until packets come: what the driver asks of the device, and that no packet is slept
 * over.
 */
#define LONG_MS 5000
#define LATE_MS 4000 /* a sleep that only ends so late has missed a packet */

static const char *const rings[] = {
	"packed=off,in_order=off,event_idx=off",
	"packed=off,in_order=off,event_idx=on",
	"packed=off,in_order=on,event_idx=off,batch=5",
	"packed=off,in_order=on,event_idx=on,batch=5",
	"packed=on,in_order=off,event_idx=off",
	"packed=on,in_order=off,event_idx=on",
	"packed=on,in_order=on,event_idx=off,batch=5",
	"packed=on,in_order=on,event_idx=on,batch=5",
};

/* ---- ports ---- */

struct bench {
	struct vio_pool *pool;
	struct vio_cache *cache;
	struct vio_port *port;
	struct vio_loop *loop;
	struct vio_rxq *rxq;
	struct vio_txq *txq;
};

static void bench_open_in(struct bench *b, struct vio_pool *pool, const char *opts)
{
	char address[256];

	snprintf(address, sizeof(address), "loop:echo,%s", opts);
	b->pool = pool;
	assert_int_equal(vio_cache_open(pool, &b->cache), 0);
	if (vio_port_open(address, pool, NULL, &b->port) < 0)
		fail_msg("%s", vio_error_text());
	b->loop = vio_port_loop(b->port);
	b->rxq = vio_port_rxq(b->port, 0);
	b->txq = vio_port_txq(b->port, 0);
}

static struct vio_pool *pool_open(uint32_t buffers)
{
	const struct vio_region_opts pages =
		VIO_OPTS(struct vio_region_opts, .page = VIO_PAGE_NORMAL);
	const struct vio_pool_opts opts =
		VIO_OPTS(struct vio_pool_opts, .buffers = buffers, .region_opts = &pages);
	struct vio_pool *pool;

	assert_int_equal(vio_pool_open(&opts, &pool), 0);
	return pool;
}

static void bench_open(struct bench *b, const char *ring)
{
	char opts[192];

	snprintf(opts, sizeof(opts), "size=64,wait=on,%s", ring);
	bench_open_in(b, pool_open(2048), opts);
}

static void port_close(struct bench *b)
{
	const char *first = "";

	if (vio_loop_violations(b->loop, &first))
		fail_msg("%s", first);
	vio_port_close(b->port);
	vio_cache_close(b->cache);
}

static void bench_close(struct bench *b)
{
	port_close(b);
	assert_int_equal(vio_pool_close(b->pool), 0);
}

static uint16_t send(struct bench *b, uint16_t n)
{
	struct vio_pkt pkts[8];

	assert_int_equal(vio_pkt_get(b->cache, pkts, n), n);
	for (uint16_t i = 0; i < n; i++)
		pkts[i].len = 60;
	assert_int_equal(vio_tx_burst(b->txq, pkts, n), n);
	return n;
}

static uint16_t receive(struct bench *b)
{
	struct vio_pkt pkts[8];
	uint16_t n = vio_rx_burst(b->rxq, pkts, 8);

	vio_pkt_put(b->cache, pkts, n);
	return n;
}

static bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

static int event_of(const struct vio_rxq *rxq)
{
	return container_of(rxq, const struct rxq, pub)->event.on.fd;
}

static uint64_t ms_since(uint64_t start)
{
	return (vio_clock_ns() - start) / 1000000;
}

/* Sleep for a packet that comes at once or is there. */
static bool wakes(struct vio_rxq *const *rxqs, uint16_t n)
{
	const uint64_t start = vio_clock_ns();

	return vio_rx_wait_any(rxqs, n, LONG_MS) == 1 && ms_since(start) < LATE_MS;
}

static void polling_is_silent(void **state)
{
	struct bench b;

	bench_open(&b, *state);
	for (int i = 0; i < 1000; i++) {
		send(&b, 3);
		vio_loop_step(b.loop, 8);
		assert_int_equal(receive(&b), 3);
		assert_false(readable(event_of(b.rxq)));
	}
	bench_close(&b);
}

static void times_out(void **state)
{
	struct bench b;
	uint64_t start;

	bench_open(&b, *state);
	start = vio_clock_ns();
	assert_int_equal(vio_rx_wait(b.rxq, 30), 0);
	assert_true(ms_since(start) >= 30);
	assert_int_equal(vio_rx_wait(b.rxq, 0), 0);
	bench_close(&b);
}

static void packet_is_there(void **state)
{
	struct bench b;

	bench_open(&b, *state);
	for (int i = 0; i < 200; i++) {
		send(&b, 5);
		vio_loop_step(b.loop, 8);
		assert_true(wakes(&b.rxq, 1));
		assert_true(wakes(&b.rxq, 1)); /* still */
		while (receive(&b))
			continue;
		assert_int_equal(vio_rx_wait(b.rxq, 0), 0);
	}
	bench_close(&b);
}

/* What was notified before does not end the next sleep, nor for ever keep it from being one. */
static void stale_event(void **state)
{
	static const uint64_t many = 1000;
	struct bench b;
	uint64_t start;

	bench_open(&b, *state);
	assert_int_equal(write(event_of(b.rxq), &many, sizeof(many)), sizeof(many));
	start = vio_clock_ns();
	assert_int_equal(vio_rx_wait(b.rxq, 20), 0);
	assert_true(ms_since(start) >= 20);
	assert_false(readable(event_of(b.rxq)));
	bench_close(&b);
}

/* ---- a device in a thread of its own ---- */

struct device {
	struct bench *b[2];
	unsigned int n;
	uint64_t random;
	bool stop;
	pthread_t thread;
};

static void spin_for(uint32_t turns)
{
	for (; turns; turns--)
		__asm__ volatile("" ::: "memory");
}

/* Steps at random moments, so that it hits every point of the driver's going to sleep. */
static void *device_main(void *arg)
{
	struct device *d = arg;

	while (!__atomic_load_n(&d->stop, __ATOMIC_ACQUIRE)) {
		if (!random_below(&d->random, 64))
			usleep(random_below(&d->random, 100));
		spin_for(random_below(&d->random, 2000));
		for (unsigned int i = 0; i < d->n; i++)
			vio_loop_step(d->b[i]->loop, 1 + random_below(&d->random, 4));
	}
	return NULL;
}

static void device_start_thread(struct device *d)
{
	d->random = 42;
	assert_int_equal(pthread_create(&d->thread, NULL, device_main, d), 0);
}

static void device_end(struct device *d)
{
	__atomic_store_n(&d->stop, true, __ATOMIC_RELEASE);
	pthread_join(d->thread, NULL);
}

#define TORTURE_PACKETS 10000

/* Each time all that was sent must come before a sleep runs out. */
static void torture(void **state)
{
	struct bench b;
	struct device d = { .b = { &b }, .n = 1 };
	uint64_t random = 7, sleeps = 0;

	bench_open(&b, *state);
	device_start_thread(&d);
	for (uint32_t sent = 0; sent < TORTURE_PACKETS;) {
		uint32_t way = send(&b, (uint16_t)(1 + random_below(&random, 4)));

		sent += way;
		while (way) {
			uint16_t got = receive(&b);

			way -= got;
			if (got || !way)
				continue;
			sleeps++;
			if (!wakes(&b.rxq, 1))
				fail_msg("packet %u was slept over", sent - way);
		}
	}
	device_end(&d);
	assert_true(sleeps > TORTURE_PACKETS / 50);
	bench_close(&b);
}

/* Two queues, of two ports, one packet on the way at a time. */
static void any_of_two(void **state)
{
	struct bench b[2];
	struct device d = { .b = { &b[0], &b[1] }, .n = 2 };
	struct vio_rxq *rxqs[2];
	uint64_t random = 9;

	bench_open(&b[0], *state);
	bench_open_in(&b[1], b[0].pool, "size=64,wait=on");
	for (int i = 0; i < 2; i++)
		rxqs[i] = b[i].rxq;
	device_start_thread(&d);
	for (int i = 0; i < 3000; i++) {
		struct bench *to = &b[random_below(&random, 2)];

		send(to, 1);
		while (!receive(to))
			assert_true(wakes(rxqs, 2));
	}
	device_end(&d);
	port_close(&b[1]);
	bench_close(&b[0]);
}

/* Several queue pairs, each with its own thread, which sleeps. */
struct worker {
	struct bench b;
	pthread_t thread;
	unsigned int slept_over;
};

static void *worker_main(void *arg)
{
	struct worker *w = arg;

	for (int i = 0; i < 3000; i++) {
		struct vio_pkt pkt;

		while (!vio_pkt_get(w->b.cache, &pkt, 1))
			continue;
		pkt.len = 60;
		while (!vio_tx_burst(w->b.txq, &pkt, 1))
			continue;
		while (!receive(&w->b))
			w->slept_over += !wakes(&w->b.rxq, 1);
	}
	return NULL;
}

#define WORKERS 3

static void a_thread_each(void **state)
{
	struct worker w[WORKERS] = { 0 };
	struct device d = { .b = { &w[0].b }, .n = 1 };
	char opts[128];

	snprintf(opts, sizeof(opts), "max_queues=3,queues=3,%s", (const char *)*state);
	bench_open(&w[0].b, opts);
	for (uint16_t i = 1; i < WORKERS; i++) {
		w[i].b = w[0].b;
		w[i].b.rxq = vio_port_rxq(w[0].b.port, i);
		w[i].b.txq = vio_port_txq(w[0].b.port, i);
		assert_int_equal(vio_cache_open(w[0].b.pool, &w[i].b.cache), 0);
	}
	device_start_thread(&d);
	for (int i = 0; i < WORKERS; i++)
		assert_int_equal(pthread_create(&w[i].thread, NULL, worker_main, &w[i]), 0);
	for (int i = 0; i < WORKERS; i++) {
		pthread_join(w[i].thread, NULL);
		assert_int_equal(w[i].slept_over, 0);
	}
	device_end(&d);
	for (int i = 1; i < WORKERS; i++)
		vio_cache_close(w[i].b.cache);
	bench_close(&w[0].b);
}

/* ---- events that others may read away, lines that must be unmasked ---- */

static unsigned int acks;

static int count_ack(struct transport *tp)
{
	(void)tp;
	acks++;
	return 0;
}

static void acknowledged(void **state)
{
	struct transport_ops ops = loop_transport;
	static const uint64_t one = 1;
	struct bench b;

	(void)state;
	bench_open(&b, rings[0]);
	ops.event_ack = count_ack;
	acks = 0;
	b.loop->tp.ops = &ops;
	assert_int_equal(vio_rx_wait(b.rxq, 5), 0);
	assert_int_equal(acks, 0);
	assert_int_equal(write(event_of(b.rxq), &one, sizeof(one)), sizeof(one));
	assert_int_equal(vio_rx_wait(b.rxq, 5), 0);
	assert_int_equal(acks, 1);
	b.loop->tp.ops = &loop_transport;
	bench_close(&b);
}

static void shared_event(void **state)
{
	struct bench b;
	struct device d = { .b = { &b }, .n = 1 };
	struct rxq *q;
	uint64_t start;

	(void)state;
	bench_open(&b, rings[0]);
	q = container_of(b.rxq, struct rxq, pub);
	q->event.on = (struct transport_event){ .fd = eventfd(0, EFD_NONBLOCK), .shared = true };
	device_start_thread(&d);
	for (int i = 0; i < 10; i++) {
		send(&b, 1);
		start = vio_clock_ns();
		assert_int_equal(vio_rx_wait(b.rxq, LONG_MS), 1);
		assert_true(ms_since(start) < 1000);
		while (receive(&b))
			continue;
	}
	start = vio_clock_ns();
	assert_int_equal(vio_rx_wait(b.rxq, 25), 0); /* slices add up */
	assert_true(ms_since(start) >= 25);
	device_end(&d);
	close(q->event.on.fd);
	bench_close(&b);
}

/* The device has no buffer to put a packet in, and so nothing to notify of. */
static void short_of_buffers(void **state)
{
	struct bench b;
	struct vio_pkt pkts[8];
	uint16_t held = 0;
	uint64_t start;

	(void)state;
	bench_open_in(&b, pool_open(72), "size=64,wait=on");
	send(&b, 8);
	vio_loop_step(b.loop, 8);
	held = vio_rx_burst(b.rxq, pkts, 8);
	assert_true(container_of(b.rxq, struct rxq, pub)->ring.post.free > 0);
	start = vio_clock_ns();
	assert_int_equal(vio_rx_wait(b.rxq, LONG_MS), 1);
	assert_true(ms_since(start) < 1000);
	vio_pkt_put(b.cache, pkts, held);
	bench_close(&b);
}

/* ---- errors ---- */

static void not_asked_for(void **state)
{
	struct bench b;

	(void)state;
	bench_open_in(&b, pool_open(2048), "size=64");
	assert_int_equal(vio_rx_wait(b.rxq, 1), -ENOTSUP);
	assert_int_equal(vio_port_event_fd(b.port), -ENOTSUP);
	assert_string_equal(vio_error_last()->id, "VIO-CTRL-03");
	bench_close(&b);
}

static void no_queues(void **state)
{
	(void)state;
	assert_int_equal(vio_rx_wait_any(NULL, 0, 1), -EINVAL);
	assert_int_equal(vio_rx_wait_any(NULL, 65, 1), -EINVAL);
}

static void stopped(void **state)
{
	struct bench b;

	(void)state;
	bench_open(&b, rings[0]);
	rxq_stop(container_of(b.rxq, struct rxq, pub));
	assert_int_equal(vio_rx_wait(b.rxq, LONG_MS), -EPIPE);
	bench_close(&b);
}

static int no_event(struct transport *tp, uint16_t index, struct transport_event *ev)
{
	(void)tp, (void)index, (void)ev;
	return -ENOTSUP;
}

/* A device without events is told from one with, when it is opened. */
static void device_without(void **state)
{
	static struct transport_ops without;
	struct virtio_port *port;
	struct bench b;

	(void)state;
	bench_open(&b, rings[0]);
	port = container_of(b.port, struct virtio_port, pub);
	device_stop(port);
	without = loop_transport;
	b.loop->tp.ops = &without;
	for (int i = 0; i < 2; i++) {
		without.queue_event = i ? NULL : no_event;
		assert_int_equal(device_start(port), -ENOTSUP);
		assert_non_null(strstr(vio_error_last()->what, "wait=on"));
	}
	b.loop->tp.ops = &loop_transport;
	assert_int_equal(device_start(port), 0);
	bench_close(&b);
}

/* ---- the configuration ---- */

static void configuration(void **state)
{
	struct vio_port_info info;
	struct bench b;
	int fd;

	(void)state;
	bench_open(&b, rings[0]);
	fd = vio_port_event_fd(b.port);
	assert_true(fd >= 0);
	for (int i = 0; i < 4; i++) {
		assert_false(readable(fd));
		vio_loop_link_set(b.loop, i & 1);
		assert_true(readable(fd));
		assert_int_equal(vio_port_check(b.port), VIO_PORT_UP);
		assert_false(readable(fd));
		vio_port_info(b.port, &info);
		assert_int_equal(info.link_up, i & 1);
	}
	vio_loop_announce(b.loop);
	assert_true(readable(fd));
	bench_close(&b);
}

static void add_rings(struct case_list *list)
{
	static const struct {
		const char *what;
		CMUnitTestFunction fn;
	} each[] = {
		{ "who polls is not notified", polling_is_silent },
		{ "a sleep ends after its time", times_out },
		{ "a packet that is there ends the sleep at once", packet_is_there },
		{ "an event left over does not end a sleep", stale_event },
		{ "no packet of 10000 is slept over", torture },
		{ "any of two queues ends a sleep", any_of_two },
		{ "three queue pairs, each with a thread that sleeps", a_thread_each },
	};
	static char names[CASES_MAX][160];

	for (size_t i = 0; i < ARRAY_SIZE(rings) * ARRAY_SIZE(each); i++) {
		const char *ring = rings[i / ARRAY_SIZE(each)];

		snprintf(names[i], sizeof(names[i]), "%s: %s", ring,
			 each[i % ARRAY_SIZE(each)].what);
		case_add(list, names[i], each[i % ARRAY_SIZE(each)].fn, ring);
	}
}

int main(void)
{
	static struct case_list list;

	add_rings(&list);
	case_add(&list, "an interrupt line is acknowledged after a wake-up", acknowledged, NULL);
	case_add(&list, "an event that others read away delays a packet a little", shared_event,
		 NULL);
	case_add(&list, "a queue short of buffers wakes to be filled", short_of_buffers, NULL);
	case_add(&list, "without wait=on there is nothing to wait for", not_asked_for, NULL);
	case_add(&list, "nobody waits for no queue, or for too many", no_queues, NULL);
	case_add(&list, "nobody waits for a queue that has stopped", stopped, NULL);
	case_add(&list, "a device that can't notify is refused when it is asked to", device_without,
		 NULL);
	case_add(&list, "changes of the configuration can be polled for", configuration, NULL);
	return case_run("wait", &list);
}
