/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_HIST_H
#define APP_HIST_H

#include "relaxed.h"

/*
 * A log-linear histogram: below 2048 each value has a bucket of its own, above that each power of
 * two is cut into 1024 equal parts, so that three digits of a percentile are exact. Values are
 * nanoseconds up to 2^34 (17 s), which larger ones count as; 200 KiB, of which only the buckets in
 * use come into the caches. The buckets are those of an HdrHistogram from 1 to 10^10 with three
 * digits, in its order (hdr.h). One thread records; others may copy it meanwhile.
 */
#define HIST_SUB_BITS 10u
#define HIST_SUB      (1u << HIST_SUB_BITS)
#define HIST_BITS     34u
#define HIST_BUCKETS  ((HIST_BITS - HIST_SUB_BITS + 1) * HIST_SUB)

struct hist {
	uint64_t count, sum, min, max;
	uint64_t bucket[HIST_BUCKETS];
};

static inline unsigned int hist_bucket(uint64_t value)
{
	unsigned int shift;

	if (value < HIST_SUB)
		return (unsigned int)value;
	if (value >> HIST_BITS)
		return HIST_BUCKETS - 1;
	shift = 63u - (unsigned int)__builtin_clzll(value) - HIST_SUB_BITS;
	return shift * HIST_SUB + (unsigned int)(value >> shift);
}

/* @value was seen @n times. */
static inline void hist_record(struct hist *h, uint64_t value, uint64_t n)
{
	if (value < h->min || !h->count)
		counter_set(&h->min, value);
	if (value > h->max)
		counter_set(&h->max, value);
	counter_add(&h->count, n);
	counter_add(&h->sum, value * n);
	counter_add(&h->bucket[hist_bucket(value)], n);
}

/* Add what @from holds, which another thread may be writing, to @to. */
void hist_merge(struct hist *to, const struct hist *from);

/* Take @before, an earlier copy of the same histogram, out of @h; min and max stay. */
void hist_subtract(struct hist *h, const struct hist *before);

/* The same, and @before becomes what @h was: for those who ask again and again what is new. */
void hist_since(struct hist *h, struct hist *before);

/* The smallest and the largest value that fall into @bucket. */
uint64_t hist_bucket_first(unsigned int bucket);
uint64_t hist_bucket_last(unsigned int bucket);

/* The value that @percent of all do not exceed; 0 if there are none. */
uint64_t hist_percentile(const struct hist *h, double percent);

/* A percentage to look at after @percent, below 100: five steps to half of what is left to 100,
 * five to half of the rest, and so on. */
double hist_next_percent(double percent);

/* How many are in the bucket of @value and in those below. */
uint64_t hist_count_to(const struct hist *h, uint64_t value);

/* The largest value seen, or 0; of the buckets where that is less, as after hist_subtract(). */
uint64_t hist_largest(const struct hist *h);

double hist_mean(const struct hist *h);

/* Standard deviation, from the middles of the buckets. */
double hist_deviation(const struct hist *h);

#endif
