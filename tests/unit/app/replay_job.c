/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../cases.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <vio/vio.h>

#include "../../../apps/vio/worker.h"
#include "capture.h"

/* A file through the senders and a device that returns everything: what comes back? */

#define FRAMES  3000u
#define QUEUES  3u
#define NEVER   (UINT64_C(1) << 62)
#define POLLS   (1u << 26)
#define LEAST   18u /* addresses, type, number */
#define GAP_NS  2000u
#define PATIENT 16u /* polls between two steps of the device: so that rings fill up */

static const struct job_case {
	const char *what, *address;
	unsigned int queues;
	uint16_t burst;
	struct replay_timing timing;
} cases[] = {
	{ "frames come back as they are in the file", "loop:echo", 1, 32, { REPLAY_RATE, 1 } },
	{ "on a split ring", "loop:echo,packed=off", 1, 32, { REPLAY_RATE, 1 } },
	{ "where the ring is full most of the time",
	  "loop:echo,size=64",
	  1,
	  64,
	  { REPLAY_RATE, 1 } },
	{ "one by one", "loop:echo,size=64", 1, 1, { REPLAY_RATE, 1 } },
	{ "at their own time", "loop:echo", 1, 32, { REPLAY_KEEP, 1 } },
	{ "on three queues", "loop:echo", 3, 32, { REPLAY_RATE, 1 } },
	{ "on three queues that are full, at their own time",
	  "loop:echo,size=64",
	  3,
	  64,
	  { REPLAY_KEEP, 20 } },
};

/* Frame @i: of a length and bytes that only it has. Return: its length. */
static uint32_t build(uint8_t *frame, uint32_t i)
{
	uint32_t len = LEAST + i * 37 % (1515 - LEAST);

	for (uint32_t k = 0; k < len; k++)
		frame[k] = (uint8_t)(i + k * 3 + (k >> 8));
	memset(frame, 0, 12);
	frame[5] = (uint8_t)(i % 20); /* what is not IP: a flow by these */
	frame[12] = 0x88;
	frame[13] = 0xb5;
	memcpy(frame + 14, &i, sizeof(i));
	return len;
}

struct bench {
	char path[64];
	struct replay *r;
	struct vio_pool *pool;
	struct vio_port *port;
	struct stamp_clock clock;
	struct timetable times;
	struct tx_job *tx;
	struct tx_queue txq[QUEUES];
	struct vio_cache *cache;
	uint64_t came;
	uint32_t last[QUEUES]; /* number + 1 */
};

static void open_file(struct bench *b)
{
	struct capture c = { 0 };
	uint8_t frame[2048];
	struct why why;
	int fd;

	capture_classic(&c, 0xa1b23c4d, 1);
	for (uint32_t i = 0; i < FRAMES; i++) {
		uint32_t len = build(frame, i);

		capture_record(&c, 7, i * GAP_NS, frame, len, len);
	}
	snprintf(b->path, sizeof(b->path), "/tmp/vio-replay-XXXXXX");
	fd = mkstemp(b->path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, c.bytes, c.n), (ssize_t)c.n);
	close(fd);
	capture_free(&c);
	assert_true(pcapread_open(&b->r->in, b->path, &why));
}

static void open_jobs(struct bench *b, const struct job_case *c)
{
	struct replay_plan plan = { .timing = c->timing,
				    .queues = c->queues,
				    .mtu = 1500,
				    .passes = 1,
				    .frames = UINT64_MAX,
				    .hz = b->clock.hz,
				    .first_ns = UINT64_C(7000000000) };

	b->times = (struct timetable){ .end = vio_ticks() + NEVER, .go = true };
	b->times.start = b->times.measure = vio_ticks();
	b->tx = apart_calloc(c->queues, sizeof(*b->tx));
	assert_non_null(b->tx);
	for (uint16_t q = 0; q < c->queues; q++) {
		b->tx[q] = (struct tx_job){ .at = &b->txq[q],
					    .times = &b->times,
					    .clock = &b->clock,
					    .pace = { .burst = c->burst },
					    .queue = q,
					    .replay = b->r };
		b->txq[q].q = vio_port_txq(b->port, q);
		assert_int_equal(vio_cache_open(b->pool, &b->txq[q].cache), 0);
	}
	assert_int_equal(vio_cache_open(b->pool, &b->cache), 0);
	assert_int_equal(replay_start(b->r, &plan), 0);
}

