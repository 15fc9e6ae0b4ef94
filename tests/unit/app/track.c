/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../cases.h"

#include <stdlib.h>
#include <string.h>

#include "../../../apps/vio/track.h"

/* A list of arrivals by number, and what should be counted. */
static const struct track_case {
	const char *what;
	uint64_t sent;
	int arrivals;
	uint32_t arrival[12];
	uint64_t received, reordered, duplicate, late, missing;
} cases[] = {
	{ "all in order", 4, 4, { 0, 1, 2, 3 }, 4, 0, 0, 0, 0 },
	{ "one is lost in the middle", 4, 3, { 0, 1, 3 }, 3, 0, 0, 0, 1 },
	{ "the first is lost", 4, 3, { 1, 2, 3 }, 3, 0, 0, 0, 1 },
	{ "two change places: one is reordered", 4, 4, { 0, 2, 1, 3 }, 4, 1, 0, 0, 0 },
	{ "one comes three places late: one is reordered", 5, 5, { 0, 2, 3, 4, 1 }, 5, 1, 0, 0, 0 },
	{ "a whole row turned round: all but the first", 4, 4, { 3, 2, 1, 0 }, 4, 3, 0, 0, 0 },
	{ "a duplicate at once", 3, 4, { 0, 1, 1, 2 }, 3, 0, 1, 0, 0 },
	{ "a duplicate later is not reordered", 4, 5, { 0, 1, 2, 3, 1 }, 4, 0, 1, 0, 0 },
	{ "a duplicate of a reordered one", 4, 5, { 0, 2, 1, 1, 3 }, 4, 1, 1, 0, 0 },
	{ "three copies", 2, 4, { 0, 1, 1, 1 }, 2, 0, 2, 0, 0 },
	{ "numbers that were never sent are foreign",
	  3,
	  5,
	  { 0, 1, 7, 4000000000u, 2 },
	  3,
	  0,
	  0,
	  0,
	  0 },
	{ "older than the window is late, and counted as missing",
	  300000,
	  4,
	  { 0, 1, 299999, 2 },
	  3,
	  0,
	  0,
	  1,
	  299997 },
	{ "a gap of just the window is known",
	  TRACK_WINDOW + 1,
	  3,
	  { 0, TRACK_WINDOW, 1 },
	  3,
	  1,
	  0,
	  0,
	  TRACK_WINDOW - 2 },
};

static struct track_sender sender_of(uint64_t sent)
{
	return (struct track_sender){ .next = TRACK_ORIGIN + sent, .measure_from = TRACK_ORIGIN };
}

static void test_case(void **state)
{
	const struct track_case *c = *state;
	struct track_sender s = sender_of(c->sent);
	struct track_order order = { 0 };
	struct track t;

	assert_true(track_init(&t, &s));
	for (int i = 0; i < c->arrivals; i++)
		track_seen(&t, &order, c->arrival[i], 64);
	assert_int_equal(t.received, c->received);
	assert_int_equal(order.reordered, c->reordered);
	assert_int_equal(t.duplicate, c->duplicate);
	assert_int_equal(t.late, c->late);
	assert_int_equal(track_missing(&t), c->missing);
	assert_int_equal(t.bytes, 64 * c->received);
	track_fini(&t);
}

static void test_warm_up(void **state)
{
	struct track_sender s = { .next = TRACK_ORIGIN + 10, .measure_from = UINT64_MAX };
	struct track_order order = { 0 };
	struct track t;

	(void)state;
	assert_true(track_init(&t, &s));
	assert_int_equal(track_seen(&t, &order, 0, 64), TRACK_EARLY);
	assert_int_equal(track_missing(&t), 0);
	s.measure_from = TRACK_ORIGIN + 5;
	assert_int_equal(track_seen(&t, &order, 6, 64), TRACK_RECEIVED);
	assert_int_equal(track_seen(&t, &order, 4, 64), TRACK_EARLY);
	assert_int_equal(track_seen(&t, &order, 4, 64), TRACK_DUPLICATE);
	assert_int_equal(track_seen(&t, &order, 5, 64), TRACK_RECEIVED);
	assert_int_equal(t.received, 2);
	assert_int_equal(t.duplicate, 0);
	assert_int_equal(t.early, 2);
	assert_int_equal(order.reordered, 1);
	assert_int_equal(track_missing(&t), 0);
	track_fini(&t);
}

static void test_unknown_sender(void **state)
{
	struct track_order order = { 0 };
	struct track t;

	(void)state;
	assert_true(track_init(&t, NULL));
	assert_int_equal(track_seen(&t, &order, 0xfffffffeu, 64), TRACK_RECEIVED);
	assert_int_equal(track_seen(&t, &order, 0xffffffffu, 64), TRACK_RECEIVED);
	assert_int_equal(track_seen(&t, &order, 1, 64), TRACK_RECEIVED);
	assert_int_equal(track_missing(&t), 1);
	assert_int_equal(track_seen(&t, &order, 0, 64), TRACK_RECEIVED);
	assert_int_equal(track_seen(&t, &order, 0xfffffff0u, 64), TRACK_EARLY);
	assert_int_equal(track_missing(&t), 0);
	assert_int_equal(order.reordered, 1);
	track_fini(&t);
}

