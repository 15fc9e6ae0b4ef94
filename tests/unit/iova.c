/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../lib/vfio/iova.h"

#include <stdlib.h>

#include "../cases.h"

#define RANGES 4

static void fill(struct iova_set *set, const uint64_t ranges[RANGES][2])
{
	set->n = 0;
	for (int i = 0; i < RANGES && ranges[i][1]; i++)
		iova_set_add(set, ranges[i][0], ranges[i][1]);
}

static const struct cut_case {
	const char *what;
	uint64_t before[RANGES][2], first, last, after[RANGES][2];
} cut_cases[] = {
	{ "a hole in the middle", { { 0, 0xff } }, 0x10, 0x1f, { { 0, 0xf }, { 0x20, 0xff } } },
	{ "the beginning", { { 0, 0xff } }, 0, 0xf, { { 0x10, 0xff } } },
	{ "the end", { { 0, 0xff } }, 0xf0, 0xff, { { 0, 0xef } } },
	{ "more than there is", { { 0x10, 0xff } }, 0, UINT64_MAX, { { 0 } } },
	{ "one address", { { 0, 2 } }, 1, 1, { { 0 }, { 2, 2 } } },
	{ "what is not there", { { 0x10, 0x1f } }, 0x20, 0x2f, { { 0x10, 0x1f } } },
	{ "across ranges",
	  { { 0, 0xf }, { 0x20, 0x2f }, { 0x40, 0x4f } },
	  0x8,
	  0x47,
	  { { 0, 7 }, { 0x48, 0x4f } } },
	{ "the last address of all",
	  { { 1, UINT64_MAX } },
	  UINT64_MAX,
	  UINT64_MAX,
	  { { 1, UINT64_MAX - 1 } } },
	{ "an end in front of the beginning cuts nothing", { { 0, 9 } }, 5, 4, { { 0, 9 } } },
};

static void cut(void **state)
{
	const struct cut_case *c = *state;
	struct iova_set set;

	fill(&set, c->before);
	iova_set_cut(&set, c->first, c->last);
	for (uint64_t a = 0; a < 0x110; a++) {
		bool has = false;

		for (int i = 0; i < RANGES; i++)
			has |= (c->after[i][1] || !i) && a >= c->after[i][0] && a <= c->after[i][1];
		has &= c->after[0][1] || c->after[1][1];
		assert_int_equal(iova_set_has(&set, a, 1), has);
	}
	assert_false(iova_set_has(&set, UINT64_MAX, 1));
	for (unsigned int i = 1; i < set.n; i++)
		assert_true(set.range[i].first > set.range[i - 1].last);
}

static const struct add_case {
	const char *what;
	uint64_t first, last;
	unsigned int n;
} add_cases[] = {
	{ "a range behind the last is taken", 0x200, 0x2ff, 2 },
	{ "one that touches the last is taken", 0x100, 0x2ff, 2 },
	{ "one that overlaps the last is left out", 0xff, 0x2ff, 1 },
	{ "one in front of the last is left out", 0, 1, 1 },
	{ "one whose end is in front of its beginning is left out", 0x300, 0x2ff, 1 },
};

static void add(void **state)
{
	const struct add_case *c = *state;
	struct iova_set set = { .n = 1, .range = { { 0x10, 0xff } } };

	iova_set_add(&set, c->first, c->last);
	assert_int_equal(set.n, c->n);
}

static void too_many(void **state)
{
	struct iova_set set = { .n = 0 };

	(void)state;
	for (uint64_t i = 0; i < 2 * IOVA_RANGES_MAX; i++)
		iova_set_add(&set, i * 16, i * 16 + 7);
	assert_int_equal(set.n, IOVA_RANGES_MAX);
	/* Holes make more of them: some are lost, none is wrong. */
	for (uint64_t i = 0; i < IOVA_RANGES_MAX; i++)
		iova_set_cut(&set, i * 16 + 3, i * 16 + 4);
	assert_int_equal(set.n, IOVA_RANGES_MAX);
	for (unsigned int i = 0; i < set.n; i++)
		assert_true(set.range[i].last - set.range[i].first <= 2);
}

/* The same search, address by address. */
static uint64_t slow_find(const struct iova_set *set, uint64_t bytes, uint64_t align,
			  uint64_t limit)
{
	for (uint64_t a = align; a + bytes - 1 <= limit && a < 4096; a += align) {
		for (unsigned int i = 0; i < set->n; i++)
			if (a >= set->range[i].first && a + bytes - 1 <= set->range[i].last)
				return a;
	}
	return 0;
}

static void finds_as_slowly(void **state)
{
	(void)state;
	srand(1);
	for (int round = 0; round < 20000; round++) {
		struct iova_set set = { .n = 1, .range = { { (uint64_t)rand() % 64, 4095 } } };
		uint64_t bytes = 1 + (uint64_t)rand() % 600, align = (uint64_t)1 << rand() % 9;
		uint64_t limit = (uint64_t)rand() % 5000, at = 0;

		for (int holes = rand() % 12; holes; holes--) {
			uint64_t first = (uint64_t)rand() % 4096;

			iova_set_cut(&set, first, first + (uint64_t)rand() % 300);
		}
		iova_set_find(&set, bytes, align, limit, &at);
		assert_int_equal(at, slow_find(&set, bytes, align, limit));
	}
}

static void at_the_edges(void **state)
{
	const struct iova_set all = { .n = 1, .range = { { 0, UINT64_MAX } } };
	const struct iova_set none = { .n = 0 };
	uint64_t at = 7;

	(void)state;
	assert_true(iova_set_has(&all, UINT64_MAX, 1));
	assert_false(iova_set_has(&all, UINT64_MAX, 2));
	assert_true(iova_set_has(&all, 1, UINT64_MAX));
	assert_false(iova_set_has(&all, 2, UINT64_MAX));
	assert_false(iova_set_has(&all, 0, 0));
	assert_false(iova_set_find(&all, 0, 1, UINT64_MAX, &at));
	assert_false(iova_set_find(&all, 2, (uint64_t)1 << 63, (uint64_t)1 << 63, &at));
	assert_false(iova_set_find(&none, 1, 1, UINT64_MAX, &at));
	assert_int_equal(at, 7);
	assert_true(iova_set_find(&all, UINT64_MAX, 1, UINT64_MAX, &at));
	assert_int_equal(at, 1);
	assert_int_equal(iova_set_largest(&all), UINT64_MAX);
	assert_int_equal(iova_set_largest(&none), 0);
}

int main(void)
{
	static struct case_list list;

	CASES_ADD(&list, cut_cases, cut);
	CASES_ADD(&list, add_cases, add);
	case_add(&list, "more ranges than there is room for are left out", too_many, NULL);
	case_add(&list, "the lowest place is found, as by trying each", finds_as_slowly, NULL);
	case_add(&list, "nothing overflows at the end of all addresses", at_the_edges, NULL);
	return case_run("iova", &list);
}
