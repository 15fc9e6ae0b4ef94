/* SPDX-License-Identifier: BSD-3-Clause */
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "rig.h"

/* Scenarios with several threads: control calls beside the data path, receivers that sleep, a
 * thread for each queue pair. */
#define FRAMES   3000u
#define ON_WAY   48u /* frames, below what the receive ring holds */
#define LIMIT_S  20u
#define SLEEP_MS 2000u

static struct rig rig;

static bool told(const bool *flag)
{
	return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

static void tell(bool *flag)
{
	__atomic_store_n(flag, true, __ATOMIC_RELEASE);
}

static uint64_t limit(void)
{
	return vio_clock_ns() + LIMIT_S * UINT64_C(1000000000);
}

/* ---- control calls ---- */

struct control {
	struct vio_port *port;
	bool stop;
	unsigned int rounds, failed;
};

/* Each call once; what the device refuses or forgets counts as failed. */
static unsigned int call_all(struct vio_port *port, unsigned int round)
{
	const struct vio_mac one = { { 2, 0, 0, 0, 0, (uint8_t)round } };
	const struct vio_mac group = { { 1, 0, 0x5e, 0, 0, (uint8_t)round } };
	struct vio_port_info info;
	unsigned int failed = 0;

	failed += vio_port_rx_mode_set(port, (enum vio_rx_mode)(round % 6), round & 8) != 0;
	failed += vio_port_mac_set(port, &one) != 0;
	failed += vio_port_mac_table_set(port, &one, round % 2, &group, 1) != 0;
	failed += vio_port_vlan_set(port, (uint16_t)(round % 4096), round & 1) != 0;
	vio_loop_announce(vio_port_loop(port));
	failed += vio_port_announce_ack(port) != 0;
	vio_loop_link_set(vio_port_loop(port), round & 1);
	failed += vio_port_check(port) != VIO_PORT_UP;
	vio_port_info(port, &info);
	failed += memcmp(info.mac, &one, sizeof(one)) != 0;
	failed += info.link_up != (round & 1) || info.announce;
	return failed;
}

static void *control_main(void *arg)
{
	struct control *c = arg;

	while (!told(&c->stop)) {
		c->failed += call_all(c->port, c->rounds);
		__atomic_store_n(&c->rounds, c->rounds + 1, __ATOMIC_RELAXED);
		sched_yield();
	}
	return NULL;
}

void scenario_controls(const struct variant *v, const void *arg)
{
	struct control control = { 0 };
	pthread_t thread;

	rig_open(&rig, v, &(struct rig_opts){ .address = arg });
	control.port = rig.port;
	assert_int_equal(pthread_create(&thread, NULL, control_main, &control), 0);
	do
		rig_run(&rig, 0, FRAMES / 10, 16);
	while (__atomic_load_n(&control.rounds, __ATOMIC_RELAXED) < 20);
	tell(&control.stop);
	pthread_join(thread, NULL);
	assert_int_equal(control.failed, 0);
	rig_run(&rig, 0, 100, 16);
	rig_close(&rig);
}

/* ---- a device in a thread of its own ---- */

struct device {
	struct vio_loop *loop;
	bool stop;
	pthread_t thread;
};

static void *device_main(void *arg)
{
	struct device *d = arg;

	while (!told(&d->stop))
		if (!vio_loop_step(d->loop, 8))
			sched_yield();
	return NULL;
}

static void device_begin(struct device *d)
{
	*d = (struct device){ .loop = rig.loop };
	assert_int_equal(pthread_create(&d->thread, NULL, device_main, d), 0);
}

static void device_end(struct device *d)
{
	tell(&d->stop);
	pthread_join(d->thread, NULL);
}

/* Sleep until something comes. Return: false if it was noticed only when the time was over. */
static bool wakes(struct vio_rxq *rxq)
{
	const uint64_t start = vio_clock_ns();

	return vio_rx_wait(rxq, SLEEP_MS) == 1 &&
	       vio_clock_ns() - start < SLEEP_MS * UINT64_C(1000000);
}

/* Sleep in place of each poll that would find nothing. */
void scenario_sleeps(const struct variant *v, const void *arg)
{
	const uint64_t end = limit();
	struct device device;

	rig_open(&rig, v, &(struct rig_opts){ .address = arg });
	device_begin(&device);
	while (rig.flow[0].got < FRAMES && vio_clock_ns() < end) {
		if (rig.flow[0].sent < FRAMES && rig.flow[0].sent - rig.flow[0].got < ON_WAY)
			rig_send(&rig, 0, 1 + rig.flow[0].sent % 5);
		if (!rig_receive(&rig, 0, BURST_MAX))
			assert_true(wakes(vio_port_rxq(rig.port, 0)));
	}
	device_end(&device);
	assert_int_equal(rig.flow[0].got, rig.flow[0].sent);
	vio_tx_burst(vio_port_txq(rig.port, 0), NULL, 0);
	rig_close(&rig);
}

/* ---- a thread for each queue pair ---- */

struct worker {
	uint16_t pair;
	bool sleeps;
	struct vio_cache *cache;
	pthread_t thread;
	uint32_t sent, got, wrong;
};

/* A frame's first words are its queue pair and number. */
static void worker_send(struct worker *w)
{
	const uint32_t head[2] = { w->pair, w->sent };
	struct vio_pkt pkt;

	if (!vio_pkt_get(w->cache, &pkt, 1))
		return;
	memset(pkt.data, w->pair, 60);
	memcpy(pkt.data, head, sizeof(head));
	pkt.len = 60;
	if (vio_tx_burst(vio_port_txq(rig.port, w->pair), &pkt, 1))
		w->sent++;
	else
		vio_pkt_put(w->cache, &pkt, 1);
}

static void worker_receive(struct worker *w)
{
	struct vio_rxq *rxq = vio_port_rxq(rig.port, w->pair);
	struct vio_pkt pkts[16];
	uint16_t n = vio_rx_burst(rxq, pkts, 16);

	for (uint16_t i = 0; i < n; i++) {
		const uint32_t want[2] = { w->pair, w->got++ };

		w->wrong += memcmp(pkts[i].data, want, sizeof(want)) || pkts[i].len != 60;
	}
	vio_pkt_put(w->cache, pkts, n);
	if (!n && w->sleeps)
		w->wrong += !wakes(rxq);
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	const uint64_t end = limit();

	while (w->got < FRAMES / 2 && !w->wrong && vio_clock_ns() < end) {
		if (w->sent < FRAMES / 2 && w->sent - w->got < ON_WAY)
			worker_send(w);
		worker_receive(w);
	}
	vio_tx_burst(vio_port_txq(rig.port, w->pair), NULL, 0);
	return NULL;
}

#define WORKERS 3u

void scenario_thread_each(const struct variant *v, const void *arg)
{
	struct worker workers[WORKERS] = { 0 };
	struct device device;

	rig_open(&rig, v, &(struct rig_opts){ .address = arg, .buffers = WORKERS * ENOUGH });
	device_begin(&device);
	for (uint16_t i = 0; i < WORKERS; i++) {
		struct worker *w = &workers[i];

		w->pair = i;
		w->sleeps = i != 1; /* one polls */
		assert_int_equal(vio_cache_open(rig.pool, &w->cache), 0);
		assert_int_equal(pthread_create(&w->thread, NULL, worker_main, w), 0);
	}
	for (uint16_t i = 0; i < WORKERS; i++) {
		pthread_join(workers[i].thread, NULL);
		vio_cache_close(workers[i].cache);
		assert_int_equal(workers[i].wrong, 0);
		assert_int_equal(workers[i].got, FRAMES / 2);
		rig.flow[i] = (struct flow){ workers[i].sent, workers[i].got };
	}
	device_end(&device);
	rig_close(&rig);
}
