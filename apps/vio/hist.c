/* SPDX-License-Identifier: BSD-3-Clause */
#include "hist.h"

#include <math.h>

uint64_t hist_bucket_first(unsigned int bucket)
{
	if (bucket < 2 * HIST_SUB)
		return bucket;
	return (uint64_t)(bucket % HIST_SUB + HIST_SUB) << (bucket / HIST_SUB - 1);
}

uint64_t hist_bucket_last(unsigned int bucket)
{
	return hist_bucket_first(bucket + 1) - 1;
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
	/* Those that are empty stay out of caches and, where never written, of memory. */
	for (unsigned int i = hist_bucket(min); i <= hist_bucket(max); i++)
		to->bucket[i] += counter_get(&from->bucket[i]);
}

void hist_subtract(struct hist *h, const struct hist *before)
{
	h->count -= before->count;
	h->sum -= before->sum;
	for (unsigned int i = 0; i < HIST_BUCKETS; i++)
		h->bucket[i] -= before->bucket[i];
}

static void since(uint64_t *now, uint64_t *before)
{
	const uint64_t all = *now;

	*now -= *before;
	*before = all;
}

void hist_since(struct hist *h, struct hist *before)
{
	since(&h->count, &before->count);
	since(&h->sum, &before->sum);
	for (unsigned int i = 0; i < HIST_BUCKETS; i++)
		since(&h->bucket[i], &before->bucket[i]);
	before->min = h->min;
	before->max = h->max;
}

uint64_t hist_percentile(const struct hist *h, double percent)
{
	uint64_t rank = (uint64_t)ceil((double)h->count * percent / 100), seen = 0;

	if (!h->count)
		return 0;
	for (unsigned int i = 0; i < HIST_BUCKETS; i++) {
		seen += h->bucket[i];
		if (seen >= (rank ? rank : 1))
			return hist_bucket_last(i) < h->max ? hist_bucket_last(i) : h->max;
	}
	return h->max;
}

double hist_next_percent(double percent)
{
	double halves = floor(log2(100 / (100 - percent))) + 1;

	return percent + 100 / (5 * pow(2, halves));
}

uint64_t hist_count_to(const struct hist *h, uint64_t value)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i <= hist_bucket(value); i++)
		n += h->bucket[i];
	return n;
}

uint64_t hist_largest(const struct hist *h)
{
	return hist_percentile(h, 100);
}

double hist_mean(const struct hist *h)
{
	return h->count ? (double)h->sum / (double)h->count : 0;
}

double hist_deviation(const struct hist *h)
{
	double mean = hist_mean(h), sum = 0;

	for (unsigned int i = 0; i < HIST_BUCKETS; i++) {
		uint64_t first = hist_bucket_first(i);
		double middle = (double)first + (double)(hist_bucket_last(i) - first) / 2;

		sum += (double)h->bucket[i] * (middle - mean) * (middle - mean);
	}
	return h->count ? sqrt(sum / (double)h->count) : 0;
}
