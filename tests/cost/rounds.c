/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "../unit/routes.h"

/*
 * What is counted: the same rounds of receive and transmit bursts, of every variant, over one
 * transport.
 *
 *   rounds TRANSPORT quiet|kicks
 *
 * Prints a line for each variant: its name, packets, kicks.
 */
#define ROUNDS 48u
#define BURST  32u

static void receive(struct route *w, struct rig *device, struct vio_cache *cache)
{
	struct vio_pkt pkts[BURST];

	for (unsigned int i = 0; i < ROUNDS; i++) {
		route_receive(w, device, BURST);
		assert_int_equal(vio_rx_burst(&w->port->rxq[0]->pub, pkts, BURST), BURST);
		vio_pkt_put(cache, pkts, BURST);
	}
}

static void transmit(struct route *w, struct rig *device, struct vio_cache *cache)
{
	struct vio_pkt pkts[BURST];

	for (unsigned int i = 0; i < ROUNDS; i++) {
		assert_int_equal(vio_pkt_get(cache, pkts, BURST), BURST);
		for (unsigned int k = 0; k < BURST; k++)
			pkts[k].len = 60;
		assert_int_equal(vio_tx_burst(&w->port->txq[0]->pub, pkts, BURST), BURST);
		route_transmit(device);
	}
}

static void print(const char *variant, const struct vio_queue_stats *s)
{
	printf("%s %llu %llu\n", variant, (unsigned long long)stat_read(&s->packets),
	       (unsigned long long)stat_read(&s->kicks));
}

static void run(const char *transport, const struct route_mode *mode, bool kicks)
{
	static struct route w;
	struct vio_cache *cache;
	struct rig rx, tx;

	route_open(&w, transport, mode);
	assert_int_equal(vio_cache_open(w.pool, &cache), 0);
	route_rig(&w, mode, false, &rx);
	route_rig(&w, mode, true, &tx);
	route_wish(&rx, kicks);
	route_wish(&tx, kicks);
	w.port->rxq[0]->stats.kicks = 0; /* the first filling is no burst's */
	receive(&w, &rx, cache);
	transmit(&w, &tx, cache);
	print(mode->rx, &w.port->rxq[0]->stats);
	print(mode->tx, &w.port->txq[0]->stats);
	vio_cache_close(cache);
	route_close(&w);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	for (unsigned int i = 0; i < ROUTE_MODES; i++)
		run(argv[1], &route_modes[i], !strcmp(argv[2], "kicks"));
	return 0;
}