static void open_bench(struct bench *b, const struct job_case *c)
{
	struct vio_pool_opts pool = VIO_OPTS(struct vio_pool_opts, .buf_bytes = 2048,
					     .buffers = 12000, .ring_bytes = 8u << 20);
	struct vio_port_opts port = VIO_OPTS(struct vio_port_opts, .queues = (uint16_t)c->queues);

	b->r = apart_calloc(1, sizeof(*b->r));
	assert_non_null(b->r);
	stamp_clock_init(&b->clock);
	assert_int_equal(vio_pool_open(&pool, &b->pool), 0);
	assert_int_equal(vio_port_open(c->address, b->pool, &port, &b->port), 0);
	open_file(b);
	open_jobs(b, c);
}

static void close_bench(struct bench *b, const struct job_case *c)
{
	replay_stop(b->r);
	pcapread_close(&b->r->in);
	unlink(b->path);
	for (unsigned int q = 0; q < c->queues; q++) {
		tx_queue_fini(&b->txq[q]);
		vio_cache_close(b->txq[q].cache);
	}
	vio_cache_close(b->cache);
	vio_port_close(b->port);
	vio_pool_close(b->pool);
	free(b->tx);
	free(b->r);
}

static void check_frame_of(struct bench *b, unsigned int q, const struct vio_pkt *pkt)
{
	uint8_t should[2048];
	uint32_t number, len;

	assert_true(pkt->len >= LEAST);
	memcpy(&number, (const uint8_t *)pkt->data + 14, sizeof(number));
	assert_true(number < FRAMES);
	assert_true(number >= b->last[q]);
	b->last[q] = number + 1;
	len = build(should, number);
	assert_int_equal(pkt->len, len);
	assert_memory_equal(pkt->data, should, len);
	b->came++;
}

static void take_back(struct bench *b, unsigned int queues)
{
	for (uint16_t q = 0; q < queues; q++) {
		struct vio_pkt pkts[BURST_MAX];
		uint16_t n = vio_rx_burst(vio_port_rxq(b->port, q), pkts, BURST_MAX);

		for (uint16_t i = 0; i < n; i++)
			check_frame_of(b, q, &pkts[i]);
		vio_pkt_put(b->cache, pkts, n);
	}
}

static void test_job(void **state)
{
	const struct job_case *c = *state;
	static struct bench b;
	uint64_t sent = 0, bytes = 0, full = 0, should = 0;
	const char *rule = NULL;
	uint8_t frame[2048];
	unsigned int ended = 0;

	memset(&b, 0, sizeof(b));
	open_bench(&b, c);
	for (uint32_t polls = 0; ended < c->queues || b.came < FRAMES; polls++) {
		assert_true(polls < POLLS);
		for (unsigned int q = 0; q < c->queues; q++)
			replay_poll(&b.tx[q]);
		if (polls % PATIENT == 0) {
			vio_loop_step(vio_port_loop(b.port), 64);
			take_back(&b, c->queues);
		}
		ended = 0;
		for (unsigned int q = 0; q < c->queues; q++)
			ended += b.tx[q].stats.ended != 0;
	}
	for (unsigned int q = 0; q < c->queues; q++) {
		sent += b.tx[q].stats.sent;
		bytes += b.tx[q].stats.bytes;
		full += b.tx[q].stats.ring_full;
		assert_int_equal(b.tx[q].stats.unsent, 0);
	}
	for (uint32_t i = 0; i < FRAMES; i++)
		should += build(frame, i) + SIZE_FCS;
	assert_int_equal(sent, FRAMES);
	assert_int_equal(bytes, should);
	assert_int_equal(b.came, FRAMES);
	if (strstr(c->address, "size=64") && c->burst > 1)
		assert_true(full > 0);
	assert_int_equal(vio_loop_violations(vio_port_loop(b.port), &rule), 0);
	close_bench(&b, c);
}

int main(void)
{
	struct case_list list = { 0 };

	CASES_ADD(&list, cases, test_job);
	return case_run("replay_job", &list);
}
