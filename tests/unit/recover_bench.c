/* SPDX-License-Identifier: BSD-3-Clause */
#include "recover_bench.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BUFFERS 2048u

void bench_port(struct bench *b, const char *options)
{
	char address[256];

	snprintf(address, sizeof(address), "loop:echo,size=64,queues=%u,timeout=30,%s", BENCH_PAIRS,
		 options);
	if (vio_port_open(address, b->pool, NULL, &b->port) < 0)
		fail_msg("%s", vio_error_text());
	b->own = container_of(b->port, struct virtio_port, pub);
	b->loop = vio_port_loop(b->port);
	b->rxq = vio_port_rxq(b->port, 0);
	b->txq = vio_port_txq(b->port, 0);
}

void bench_open(struct bench *b, const char *options)
{
	const struct vio_region_opts pages =
		VIO_OPTS(struct vio_region_opts, .page = VIO_PAGE_NORMAL);
	const struct vio_pool_opts opts =
		VIO_OPTS(struct vio_pool_opts, .buffers = BUFFERS, .region_opts = &pages);

	*b = (struct bench){ 0 };
	assert_int_equal(vio_pool_open(&opts, &b->pool), 0);
	assert_int_equal(vio_cache_open(b->pool, &b->cache), 0);
	bench_port(b, options);
}

void bench_accounts(const struct bench *b)
{
	for (uint16_t i = 0; i < BENCH_PAIRS; i++) {
		const struct vio_txq *q = vio_port_txq(b->port, i);
		struct vio_queue_stats s;

		vio_txq_stats(q, &s);
		assert_int_equal(s.packets, s.completed + s.taken_back + vio_txq_in_flight(q));
	}
}

void bench_close(struct bench *b)
{
	struct vio_pool_info info;
	const char *first = "";

	if (vio_loop_violations(b->loop, &first) && !b->hostile)
		fail_msg("%s", first);
	bench_accounts(b);
	vio_port_close(b->port);
	vio_cache_close(b->cache);
	vio_pool_info(b->pool, &info);
	assert_int_equal(info.out, 0);
	assert_int_equal(info.double_puts, 0);
	assert_int_equal(vio_pool_close(b->pool), 0);
}

/* ---- traffic ---- */

uint16_t bench_send(struct bench *b, struct vio_txq *txq, uint16_t n)
{
	struct vio_pkt pkts[BENCH_BURST];
	uint16_t took;

	assert_int_equal(vio_pkt_get(b->cache, pkts, n), n);
	for (uint16_t i = 0; i < n; i++) {
		pkts[i].len = 60 + i;
		memset(pkts[i].data, 0x40 + i, pkts[i].len);
	}
	took = vio_tx_burst(txq, pkts, n);
	vio_pkt_put(b->cache, pkts + took, (uint16_t)(n - took));
	return took;
}

uint16_t bench_receive(struct bench *b, struct vio_rxq *rxq)
{
	struct vio_pkt pkts[BENCH_BURST];
	uint16_t n = vio_rx_burst(rxq, pkts, BENCH_BURST);

	for (uint16_t i = 0; i < n; i++) {
		const uint8_t *p = pkts[i].data;

		assert_int_equal(p[20], 0x40 + pkts[i].len - 60);
	}
	vio_pkt_put(b->cache, pkts, n);
	return n;
}

void bench_exchange(struct bench *b)
{
	for (unsigned int round = 0; round < 20; round++)
		for (uint16_t i = 0; i < BENCH_PAIRS; i++) {
			assert_int_equal(bench_send(b, vio_port_txq(b->port, i), BENCH_BURST),
					 BENCH_BURST);
			vio_loop_step(b->loop, 64);
			assert_int_equal(bench_receive(b, vio_port_rxq(b->port, i)), BENCH_BURST);
		}
}

void bench_back(struct bench *b)
{
	for (unsigned int i = 0; vio_port_check(b->port) != VIO_PORT_UP; i++) {
		if (i > 3000)
			fail_msg("%s", vio_error_text());
		usleep(1000);
	}
}

struct vio_port_info bench_info(const struct bench *b)
{
	struct vio_port_info info;

	vio_port_info(b->port, &info);
	return info;
}
