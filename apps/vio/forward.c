/* SPDX-License-Identifier: BSD-3-Clause */
#include "forward.h"

#include <string.h>
#include <unistd.h>

#include "memory.h"
#include "relaxed.h"

/*
 * A packet-processing program: take packets from one port, change their addresses, send them on.
 * Both ports work on one pool, so that nothing is copied and no buffer changes hands but by its
 * address. Each pair of queues has a thread, which shares nothing with the others but the pool.
 */
#define BURST   32
#define NAP_US  50    /* of a thread that steps devices and has nothing to move */
#define BUFFERS 4096u /* for each pair of queues, and once more */

static void change_addresses(const struct lane *lane, enum forward_mode mode,
			     const struct vio_pkt *pkt)
{
	struct addresses *frame = pkt->data, was;

	if (mode == FORWARD_IO || pkt->len < sizeof(was))
		return;
	was = *frame;
	if (mode == FORWARD_MACSWAP)
		*frame = (struct addresses){ was.src, was.dst };
	else
		*frame = lane->mac;
}

/* Return: true if something came. */
static bool lane_poll(struct lane *lane, enum forward_mode mode, struct vio_cache *cache)
{
	struct vio_pkt pkts[BURST];
	uint16_t n = tap_rx_burst(&lane->received, lane->from, pkts, BURST), sent;
	bool first = true;

	if (!n)
		return false;
	for (uint16_t i = 0; i < n; i++) {
		if (first)
			change_addresses(lane, mode, &pkts[i]);
		first = !(pkts[i].flags & VIO_PKT_MORE);
		pkts[i].flags &= VIO_PKT_MORE; /* offload data is between the device and us */
	}
	sent = tap_tx_burst(&lane->sent, lane->to, pkts, n);
	vio_pkt_put(cache, pkts + sent, (uint16_t)(n - sent));
	counter_add(&lane->stats.received, n);
	counter_add(&lane->stats.sent, sent);
	counter_add(&lane->stats.dropped, (uint64_t)(n - sent));
	return true;
}

/* A device in this process works when somebody steps it. Return: true if it moved something. */
static bool step_devices(const struct forward *f)
{
	unsigned int moved = 0;

	for (unsigned int i = 0; i < f->n; i++) {
		struct vio_loop *model = vio_port_loop(f->ports[i]);

		if (model)
			moved += vio_loop_step(model, BURST);
	}
	return moved;
}

static bool stopped(const struct forward *f)
{
	return __atomic_load_n(&f->stop, __ATOMIC_RELAXED);
}

/* Sleep until a packet comes to either lane; what was sent is taken back before. */
static void rest(struct forwarder *w)
{
	struct vio_rxq *from[2];

	for (unsigned int i = 0; i < w->all->n; i++) {
		vio_tx_burst(w->lanes[i].to, NULL, 0);
		from[i] = w->lanes[i].from;
	}
	if (vio_rx_wait_any(from, (uint16_t)w->all->n, IDLE_SLEEP_MS) < 0)
		usleep(1000); /* a port has died, which another thread will see */
}

static void *forwarder_main(void *arg)
{
	struct forwarder *w = arg;
	struct forward *f = w->all;
	const bool steps = w == f->workers && !f->opts.wait.on;

	while (!stopped(f)) {
		bool worked = false;

		if (steps)
			step_devices(f);
		for (unsigned int i = 0; i < f->n; i++)
			worked |= lane_poll(&w->lanes[i], f->opts.mode, w->cache);
		if (idle_enough(&w->idle, worked))
			rest(w);
	}
	return NULL;
}

/* Where threads sleep, the devices are not stepped by one of them. */
static void *stepper_main(void *arg)
{
	struct forward *f = arg;
	struct idle idle = idle_init(&f->opts.wait);

	while (!stopped(f))
		if (idle_enough(&idle, step_devices(f)))
			usleep(NAP_US);
	return NULL;
}

int forward_start(struct forward *f)
{
	const bool devices = vio_port_loop(f->ports[0]) || vio_port_loop(f->ports[f->n - 1]);
	int rc = 0;

	if (f->opts.wait.on && devices) {
		rc = pthread_create(&f->stepper, NULL, stepper_main, f);
		f->stepping = !rc;
	}
	for (; !rc && f->started < f->queues; f->started += !rc) {
		struct forwarder *w = &f->workers[f->started];

		rc = pthread_create(&w->thread, NULL, forwarder_main, w);
	}
	return rc;
}

