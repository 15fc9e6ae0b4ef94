/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../cases.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <vio/vio.h>

#include "../../../apps/vio/gen.h"
#include "../../../apps/vio/profile.h"
#include "../../../apps/vio/relaxed.h"

/* Who has @last of 10.0.0.0/24? */
static uint32_t ask(uint8_t *out, uint8_t last)
{
	static const uint8_t request[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,  0, 0, 0,  0,
					     2,    8,    6,    0,    1,    8,    0,  6, 4, 0,  1,
					     2,    0,    0,    0,    0,    2,    10, 0, 0, 77, 0,
					     0,    0,    0,    0,    0,    10,   0,  0, 0 };

	memcpy(out, request, sizeof(request));
	out[41] = last;
	return sizeof(request);
}

/* A queue that takes what it is allowed, and keeps its last bytes in mind. */
static unsigned int allowed, taken;
static uint8_t last_answer[60];

static uint16_t take_some(struct vio_txq *q, const struct vio_pkt *pkts, uint16_t n)
{
	(void)q;
	if (!n || taken == allowed)
		return 0;
	assert_int_equal(n, 1);
	assert_int_equal(pkts->len, 60);
	memcpy(last_answer, pkts->data, 60);
	taken++;
	return 1;
}

static void test_hand_over(void **state)
{
	static struct answers a;
	static struct responder who[2];
	static uint8_t frame[60];
	const struct vio_pool_opts opts = VIO_OPTS(struct vio_pool_opts, .buffers = 256);
	struct vio_pkt pkt = { .data = frame, .len = ask(frame, 9) };
	struct vio_txq txq = { .burst = take_some };
	struct tap tap = { 0 };
	struct vio_pool *pool;
	struct vio_cache *cache;
	struct why why;

	(void)state;
	assert_int_equal(vio_pool_open(&opts, &pool), 0);
	assert_int_equal(vio_cache_open(pool, &cache), 0);
	who[0].kinds[RESPOND_ARP] = who[1].kinds[RESPOND_ARP] = true;
	assert_true(field_read_ips("10.0.1.0/28", &who[0].addresses, &why));
	assert_true(field_read_ips("10.0.0.0/28", &who[1].addresses, &why));
	a.who = who;
	a.n_who = 2;

	for (unsigned int i = 0; i < ANSWERS_SLOTS + 5; i++)
		assert_true(answers_take(&a, &pkt, 1));
	pkt.len = ask(frame, 99);
	assert_false(answers_take(&a, &pkt, 1));
	assert_int_equal(a.answered[RESPOND_ARP], ANSWERS_SLOTS);
	assert_int_equal(a.dropped, 5);

	allowed = 10;
	answers_send(&a, &txq, cache, &tap);
	assert_int_equal(taken, 10);
	assert_true(answers_waiting(&a));
	pkt.len = ask(frame, 3);
	assert_true(answers_take(&a, &pkt, 1));
	assert_int_equal(a.dropped, 5);
	allowed = 1000;
	answers_send(&a, &txq, cache, &tap);
	assert_int_equal(taken, ANSWERS_SLOTS + 1);
	assert_false(answers_waiting(&a));
	assert_int_equal(last_answer[31], 3);
	vio_cache_close(cache);
	vio_pool_close(pool);
}

/* --- a whole run, and a peer that asks ----------------------------------------------------------
 */

static struct gen gen;
static struct gen_config cfg;

static void configure(bool rx_only, bool tx_only)
{
	struct why why;

	memset(&cfg, 0, sizeof(cfg));
	cfg.port[0] = "loop:pair";
	cfg.n_ports = 1;
	cfg.burst = 32;
	cfg.time_ns = UINT64_C(20000000000); /* the peer ends it */
	cfg.interval_ns = UINT64_C(1000000000);
	cfg.late_limit = 100;
	cfg.quiet = true;
	cfg.rx_only = rx_only;
	cfg.tx_only = tx_only;
	cfg.src_port = cfg.dst_port = FIELD_ONE(9);
	cfg.respond[RESPOND_ARP] = true;
	assert_true(rate_parse("1kpps", &cfg.rate, &why));
	assert_true(sizes_parse("64", &cfg.sizes, &why));
	assert_true(field_read_ips("10.0.0.1-10.0.0.3", &cfg.src_ip, &why));
}

