/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../cases.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../../apps/vio/replay.h"
#include "capture.h"

#define HZ        2000000000u /* two ticks in a nanosecond */
#define FRAME_LEN 74u
#define SECOND    UINT64_C(1000000000)
#define WAIT_NS   100000
#define WAITS     200000u /* 20 s */

/* --- which frames are of one flow ---------------------------------------------------------------
 */

struct flow {
	bool v6, udp;
	unsigned int tags, src, dst, sport, dport, fragment;
};

/* An IPv4 or IPv6 frame with a number in its last four bytes. Return: its length. */
static uint32_t build(uint8_t *frame, const struct flow *f, uint32_t number)
{
	uint8_t *at = frame + 12;

	memset(frame, 0, FRAME_LEN + 8);
	frame[5] = (uint8_t)f->dst;
	frame[11] = (uint8_t)f->src;
	for (unsigned int i = 0; i < f->tags; i++, at += 4)
		memcpy(at, (uint8_t[]){ i + 1 < f->tags ? 0x88 : 0x81, i + 1 < f->tags ? 0xa8 : 0 },
		       2);
	memcpy(at, f->v6 ? "\x86\xdd\x60" : "\x08\x00\x45", 3);
	at += 2;
	if (f->v6) {
		at[6] = f->udp ? 17 : 6;
		at[8 + 15] = (uint8_t)f->src;
		at[24 + 15] = (uint8_t)f->dst;
		at += 40;
	} else {
		at[6] = (uint8_t)(f->fragment >> 8);
		at[7] = (uint8_t)f->fragment;
		at[9] = f->udp ? 17 : 6;
		at[15] = (uint8_t)f->src;
		at[19] = (uint8_t)f->dst;
		at += 20;
	}
	at[0] = (uint8_t)(f->sport >> 8);
	at[1] = (uint8_t)f->sport;
	at[2] = (uint8_t)(f->dport >> 8);
	at[3] = (uint8_t)f->dport;
	memcpy(frame + FRAME_LEN + 4 * f->tags - 4, &number, sizeof(number));
	return FRAME_LEN + 4 * f->tags;
}

static const struct hash_case {
	const char *what;
	struct flow a, b;
	enum replay_flow flow; /* 0: by addresses and ports */
	bool same;
} hashes[] = {
	{ "both directions are one flow",
	  { .src = 1, .dst = 2, .sport = 3, .dport = 4 },
	  { .src = 2, .dst = 1, .sport = 4, .dport = 3 },
	  .same = true },
	{ "both directions of IPv6 are one flow",
	  { .v6 = true, .src = 1, .dst = 2, .sport = 3, .dport = 4 },
	  { .v6 = true, .src = 2, .dst = 1, .sport = 4, .dport = 3 },
	  .same = true },
	{ "ports belong to their ends",
	  { .src = 1, .dst = 2, .sport = 3, .dport = 4 },
	  { .src = 1, .dst = 2, .sport = 4, .dport = 3 },
	  .same = false },
	{ "another port is another flow",
	  { .src = 1, .dst = 2, .sport = 3, .dport = 4 },
	  { .src = 1, .dst = 2, .sport = 5, .dport = 4 },
	  .same = false },
	{ "another port of IPv6 is another flow",
	  { .v6 = true, .src = 1, .dst = 2, .sport = 3 },
	  { .v6 = true, .src = 1, .dst = 2, .sport = 5 },
	  .same = false },
	{ "another protocol is another flow",
	  { .src = 1, .dst = 2, .sport = 3, .dport = 4 },
	  { .udp = true, .src = 1, .dst = 2, .sport = 3, .dport = 4 },
	  .same = false },
	{ "another address is another flow",
	  { .src = 1, .dst = 2 },
	  { .src = 1, .dst = 3 },
	  .same = false },
	{ "by addresses, ports do not count",
	  { .src = 1, .dst = 2, .sport = 3, .dport = 4 },
	  { .udp = true, .src = 2, .dst = 1, .sport = 9, .dport = 8 },
	  REPLAY_FLOW_IP,
	  .same = true },
	{ "by addresses of IPv6, ports do not count",
	  { .v6 = true, .src = 1, .dst = 2, .sport = 3 },
	  { .v6 = true, .src = 2, .dst = 1, .sport = 9 },
	  REPLAY_FLOW_IP,
	  .same = true },
	{ "a VLAN tag does not count",
	  { .src = 1, .dst = 2, .sport = 3 },
	  { .tags = 1, .src = 1, .dst = 2, .sport = 3 },
	  .same = true },
	{ "two VLAN tags do not count",
	  { .src = 1, .dst = 2, .sport = 3 },
	  { .tags = 2, .src = 1, .dst = 2, .sport = 3 },
	  .same = true },
	{ "fragments stay together, for only the first has ports",
	  { .src = 1, .dst = 2, .sport = 3, .fragment = 0x2000 },
	  { .src = 1, .dst = 2, .sport = 999, .fragment = 0x00b9 },
	  .same = true },
};

