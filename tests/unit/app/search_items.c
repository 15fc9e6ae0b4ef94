/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../cases.h"

#include "../../../apps/vio/search.h"

#define NAMES 8

static const struct list_case {
	const char *what, *list;
	const char *names[NAMES]; /* none: refused */
} lists[] = {
	{ "one size", "64", { "64" } },
	{ "several sizes", "64,512,1518", { "64", "512", "1518" } },
	{ "a range is one item", "64-128,512", { "64-128", "512" } },
	{ "a mix by name", "64,imix,1518", { "64", "imix", "1518" } },
	{ "the commas of a mix are its own",
	  "64,imix:64=7,570=4,1518=1,1518",
	  { "64", "imix:64=7,570=4,1518=1", "1518" } },
	{ "two mixes",
	  "imix:64=1,128=1,imix:64=3,256=1",
	  { "imix:64=1,128=1", "imix:64=3,256=1" } },
	{ "the sizes of RFC 2544",
	  "rfc2544",
	  { "64", "128", "256", "512", "1024", "1280", "1518" } },
	{ "the sizes of RFC 2544 among others",
	  "imix,rfc2544",
	  { "imix", "64", "128", "256", "512", "1024", "1280", "1518" } },
	{ "nothing is refused", "", { NULL } },
	{ "a comma at the beginning is refused", ",64", { NULL } },
	{ "a comma at the end is refused", "64,", { NULL } },
	{ "two commas are refused", "64,,128", { NULL } },
	{ "a size that is none is refused", "64,x", { NULL } },
	{ "a mix that is none is refused", "imix:64=1,128=x", { NULL } },
	{ "weights without a mix are refused", "64=1,128=1", { NULL } },
};

static void test_list(void **state)
{
	const struct list_case *c = *state;
	struct search_config cfg = { .sizes = c->list };
	struct search *s = calloc(1, sizeof(*s));
	unsigned int n = 0;

	assert_non_null(s);
	s->cfg = &cfg;
	while (n < NAMES && c->names[n])
		n++;
	if (n) {
		assert_int_equal(search_items_read(s), 0);
		assert_int_equal(s->n_items, n);
		for (unsigned int i = 0; i < n; i++)
			assert_string_equal(s->items[i].name, c->names[i]);
	} else {
		assert_int_equal(search_items_read(s), 2);
	}
	search_items_free(s);
	free(s);
}

#define SECOND UINT64_C(1000000000)

static const struct goal_case {
	const char *what;
	struct search_config cfg;
	unsigned int n;
	const char *names[3];
	struct search_goal last;
} goals[] = {
	{ "NDR is the default",
	  { .exceed = -1, .width = 0.5 },
	  1,
	  { "NDR" },
	  { 0, 0, 1, 30, 30, 0.005 } },
	{ "a PDR alone",
	  { .exceed = -1, .n_pdr = 1, .pdr = { 0.5 }, .width = 1 },
	  1,
	  { "PDR(0.5 %)" },
	  { 0.005, 0, 1, 30, 30, 0.01 } },
	{ "NDR, and two PDR",
	  { .exceed = 50, .ndr = true, .n_pdr = 2, .pdr = { 0.5, 5 }, .width = 1 },
	  3,
	  { "NDR", "PDR(0.5 %)", "PDR(5 %)" },
	  { 0.05, 0.5, 1, 30, 30, 0.01 } },
	{ "a sum of durations",
	  { .exceed = 10, .sum_ns = 120 * SECOND, .width = 1 },
	  1,
	  { "NDR" },
	  { 0, 0.1, 1, 30, 120, 0.01 } },
	{ "soak lasts, with the first PDR's loss, and half in excess",
	  { .exceed = -1, .n_pdr = 1, .pdr = { 1 }, .soak_ns = 600 * SECOND, .width = 1 },
	  2,
	  { "PDR(1 %)", "soak" },
	  { 0.01, 0.5, 1, 30, 600, 0.01 } },
	{ "MRR alone needs no search", { .exceed = -1, .mrr = true }, 0, { NULL }, { .width = 0 } },
};

static void test_goals(void **state)
{
	const struct goal_case *c = *state;
	struct search_config cfg = c->cfg;
	struct search *s = calloc(1, sizeof(*s));
	const struct search_goal *last;

	assert_non_null(s);
	cfg.trial_min_ns = SECOND;
	cfg.trial_max_ns = 30 * SECOND;
	s->cfg = &cfg;
	search_goals_make(s);
	assert_int_equal(s->n_goals, c->n);
	for (unsigned int i = 0; i < c->n; i++)
		assert_string_equal(s->goal_names[i], c->names[i]);
	if (c->n) {
		last = &s->goals[c->n - 1];
		assert_float_equal(last->loss_ratio, c->last.loss_ratio, 1e-9);
		assert_float_equal(last->exceed_ratio, c->last.exceed_ratio, 1e-9);
		assert_float_equal(last->initial_s, c->last.initial_s, 1e-9);
		assert_float_equal(last->final_s, c->last.final_s, 1e-9);
		assert_float_equal(last->sum_s, c->last.sum_s, 1e-9);
		assert_float_equal(last->width, c->last.width, 1e-9);
	}
	free(s);
}

int main(void)
{
	struct case_list list = { 0 };

	CASES_ADD(&list, lists, test_list);
	CASES_ADD(&list, goals, test_goals);
	return case_run("search_items", &list);
}
