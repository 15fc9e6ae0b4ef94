/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_cpuflags.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_log.h>
#include <rte_mbuf.h>
#include <rte_version.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver.h"
#include "mbufs.h"
#include "ticks.h"

#define VDEV         "net_virtio_user_bench"
#define MBUFS        4095 /* one less than a power of two suits the pool's ring */
#define CACHE        512  /* the most there is */
#define TX_WAITING   256  /* sent packets that may wait to be freed: more cost cache misses */
#define MEGABYTES    "64"
#define HUGE_PAGES   40 /* of 2 MB, free: enough for MEGABYTES and what EAL takes besides */
#define HUGE_NO_MORE "/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages"

struct port {
	uint16_t id;
	char path[2][64];
};

/* EAL is one to a process. */
static struct {
	struct rte_mempool *pool;
	FILE *log; /* what DPDK says; shown only when something fails */
	char *text;
	size_t bytes;
	char settings[192];
} own;

static long free_huge_pages(void)
{
	FILE *file = fopen(HUGE_NO_MORE, "re");
	long n = 0;

	if (file) {
		if (fscanf(file, "%ld", &n) != 1)
			n = 0;
		fclose(file);
	}
	return n;
}

static int fail(const char *what)
{
	fflush(own.log);
	fprintf(stderr, "DPDK: %s: %s\n%s", what, rte_strerror(rte_errno), own.text);
	return -1;
}

static int eal_start(void)
{
	static char lcore[32], prefix[32];
	static char *args[24];
	static const char *const common[] = { "bench",
					      "--no-pci",
					      "--no-telemetry",
					      "--force-max-simd-bitwidth=512",
					      "--log-level=lib.*:warning",
					      "--log-level=pmd.net.virtio.init:info",
					      "--lcores",
					      lcore,
					      "--file-prefix",
					      prefix };
	static const char *const huge[] = { "--in-memory", "--single-file-segments", "-m",
					    MEGABYTES };
	static const char *const ordinary[] = { "--no-shconf", "--no-huge", "-m", MEGABYTES };
	const bool has_huge = free_huge_pages() >= HUGE_PAGES;
	const char *const *memory = has_huge ? huge : ordinary;
	const size_t n_memory = has_huge ? RTE_DIM(huge) : RTE_DIM(ordinary);
	int n = 0;

	snprintf(lcore, sizeof(lcore), "0@%d", sched_getcpu());
	snprintf(prefix, sizeof(prefix), "vio-bench-%d", getpid());
	for (size_t i = 0; i < RTE_DIM(common); i++)
		args[n++] = (char *)(uintptr_t)common[i];
	for (size_t i = 0; i < n_memory; i++)
		args[n++] = (char *)(uintptr_t)memory[i];
	return rte_eal_init(n, args);
}

/* EAL leaves its folder behind, empty. */
static void remove_folder(void)
{
	rmdir(rte_eal_get_runtime_dir());
}

static int start(void)
{
	own.log = open_memstream(&own.text, &own.bytes);
	if (!own.log)
		return -1;
	rte_openlog_stream(own.log);
	if (eal_start() < 0) {
		fail("EAL does not start");
		remove_folder();
		return -1;
	}
	own.pool = rte_pktmbuf_pool_create("bench", MBUFS, CACHE, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
					   SOCKET_ID_ANY);
	return own.pool ? 0 : fail("no pool");
}

static const char *settings(void)
{
	snprintf(own.settings, sizeof(own.settings),
		 "%s, %d buffers, caches of %d, at most %d sent packets wait to be freed, %s",
		 rte_version() + strlen("DPDK "), MBUFS, CACHE, TX_WAITING,
		 rte_eal_has_hugepages() ? "huge pages" : "no huge pages: slower");
	return own.settings;
}

static void stop(void)
{
	rte_mempool_free(own.pool);
	rte_eal_cleanup();
	remove_folder();
	rte_openlog_stream(NULL);
	fclose(own.log);
	free(own.text);
}

/* The driver says in its log, and nowhere else, which code it has chosen: "using WHICH Rx path on
 * port". */