static void test_hash(void **state)
{
	const struct hash_case *c = *state;
	uint8_t a[FRAME_LEN + 8], b[FRAME_LEN + 8];
	uint32_t a_len = build(a, &c->a, 1), b_len = build(b, &c->b, 2);

	if (c->same)
		assert_int_equal(replay_flow_hash(a, a_len, c->flow),
				 replay_flow_hash(b, b_len, c->flow));
	else
		assert_int_not_equal(replay_flow_hash(a, a_len, c->flow),
				     replay_flow_hash(b, b_len, c->flow));
}

/* A frame may end anywhere: alone in memory, so that a byte too far is seen. */
static void test_hash_short(void **state)
{
	const struct flow f = { .tags = 2, .src = 1, .dst = 2 };
	uint8_t frame[FRAME_LEN + 8];

	(void)state;
	for (unsigned int v6 = 0; v6 < 2; v6++)
		for (uint32_t len = REPLAY_ETHERNET; len < FRAME_LEN; len++) {
			struct flow one = f;
			uint8_t *alone = malloc(len);

			one.v6 = v6;
			build(frame, &one, 0);
			assert_non_null(alone);
			memcpy(alone, frame, len);
			replay_flow_hash(alone, len, REPLAY_FLOW_PORTS);
			free(alone);
		}
}

static void test_spread(void **state)
{
	unsigned int in_queue[8] = { 0 };
	uint8_t frame[FRAME_LEN + 8];

	(void)state;
	for (unsigned int i = 0; i < 8000; i++) {
		struct flow f = { .src = 1, .dst = 2, .sport = 1024 + i, .dport = 80 };
		uint32_t len = build(frame, &f, i);

		in_queue[(uint64_t)replay_flow_hash(frame, len, REPLAY_FLOW_PORTS) * 8 >> 32]++;
	}
	for (unsigned int q = 0; q < 8; q++)
		assert_in_range(in_queue[q], 800, 1200);
}

/* --- from a file to the queues ------------------------------------------------------------------
 */

#define FLOWS 50u

/* How it is timed: as the file was, or at a rate. */
#define KEEP(speed_)      .timing = { REPLAY_KEEP, speed_ }
#define AT(unit_, value_) .timing = { REPLAY_RATE, 1 }, .rate = { .unit = unit_, .value = value_ }

static const struct run_case {
	const char *what;
	unsigned int frames, queues;
	bool ng;
	uint64_t passes, limit; /* limit: of frames; 0: none */
	struct replay_timing timing;
	struct rate rate;
	uint64_t sent;     /* should be */
	uint64_t gap, end; /* ticks from frame to frame, and when it is over */
} runs[] = {
	/* Frames of the file are 1 us apart. */
	{ "a small file, as it was", 100, 1, .passes = 1, KEEP(1), .sent = 100, .gap = 2000,
	  .end = 99 * 2000 },
	{ "pcapng, as it was", 100, 1, .ng = true, .passes = 1, KEEP(1), .sent = 100, .gap = 2000,
	  .end = 99 * 2000 },
	{ "twice as fast", 100, 1, .passes = 1, KEEP(2), .sent = 100, .gap = 1000,
	  .end = 99 * 1000 },
	{ "at half the speed", 100, 1, .passes = 1, KEEP(0.5), .sent = 100, .gap = 4000,
	  .end = 99 * 4000 },
	{ "loops go on in time", 100, 1, .passes = 7, KEEP(1), .sent = 700, .gap = 2000,
	  .end = 699 * 2000 },
	{ "a number of frames ends it", 100, 1, .passes = UINT64_MAX, .limit = 1234, KEEP(1),
	  .sent = 1234, .gap = 2000, .end = 1233 * 2000 },
	{ "at a rate of packets", 100, 1, .passes = 2, AT(RATE_PPS, 1e6), .sent = 200, .gap = 2000,
	  .end = 200 * 2000 },
	{ "at a rate of bits", 100, 1, .passes = 2, AT(RATE_BPS, (FRAME_LEN + 4) * 8e6),
	  .sent = 200, .gap = 2000, .end = 200 * 2000 },
	{ "as fast as can be", 100, 1, .passes = 2, AT(RATE_MAX, 0), .sent = 200 },
	{ "three queues, one clock", 1000, 3, .passes = 5, KEEP(1), .sent = 5000, .gap = 2000,
	  .end = 4999 * 2000 },
	{ "eight queues at one rate", 1000, 8, .ng = true, .passes = 3, AT(RATE_PPS, 1e6),
	  .sent = 3000, .gap = 2000, .end = 3000 * 2000 },
	{ "a file larger than the ring, in one queue", 60000, 1, .passes = 1, KEEP(1),
	  .sent = 60000, .gap = 2000, .end = 59999 * 2000 },
	{ "a file larger than the ring, in four queues", 60000, 4, .ng = true, .passes = 2, KEEP(1),
	  .sent = 120000, .gap = 2000, .end = UINT64_C(119999) * 2000 },
};

