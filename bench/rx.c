/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "rig.h"
#include "variants.h"

static bool rx_open(struct rig *rig, struct bench *b, const struct variant *variant)
{
	struct vio_port_info info;

	if (!rig_open(rig, b, "source", variant->options))
		return false;
	vio_port_info(rig->port, &info);
	if (rig_runs(b, info.rx_variant, variant->name))
		return true;
	rig_close(rig, b);
	return false;
}

/* Take what the device has made, up to a batch, @burst at a time. Return: packets. */
static uint16_t receive(struct rig *rig, uint16_t burst)
{
	struct vio_rxq *rxq = vio_port_rxq(rig->port, 0);
	uint16_t n = 0, got;

	do {
		uint16_t room = (uint16_t)(RIG_BATCH - n);

		got = vio_rx_burst(rxq, rig->pkts + n, room < burst ? room : burst);
		n = (uint16_t)(n + got);
	} while (got && n < RIG_BATCH);
	return n;
}

/* Cycles of the receive bursts, refill included. */
static void rx_burst(struct bench *b, const void *arg, int burst)
{
	struct rig rig;

	if (!rx_open(&rig, b, arg))
		return;
	while (bench_next(b)) {
		uint64_t start;
		uint16_t n;

		vio_loop_step(rig.loop, RIG_BATCH);
		start = vio_ticks();
		n = receive(&rig, (uint16_t)burst);
		rig_sample(&rig, start, n);
		vio_pkt_put(rig.cache, rig.pkts, n);
		rig.packets += n;
	}
	rig_close(&rig, b);
}

/* Cycles of the model in the same loop. */
static void rx_device_only(struct bench *b, const void *arg, int burst)
{
	struct rig rig;

	if (!rx_open(&rig, b, arg))
		return;
	while (bench_next(b)) {
		uint64_t start = vio_ticks();
		uint16_t n;

		rig_sample(&rig, start, vio_loop_step(rig.loop, RIG_BATCH));
		n = receive(&rig, (uint16_t)burst);
		vio_pkt_put(rig.cache, rig.pkts, n);
		rig.packets += n;
	}
	rig_close(&rig, b);
}

void rx_register(void)
{
	char name[128];

	for (const struct variant *v = rx_variants; v->name; v++) {
		rig_register("rx", v->name, rx_burst, v);
		snprintf(name, sizeof(name), "rx/%s/device_only", v->name);
		bench_register(name, rx_device_only, v, 32);
	}
}