void forward_stop(struct forward *f)
{
	__atomic_store_n(&f->stop, true, __ATOMIC_RELAXED);
	while (f->started)
		pthread_join(f->workers[--f->started].thread, NULL);
	if (f->stepping)
		pthread_join(f->stepper, NULL);
	f->stepping = false;
}

struct lane_stats forward_stats(const struct forward *f, unsigned int i)
{
	struct lane_stats sum = { 0 };

	for (unsigned int w = 0; w < f->queues; w++) {
		const struct lane_stats *s = &f->workers[w].lanes[i].stats;

		sum.received += counter_get(&s->received);
		sum.sent += counter_get(&s->sent);
		sum.dropped += counter_get(&s->dropped);
	}
	return sum;
}

unsigned int forward_points(struct forward *f, struct capture_point points[FORWARD_POINTS])
{
	unsigned int n = 0;

	for (unsigned int q = 0; q < f->queues; q++)
		for (unsigned int i = 0; i < f->n; i++) {
			struct lane *lane = &f->workers[q].lanes[i];

			points[n++] = (struct capture_point){ &lane->received, i, q, false };
			points[n++] = (struct capture_point){ &lane->sent, f->n - 1 - i, q, true };
		}
	return n;
}

static void lane_init(struct lane *lane, struct vio_port *from, struct vio_port *to, uint16_t queue)
{
	static const struct mac nobody = { { 0x02, 0, 0, 0, 0, 0x02 } };
	struct vio_port_info info;

	vio_port_info(to, &info);
	*lane = (struct lane){ .from = vio_port_rxq(from, queue), .to = vio_port_txq(to, queue) };
	memcpy(lane->mac.src.byte, info.mac, sizeof(info.mac));
	lane->mac.dst = nobody;
}

static int open_worker(struct forward *f, uint16_t queue)
{
	struct forwarder *w = &f->workers[queue];
	int rc;

	*w = (struct forwarder){ .all = f, .idle = idle_init(&f->opts.wait) };
	rc = vio_cache_open(f->pool, &w->cache);
	if (rc < 0)
		return rc;
	f->caches++;
	for (unsigned int i = 0; i < f->n; i++)
		lane_init(&w->lanes[i], f->ports[i], f->ports[f->n - 1 - i], queue);
	return 0;
}

/* As many pairs of queues as all ports have; a port with more is told to use no others. */
static int agree_on_queues(struct forward *f)
{
	struct vio_port_info info[2];
	int rc = 0;

	for (unsigned int i = 0; i < f->n; i++) {
		vio_port_info(f->ports[i], &info[i]);
		if (!i || info[i].queues < f->queues)
			f->queues = info[i].queues;
	}
	for (unsigned int i = 0; i < f->n && !rc; i++)
		if (info[i].queues > f->queues)
			rc = vio_port_queues_set(f->ports[i], (uint16_t)f->queues);
	return rc;
}

static int open_ports(struct forward *f, char **address, unsigned int n)
{
	const uint16_t queues = f->opts.queues ? f->opts.queues : 1;
	const struct vio_pool_opts pool =
		VIO_OPTS(struct vio_pool_opts, .buffers = BUFFERS * (queues + 1u),
			 .ring_bytes = (queues + 3u) << 20);
	const struct vio_port_opts port =
		VIO_OPTS(struct vio_port_opts, .queues = queues, .wait = f->opts.wait.on);
	int rc = memory_open(&pool, (const char *const *)address, n, &f->pool);

	for (; rc == 0 && f->n < n; f->n += !rc)
		rc = vio_port_open(address[f->n], f->pool, &port, &f->ports[f->n]);
	return rc;
}

int forward_open(struct forward *f, const struct forward_opts *opts, char **address, unsigned int n)
{
	int rc;

	*f = (struct forward){ .opts = *opts };
	rc = open_ports(f, address, n);
	if (rc == 0)
		rc = agree_on_queues(f);
	for (uint16_t q = 0; q < f->queues && rc == 0; q++)
		rc = open_worker(f, q);
	return rc;
}

void forward_close(struct forward *f)
{
	while (f->n)
		vio_port_close(f->ports[--f->n]);
	while (f->caches)
		vio_cache_close(f->workers[--f->caches].cache);
	vio_pool_close(f->pool);
}