static void make(struct capture *c, unsigned int frames, bool ng)
{
	uint8_t frame[FRAME_LEN + 8];

	if (ng) {
		capture_section(c);
		capture_interface(c, 1, 0, 9, 0);
	} else {
		capture_classic(c, 0xa1b23c4d, 1);
	}
	for (uint32_t i = 0; i < frames; i++) {
		struct flow f = { .src = 1, .dst = 2, .sport = 5000 + i % FLOWS, .dport = 80 };
		uint64_t ns = 5 * SECOND + i * 1000u;

		if (i & 1) /* the answer */
			f = (struct flow){ .src = 2, .dst = 1, .sport = 80, .dport = f.sport };
		build(frame, &f, i);
		if (ng)
			capture_packet(c, 0, ns, frame, FRAME_LEN, FRAME_LEN, 0);
		else
			capture_record(c, (uint32_t)(ns / SECOND), (uint32_t)(ns % SECOND), frame,
				       FRAME_LEN, FRAME_LEN);
	}
}

struct run {
	char path[64];
	struct replay_file file;
	struct replay *r;
};

static void run_open(struct run *run, const struct capture *c)
{
	struct why why;
	int fd;

	memset(run, 0, sizeof(*run));
	snprintf(run->path, sizeof(run->path), "/tmp/vio-replay-XXXXXX");
	fd = mkstemp(run->path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, c->bytes, c->n), (ssize_t)c->n);
	close(fd);
	run->r = apart_calloc(1, sizeof(*run->r));
	assert_non_null(run->r);
	assert_true(pcapread_open(&run->r->in, run->path, &why));
}

static void run_close(struct run *run)
{
	replay_stop(run->r);
	pcapread_close(&run->r->in);
	free(run->r);
	unlink(run->path);
}

static void run_start(struct run *run, const struct run_case *c)
{
	struct replay_plan plan = { .timing = c->timing,
				    .pace = { .rate = c->rate,
					      .mean_size = FRAME_LEN + SIZE_FCS,
					      .burst = 1,
					      .hz = HZ },
				    .queues = c->queues,
				    .mtu = 1500,
				    .passes = c->passes,
				    .frames = c->limit ? c->limit : UINT64_MAX,
				    .hz = HZ,
				    .first_ns = run->file.first_ns,
				    .period_ns = replay_period_ns(&run->file) };

	assert_int_equal(replay_start(run->r, &plan), 0);
}

static void wait_a_little(unsigned int *waits)
{
	struct timespec ts = { 0, WAIT_NS };

	assert_true(++*waits < WAITS);
	nanosleep(&ts, NULL);
}

/* What came out of the queues. */
struct tally {
	uint64_t sent;
	unsigned int queue_of[FLOWS]; /* + 1; 0: not known yet */
	uint64_t last_of[FLOWS];      /* number of its last frame, loops counted, + 1 */
	uint64_t last_due[REPLAY_QUEUES];
};

static uint64_t close_to(uint64_t is, uint64_t should)
{
	return is > should ? is - should : should - is;
}

