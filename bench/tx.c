/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "rig.h"
#include "variants.h"

#define FRAME_BYTES 60

static bool tx_open(struct rig *rig, struct bench *b, const struct variant *variant)
{
	struct vio_port_info info;

	if (!rig_open(rig, b, "sink", variant->options))
		return false;
	vio_port_info(rig->port, &info);
	if (rig_runs(b, info.tx_variant, variant->name))
		return true;
	rig_close(rig, b);
	return false;
}

static uint16_t make_packets(struct rig *rig)
{
	uint16_t n = vio_pkt_get(rig->cache, rig->pkts, RIG_BATCH);

	for (uint16_t i = 0; i < n; i++) {
		memset(rig->pkts[i].data, 0x55, FRAME_BYTES); /* as whoever sends has to */
		rig->pkts[i].len = FRAME_BYTES;
	}
	return n;
}

/* Send @n packets, @burst at a time; what the device is done with is reclaimed on the way. Return:
 * packets that it took. */
static uint16_t transmit(struct rig *rig, uint16_t n, uint16_t burst)
{
	struct vio_txq *txq = vio_port_txq(rig->port, 0);
	uint16_t done = 0, sent;

	do {
		uint16_t left = (uint16_t)(n - done);

		sent = vio_tx_burst(txq, rig->pkts + done, left < burst ? left : burst);
		done = (uint16_t)(done + sent);
	} while (sent && done < n);
	return done;
}

/* Cycles of the transmit bursts, reclaiming included. */
static void tx_burst(struct bench *b, const void *arg, int burst)
{
	struct rig rig;

	if (!tx_open(&rig, b, arg))
		return;
	while (bench_next(b)) {
		uint16_t n = make_packets(&rig), sent;
		uint64_t start = vio_ticks();

		sent = transmit(&rig, n, (uint16_t)burst);
		rig_sample(&rig, start, sent);
		vio_pkt_put(rig.cache, rig.pkts + sent, (uint16_t)(n - sent));
		rig.packets += sent;
		vio_loop_step(rig.loop, RIG_BATCH);
	}
	rig_close(&rig, b);
}

/* Cycles of the model in the same loop. */
static void tx_device_only(struct bench *b, const void *arg, int burst)
{
	struct rig rig;

	if (!tx_open(&rig, b, arg))
		return;
	while (bench_next(b)) {
		uint16_t n = make_packets(&rig), sent = transmit(&rig, n, (uint16_t)burst);
		uint64_t start;

		vio_pkt_put(rig.cache, rig.pkts + sent, (uint16_t)(n - sent));
		rig.packets += sent;
		start = vio_ticks();
		rig_sample(&rig, start, vio_loop_step(rig.loop, RIG_BATCH));
	}
	rig_close(&rig, b);
}

void tx_register(void)
{
	char name[128];

	for (const struct variant *v = tx_variants; v->name; v++) {
		rig_register("tx", v->name, tx_burst, v);
		snprintf(name, sizeof(name), "tx/%s/device_only", v->name);
		bench_register(name, tx_device_only, v, 32);
	}
}
