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
	{ "a genome keeps its order", "imix:genome:aafg", 3, 4, 64, 1518, 731.5 },
	{ "every letter of a genome", "imix:genome:abcdefgh", 8, 8, 64, 2112, 861.75 },
	{ "random sizes of one value", "random:512-512", 1, 16384, 512, 512, 512 },
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
	{ "a genome of nothing", "imix:genome:" },
	{ "a letter that no genome has", "imix:genome:aaz" },
	{ "random sizes the wrong way round", "random:512-64" },
	{ "random sizes with a weight", "random:64=7" },
	{ "random sizes of two ranges", "random:64-128,256-512" },
	{ "a seed that is no number", "random:64-128:x" },
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

static void test_genome(void **state)
{
	static const unsigned int should[] = { 64, 2112, 64, 64, 1518, 128 };
	struct sizes s;
	struct why why;

	(void)state;
	assert_true(sizes_parse("imix:genome:ahaagb", &s, &why));
	assert_int_equal(s.pattern_len, 6);
	for (unsigned int i = 0; i < s.pattern_len; i++)
		assert_int_equal(s.size[s.pattern[i]], should[i]);
	sizes_free(&s);
}

/* Also: all values come, about equally often. 16384 draws of 16 values are 1024 of each. */
static void test_random(void **state)
{
	unsigned int seen[16] = { 0 }, differ = 0;
	struct sizes first, again, other;
	struct why why;

	(void)state;
	assert_true(sizes_parse("random:100-115", &first, &why));
	assert_true(sizes_parse("random:100-115:0", &again, &why));
	assert_true(sizes_parse("random:100-115:1", &other, &why));
	assert_memory_equal(first.pattern, again.pattern, first.pattern_len * 2);
	for (unsigned int i = 0; i < first.pattern_len; i++) {
		seen[first.size[first.pattern[i]] - 100]++;
		differ += first.pattern[i] != other.pattern[i];
	}
	for (int i = 0; i < 16; i++)
		assert_in_range(seen[i], 900, 1150);
	assert_true(differ > first.pattern_len / 2);
	sizes_free(&first);
	sizes_free(&again);
	sizes_free(&other);
}

int main(void)
{
	struct case_list list = { 0 };

	CASES_ADD(&list, good, test_good);
	CASES_ADD(&list, bad, test_bad);
	case_add(&list, "imix mixes its sizes instead of sending them in rows", test_spread, NULL);
	case_add(&list, "a genome is sent letter by letter", test_genome, NULL);
	case_add(&list, "random sizes are the same in every run, and others with another seed",
		 test_random, NULL);
	return case_run("size", &list);
}
