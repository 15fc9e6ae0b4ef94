/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../cases.h"

#include "../../../apps/vio/size.h"

struct size_case {
	const char *what, *text;
	unsigned int n, pattern_len, least, largest;
	double mean;
};

static const struct size_case good[] = {
	{ "one size", "64", 1, 1, 64, 64, 64 },
	{ "three sizes in turn", "64,512,1518", 3, 3, 64, 1518, 698 },
	{ "a range sends each size once a round", "64-1518", 1455, 1455, 64, 1518, 791 },
	{ "a list may hold ranges", "64,100-102", 4, 4, 64, 102, 91.75 },
	{ "imix is 7:4:1", "imix", 3, 12, 64, 1518, 4246.0 / 12 },
	{ "imix with weights", "imix:64=28,570=16,1518=4", 3, 12, 64, 1518, 4246.0 / 12 },
	{ "imix without weights is even", "imix:64,128", 2, 2, 64, 128, 96 },
	{ "the largest size", "9216", 1, 1, 9216, 9216, 9216 },
};

static const struct {
	const char *what, *text;
} bad[] = {
	{ "nothing is no size", "" },
	{ "a size below 64", "60" },
	{ "a size above 9216", "9217" },
	{ "a range the wrong way round", "512-64" },
	{ "text behind a size", "64b" },
	{ "a comma at the end", "64," },
	{ "a weight outside imix", "64=7,570=4" },
	{ "a weight of zero", "imix:64=0" },
	{ "a range inside imix", "imix:64-128=2" },
	{ "an unknown word", "imax" },
	{ "imix with a wrong separator", "imix=64" },
	{ "a negative size", "-64" },
	{ "weights beyond the pattern", "imix:64=16384,65=1" },
	{ "too many sizes", "64-9216,64-9216" },
};

static void test_good(void **state)
{
	const struct size_case *c = *state;
	struct sizes s;
	struct why why;

	assert_true(sizes_parse(c->text, &s, &why));
	assert_int_equal(s.n, c->n);
	assert_int_equal(s.pattern_len, c->pattern_len);
	assert_int_equal(sizes_least(&s), c->least);
	assert_int_equal(sizes_largest(&s), c->largest);
	assert_float_equal(sizes_mean(&s), c->mean, 1e-9);
	sizes_free(&s);
}

static void test_bad(void **state)
{
	const char *text = ((const char *const *)*state)[1];
	struct sizes s;
	struct why why = { "" };

	assert_false(sizes_parse(text, &s, &why));
	assert_true(why.text[0]);
}

static void test_spread(void **state)
{
	unsigned int seen[3] = { 0 }, run = 0;
	struct sizes s;
	struct why why;

	(void)state;
	assert_true(sizes_parse("imix", &s, &why));
	for (unsigned int i = 0; i < s.pattern_len; i++) {
		seen[s.pattern[i]]++;
		run = i && s.pattern[i] == s.pattern[i - 1] ? run + 1 : 1;
		assert_true(run <= 2);
	}
	assert_int_equal(seen[0], 7);
	assert_int_equal(seen[1], 4);
	assert_int_equal(seen[2], 1);
	sizes_free(&s);
}

int main(void)
{
	struct case_list list = { 0 };

	CASES_ADD(&list, good, test_good);
	CASES_ADD(&list, bad, test_bad);
	case_add(&list, "imix mixes its sizes instead of sending them in rows", test_spread, NULL);
	return case_run("size", &list);
}
