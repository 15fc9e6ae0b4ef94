/* SPDX-License-Identifier: BSD-3-Clause */
#include "forward.h"

#include <string.h>

/*
 * A packet-processing program: take packets from one port, change their addresses, send them on.
 * Both ports work on one pool, so that nothing is copied and no buffer changes hands but by its
 * address.
 */
#define BURST 32

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

static void lane_poll(struct lane *lane, enum forward_mode mode, struct vio_cache *cache)
{
	struct vio_pkt pkts[BURST];
	uint16_t n = vio_rx_burst(lane->from, pkts, BURST), sent;
	bool first = true;

	if (!n)
		return;
	for (uint16_t i = 0; i < n; i++) {
		if (first)
			change_addresses(lane, mode, &pkts[i]);
		first = !(pkts[i].flags & VIO_PKT_MORE);
		pkts[i].flags &= VIO_PKT_MORE; /* offload data is between the device and us */
	}
	sent = vio_tx_burst(lane->to, pkts, n);
	vio_pkt_put(cache, pkts + sent, (uint16_t)(n - sent));
	lane->received += n;
	lane->sent += sent;
	lane->dropped += (uint64_t)(n - sent);
}

void forward_poll(struct forward *f)
{
	for (unsigned int i = 0; i < f->n; i++) {
		struct vio_loop *model = vio_port_loop(f->ports[i]);

		if (model) /* a device in this process works when somebody steps it */
			vio_loop_step(model, BURST);
		lane_poll(&f->lanes[i], f->mode, f->cache);
	}
}

static void lane_init(struct lane *lane, struct vio_port *from, struct vio_port *to)
{
	static const struct mac nobody = { { 0x02, 0, 0, 0, 0, 0x02 } };
	struct vio_port_info info;

	vio_port_info(to, &info);
	*lane = (struct lane){ .from = vio_port_rxq(from, 0), .to = vio_port_txq(to, 0) };
	memcpy(lane->mac.src.byte, info.mac, sizeof(info.mac));
	lane->mac.dst = nobody;
}

int forward_open(struct forward *f, enum forward_mode mode, char **address, unsigned int n)
{
	const struct vio_pool_opts opts =
		VIO_OPTS(struct vio_pool_opts, .buffers = 8192, .ring_bytes = 4u << 20);
	int rc;

	*f = (struct forward){ .mode = mode };
	rc = vio_pool_open(&opts, &f->pool);
	if (rc == 0)
		rc = vio_cache_open(f->pool, &f->cache);
	for (; rc == 0 && f->n < n; f->n += !rc)
		rc = vio_port_open(address[f->n], f->pool, NULL, &f->ports[f->n]);
	for (unsigned int i = 0; rc == 0 && i < n; i++)
		lane_init(&f->lanes[i], f->ports[i], f->ports[n - 1 - i]);
	return rc;
}

void forward_close(struct forward *f)
{
	while (f->n)
		vio_port_close(f->ports[--f->n]);
	vio_cache_close(f->cache);
	vio_pool_close(f->pool);
}
