/* SPDX-License-Identifier: BSD-3-Clause */
#include "pci_bench.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <vio/vio.h>

#include "../../drivers/virtio/recover.h"

/* A port on PCI that falls, and comes back or does not. */
#define BASE   (BIT64(F_VERSION_1) | BIT64(NET_F_MAC) | BIT64(NET_F_STATUS) | BIT64(F_EVENT_IDX))
#define PACKED BIT64(F_RING_PACKED)
#define RESET  BIT64(F_RING_RESET)
#define SENT   8

static struct bench {
	struct port_bench b;
	struct fake_pci f;
	struct transport *tp;
	struct vio_port *port;
	struct vio_cache *cache;
} bench;

static void bench_open(uint64_t offered, bool wait)
{
	struct bench *n = &bench;

	memset(n, 0, sizeof(*n));
	fake_modern(&n->f, offered);
	n->f.dev.msix = 8;
	n->tp = pci_bench_transport(&n->f);
	port_bench_open(&n->b, n->tp, 1, 32);
	n->port = &n->b.port->pub;
	n->b.port->wait = wait;
	n->b.port->recover = (struct recover){ .on = true, .resets_max = RESETS_DEFAULT };
	assert_int_equal(recover_open(n->b.port), 0);
	assert_int_equal(device_start(n->b.port), 0);
	assert_int_equal(vio_port_check(n->port), VIO_PORT_UP);
	assert_int_equal(vio_cache_open(n->b.pool, &n->cache), 0);
}

static void bench_close(void)
{
	vio_cache_close(bench.cache);
	device_stop(bench.b.port);
	pci_bench_close(&bench.b, bench.tp, &bench.f);
}

static void send_some(void)
{
	struct vio_pkt pkts[SENT];

	assert_int_equal(vio_pkt_get(bench.cache, pkts, SENT), SENT);
	for (unsigned int i = 0; i < SENT; i++)
		pkts[i].len = 60;
	assert_int_equal(vio_tx_burst(vio_port_txq(bench.port, 0), pkts, SENT), SENT);
}

static uint64_t taken_back(void)
{
	struct vio_queue_stats s;

	vio_txq_stats(vio_port_txq(bench.port, 0), &s);
	return s.taken_back;
}

static const struct ring_case {
	const char *back, *queue;
	uint64_t offered;
} rings[] = {
	{ "split: a device on PCI is reset and goes on", "split: one of its queues is reset alone",
	  BASE },
	{ "packed: a device on PCI is reset and goes on",
	  "packed: one of its queues is reset alone", BASE | PACKED },
};

/* With the rings and interrupts that it had. */
static void comes_back(void **state)
{
	const struct ring_case *c = *state;
	struct fake_queue had[2];
	int fd[3];

	bench_open(c->offered, true);
	memcpy(had, bench.f.queue, sizeof(had));
	memcpy(fd, bench.f.irq_fd, sizeof(fd));
	for (unsigned int i = 0; i < 3; i++) {
		send_some();
		bench.f.status |= STATUS_NEEDS_RESET;
		assert_int_equal(vio_port_check(bench.port), VIO_PORT_NEEDS_RESET);
		assert_int_equal(vio_port_check(bench.port), VIO_PORT_UP);
		assert_int_equal(taken_back(), SENT * (i + 1));
		assert_memory_equal(had, bench.f.queue, sizeof(had));
		assert_memory_equal(fd, bench.f.irq_fd, sizeof(fd));
	}
	bench_close();
}

static void queue_alone(void **state)
{
	const struct ring_case *c = *state;
	struct fake_queue had[2];
	struct vio_pkt pkts[4];
	struct rxq *q;

	bench_open(c->offered | RESET, true);
	bench.f.how.queue_reset_takes = 2;
	send_some();
	memcpy(had, bench.f.queue, sizeof(had));
	q = bench.b.port->rxq[0];
	if (c->offered & PACKED) {
		q->ring.desc.packed[0].id = le16_from(999);
		q->ring.desc.packed[0].flags = le16_from(PACKED_AVAIL | PACKED_USED);
	} else {
		q->ring.device.used->idx = le16_from(999);
	}
	assert_int_equal(vio_rx_burst(&q->pub, pkts, 4), 0);
	assert_int_equal(vio_port_check(bench.port), VIO_PORT_QUEUE_BROKEN);
	fake_log_clear(&bench.f);
	assert_int_equal(vio_port_check(bench.port), VIO_PORT_UP);
	assert_memory_equal(had, bench.f.queue, sizeof(had));
	assert_int_equal(taken_back(), 0);
	for (unsigned int i = 0; i < bench.f.n_log; i++) /* the device was not */
		assert_false(bench.f.log[i].write && bench.f.log[i].off == COMMON_STATUS);
	bench_close();
}

/* All is given back, and it is never spoken to again. */
static void unplugged(void **state)
{
	struct vio_pool_info pool;
	unsigned int accesses;

	(void)state;
	bench_open(BASE, false);
	send_some();
	bench.f.how.gone_at = bench.f.accesses + 1;
	assert_int_equal(vio_port_check(bench.port), VIO_PORT_DEVICE_GONE);
	assert_string_equal(vio_error_last()->id, "VIO-VPCI-03");
	accesses = bench.f.accesses;
	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(vio_port_check(bench.port), VIO_PORT_DEVICE_GONE);
	assert_int_equal(taken_back(), SENT);
	vio_cache_close(bench.cache);
	vio_pool_info(bench.b.pool, &pool);
	assert_int_equal(pool.out, 0);
	assert_int_equal(vio_cache_open(bench.b.pool, &bench.cache), 0);
	bench_close();
	assert_int_equal(bench.f.accesses, accesses);
}

/* Its memory is not touched before it confirms, and after three tries it is left alone. */
static void stuck(void **state)
{
	struct vio_port_info info;

	(void)state;
	bench_open(BASE, false);
	send_some();
	bench.f.how.reset_stuck = true;
	bench.f.status |= STATUS_NEEDS_RESET;
	for (unsigned int i = 0; i < 100; i++) {
		assert_int_equal(vio_port_check(bench.port), VIO_PORT_NEEDS_RESET);
		usleep(1000);
	}
	vio_port_info(bench.port, &info);
	assert_true(info.given_up);
	assert_int_equal(info.recoveries, 0);
	assert_true(info.recoveries_failed >= 3);
	assert_int_equal(taken_back(), 0);
	bench.f.how.reset_stuck = false;
	bench_close();
}

int main(void)
{
	static struct case_list list;

	for (size_t i = 0; i < ARRAY_SIZE(rings); i++) {
		case_add(&list, rings[i].back, comes_back, &rings[i]);
		case_add(&list, rings[i].queue, queue_alone, &rings[i]);
	}
	case_add(&list, "a device that was unplugged gives all back and is left alone", unplugged,
		 NULL);
	case_add(&list, "nothing is touched while a device does not confirm its reset", stuck,
		 NULL);
	return case_run("pci_recover", &list);
}
