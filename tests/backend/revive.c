/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <vio/vio.h>

#include "frame.h"

/*
 * Echo through a vhost-user backend that is killed and started again, by whoever runs this:
 *
 *     revive ADDRESS SOCKET ROUNDS SECONDS
 *
 * Prints "flows" when traffic is under way, "down" when the backend has gone, "back MS" with the
 * milliseconds from its new socket (its file's time) to the first packet; and at the end a line of
 * JSON. Exit code: 0; 1 something is wrong with what was received or counted; 3 the time is over.
 */
#define BURST    32u
#define FRAME    200u
#define BUFFERS  4096u
#define WINDOW   128u
#define CHECK_NS UINT64_C(1000000)
#define FLOWS    1000u /* packets of a round, at least */

struct run {
	struct vio_pool *pool;
	struct vio_cache *cache;
	struct vio_port *port;
	struct vio_rxq *rxq;
	struct vio_txq *txq;
	const char *socket;
	uint64_t seq, sent, received, corrupt, round_received;
	unsigned int backs;
	bool down, told;
};

static int fail(void)
{
	fputs(vio_error_text(), stderr);
	return 2;
}

static int open_all(struct run *r, const char *address)
{
	const struct vio_pool_opts opts = VIO_OPTS(struct vio_pool_opts, .buffers = BUFFERS);

	if (vio_pool_open(&opts, &r->pool) < 0 || vio_cache_open(r->pool, &r->cache) < 0 ||
	    vio_port_open(address, r->pool, NULL, &r->port) < 0)
		return fail();
	r->rxq = vio_port_rxq(r->port, 0);
	r->txq = vio_port_txq(r->port, 0);
	return 0;
}

/* Milliseconds since the socket was made. */
static double socket_age_ms(const struct run *r)
{
	struct timespec now;
	struct stat st;

	if (stat(r->socket, &st))
		return -1;
	clock_gettime(CLOCK_REALTIME, &now);
	return (double)(now.tv_sec - st.st_ctim.tv_sec) * 1e3 +
	       (double)(now.tv_nsec - st.st_ctim.tv_nsec) / 1e6;
}

static void say(const char *what)
{
	puts(what);
	fflush(stdout);
}

static void send_burst(struct run *r)
{
	struct vio_pkt pkts[BURST];
	uint16_t n = vio_pkt_get(r->cache, pkts, BURST), took;

	for (uint16_t i = 0; i < n; i++) {
		struct frame f;

		frame_init(&f, FRAME_DATA, 0, r->seq + i, FRAME);
		frame_write(&f, 0, pkts[i].data, FRAME);
		pkts[i].len = FRAME;
	}
	took = vio_tx_burst(r->txq, pkts, n);
	vio_pkt_put(r->cache, pkts + took, (uint16_t)(n - took));
	r->seq += took;
	r->sent += took;
}

static bool is_right(const struct vio_pkt *pkt)
{
	enum frame_kind kind;
	struct frame f;
	uint16_t flow;
	uint64_t seq;
	uint32_t len;

	if (!frame_header(pkt, 1, &kind, &flow, &seq, &len))
		return false;
	frame_init(&f, FRAME_DATA, 0, seq, FRAME);
	return len == FRAME && frame_same(&f, pkt, 1);
}

static void receive(struct run *r)
{
	struct vio_pkt pkts[BURST];
	uint16_t n = vio_rx_burst(r->rxq, pkts, BURST);

	for (uint16_t i = 0; i < n; i++)
		r->corrupt += !is_right(&pkts[i]);
	vio_pkt_put(r->cache, pkts, n);
	if (n && r->told) {
		printf("back %.1f\n", socket_age_ms(r));
		fflush(stdout);
		r->backs++;
		r->told = false;
		r->round_received = 0;
	}
	if (r->round_received < FLOWS && r->round_received + n >= FLOWS)
		say("flows");
	r->received += n;
	r->round_received += n;
}

static void check(struct run *r)
{
	const bool up = vio_port_check(r->port) == VIO_PORT_UP;

	if (!up && !r->down) {
		say("down");
		r->told = true;
	}
	r->down = !up;
}

static int loop(struct run *r, unsigned int rounds, unsigned int seconds)
{
	const uint64_t end_ns = vio_clock_ns() + seconds * UINT64_C(1000000000);
	uint64_t checked_ns = 0;

	while (r->backs < rounds || r->round_received < FLOWS) {
		const uint64_t now_ns = vio_clock_ns();

		if (now_ns > end_ns)
			return 3;
		if (now_ns - checked_ns >= CHECK_NS) {
			check(r);
			checked_ns = now_ns;
		}
		vio_tx_burst(r->txq, NULL, 0);
		if (vio_txq_in_flight(r->txq) < WINDOW)
			send_burst(r);
		receive(r);
	}
	return 0;
}

/* Close all. Return: exit code. */
static int finish(struct run *r, int code)
{
	struct vio_port_info port;
	struct vio_queue_stats tx;
	struct vio_pool_info pool;
	uint32_t in_flight;
	bool exact;

	vio_txq_stats(r->txq, &tx);
	in_flight = vio_txq_in_flight(r->txq);
	vio_port_info(r->port, &port);
	exact = tx.packets == tx.completed + tx.taken_back + in_flight &&
		tx.packets == r->sent + tx.resent;
	vio_port_close(r->port);
	vio_cache_close(r->cache);
	vio_pool_info(r->pool, &pool);
	if (vio_pool_close(r->pool) < 0)
		code = fail();
	printf("{\"code\": %d, \"sent\": %" PRIu64 ", \"received\": %" PRIu64 ", \"corrupt\": "
	       "%" PRIu64 ", \"exact\": %s, \"completed\": %" PRIu64 ", \"taken_back\": %" PRIu64
	       ", \"resent\": %" PRIu64 ", \"in_flight\": %u, \"leaked\": %" PRIu64
	       ", \"recoveries\": %" PRIu64 ", \"failed\": %" PRIu64 "}\n",
	       code, r->sent, r->received, r->corrupt, exact ? "true" : "false", tx.completed,
	       tx.taken_back, tx.resent, in_flight, (uint64_t)pool.out, port.recoveries,
	       port.recoveries_failed);
	if (code)
		return code;
	return !exact || r->corrupt || pool.out;
}

int main(int argc, char **argv)
{
	struct run r = { 0 };
	int code;

	if (argc != 5) {
		fputs("usage: revive ADDRESS SOCKET ROUNDS SECONDS\n", stderr);
		return 2;
	}
	r.socket = argv[2];
	code = open_all(&r, argv[1]);
	if (code)
		return code;
	code = loop(&r, (unsigned int)atoi(argv[3]), (unsigned int)atoi(argv[4]));
	return finish(&r, code);
}
