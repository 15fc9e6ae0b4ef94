/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../cases.h"

#include <math.h>
#include <stdio.h>

#include "../../../apps/vio/search_logic.h"

#define TRIALS 2000
#define SEEDS  20

/* ---- what trials say about a load ---- */

/* clang-format off */
static const struct class_case {
	const char *what;
	double exceed, final, sum;
	struct { double s, loss; } trial[6]; /* s 0: no more */
	enum search_class is;
	double forwarded; /* share of the load that the conditional throughput is; 0: no lower bound */
} classes[] = {
	{ "a load without trials is undecided", 0, 1, 1, { { 0, 0 } }, SEARCH_UNDECIDED, 0 },
	{ "a good trial makes a lower bound", 0, 1, 1, { { 1, 0 } }, SEARCH_LOWER, 1 },
	{ "a good trial with some loss forwards less", 0, 1, 1, { { 1, 0.004 } }, SEARCH_LOWER, 0.996 },
	{ "a bad trial makes an upper bound", 0, 1, 1, { { 1, 0.01 } }, SEARCH_UPPER, 0 },
	{ "loss as high as the goal's is good", 0, 1, 1, { { 1, 0.005 } }, SEARCH_LOWER, 0.995 },
	{ "a good trial that is too short decides nothing", 0, 1, 1, { { 0.5, 0 } }, SEARCH_UNDECIDED, 0 },
	{ "a bad trial that is too short decides", 0, 1, 1, { { 0.5, 1 } }, SEARCH_UPPER, 0 },
	{ "a longer trial counts as well", 0, 1, 1, { { 5, 0 } }, SEARCH_LOWER, 1 },
	{ "half of the time is not enough", 0, 1, 2, { { 1, 0 } }, SEARCH_UNDECIDED, 0 },
	{ "tenths add up to a whole", 0, 0.1, 0.3, { { 0.1, 0 }, { 0.1, 0 }, { 0.1, 0 } }, SEARCH_LOWER, 1 },
	{ "one bad of two is too much", 0, 1, 2, { { 1, 0 }, { 1, 1 } }, SEARCH_UPPER, 0 },
	{ "with half allowed, half of the time decides", 0.5, 1, 2, { { 1, 0 } }, SEARCH_LOWER, 1 },
	{ "with half allowed, half may be bad", 0.5, 1, 2, { { 1, 1 }, { 1, 0 } }, SEARCH_LOWER, 1 },
	{ "with half allowed, more than half may not", 0.5, 1, 3, { { 1, 1 }, { 1, 1 }, { 1, 0 } }, SEARCH_UPPER, 0 },
	{ "with half allowed, one bad of four is open", 0.5, 1, 4, { { 1, 1 } }, SEARCH_UNDECIDED, 0 },
	{ "short bad trials weigh", 0.5, 1, 2, { { 0.5, 1 }, { 0.5, 1 }, { 0.5, 1 } }, SEARCH_UPPER, 0 },
	{ "short good trials outweigh short bad ones", 0.5, 1, 2, { { 0.5, 1 }, { 0.5, 0 }, { 1, 0 } }, SEARCH_LOWER, 1 },
	{ "the throughput is of the trials that may count", 0.5, 1, 4, { { 1, 0.004 }, { 1, 0.002 }, { 1, 0.5 }, { 1, 0.001 } }, SEARCH_LOWER, 0.998 },
};
/* clang-format on */

static void test_class(void **state)
{
	const struct class_case *c = *state;
	struct search_goal goal = {
		.loss_ratio = 0.005, .exceed_ratio = c->exceed, .final_s = c->final, .sum_s = c->sum
	};
	struct search_point points[7];
	struct search_book b = { .point = points };

	for (; b.n < 6 && c->trial[b.n].s > 0; b.n++)
		points[b.n] =
			(struct search_point){ 1000, c->trial[b.n].s, c->trial[b.n].loss, false };
	/* What happened at another load does not matter. */
	points[b.n++] = (struct search_point){ 999, 100, 0.5, false };
	assert_int_equal(search_classify(&b, &goal, 1000), c->is);
	if (c->forwarded > 0)
		assert_float_equal(search_conditional(&b, &goal, 1000), 1000 * c->forwarded, 1e-6);
}

