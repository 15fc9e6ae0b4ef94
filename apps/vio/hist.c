/* SPDX-License-Identifier: BSD-3-Clause */
#include "hist.h"

#include <math.h>

/* The largest value that falls into @bucket. */
static uint64_t bucket_last(unsigned int bucket)
{
	unsigned int shift;

	if (bucket < 2 * HIST_SUB)
		return bucket;
	shift = bucket / HIST_SUB - 1;
	return ((uint64_t)(bucket % HIST_SUB + HIST_SUB + 1) << shift) - 1;
}

void hist_merge(struct hist *to, const struct hist *from)
{
	uint64_t count = counter_get(&from->count), min = counter_get(&from->min);
	uint64_t max = counter_get(&from->max);

	if (!count)
		return;
	to->min = to->count && to->min < min ? to->min : min;
	to->max = to->max > max ? to->max : max;
	to->count += count;
	to->sum += counter_get(&from->sum);
	for (unsigned int i = 0; i < HIST_BUCKETS; i++)
		to->bucket[i] += counter_get(&from->bucket[i]);
}

void hist_subtract(struct hist *h, const struct hist *before)
{
	h->count -= before->count;
	h->sum -= before->sum;
	for (unsigned int i = 0; i < HIST_BUCKETS; i++)
		h->bucket[i] -= before->bucket[i];
}

uint64_t hist_percentile(const struct hist *h, double percent)
{
	uint64_t rank = (uint64_t)ceil((double)h->count * percent / 100), seen = 0;

	if (!h->count)
		return 0;
	for (unsigned int i = 0; i < HIST_BUCKETS; i++) {
		seen += h->bucket[i];
		if (seen >= (rank ? rank : 1))
			return bucket_last(i) < h->max ? bucket_last(i) : h->max;
	}
	return h->max;
}

double hist_mean(const struct hist *h)
{
	return h->count ? (double)h->sum / (double)h->count : 0;
}
