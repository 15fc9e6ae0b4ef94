/* SPDX-License-Identifier: BSD-3-Clause */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <vio/vio.h>

#include "commands.h"
#include "fail.h"
#include "log.h"

/*
 * A packet-processing program: take packets from one port, change their addresses, send them on.
 * Both ports work on one pool, so that nothing is copied and no buffer changes hands but by its
 * address.
 */
#define BURST 32

enum mode { MODE_IO, MODE_MAC, MODE_MACSWAP };

struct fwd_config {
	uint64_t mode, time_ns;
	bool quiet, verbose;
};

/* As a frame begins. */
struct mac {
	uint8_t byte[6];
};
struct addresses {
	struct mac dst, src;
};

/* One direction: from a queue to another. */
struct lane {
	struct vio_rxq *from;
	struct vio_txq *to;
	struct addresses mac; /* what MODE_MAC writes */
	uint64_t received, sent, dropped;
};

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	(void)sig;
	stopped = 1;
}

static void change_addresses(const struct lane *lane, enum mode mode, const struct vio_pkt *pkt)
{
	struct addresses *frame = pkt->data, was;

	if (mode == MODE_IO || pkt->len < sizeof(was))
		return;
	was = *frame;
	if (mode == MODE_MACSWAP)
		*frame = (struct addresses){ was.src, was.dst };
	else
		*frame = lane->mac;
}

static void lane_poll(struct lane *lane, enum mode mode, struct vio_cache *cache)
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

static void print_rates(const struct lane *now, const struct lane *before, unsigned int lanes,
			double seconds)
{
	for (unsigned int i = 0; i < lanes; i++)
		printf("%s%u>%u  rx %.4f Mpps  tx %.4f Mpps  dropped %llu", i ? "   " : "", i,
		       lanes == 1 ? 0 : 1 - i,
		       (double)(now[i].received - before[i].received) / seconds / 1e6,
		       (double)(now[i].sent - before[i].sent) / seconds / 1e6,
		       (unsigned long long)(now[i].dropped - before[i].dropped));
	printf("\n");
	fflush(stdout);
}

/* Forward until told to stop, the time is over or a port dies. Return: exit code. */
static int forward(struct lane *lanes, unsigned int n, struct vio_port **ports,
		   struct vio_cache *cache, const struct fwd_config *cfg)
{
	uint64_t start = vio_clock_ns(), last = start, now = start;
	struct lane before[2] = { lanes[0], lanes[1] };
	struct vio_loop *loops[2] = { vio_port_loop(ports[0]),
				      n > 1 ? vio_port_loop(ports[1]) : NULL };
	int rc = EXIT_OK;

	for (uint64_t round = 0; !stopped && !rc; round++) {
		for (unsigned int i = 0; i < n; i++) {
			if (loops[i])
				vio_loop_step(loops[i], BURST);
			lane_poll(&lanes[i], cfg->mode, cache);
		}
		if (round % 256)
			continue;
		now = vio_clock_ns();
		if (cfg->time_ns && now - start >= cfg->time_ns)
			break;
		if (now - last < 1000000000u)
			continue;
		for (unsigned int i = 0; i < n; i++)
			if (vio_port_check(ports[i]) != VIO_PORT_UP)
				rc = (fail_library(), EXIT_FAILED);
		if (!cfg->quiet)
			print_rates(lanes, before, n, (double)(now - last) / 1e9);
		memcpy(before, lanes, sizeof(before));
		last = now;
	}
	for (unsigned int i = 0; i < n; i++)
		printf("RESULT  port %u  received %llu  sent %llu  dropped %llu  in %.3f s\n", i,
		       (unsigned long long)lanes[i].received, (unsigned long long)lanes[i].sent,
		       (unsigned long long)lanes[i].dropped, (double)(now - start) / 1e9);
	return rc;
}

static void lane_init(struct lane *lane, struct vio_port *from, struct vio_port *to)
{
	static const uint8_t nobody[6] = { 0x02, 0, 0, 0, 0, 0x02 };
	struct vio_port_info info;

	vio_port_info(to, &info);
	*lane = (struct lane){ .from = vio_port_rxq(from, 0), .to = vio_port_txq(to, 0) };
	memcpy(lane->mac.src.byte, info.mac, 6);
	memcpy(lane->mac.dst.byte, nobody, 6);
}

static int open_and_forward(char **address, unsigned int n, const struct fwd_config *cfg)
{
	struct vio_pool_opts opts =
		VIO_OPTS(struct vio_pool_opts, .buffers = 8192, .ring_bytes = 4u << 20);
	struct sigaction sa = { .sa_handler = on_signal };
	struct vio_port *ports[2] = { NULL, NULL };
	struct vio_cache *cache = NULL;
	struct vio_pool *pool = NULL;
	struct lane lanes[2] = { 0 };
	int rc = 0;

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	if (vio_pool_open(&opts, &pool) < 0 || vio_cache_open(pool, &cache) < 0)
		rc = fail_library();
	for (unsigned int i = 0; i < n && !rc; i++)
		if (vio_port_open(address[i], pool, NULL, &ports[i]) < 0)
			rc = fail_library();
	if (!rc) {
		for (unsigned int i = 0; i < n; i++)
			lane_init(&lanes[i], ports[i], ports[n - 1 - i]);
		rc = forward(lanes, n, ports, cache, cfg);
	}
	for (unsigned int i = 0; i < n; i++)
		vio_port_close(ports[i]);
	vio_cache_close(cache);
	vio_pool_close(pool);
	return rc;
}

static bool read_mode(const char *text, void *field, struct why *why)
{
	static const char *const names[] = { "io", "mac", "macswap" };

	for (uint64_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(text, names[i])) {
			*(uint64_t *)field = i;
			return true;
		}
	return why_set(why, "a mode is io, mac or macswap");
}

#define AT(field) offsetof(struct fwd_config, field)

/* clang-format off */
static const struct option_def options[] = {
	{ "mode", 'm', "MODE", read_mode, AT(mode), "io: as it is; mac: from the sending port's address to\n02:00:00:00:00:02; macswap: both exchanged; default io" },
	{ "time", 't', "TIME", option_duration, AT(time_ns), "how long; default until interrupted" },
	{ "quiet", 'q', NULL, option_flag, AT(quiet), "print totals only" },
	{ "verbose", 'v', NULL, option_flag, AT(verbose), "print the library's log on stderr" },
	{ 0 }
};
/* clang-format on */

static int fwd(const struct command *cmd, int argc, char **argv)
{
	struct fwd_config cfg = { 0 };
	int first = 0;

	switch (options_read(cmd, argc, argv, &cfg, &first)) {
	case OPTIONS_HELP:
		return EXIT_OK;
	case OPTIONS_BAD:
		return EXIT_USAGE;
	default:
		break;
	}
	if (argc == first)
		return fail(FAIL_PORTS, NULL, "fwd: no port");
	if (argc - first > 2)
		return fail(FAIL_CONFLICT, NULL, "fwd: more than two ports");
	if (cfg.verbose)
		log_to_stderr();
	return open_and_forward(argv + first, (unsigned int)(argc - first), &cfg);
}

const struct command command_fwd = {
	.name = "fwd",
	.args = "PORT [PORT2] [options]",
	.summary = "Forward packets between two ports, or back to where they came from.",
	.options = options,
	.examples = "examples:\n"
		    "  vio fwd vhost-user:/run/a.sock vhost-user:/run/b.sock\n"
		    "  vio fwd vhost-user:/run/a.sock --mode macswap      an echo on one port\n"
		    "  vio fwd loop:source loop:sink -t 3s                what one core can do\n",
	.run = fwd,
};
