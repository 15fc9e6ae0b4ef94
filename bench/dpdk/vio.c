/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vio/vio.h>

#include "driver.h"
#include "ticks.h"

struct port {
	struct vio_port *port;
	struct vio_rxq *rxq;
	struct vio_txq *txq;
	struct vio_port_info info;
};

static struct {
	struct vio_pool *pool;
	struct vio_cache *cache;
	char settings[128];
} own;

static int start(void)
{
	const struct vio_region_opts region = VIO_OPTS(struct vio_region_opts, .scattered = true);
	int rc = vio_pool_open(&VIO_OPTS(struct vio_pool_opts, .region_opts = &region), &own.pool);

	if (rc == 0)
		rc = vio_cache_open(own.pool, &own.cache);
	if (rc < 0)
		fputs(vio_error_text(), stderr);
	return rc;
}

static const char *settings(void)
{
	struct vio_pool_info pool;
	struct vio_region_info region;

	vio_pool_info(own.pool, &pool);
	vio_region_info(pool.region, &region);
	snprintf(own.settings, sizeof(own.settings), "%u buffers of %u bytes, pages of %zu kB",
		 pool.buffers, pool.buf_bytes, region.page_bytes / 1024);
	return own.settings;
}

static void stop(void)
{
	vio_cache_close(own.cache);
	vio_pool_close(own.pool);
}

static const char *on(bool wanted)
{
	return wanted ? "on" : "off";
}

static struct port *port_open(const struct setup *setup)
{
	struct port *port = calloc(1, sizeof(*port));
	char address[256];

	if (!port)
		return NULL;
	/* librte_vhost looks at a new socket once in a second. */
	snprintf(address, sizeof(address),
		 "vhost-user:%s,size=%u,packed=%s,in_order=%s,mrg_rxbuf=%s,timeout=5000",
		 setup->socket, setup->entries, on(setup->mode->packed), on(setup->mode->in_order),
		 on(setup->mode->mergeable));
	if (vio_port_open(address, own.pool, NULL, &port->port) < 0) {
		fputs(vio_error_text(), stderr);
		free(port);
		return NULL;
	}
	port->rxq = vio_port_rxq(port->port, 0);
	port->txq = vio_port_txq(port->port, 0);
	vio_port_info(port->port, &port->info);
	return port;
}

static void port_close(struct port *port)
{
	vio_port_close(port->port);
	free(port);
}

static const char *port_path(const struct port *port, enum direction dir)
{
	return dir == RX ? port->info.rx_variant : port->info.tx_variant;
}

/* Return: frames that are not those from @number on. */
static uint16_t count_wrong(const struct vio_pkt *pkts, uint16_t n, const struct mix *mix,
			    uint64_t number)
{
	uint16_t wrong = 0;

	for (uint16_t i = 0; i < n; i++, number++)
		wrong += pkts[i].flags & VIO_PKT_MORE ||
			 !frame_is(pkts[i].data, pkts[i].len, mix, number, false);
	return wrong;
}

static void number_frames(struct vio_pkt *pkts, uint16_t n, const struct mix *mix, uint64_t number)
{
	for (uint16_t i = 0; i < n; i++, number++) {
		pkts[i].len = frame_bytes(mix, number);
		frame_make(pkts[i].data, mix, number);
	}
}

static struct batch port_receive(struct port *port, const struct how *how)
{
	struct vio_pkt pkts[BATCH];
	uint16_t n = 0, got, room;
	struct batch b = { 0 };
	const uint64_t from = fenced_ticks();

	do {
		room = (uint16_t)(how->n - n);
		got = vio_rx_burst(port->rxq, pkts + n, room < how->burst ? room : how->burst);
		n = (uint16_t)(n + got);
	} while (got && n < how->n);
	b.ticks = fenced_ticks() - from;
	b.packets = n;
	if (how->verify)
		b.wrong = count_wrong(pkts, n, mixes, how->number);
	vio_pkt_put(own.cache, pkts, n);
	return b;
}

static uint16_t make_packets(struct vio_pkt *pkts, const struct how *how)
{
	const uint16_t n = vio_pkt_get(own.cache, pkts, how->n);

	for (uint16_t i = 0; i < n; i++)
		pkts[i].len = FRAME_BYTES;
	if (how->verify)
		number_frames(pkts, n, mixes, how->number);
	return n;
}

static struct batch port_send(struct port *port, const struct how *how)
{
	struct vio_pkt pkts[BATCH];
	const uint16_t n = make_packets(pkts, how);
	uint16_t done = 0, sent, left;
	struct batch b = { 0 };
	const uint64_t from = fenced_ticks();

	do {
		left = (uint16_t)(n - done);
		sent = vio_tx_burst(port->txq, pkts + done, left < how->burst ? left : how->burst);
		done = (uint16_t)(done + sent);
	} while (sent && done < n);
	b.ticks = fenced_ticks() - from;
	b.packets = done;
	vio_pkt_put(own.cache, pkts + done, (uint16_t)(n - done));
	return b;
}

static uint16_t run_transmit(struct port *port, const struct load *load, struct tally *tally)
{
	struct vio_pkt pkts[BURST_MAX];
	const uint16_t n = vio_pkt_get(own.cache, pkts, load->burst);
	uint16_t sent;
	uint64_t from;

	for (uint16_t i = 0; i < n; i++)
		pkts[i].len = mix_next(load->mix, &tally->at);
	if (load->verify)
		number_frames(pkts, n, load->mix, tally->number);
	from = load_clock(load);
	sent = vio_tx_burst(port->txq, pkts, n);
	tally_call(tally, load, from, sent);
	tally->number += sent;
	vio_pkt_put(own.cache, pkts + sent, (uint16_t)(n - sent));
	return sent;
}

static void tally_received(struct tally *tally, const struct load *load, const struct vio_pkt *pkts,
			   uint16_t n)
{
	if (load->verify)
		tally->wrong += count_wrong(pkts, n, load->mix, tally->number);
	tally->number += n;
}

static uint16_t run_receive(struct port *port, const struct load *load, struct tally *tally)
{
	struct vio_pkt pkts[BURST_MAX];
	const uint64_t from = load_clock(load);
	const uint16_t n = vio_rx_burst(port->rxq, pkts, load->burst);

	tally_call(tally, load, from, n);
	tally_received(tally, load, pkts, n);
	vio_pkt_put(own.cache, pkts, n);
	return n;
}

static uint16_t run_loop(struct port *port, const struct load *load, struct tally *tally)
{
	struct vio_pkt pkts[BURST_MAX];
	const uint64_t from = load_clock(load);
	const uint16_t n = vio_rx_burst(port->rxq, pkts, load->burst);
	uint64_t before;
	uint16_t sent;

	tally_call(tally, load, from, n);
	tally_received(tally, load, pkts, n);
	for (uint16_t i = 0; i < n; i++)
		swap_addresses(pkts[i].data);
	before = load_clock(load);
	sent = vio_tx_burst(port->txq, pkts, n);
	tally_call(tally, load, before, sent);
	vio_pkt_put(own.cache, pkts + sent, (uint16_t)(n - sent));
	return sent;
}

const struct driver driver_vio = {
	.name = "vio",
	.start = start,
	.stop = stop,
	.settings = settings,
	.open = port_open,
	.close = port_close,
	.path = port_path,
	.receive = port_receive,
	.send = port_send,
	.run = { run_transmit, run_receive, run_loop },
};
