/* SPDX-License-Identifier: BSD-3-Clause */
#include "port_run.h"

#include "../../drivers/virtio/port.h"
#include "../../lib/mem/mem.h"
#include "ring_device.h"

/* A burst on each queue. The device uses what it likes, or nothing. */
static void bursts(struct vio_port *pub, struct vio_cache *cache)
{
	struct vio_rxq *rxq;
	struct vio_txq *txq;
	struct vio_pkt pkts[4];
	uint16_t n, sent;

	for (uint16_t i = 0; (rxq = vio_port_rxq(pub, i)); i++)
		vio_pkt_put(cache, pkts, vio_rx_burst(rxq, pkts, 4));
	for (uint16_t i = 0; (txq = vio_port_txq(pub, i)); i++) {
		n = vio_pkt_get(cache, pkts, 2);
		for (uint16_t k = 0; k < n; k++)
			pkts[k].len = 60;
		sent = vio_tx_burst(txq, pkts, n);
		vio_pkt_put(cache, pkts + sent, (uint16_t)(n - sent));
	}
}

static void look(struct vio_port *pub)
{
	struct vio_port_info info;

	vio_port_info(pub, &info);
	assert_true(info.queues <= QUEUE_PAIRS_MAX);
}

static void act(struct vio_port *pub, struct vio_cache *cache, struct input *in)
{
	const struct vio_mac mac = { { 2, 0, 0, 0, 0, 1 } };
	const uint8_t what = input_u8(in), value = input_u8(in);

	switch (what % 8) {
	case 1:
		(void)vio_port_check(pub);
		break;
	case 2:
		(void)vio_port_mac_set(pub, &mac);
		break;
	case 3:
		(void)vio_port_queues_set(pub, value);
		break;
	case 4:
		(void)vio_port_rx_mode_set(pub, VIO_RX_PROMISC, value & 1);
		break;
	case 5:
		(void)vio_port_vlan_set(pub, value, value & 1);
		break;
	case 6:
		look(pub);
		break;
	default:
		bursts(pub, cache);
	}
}

static struct virtio_port port_over(struct transport *tp, struct input *in)
{
	struct vio_pool *pool = device_pool();
	struct vio_pool_info info;

	vio_pool_info(pool, &info);
	return (struct virtio_port){
		.pub = { &virtio_driver, (char *)(uintptr_t) "fuzz:" },
		.tp = tp,
		.pool = pool,
		.region = info.region,
		.queues_wanted = 1 + input_u8(in) % 2,
		.entries_wanted = 8,
	};
}

void port_run(struct transport *tp, struct input *in)
{
	static struct virtio_port port; /* it is large */
	struct vio_pool_info info;
	struct vio_cache *cache;
	size_t used;

	port = port_over(tp, in);
	used = region_used(port.region);
	if (device_start(&port) == 0) {
		assert_int_equal(vio_cache_open(port.pool, &cache), 0);
		for (uint8_t steps = input_u8(in) % 8; steps; steps--)
			act(&port.pub, cache, in);
		vio_cache_close(cache);
		device_stop(&port);
	}
	vio_pool_info(port.pool, &info);
	assert_int_equal(info.out, 0);
	assert_int_equal(info.double_puts, 0);
	assert_int_equal(region_used(port.region), used);
}
