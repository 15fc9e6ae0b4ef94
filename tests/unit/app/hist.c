/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../cases.h"

#include <math.h>
#include <string.h>

#include "../../../apps/vio/hist.h"

static struct hist h, other;

static void test_empty(void **state)
{
	(void)state;
	memset(&h, 0, sizeof(h));
	assert_int_equal(hist_percentile(&h, 50), 0);
	assert_float_equal(hist_mean(&h), 0, 0);
}

static void test_buckets(void **state)
{
	unsigned int last = 0;

	(void)state;
	for (uint64_t v = 0; v < UINT64_C(1) << 35; v += 1 + v / 3000) {
		unsigned int b = hist_bucket(v);

		assert_true(b >= last && b - last <= 1 && b < HIST_BUCKETS);
		assert_true(v >= hist_bucket_first(b));
		assert_true(v <= hist_bucket_last(b) || b == HIST_BUCKETS - 1);
		last = b;
	}
	assert_int_equal(last, HIST_BUCKETS - 1);
}

static void test_exact_percentiles(void **state)
{
	static const struct {
		double percent, want;
	} table[] = { { 0, 1 },      { 50, 50000 },   { 90, 90000 },
		      { 99, 99000 }, { 99.9, 99900 }, { 100, 100000 } };

	(void)state;
	memset(&h, 0, sizeof(h));
	for (uint64_t v = 1; v <= 100000; v++)
		hist_record(&h, v, 1);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_float_equal((double)hist_percentile(&h, table[i].percent), table[i].want,
				   table[i].want / 1024 + 0.5);
	assert_float_equal(hist_mean(&h), 50000.5, 1e-6);
	assert_float_equal(hist_deviation(&h), 100000 / sqrt(12), 30);
	assert_int_equal(h.min, 1);
	assert_int_equal(h.max, 100000);
}

static void test_merge_and_subtract(void **state)
{
	(void)state;
	memset(&h, 0, sizeof(h));
	memset(&other, 0, sizeof(other));
	hist_record(&h, 10, 3);
	hist_record(&other, 5, 1);
	hist_record(&other, 1000000, 2);
	hist_merge(&h, &other);
	assert_int_equal(h.count, 6);
	assert_int_equal(h.min, 5);
	assert_int_equal(h.max, 1000000);
	hist_subtract(&h, &other);
	assert_int_equal(h.count, 3);
	assert_int_equal(hist_percentile(&h, 99), 10);
	assert_int_equal(hist_largest(&h), 10);
}

/* Twice, since what is remembered the first time is the base of the second. */
static void test_since(void **state)
{
	static struct hist before;

	(void)state;
	memset(&h, 0, sizeof(h));
	hist_record(&h, 10, 3);
	other = h;
	hist_since(&other, &before);
	assert_int_equal(other.count, 3);
	hist_record(&h, 1000, 2);
	other = h;
	hist_since(&other, &before);
	assert_int_equal(other.count, 2);
	assert_int_equal(other.sum, 2000);
	assert_int_equal(hist_percentile(&other, 1), 1000);
	assert_memory_equal(&before, &h, sizeof(h));
}

static void test_beyond(void **state)
{
	(void)state;
	memset(&h, 0, sizeof(h));
	hist_record(&h, UINT64_C(1) << 50, 1);
	assert_int_equal(h.count, 1);
	assert_int_equal(h.max, UINT64_C(1) << 50);
	assert_true(hist_percentile(&h, 50) <= h.max);
}

int main(void)
{
	struct case_list list = { 0 };

	case_add(&list, "an empty histogram has no percentiles", test_empty, NULL);
	case_add(&list, "buckets follow each other without gap", test_buckets, NULL);
	case_add(&list, "percentiles are right to a 1024th", test_exact_percentiles, NULL);
	case_add(&list, "histograms add up and come apart", test_merge_and_subtract, NULL);
	case_add(&list, "what is new since last time is told each time", test_since, NULL);
	case_add(&list, "a value beyond the last bucket is kept", test_beyond, NULL);
	return case_run("hist", &list);
}