static void take(struct tally *t, const struct run *run, const struct run_case *c, unsigned int q)
{
	const struct replay_record *rec = replay_peek(run->r, q);
	const uint8_t *data = replay_data(run->r, q, rec);
	uint32_t number;
	uint64_t whole;
	unsigned int flow;

	assert_int_equal(rec->len, FRAME_LEN);
	memcpy(&number, data + FRAME_LEN - 4, sizeof(number));
	flow = number % FLOWS;
	/* Its place in the whole follows from the one before of the same flow. */
	whole = t->last_of[flow] ? t->last_of[flow] - 1 + FLOWS : flow;
	assert_int_equal(whole % c->frames, number);
	t->last_of[flow] = whole + 1;
	if (t->queue_of[flow])
		assert_int_equal(t->queue_of[flow], q + 1);
	t->queue_of[flow] = q + 1;
	assert_true(close_to(rec->due, whole * c->gap) <= 2 + whole / 1000);
	assert_true(rec->due >= t->last_due[q]);
	t->last_due[q] = rec->due;
	t->sent++;
	replay_advance(run->r, q);
}

static void drain(struct tally *t, const struct run *run, const struct run_case *c)
{
	unsigned int over = 0, waits = 0;
	uint64_t end;

	while (over < c->queues) {
		uint64_t before = t->sent;

		over = 0;
		for (unsigned int q = 0; q < c->queues; q++) {
			/* Queues differ in how much they take at a time. */
			for (unsigned int i = 0; i <= 100 * q && replay_peek(run->r, q); i++)
				take(t, run, c, q);
			if (!replay_peek(run->r, q) && replay_over(run->r, q, &end)) {
				assert_true(close_to(end, c->end) <= 2 + t->sent / 1000);
				over++;
			}
		}
		if (t->sent == before && over < c->queues)
			wait_a_little(&waits);
	}
}

static void test_run(void **state)
{
	const struct run_case *c = *state;
	struct capture capture = { 0 };
	struct tally t = { 0 };
	struct run run;
	struct why why;

	make(&capture, c->frames, c->ng);
	run_open(&run, &capture);
	assert_true(replay_scan(&run.r->in, &run.file, &why));
	assert_int_equal(run.file.frames, c->frames);
	assert_int_equal(replay_sendable(&run.file, 1500).frames, c->frames);
	assert_int_equal(replay_sendable(&run.file, 1500).bytes, c->frames * FRAME_LEN);
	assert_int_equal(replay_sendable(&run.file, FRAME_LEN - 15).frames, 0);
	run_start(&run, c);
	drain(&t, &run, c);
	assert_int_equal(t.sent, c->sent);
	assert_false(replay_failed(run.r));
	run_close(&run);
	capture_free(&capture);
}

/* The reader stops at the ring's end, and goes on when the last queue has given a block back. */
static void test_bounded(void **state)
{
	static const struct run_case c = { .frames = 60000,
					   .queues = 2,
					   .passes = UINT64_MAX,
					   .limit = UINT64_MAX,
					   .timing = { REPLAY_RATE, 1 } };
	struct capture capture = { 0 };
	struct run run;
	unsigned int waits = 0;

	(void)state;
	make(&capture, c.frames, false);
	run_open(&run, &capture);
	run_start(&run, &c);
	while (!__atomic_load_n(&run.r->full, __ATOMIC_RELAXED))
		wait_a_little(&waits);
	assert_int_equal(counter_get(&run.r->published), REPLAY_BLOCKS);
	while (replay_peek(run.r, 0))
		replay_advance(run.r, 0);
	assert_int_equal(run.r->cursor[0].done, REPLAY_BLOCKS);
	assert_int_equal(counter_get(&run.r->published), REPLAY_BLOCKS);
	replay_leave(run.r, 1);
	while (!replay_peek(run.r, 0))
		wait_a_little(&waits);
	run_close(&run);
	capture_free(&capture);
}

