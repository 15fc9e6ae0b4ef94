/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <valgrind/callgrind.h>
#include <vio/vio.h>

#include "variants.h"

/*
 * What bench/instructions.py has callgrind look at: bursts of each variant over the device model.
 * Only counted_rx() and counted_tx() are counted, with all that they call. The counts of each case
 * are dumped with what it was as the reason: body, burst, packets.
 *
 *   vio-count           does that
 *   vio-count --build   prints compiler and options, with which counts change
 */

#define RING_ENTRIES 256
#define FRAME_BYTES  60
#define BURST_MAX    32

/* Whole rounds of all that comes round: bursts, magazines of buffers, rings. */
#define PACKETS 8192
#define WARM_UP 2048

#define NOINLINE __attribute__((noinline))

struct rig {
	struct vio_pool *pool;
	struct vio_cache *cache;
	struct vio_port *port;
	struct vio_pkt pkts[BURST_MAX];
};

static NOINLINE uint16_t counted_rx(struct vio_rxq *rxq, struct vio_pkt *pkts, uint16_t n)
{
	return vio_rx_burst(rxq, pkts, n);
}

static NOINLINE uint16_t counted_tx(struct vio_txq *txq, const struct vio_pkt *pkts, uint16_t n)
{
	return vio_tx_burst(txq, pkts, n);
}

/* The device makes a burst, the driver takes it. Return: packets. */
static uint16_t receive(struct rig *rig, uint16_t burst)
{
	uint16_t n;

	vio_loop_step(vio_port_loop(rig->port), burst);
	n = counted_rx(vio_port_rxq(rig->port, 0), rig->pkts, burst);
	vio_pkt_put(rig->cache, rig->pkts, n);
	return n;
}

/* The driver sends a burst, the device takes it. Return: packets. */
static uint16_t transmit(struct rig *rig, uint16_t burst)
{
	const uint16_t n = vio_pkt_get(rig->cache, rig->pkts, burst);
	uint16_t sent;

	for (uint16_t i = 0; i < n; i++)
		rig->pkts[i].len = FRAME_BYTES;
	sent = counted_tx(vio_port_txq(rig->port, 0), rig->pkts, n);
	vio_pkt_put(rig->cache, rig->pkts + sent, (uint16_t)(n - sent));
	vio_loop_step(vio_port_loop(rig->port), burst);
	return sent;
}

static const struct direction {
	const char *prefix, *behaviour;
	const struct variant *variants;
	uint16_t (*move)(struct rig *rig, uint16_t burst);
} directions[] = {
	{ "rx", "source", rx_variants, receive },
	{ "tx", "sink", tx_variants, transmit },
};

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	return -1;
}

/* Move @packets in full bursts: counts of shorter ones would not compare. */
static int move(struct rig *rig, const struct direction *dir, uint16_t burst, unsigned int packets)
{
	for (; packets; packets -= burst)
		if (dir->move(rig, burst) != burst)
			return fail(dir->prefix, "a burst was not moved as a whole");
	return 0;
}

/* Does the body that is to be counted serve the port? */
static int expect(const struct rig *rig, const struct direction *dir, const char *name)
{
	const bool rx = dir->variants == rx_variants;
	struct vio_port_info info;

	vio_port_info(rig->port, &info);
	if (strcmp((rx ? info.rx_variant : info.tx_variant) + 3, name))
		return fail(name, "another body serves the port that was opened for it");
	return 0;
}

static int count(struct rig *rig, const struct direction *dir, const struct variant *variant,
		 uint16_t burst)
{
	char text[128];
	int rc;

	snprintf(text, sizeof(text), "loop:%s,null,size=%d,%s", dir->behaviour, RING_ENTRIES,
		 variant->options);
	if (vio_port_open(text, rig->pool, NULL, &rig->port) < 0)
		return fail(text, vio_error_text());
	rc = expect(rig, dir, variant->name);
	if (!rc)
		rc = move(rig, dir, burst, WARM_UP);
	CALLGRIND_ZERO_STATS;
	if (!rc)
		rc = move(rig, dir, burst, PACKETS);
	snprintf(text, sizeof(text), "%s_%s %d %d", dir->prefix, variant->name, burst, PACKETS);
	CALLGRIND_DUMP_STATS_AT(text);
	vio_port_close(rig->port);
	return rc;
}

static int count_variant(struct rig *rig, const struct direction *dir,
			 const struct variant *variant)
{
	static const uint16_t bursts[] = { 1, 4, BURST_MAX };
	int rc = 0;

	for (size_t i = 0; i < sizeof(bursts) / sizeof(bursts[0]) && !rc; i++)
		rc = count(rig, dir, variant, bursts[i]);
	return rc;
}

static int count_all(struct rig *rig)
{
	int rc = 0;

	for (size_t i = 0; i < sizeof(directions) / sizeof(directions[0]); i++)
		for (const struct variant *v = directions[i].variants; v->name && !rc; v++)
			rc = count_variant(rig, &directions[i], v);
	return rc;
}

int main(int argc, char **argv)
{
	struct rig rig;
	int rc;

	if (argc > 1 && !strcmp(argv[1], "--build"))
		return puts(BUILD) < 0;
	if (vio_pool_open(NULL, &rig.pool) < 0 || vio_cache_open(rig.pool, &rig.cache) < 0)
		return fail("pool", vio_error_text()) < 0;
	rc = count_all(&rig);
	vio_cache_close(rig.cache);
	vio_pool_close(rig.pool);
	return rc < 0;
}
