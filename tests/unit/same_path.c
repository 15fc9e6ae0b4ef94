/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../drivers/virtio/port.h"

#include <stdio.h>
#include <string.h>

#include "routes.h"

/* A transport has no part in the data path: a port runs the same bodies over each. */

static void same_bodies(void **state)
{
	const struct route_mode *mode = *state;
	struct route w[3];

	for (size_t i = 0; route_name(i); i++) {
		const struct virtio_port *first = w[0].port, *port;

		route_open(&w[i], route_name(i), mode);
		port = w[i].port;
		assert_string_equal(rxq_variant_name(port->rxq[0]), mode->rx);
		assert_string_equal(txq_variant_name(port->txq[0]), mode->tx);
		if (!i)
			continue;
		assert_memory_equal(&port->taken, &first->taken, sizeof(port->taken));
		assert_ptr_equal(port->rxq[0]->pub.burst, first->rxq[0]->pub.burst);
		assert_ptr_equal(port->txq[0]->pub.burst, first->txq[0]->pub.burst);
		assert_int_equal(port->rxq[0]->publish_at, first->rxq[0]->publish_at);
		assert_int_equal(port->txq[0]->reclaim_below, first->txq[0]->reclaim_below);
	}
	for (size_t i = 0; route_name(i); i++)
		route_close(&w[i]);
}

/* Send one packet in a burst of its own. */
static void send_one(struct route *w)
{
	struct vio_cache *cache;
	struct vio_pkt pkt;

	assert_int_equal(vio_cache_open(w->pool, &cache), 0);
	assert_int_equal(vio_pkt_get(cache, &pkt, 1), 1);
	pkt.len = 60;
	assert_int_equal(vio_tx_burst(&w->port->txq[0]->pub, &pkt, 1), 1);
	vio_cache_close(cache);
}

/* The transmit queue is queue 1, whose doorbell stands 4 bytes into the window. */
static void one_store(void **state)
{
	const struct route_mode *mode = *state;
	uint8_t expect[sizeof(((struct fake_pci *)0)->bell)];
	struct rig device;
	struct route w;

	route_open(&w, "pci", mode);
	route_rig(&w, mode, true, &device);
	memset(w.pci.bell, 0xee, sizeof(w.pci.bell));
	memset(expect, 0xee, sizeof(expect));
	fake_log_clear(&w.pci);
	route_wish(&device, false);
	send_one(&w);
	assert_memory_equal(w.pci.bell, expect, sizeof(expect));
	route_wish(&device, true);
	send_one(&w);
	expect[4] = 1;
	expect[5] = 0;
	assert_memory_equal(w.pci.bell, expect, sizeof(expect));
	assert_int_equal(w.pci.accesses, 0);
	assert_int_equal(w.pci.calls, 0);
	assert_int_equal(stat_read(&w.port->txq[0]->stats.kicks), 1);
	route_close(&w);
}

int main(void)
{
	static struct case_list list;
	static char names[2 * ROUTE_MODES][96];

	for (size_t i = 0; i < ROUTE_MODES; i++) {
		snprintf(names[2 * i], sizeof(names[0]),
			 "%s: loop, vhost-user and pci run the same functions",
			 route_modes[i].what);
		snprintf(names[2 * i + 1], sizeof(names[0]),
			 "%s: a kick over pci is one store of two bytes", route_modes[i].what);
		case_add(&list, names[2 * i], same_bodies, &route_modes[i]);
		case_add(&list, names[2 * i + 1], one_store, &route_modes[i]);
	}
	return case_run("same_path", &list);
}