/* Of ten that were sent, 0 to 4 and 6 have come. */
static const struct await_case {
	const char *what;
	uint32_t seq;
	bool awaited;
} awaits[] = {
	{ "a number that has come is not awaited", 3, false },
	{ "a gap is awaited", 5, true },
	{ "the largest seen is not awaited", 6, false },
	{ "what was sent later is awaited", 9, true },
	{ "what was not sent is not awaited", 10, false },
	{ "what is before the first is not awaited", 0xffffffffu, false },
};

static void test_awaits(void **state)
{
	const struct await_case *c = *state;
	struct track_sender s = sender_of(10);
	struct track_order order = { 0 };
	struct track t;

	assert_true(track_init(&t, &s));
	for (uint32_t i = 0; i < 7; i++)
		if (i != 5)
			track_seen(&t, &order, i, 64);
	assert_int_equal(track_awaits(&t, c->seq), c->awaited);
	assert_int_equal(track_lost(&t, s.next), 4);
	track_fini(&t);
}

static void test_lost_before_anything(void **state)
{
	struct track_sender s = { .next = TRACK_ORIGIN + 3, .measure_from = UINT64_MAX };
	struct track t;

	(void)state;
	assert_true(track_init(&t, &s));
	assert_int_equal(track_lost(&t, s.next), 0);
	s.measure_from = s.next;
	assert_int_equal(track_lost(&t, s.next + 2), 2);
	track_fini(&t);
}

static void test_two_queues(void **state)
{
	struct track_sender s = sender_of(4);
	struct track_order a = { 0 }, b = { 0 };
	struct track t;

	(void)state;
	assert_true(track_init(&t, &s));
	track_seen(&t, &a, 1, 64);
	track_seen(&t, &b, 0, 64);
	track_seen(&t, &a, 3, 64);
	track_seen(&t, &b, 2, 64);
	assert_int_equal(a.reordered + b.reordered, 0);
	assert_int_equal(t.received, 4);
	assert_int_equal(track_seen(&t, &b, 3, 64), TRACK_DUPLICATE);
	track_fini(&t);
}

/* A network that loses, doubles and delays, and keeps its own books. */
#define PACKETS 400000u

struct network {
	uint64_t lost, duplicated, delayed;
	uint32_t *out;
	size_t n;
};

static const struct random_case {
	const char *what;
	unsigned int loss, dup, delay; /* per thousand */
} random_cases[] = {
	{ "random loss is counted exactly", 20, 0, 0 },
	{ "random duplicates are counted exactly", 0, 20, 0 },
	{ "random delays are counted exactly", 0, 0, 20 },
	{ "all three at once are counted exactly", 10, 10, 10 },
	{ "a terrible network is counted exactly", 300, 300, 200 },
};

static uint32_t random_next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

/* Delayed packets are held back one at a time, for 2 to 9 others that do get through. */
static void network_run(struct network *w, const struct random_case *c)
{
	uint64_t seed = 42;
	uint32_t held = 0, wait = 0;

	for (uint32_t i = 0; i < PACKETS; i++) {
		if (random_next(&seed) % 1000 < c->loss) {
			w->lost++;
			continue;
		}
		if (!wait && random_next(&seed) % 1000 < c->delay && i + 100 < PACKETS) {
			held = i;
			wait = 2 + random_next(&seed) % 8;
			w->delayed++;
			continue;
		}
		w->out[w->n++] = i;
		if (random_next(&seed) % 1000 < c->dup) {
			w->out[w->n++] = i;
			w->duplicated++;
		}
		if (wait && !--wait)
			w->out[w->n++] = held;
	}
}

static void check_alike(const struct track *a, const struct track *b)
{
	assert_int_equal(a->received, b->received);
	assert_int_equal(a->duplicate, b->duplicate);
	assert_int_equal(a->late, b->late);
	assert_int_equal(a->bytes, b->bytes);
	assert_int_equal(track_missing(a), track_missing(b));
	assert_memory_equal(a->window, b->window, TRACK_WINDOW / 8);
}

/* As the receiver does: packets that follow each other at once, where that may be. */
static void arrive_in_runs(struct track *t, struct track_order *order, const struct network *w)
{
	for (size_t i = 0, n; i < w->n; i += n) {
		for (n = 1; n < 32 && i + n < w->n && w->out[i + n] == w->out[i] + n;)
			n++;
		if (track_run(t, order, w->out[i], (uint32_t)n, 64 * n))
			continue;
		for (size_t k = 0; k < n; k++)
			track_seen(t, order, w->out[i + k], 64);
	}
}

