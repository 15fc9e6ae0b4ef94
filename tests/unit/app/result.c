/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../cases.h"

#include <string.h>

#include "../../../apps/vio/gen.h"

#define HZ 1000000000u

/* A run of a second on one lane at 1000 packets per second, and what is said of it. */
static const struct result_case {
	const char *what;
	uint64_t sent;     /* as counted */
	uint64_t numbers;  /* as given out */
	uint64_t received; /* of these */
	uint64_t count;    /* asked for; 0: until the end */
	uint64_t late_ns;  /* how long after the end the last one left */
	enum verdict verdict;
	const char *reason; /* part of it; NULL: none */
} cases[] = {
	{ "all came", 1000, 1000, 1000, 0, 0, VERDICT_VALID, NULL },
	{ "half came", 1000, 1000, 500, 0, 0, VERDICT_VALID, NULL },
	{ "nothing came", 1000, 1000, 0, 0, 0, VERDICT_VALID, NULL },
	{ "one less than the schedule had", 999, 999, 999, 0, 0, VERDICT_VALID, NULL },
	{ "two less are more than a thousandth", 998, 998, 998, 0, 0, VERDICT_INVALID,
	  "schedule had 1000 packets, sent were 998" },
	{ "two more than the schedule had", 1002, 1002, 1002, 0, 0, VERDICT_INVALID,
	  "sent were 1002" },
	{ "the last one left a little late", 1000, 1000, 1000, 0, 4000000, VERDICT_VALID, NULL },
	{ "the last one left too late", 1000, 1000, 1000, 0, 6000000, VERDICT_INVALID, "took" },
	{ "a count was reached before the time", 200, 200, 200, 200, 0, VERDICT_VALID, NULL },
	{ "one was sent that was not counted", 999, 1000, 1000, 0, 0, VERDICT_FAILED,
	  "sent 999 is not received 1000 + lost 0" },
	{ "one was counted that was not sent", 1001, 1000, 1000, 0, 0, VERDICT_FAILED,
	  "sent 1001 is not received 1000 + lost 0" },
	{ "more came than were sent", 1000, 1000, 1001, 0, 0, VERDICT_FAILED, "lost -1" },
	{ "nothing was sent", 0, 0, 0, 0, 0, VERDICT_FAILED, "nothing was sent" },
};

static struct gen_config cfg;
static struct gen g;
static struct tx_job tx;
static struct rx_job rx;
static struct track_sender sender;
static struct track track;
static struct frames frames;

/* The end of the run of @c, as the workers leave it. */
static void run_over(const struct result_case *c)
{
	double seconds = c->count ? (double)c->count / 1000 : 1;

	cfg = (struct gen_config){ .rate = { .unit = RATE_PPS, .value = 1000 },
				   .time_ns = HZ,
				   .late_limit = 10 };
	sender = (struct track_sender){ TRACK_ORIGIN + c->numbers, TRACK_ORIGIN };
	track = (struct track){ .sender = &sender, .received = c->received };
	rx = (struct rx_job){ .latency = calloc(1, sizeof(struct hist)), .path = &g.path[0] };
	tx = (struct tx_job){ .pace = { .rate = cfg.rate, .mean_size = 64, .burst = 32, .hz = HZ },
			      .path = &g.path[0],
			      .frames = &frames,
			      .count = c->count ? c->count : UINT64_MAX,
			      .seq = TRACK_ORIGIN + c->numbers,
			      .stats = { .sent = c->sent, .began = HZ } };
	pacer_init(&tx.pacer, &tx.pace, HZ);
	tx.pacer.due = HZ + (uint64_t)(seconds * HZ);
	tx.stats.ended = tx.pacer.due + c->late_ns;
	g = (struct gen){ .cfg = &cfg,
			  .clock = { .hz = HZ },
			  .times = { .measure = HZ, .end = 2 * (uint64_t)HZ },
			  .n_paths = 1,
			  .path = { { .streams = 1, .lanes = 1, .tracks = &track } },
			  .n_streams = 1,
			  .stream = { { .name = "stream0", .cfg = &cfg } },
			  .n_tx = 1,
			  .n_rx = 1,
			  .tx = &tx,
			  .rx = &rx };
}

static void test_case(void **state)
{
	const struct result_case *c = *state;

	run_over(c);
	gen_result(&g);
	assert_int_equal(g.result.verdict, c->verdict);
	if (c->reason)
		assert_non_null(strstr(g.result.reason[g.result.n_reasons - 1], c->reason));
	else
		assert_int_equal(g.result.n_reasons, 0);
	if (c->verdict != VERDICT_FAILED)
		assert_int_equal(g.result.lost, c->sent - c->received);
	free(rx.latency);
	free(g.result.streams);
}

int main(void)
{
	struct case_list list = { 0 };

	CASES_ADD(&list, cases, test_case);
	return case_run("result", &list);
}