static void test_bounds(void **state)
{
	const struct search_goal goal = { .final_s = 1, .sum_s = 1, .width = 0.1 };
	struct search_point points[] = {
		{ 100, 1, 0, false },   { 400, 1, 0.5, false }, { 300, 1, 0, false },
		{ 200, 1, 0.1, false }, { 150, 1, 0, false },   { 170, 0.5, 0, false },
	};
	struct search_book b = { points, 6, 1, 1000 };
	struct search_bounds is;

	(void)state;
	search_bounds(&b, &goal, &is);
	assert_float_equal(is.upper, 200, 0);
	assert_float_equal(is.lower, 150, 0);
	assert_false(is.limited);
	assert_false(search_narrow(&is, &goal));
	points[5] = (struct search_point){ 160, 1, 0, true };
	search_bounds(&b, &goal, &is);
	assert_float_equal(is.upper, 160, 0);
	assert_true(is.limited);
	assert_true(search_narrow(&is, &goal));
}

/* ---- searches on simulated devices ---- */

struct device {
	double capacity, noise; /* noise: standard deviation, relative */
	double glitch;          /* chance that a trial loses some though it need not */
	double floor;           /* loss at every load */
	double depth;           /* packets beyond its capacity that it stores */
	uint64_t random;
};

static double random_unit(struct device *d)
{
	d->random = d->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return ((double)(d->random >> 11) + 0.5) / 9007199254740992.0;
}

static double random_normal(struct device *d)
{
	double radius = sqrt(-2 * log(random_unit(d)));

	return radius * cos(6.283185307179586 * random_unit(d));
}

static double device_loss(struct device *d, double load, double seconds)
{
	double carries = d->capacity, loss;

	if (d->noise > 0)
		carries *= 1 + d->noise * random_normal(d);
	carries += d->depth / seconds;
	loss = load > carries ? (load - carries) / load : 0;
	if (d->glitch > 0 && random_unit(d) < d->glitch)
		loss = fmax(loss, 0.02);
	return fmax(loss, d->floor);
}

struct search {
	struct search_point point[TRIALS];
	struct search_book b;
	double seconds;
};

static void run(struct search *s, struct device *d, struct search_mlr *m,
		const struct search_goal *goals, unsigned int n)
{
	struct search_next next;

	s->b.point = s->point;
	while (m ? search_mlr_next(m, &s->b, &next) : search_bisect_next(goals, n, &s->b, &next)) {
		assert_true(s->b.n < TRIALS);
		assert_true(next.load >= s->b.min_load && next.load <= s->b.max_load);
		assert_true(next.goal < n);
		s->seconds += next.duration_s;
		s->point[s->b.n++] =
			(struct search_point){ next.load, next.duration_s,
					       device_loss(d, next.load, next.duration_s), false };
	}
}

enum ending { BOTH, NO_UPPER, NO_LOWER };