/* What can't be sent is left out, and told. */
static void test_left_out(void **state)
{
	static const struct run_case c = {
		.queues = 1, .passes = 1, .limit = UINT64_MAX, .timing = { REPLAY_KEEP, 1 }
	};
	static uint8_t frame[20000] = { [12] = 0x81 };
	static const struct {
		uint32_t stored, len;
		bool sent;
	} frames[] = { { 13, 13, false },     { 14, 14, true },      { 1514, 1514, true },
		       { 1518, 1518, true },  { 1519, 1519, false }, { 60, 61, false },
		       { 9212, 9212, false }, { 9213, 9213, false }, { 20000, 20000, false },
		       { 60, 60, true } };
	struct capture capture = { 0 };
	unsigned int waits = 0;
	struct run run;
	struct why why;
	uint64_t end;

	(void)state;
	capture_classic(&capture, 0xa1b23c4d, 1);
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		frame[12] = frames[i].stored == 1514 ? 0x08 : 0x81; /* without a tag, with one */
		capture_record(&capture, 1, 0, frame, frames[i].stored, frames[i].len);
	}
	run_open(&run, &capture);
	assert_true(replay_scan(&run.r->in, &run.file, &why));
	assert_int_equal(run.file.frames, 10);
	assert_int_equal(run.file.cut, 1);
	assert_int_equal(run.file.short_, 1);
	assert_int_equal(run.file.long_, 2);
	assert_int_equal(run.file.largest, 9212);
	run_start(&run, &c);
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		const struct replay_record *rec;

		/* An MTU of 1500 lets 1514 bytes pass, and four more with a tag. */
		if (!frames[i].sent)
			continue;
		while (!(rec = replay_peek(run.r, 0)) && !replay_over(run.r, 0, &end))
			wait_a_little(&waits);
		assert_non_null(rec);
		assert_int_equal(rec->len, frames[i].stored);
		replay_advance(run.r, 0);
	}
	while (!replay_peek(run.r, 0) && !replay_over(run.r, 0, &end))
		wait_a_little(&waits);
	assert_null(replay_peek(run.r, 0));
	run_close(&run);
	capture_free(&capture);
}

/* A file that is damaged after it was looked at: what comes before is sent, then it is told. */
static void test_damaged(void **state)
{
	static const struct run_case c = { .frames = 60000,
					   .queues = 1,
					   .passes = 1,
					   .limit = UINT64_MAX,
					   .timing = { REPLAY_KEEP, 1 },
					   .gap = 2000,
					   .end = UINT64_C(49998) * 2000 };
	struct capture capture = { 0 };
	struct tally t = { 0 };
	struct run run;
	struct why why;

	(void)state;
	make(&capture, c.frames, false);
	run_open(&run, &capture);
	assert_true(replay_scan(&run.r->in, &run.file, &why));
	assert_int_equal(truncate(run.path, 24 + 50000 * (16 + FRAME_LEN) - 1), 0);
	run_start(&run, &c);
	drain(&t, &run, &c);
	assert_int_equal(t.sent, 49999);
	assert_true(replay_failed(run.r));
	assert_non_null(strstr(run.r->why.text, "offset 4499934: what begins here is cut off"));
	run_close(&run);
	capture_free(&capture);
}

static const struct timing_case {
	const char *what, *text;
	bool good;
	struct replay_timing should;
} timings[] = {
	{ "keep", "keep", true, { REPLAY_KEEP, 1 } },
	{ "rate", "rate", true, { REPLAY_RATE, 1 } },
	{ "a speed", "x2.5", true, { REPLAY_KEEP, 2.5 } },
	{ "a speed of nothing", "x0", false, { 0 } },
	{ "a speed too high", "x1e7", false, { 0 } },
	{ "a speed with a unit", "x2s", false, { 0 } },
	{ "a number without x", "2", false, { 0 } },
	{ "nothing is no timing", "", false, { 0 } },
	{ "an x alone", "x", false, { 0 } },
};

static void test_timing(void **state)
{
	const struct timing_case *c = *state;
	struct replay_timing t;
	struct why why = { "" };

	assert_int_equal(replay_timing_parse(c->text, &t, &why), c->good);
	assert_int_equal(!why.text[0], c->good);
	if (c->good) {
		assert_int_equal(t.pace, c->should.pace);
		assert_float_equal(t.speed, c->should.speed, 1e-9);
	}
}

int main(void)
{
	struct case_list list = { 0 };

	CASES_ADD(&list, hashes, test_hash);
	case_add(&list, "frames that end in a header have a hash too", test_hash_short, NULL);
	case_add(&list, "flows spread evenly", test_spread, NULL);
	CASES_ADD(&list, runs, test_run);
	case_add(&list, "the ring bounds what is read ahead", test_bounded, NULL);
	case_add(&list, "cut, too short and too long frames are left out", test_left_out, NULL);
	case_add(&list, "a file that is cut off meanwhile", test_damaged, NULL);
	CASES_ADD(&list, timings, test_timing);
	return case_run("replay", &list);
}
