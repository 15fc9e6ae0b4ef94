/* SPDX-License-Identifier: BSD-3-Clause */
#include "stats.h"

#include <math.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "ticks.h"

#define CLOCK_TRIES 1001

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct summary stats_summary(double *values, unsigned int n)
{
	if (!n)
		return (struct summary){ NAN, NAN, NAN, NAN };
	qsort(values, n, sizeof(*values), by_value);
	return (struct summary){ values[n / 2], values[n / 4], values[n - 1 - n / 4], values[0] };
}

double stats_spread(const struct summary *s)
{
	return (s->upper - s->lower) / 2;
}

double stats_clock_cost(void)
{
	double values[CLOCK_TRIES];

	for (unsigned int i = 0; i < CLOCK_TRIES; i++) {
		const uint64_t from = fenced_ticks();

		values[i] = (double)(fenced_ticks() - from);
	}
	return stats_summary(values, CLOCK_TRIES).median;
}

long stats_switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_nvcsw + usage.ru_nivcsw;
}