static void note_path(struct port *port, enum direction dir, size_t from)
{
	static const char *const ends[] = { " Rx path on port", " Tx path on port" };
	char *path = port->path[dir];
	const size_t room = sizeof(port->path[dir]);
	const char *end, *at;

	snprintf(path, room, "not told");
	fflush(own.log);
	for (at = own.text + from; (at = strstr(at, "using ")) != NULL; at++) {
		const char *line = strchr(at, '\n');

		end = strstr(at, ends[dir]);
		if (end && (!line || end < line))
			snprintf(path, room, "%.*s", (int)(end - at - 6), at + 6);
	}
}

static int set_up(uint16_t id, uint16_t entries)
{
	const struct rte_eth_conf conf = { 0 };
	/* 0 is the driver's own choice: when the ring is nearly full. */
	const struct rte_eth_txconf tx = {
		.tx_free_thresh = entries > TX_WAITING ? (uint16_t)(entries - TX_WAITING) : 0
	};
	int rc = rte_eth_dev_configure(id, 1, 1, &conf);

	if (rc == 0)
		rc = rte_eth_rx_queue_setup(id, 0, entries, SOCKET_ID_ANY, NULL, own.pool);
	if (rc == 0)
		rc = rte_eth_tx_queue_setup(id, 0, entries, SOCKET_ID_ANY, &tx);
	if (rc == 0)
		rc = rte_eth_dev_start(id);
	rte_errno = -rc;
	return rc;
}

static int attach(const struct setup *setup, uint16_t *id)
{
	const struct mode *mode = setup->mode;
	char args[512];
	int rc;

	snprintf(args, sizeof(args),
		 "path=%s,queues=1,queue_size=%u,packed_vq=%d,in_order=%d,mrg_rxbuf=%d,"
		 "vectorized=%d",
		 setup->socket, setup->entries, mode->packed, mode->in_order, mode->mergeable,
		 mode->vectorised);
	rc = rte_eal_hotplug_add("vdev", VDEV, args);
	if (rc == 0)
		rc = rte_eth_dev_get_port_by_name(VDEV, id);
	rte_errno = -rc;
	return rc;
}

static void detach(uint16_t id)
{
	rte_eth_dev_stop(id);
	rte_eth_dev_close(id);
	rte_eal_hotplug_remove("vdev", VDEV);
}

static struct port *port_open(const struct setup *setup)
{
	struct port *port = calloc(1, sizeof(*port));
	size_t from;

	if (!port)
		return NULL;
	fflush(own.log);
	from = own.bytes;
	if (attach(setup, &port->id) < 0) {
		fail("no port");
		free(port);
		return NULL;
	}
	if (set_up(port->id, setup->entries) < 0) {
		fail("the port does not start");
		detach(port->id);
		free(port);
		return NULL;
	}
	note_path(port, RX, from);
	note_path(port, TX, from);
	return port;
}

static void port_close(struct port *port)
{
	detach(port->id);
	free(port);
}

static const char *port_path(const struct port *port, enum direction dir)
{
	return port->path[dir];
}

/* Return: frames that are not those from @number on. */
static uint16_t count_wrong(struct rte_mbuf *const *pkts, uint16_t n, const struct mix *mix,
			    uint64_t number)
{
	uint16_t wrong = 0;

	for (uint16_t i = 0; i < n; i++, number++)
		wrong += pkts[i]->nb_segs != 1 || !frame_is(rte_pktmbuf_mtod(pkts[i], void *),
							    pkts[i]->pkt_len, mix, number, false);
	return wrong;
}

static struct batch port_receive(struct port *port, const struct how *how)
{
	struct rte_mbuf *pkts[BATCH];
	uint16_t n = 0, got, room;
	struct batch b = { 0 };
	const uint64_t from = fenced_ticks();

	do {
		room = (uint16_t)(how->n - n);
		got = rte_eth_rx_burst(port->id, 0, pkts + n,
				       room < how->burst ? room : how->burst);
		n = (uint16_t)(n + got);
	} while (got && n < how->n);
	b.ticks = fenced_ticks() - from;
	b.packets = n;
	if (how->verify)
		b.wrong = count_wrong(pkts, n, mixes, how->number);
	rte_pktmbuf_free_bulk(pkts, n);
	return b;
}