/* clang-format off */
static const struct device_case {
	const char *what;
	struct device d; /* capacity 0: a different one in each run */
	struct search_goal goal;
	enum ending ending;
	double slack; /* relative: what chance may do on top of the width */
	unsigned int most; /* trials of MLRsearch */
	bool chance; /* bisection gives no promise here */
} devices[] = {
	{ "NDR of a steady device", { .noise = 0 }, { 0, 0, 1, 30, 30, 0.005 }, BOTH, 0, 40, false },
	{ "PDR of a steady device", { .noise = 0 }, { 0.005, 0, 1, 30, 30, 0.005 }, BOTH, 0, 40, false },
	{ "a tenth of a percent wide", { .noise = 0 }, { 0, 0, 0.1, 1, 1, 0.001 }, BOTH, 0, 40, false },
	{ "two phases", { .noise = 0 }, { 0, 0, 1, 3, 3, 0.01 }, BOTH, 0, 40, false },
	{ "one phase", { .noise = 0 }, { 0.02, 0, 1, 1, 1, 0.01 }, BOTH, 0, 40, false },
	{ "many trials at a load", { .noise = 0 }, { 0, 0.5, 1, 1, 21, 0.005 }, BOTH, 0, 200, false },
	{ "a device that stores packets", { .depth = 50 }, { 0, 0, 0.1, 1, 1, 0.005 }, BOTH, 0, 40, false },
	{ "noise", { .noise = 0.02 }, { 0, 0.5, 1, 1, 61, 0.005 }, BOTH, 0.015, 600, true },
	{ "noise, with loss allowed", { .noise = 0.01 }, { 0.005, 0.5, 1, 2, 41, 0.005 }, BOTH, 0.01, 600, true },
	{ "glitches", { .glitch = 0.15 }, { 0, 0.5, 1, 1, 31, 0.005 }, BOTH, 0, 300, true },
	{ "a device above the largest rate", { .capacity = 1e9 }, { 0, 0, 1, 30, 30, 0.005 }, NO_UPPER, 0, 3, false },
	{ "a device that always loses", { .floor = 0.01 }, { 0.005, 0, 1, 30, 30, 0.005 }, NO_LOWER, 0, 60, false },
	{ "a device that always loses, but less", { .floor = 0.01, .capacity = 1e9 }, { 0.02, 0, 1, 30, 30, 0.005 }, NO_UPPER, 0, 3, false },
	{ "a device that is slower than the least rate", { .capacity = 50 }, { 0, 0, 1, 30, 30, 0.005 }, NO_LOWER, 0, 60, false },
};
/* clang-format on */

#define LEAST 1000.0
#define MOST  1e7

static void check_end(const struct search *s, const struct device_case *c, const struct device *d)
{
	double is = (d->capacity + d->depth / c->goal.final_s) / (1 - c->goal.loss_ratio);
	struct search_bounds got;

	search_bounds(&s->b, &c->goal, &got);
	if (c->ending == NO_UPPER) {
		assert_float_equal(got.upper, 0, 0);
		assert_float_equal(got.lower, MOST, 0);
	} else if (c->ending == NO_LOWER) {
		assert_float_equal(got.lower, 0, 0);
		assert_float_equal(got.upper, LEAST, 0);
	} else {
		assert_true(got.lower <= is * (1 + c->slack) && got.upper > is * (1 - c->slack));
		assert_true(search_narrow(&got, &c->goal));
		assert_true(got.upper - got.lower <= c->goal.width * got.upper * 1.000001);
		assert_true(search_conditional(&s->b, &c->goal, got.lower) >=
			    got.lower * (1 - c->goal.loss_ratio) * 0.999999);
	}
}

static struct device device_for(const struct device_case *c, unsigned int seed)
{
	struct device d = c->d;

	d.random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	random_unit(&d);
	if (d.capacity <= 0)
		d.capacity = LEAST * 1.1 * pow(MOST / LEAST / 1.3, random_unit(&d));
	return d;
}

static void test_mlr(void **state)
{
	const struct device_case *c = *state;

	for (unsigned int seed = 0; seed < SEEDS; seed++) {
		struct device d = device_for(c, seed);
		struct search_mlr m = { .goals = &c->goal, .n_goals = 1 };
		struct search s = { .b = { .min_load = LEAST, .max_load = MOST } };

		run(&s, &d, &m, &c->goal, 1);
		check_end(&s, c, &d);
		assert_true(s.b.n <= c->most);
	}
}

static void test_bisect(void **state)
{
	const struct device_case *c = *state;

	for (unsigned int seed = 0; seed < SEEDS && !c->chance; seed++) {
		struct device d = device_for(c, seed);
		struct search s = { .b = { .min_load = LEAST, .max_load = MOST } };

		run(&s, &d, NULL, &c->goal, 1);
		check_end(&s, c, &d);
	}
}

