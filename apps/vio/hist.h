/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_HIST_H
#define APP_HIST_H

#include "relaxed.h"

/*
 * A log-linear histogram: each power of two is cut into 64 equal parts, so that a percentile is
 * exact to 1.6 %. Values are nanoseconds up to 2^40 (18 minutes), which larger ones count as.
 * One thread records; others may copy it meanwhile.
 */
#define HIST_SUB_BITS 6u
#define HIST_SUB      (1u << HIST_SUB_BITS)
#define HIST_BITS     40u
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

/* The value that @percent of all do not exceed; 0 if there are none. */
uint64_t hist_percentile(const struct hist *h, double percent);

double hist_mean(const struct hist *h);

#endif