static void test_random(void **state)
{
	struct network w = { .out = malloc(2 * PACKETS * sizeof(uint32_t)) };
	struct track_sender s = sender_of(PACKETS);
	struct track_order order = { 0 }, runs_order = { 0 };
	struct track t, runs;

	assert_non_null(w.out);
	network_run(&w, *state);
	assert_true(track_init(&t, &s));
	assert_true(track_init(&runs, &s));
	for (size_t i = 0; i < w.n; i++)
		track_seen(&t, &order, w.out[i], 64);
	arrive_in_runs(&runs, &runs_order, &w);
	assert_int_equal(t.received, PACKETS - w.lost);
	assert_int_equal(t.duplicate, w.duplicated);
	assert_int_equal(order.reordered, w.delayed);
	assert_int_equal(t.late, 0);
	check_alike(&t, &runs);
	assert_int_equal(runs_order.reordered, order.reordered);
	track_fini(&t);
	track_fini(&runs);
	free(w.out);
}

/* A run that is not of the usual kind is refused, and nothing of it is counted. */
static const struct run_case {
	const char *what;
	uint64_t next, sent, from, seen; /* all since TRACK_ORIGIN */
	uint32_t seq, n;
	bool usual;
} run_cases[] = {
	{ "a run of the next packets counts", 10, 20, 0, 10, 10, 10, true },
	{ "a run of one counts", 10, 20, 0, 0, 10, 1, true },
	{ "a run over words of the window counts", 60, 300, 0, 60, 60, 200, true },
	{ "a run over the end of the window counts", TRACK_WINDOW - 3, TRACK_WINDOW + 9, 0, 0,
	  TRACK_WINDOW - 3, 12, true },
	{ "a run over the end of the numbers counts", 0xfffffffeu, 0x100000010u, 0, 0, 0xfffffffeu,
	  8, true },
	{ "a run that begins too early is refused", 10, 20, 0, 10, 9, 3, false },
	{ "a run that begins too late is refused", 10, 20, 0, 10, 11, 3, false },
	{ "a run beyond what was sent is refused", 10, 20, 0, 10, 10, 11, false },
	{ "a run of the warm-up is refused", 10, 20, 15, 10, 10, 10, false },
	{ "a run behind later packets of the queue is refused", 10, 20, 0, 12, 10, 5, false },
};

static void test_run(void **state)
{
	const struct run_case *c = *state;
	struct track_sender s = { .next = TRACK_ORIGIN + c->sent,
				  .measure_from = TRACK_ORIGIN + c->from };
	struct track_order order = { .next = TRACK_ORIGIN + c->seen };
	struct track t;

	assert_true(track_init(&t, &s));
	t.next = TRACK_ORIGIN + c->next;
	assert_int_equal(track_run(&t, &order, c->seq, c->n, 1000), c->usual);
	assert_int_equal(t.received, c->usual ? c->n : 0);
	assert_int_equal(t.bytes, c->usual ? 1000 : 0);
	assert_true(t.next == TRACK_ORIGIN + c->next + (c->usual ? c->n : 0));
	for (uint32_t i = 0; i < c->n && c->usual; i++)
		assert_int_equal(track_seen(&t, &order, c->seq + i, 64), TRACK_DUPLICATE);
	track_fini(&t);
}

/* The 32 bits on the wire go round: a sender that has been at it for long. */
static void test_wrap(void **state)
{
	struct track_sender s = { .next = TRACK_ORIGIN + 0xfffffff0u,
				  .measure_from = TRACK_ORIGIN + 0xfffffff0u };
	struct track_order order = { 0 };
	struct track t;

	(void)state;
	assert_true(track_init(&t, &s));
	t.next = s.next;
	for (uint64_t seq = 0xfffffff0u; seq < 0x100000100u; seq++) {
		s.next = TRACK_ORIGIN + seq + 1;
		if (seq != 0x100000000u)
			track_seen(&t, &order, (uint32_t)seq, 64);
	}
	assert_int_equal(t.received, 0x110 - 1);
	assert_int_equal(track_missing(&t), 1);
	assert_int_equal(track_seen(&t, &order, 0, 64), TRACK_RECEIVED);
	assert_int_equal(order.reordered, 1);
	track_fini(&t);
}

int main(void)
{
	struct case_list list = { 0 };

	CASES_ADD(&list, cases, test_case);
	CASES_ADD(&list, random_cases, test_random);
	CASES_ADD(&list, awaits, test_awaits);
	case_add(&list, "what was sent in the warm-up is not lost", test_lost_before_anything,
		 NULL);
	CASES_ADD(&list, run_cases, test_run);
	case_add(&list, "packets of the warm-up are not counted", test_warm_up, NULL);
	case_add(&list, "without a sender the first packet begins", test_unknown_sender, NULL);
	case_add(&list, "order between two queues means nothing", test_two_queues, NULL);
	case_add(&list, "the number on the wire goes round", test_wrap, NULL);
	return case_run("track", &list);
}
