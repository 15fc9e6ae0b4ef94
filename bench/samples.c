/* SPDX-License-Identifier: BSD-3-Clause */
#include "samples.h"

#include <stdint.h>
#include <stdlib.h>
#include <vio/clock.h>

double samples_clock_cost(void)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < 1000; i++) {
		uint64_t start = vio_ticks(), cost = vio_ticks() - start;

		least = cost < least ? cost : least;
	}
	return (double)least;
}

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double samples_median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), by_value);
	return values[n / 2];
}