static uint16_t make_packets(struct rte_mbuf **pkts, const struct how *how)
{
	if (rte_pktmbuf_alloc_bulk(own.pool, pkts, how->n) != 0)
		return 0;
	for (uint16_t i = 0; i < how->n; i++) {
		pkts[i]->data_len = FRAME_BYTES;
		pkts[i]->pkt_len = FRAME_BYTES;
	}
	if (how->verify)
		mbufs_number(pkts, how->n, mixes, how->number);
	return how->n;
}

static struct batch port_send(struct port *port, const struct how *how)
{
	struct rte_mbuf *pkts[BATCH];
	const uint16_t n = make_packets(pkts, how);
	uint16_t done = 0, sent, left;
	struct batch b = { 0 };
	const uint64_t from = fenced_ticks();

	do {
		left = (uint16_t)(n - done);
		sent = rte_eth_tx_burst(port->id, 0, pkts + done,
					left < how->burst ? left : how->burst);
		done = (uint16_t)(done + sent);
	} while (sent && done < n);
	b.ticks = fenced_ticks() - from;
	b.packets = done;
	rte_pktmbuf_free_bulk(pkts + done, n - done);
	return b;
}

static uint16_t run_transmit(struct port *port, const struct load *load, struct tally *tally)
{
	struct rte_mbuf *pkts[BURST_MAX];
	uint64_t from;
	uint16_t sent;

	if (rte_pktmbuf_alloc_bulk(own.pool, pkts, load->burst) != 0)
		return 0;
	for (uint16_t i = 0; i < load->burst; i++) {
		pkts[i]->data_len = mix_next(load->mix, &tally->at);
		pkts[i]->pkt_len = pkts[i]->data_len;
	}
	if (load->verify)
		mbufs_number(pkts, load->burst, load->mix, tally->number);
	from = load_clock(load);
	sent = rte_eth_tx_burst(port->id, 0, pkts, load->burst);
	tally_call(tally, load, from, sent);
	tally->number += sent;
	rte_pktmbuf_free_bulk(pkts + sent, load->burst - sent);
	return sent;
}

static void tally_received(struct tally *tally, const struct load *load,
			   struct rte_mbuf *const *pkts, uint16_t n)
{
	if (load->verify)
		tally->wrong += count_wrong(pkts, n, load->mix, tally->number);
	tally->number += n;
}

static uint16_t run_receive(struct port *port, const struct load *load, struct tally *tally)
{
	struct rte_mbuf *pkts[BURST_MAX];
	const uint64_t from = load_clock(load);
	const uint16_t n = rte_eth_rx_burst(port->id, 0, pkts, load->burst);

	tally_call(tally, load, from, n);
	tally_received(tally, load, pkts, n);
	rte_pktmbuf_free_bulk(pkts, n);
	return n;
}

static uint16_t run_loop(struct port *port, const struct load *load, struct tally *tally)
{
	struct rte_mbuf *pkts[BURST_MAX];
	const uint64_t from = load_clock(load);
	const uint16_t n = rte_eth_rx_burst(port->id, 0, pkts, load->burst);
	uint64_t before;
	uint16_t sent;

	tally_call(tally, load, from, n);
	tally_received(tally, load, pkts, n);
	for (uint16_t i = 0; i < n; i++)
		swap_addresses(rte_pktmbuf_mtod(pkts[i], void *));
	before = load_clock(load);
	sent = rte_eth_tx_burst(port->id, 0, pkts, n);
	tally_call(tally, load, before, sent);
	rte_pktmbuf_free_bulk(pkts + sent, n - sent);
	return sent;
}

const char *dpdk_lacks(const struct mode *mode)
{
#if defined(RTE_ARCH_X86_64)
	if (!mode->packed || !mode->vectorised)
		return NULL;
	if (rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX512F) > 0 &&
	    rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX512BW) > 0 &&
	    rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX512VL) > 0)
		return NULL;
	return "this processor has no AVX-512 (F, BW and VL)";
#else
	(void)mode;
	return NULL;
#endif
}

const struct driver driver_dpdk = {
	.name = "DPDK",
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