/* One search for several goals knows what the others have tried. */
static void test_goals(void **state)
{
	static const struct search_goal goals[] = {
		{ 0, 0, 1, 30, 30, 0.005 },
		{ 0.005, 0, 1, 30, 30, 0.005 },
		{ 0.05, 0.5, 1, 30, 90, 0.01 },
	};

	(void)state;
	for (unsigned int seed = 0; seed < SEEDS; seed++) {
		struct device_case c = { .goal = goals[0] };
		struct device d = device_for(&c, seed);
		struct search_mlr m = { .goals = goals, .n_goals = 3, .start = d.capacity };
		struct search s = { .b = { .min_load = LEAST, .max_load = MOST } };
		struct search plain = { .b = { .min_load = LEAST, .max_load = MOST } };

		run(&s, &d, &m, goals, 3);
		run(&plain, &d, NULL, goals, 3);
		for (unsigned int i = 0; i < 3; i++) {
			c.goal = goals[i];
			check_end(&s, &c, &d);
			check_end(&plain, &c, &d);
		}
		assert_true(s.seconds < plain.seconds);
	}
}

/* A device that is bad for once, after a good trial, is found out. */
static void test_repeat(void **state)
{
	const struct search_goal goal = { 0, 0, 1, 1, 1, 0.01 };
	struct search_mlr m = { .goals = &goal, .n_goals = 1, .repeat_final = true };
	struct search s = { .b = { .point = s.point, .min_load = LEAST, .max_load = MOST } };
	struct search_bounds is;
	struct search_next next;
	unsigned int repeated = 0;
	double failed = 0;

	(void)state;
	while (search_mlr_next(&m, &s.b, &next)) {
		double loss = next.load > 5e5 ? 0.1 : 0;

		assert_true(s.b.n < TRIALS);
		for (size_t i = 0; i < s.b.n; i++) {
			if (s.point[i].load != next.load)
				continue;
			repeated++;
			loss = failed > 0 ? loss : 0.1;
			failed = failed > 0 ? failed : next.load;
		}
		s.point[s.b.n++] = (struct search_point){ next.load, 1, loss, false };
	}
	search_bounds(&s.b, &goal, &is);
	assert_true(repeated >= 2);
	assert_true(failed > 0 && is.upper <= failed && is.lower < failed);
	assert_true(search_narrow(&is, &goal));
}

/* Where the generator ends before the device does, that is the upper bound. */
static void test_limited(void **state)
{
	const struct search_goal goal = { 0, 0, 1, 1, 1, 0.01 };
	struct search_mlr m = { .goals = &goal, .n_goals = 1 };
	struct search s = { .b = { .point = s.point, .min_load = LEAST, .max_load = MOST } };
	struct search_bounds is;
	struct search_next next;

	(void)state;
	while (search_mlr_next(&m, &s.b, &next)) {
		assert_true(s.b.n < TRIALS);
		s.point[s.b.n++] = (struct search_point){ next.load, 1, 0, next.load > 700000 };
	}
	search_bounds(&s.b, &goal, &is);
	assert_true(is.limited && is.lower <= 700000 && is.upper > 700000);
	assert_true(search_narrow(&is, &goal));
}

int main(void)
{
	struct case_list list = { 0 };

	CASES_ADD(&list, classes, test_class);
	case_add(&list, "the relevant bounds are the smallest upper and the one below it",
		 test_bounds, NULL);
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		static char names[64][120];
		static size_t n;

		snprintf(names[n], sizeof(names[n]), "MLRsearch, 20 times: %s", devices[i].what);
		case_add(&list, names[n++], test_mlr, &devices[i]);
		snprintf(names[n], sizeof(names[n]), "bisection: %s", devices[i].what);
		case_add(&list, names[n++], test_bisect, &devices[i]);
	}
	case_add(&list, "several goals share their trials", test_goals, NULL);
	case_add(&list, "a result that does not hold when repeated is none", test_repeat, NULL);
	case_add(&list, "the generator's own limit is told from the device's", test_limited, NULL);
	return case_run("search_logic", &list);
}