/* Two streams: the second one has the addresses that were asked for. */
static void split(void)
{
	static struct profile_stream streams[2];
	static struct profile profile = { .n = 2, .stream = streams };
	struct why why;

	for (unsigned int i = 0; i < 2; i++)
		streams[i] = (struct profile_stream){ .weight = 1, .cfg = cfg };
	assert_true(field_read_ips("10.0.9.9", &streams[0].cfg.src_ip, &why));
	cfg.streams = &profile;
}

static void *run(void *arg)
{
	(void)arg;
	assert_int_equal(gen_run(&gen), 0);
	return NULL;
}

static bool is_answer(const struct vio_pkt *pkt, uint8_t last)
{
	const uint8_t *p = pkt->data;

	return pkt->len == 60 && p[12] == 8 && p[13] == 6 && p[21] == 2 && p[31] == last;
}

/* Ask on @port until there is an answer. Return: false after 20 s. */
static bool asked_and_answered(struct vio_port *port, struct vio_cache *cache, uint8_t last)
{
	uint64_t end = vio_clock_ns() + UINT64_C(20000000000), sent = 0;
	struct vio_pkt pkts[32];
	bool found = false;

	while (!found && vio_clock_ns() < end) {
		uint16_t n = vio_rx_burst(vio_port_rxq(port, 0), pkts, 32);

		for (uint16_t i = 0; i < n; i++)
			found |= is_answer(&pkts[i], last);
		vio_pkt_put(cache, pkts, n);
		if (vio_clock_ns() - sent < 1000000 || !vio_pkt_get(cache, pkts, 1))
			continue;
		sent = vio_clock_ns();
		pkts[0].len = ask(pkts[0].data, last);
		if (!vio_tx_burst(vio_port_txq(port, 0), pkts, 1))
			vio_pkt_put(cache, pkts, 1);
	}
	return found;
}

static const struct {
	const char *what;
	bool rx_only, tx_only, two_streams;
} runs[] = {
	{ "a run that sends and receives answers", false, false, false },
	{ "a run that only receives answers", true, false, false },
	{ "a run that only sends answers", false, true, false },
	{ "a run answers for each of its streams", false, false, true },
};

static void test_run(void **state)
{
	const struct {
		const char *what;
		bool rx_only, tx_only, two_streams;
	} *c = *state;
	const struct vio_pool_opts opts = VIO_OPTS(struct vio_pool_opts, .buffers = 2048);
	struct vio_cache *cache;
	struct vio_pool *pool;
	struct vio_port *peer;
	pthread_t thread;
	uint64_t n = 0;

	configure(c->rx_only, c->tx_only);
	if (c->two_streams)
		split();
	assert_int_equal(gen_open(&gen, &cfg), 0);
	assert_int_equal(gen_respond_open(&gen), 0);
	assert_int_equal(vio_pool_open(&opts, &pool), 0);
	assert_int_equal(vio_port_open("loop:pair", pool, NULL, &peer), 0);
	assert_int_equal(vio_cache_open(pool, &cache), 0);
	assert_int_equal(vio_loop_connect(gen.port[0].loop, vio_port_loop(peer)), 0);
	gen.workers[gen.plan.device_worker].loops[1] = vio_port_loop(peer);
	gen.workers[gen.plan.device_worker].n_loops = 2;

	assert_int_equal(pthread_create(&thread, NULL, run, NULL), 0);
	assert_true(asked_and_answered(peer, cache, 2));
	while (!__atomic_load_n(&gen.times.go, __ATOMIC_ACQUIRE))
		sched_yield();
	counter_set(&gen.times.end, vio_ticks());
	pthread_join(thread, NULL);
	n = gen.answers.pairs[0].answered[RESPOND_ARP];
	assert_true(n > 0);
	gen_respond_close(&gen);
	vio_port_close(peer);
	gen_close(&gen);
	vio_cache_close(cache);
	vio_pool_close(pool);
	sizes_free(&cfg.sizes);
}

int main(void)
{
	struct case_list list = { 0 };

	case_add(&list, "answers wait for room, and what has none is counted", test_hand_over,
		 NULL);
	CASES_ADD(&list, runs, test_run);
	return case_run("answers", &list);
}
