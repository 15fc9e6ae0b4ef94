/* SPDX-License-Identifier: BSD-3-Clause */
#include "measure.h"

#include <math.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "ticks.h"

/* A batch takes some microseconds, and tens of them where DPDK frees a whole ring; what takes
 * longer was interrupted by more than a timer. */
#define GAP_NS      100000
#define CLOCK_TRIES 1001

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts @values. */
static struct summary summarise(double *values, unsigned int n)
{
	if (!n)
		return (struct summary){ NAN, NAN, NAN };
	qsort(values, n, sizeof(*values), by_value);
	return (struct summary){ values[n / 2], (values[n - 1 - n / 4] - values[n / 4]) / 2,
				 values[0] };
}

/* Ticks of a measurement of nothing. */
static double clock_cost(void)
{
	double values[CLOCK_TRIES];

	for (unsigned int i = 0; i < CLOCK_TRIES; i++) {
		const uint64_t from = fenced_ticks();

		values[i] = (double)(fenced_ticks() - from);
	}
	return summarise(values, CLOCK_TRIES).median;
}

static long switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nvcsw + usage.ru_nivcsw;
}

/* What all slices of a figure share. */
struct plan {
	enum direction dir;
	struct how how;
	uint64_t slice_ns, gap_ticks;
	double clock_cost;
};

/* Return: ticks per packet; NAN if the slice does not count. */
static double slice(struct side *side, const struct plan *plan)
{
	const uint64_t until = vio_clock_ns() + plan->slice_ns;
	const long before = switches();
	double ticks = 0, packets = 0;
	bool gap = false;

	do {
		const struct batch b = side_move(side, plan->dir, plan->how);

		gap |= b.ticks > plan->gap_ticks;
		ticks += (double)b.ticks - plan->clock_cost;
		packets += b.packets;
	} while (vio_clock_ns() < until);
	return gap || switches() != before || packets == 0 ? NAN : ticks / packets;
}

static void slices(struct pair *pair, const struct plan *plan, double cycles[N_SIDES])
{
	const int first = random() & 1;

	cycles[first] = slice(&pair->sides[first], plan);
	cycles[!first] = slice(&pair->sides[!first], plan);
}

void measure(struct pair *pair, enum direction dir, uint16_t burst, const struct effort *effort,
	     struct result *out)
{
	const struct plan plan = { .dir = dir,
				   .how = { .burst = burst },
				   .slice_ns = effort->slice_us * UINT64_C(1000),
				   .gap_ticks = vio_ticks_hz() / 1000 * GAP_NS / 1000000,
				   .clock_cost = clock_cost() };
	double cycles[N_SIDES][ROUNDS_MAX], ratio[ROUNDS_MAX], now[N_SIDES];
	unsigned int n = 0;

	slices(pair, &plan, now); /* warms up */
	for (unsigned int i = 0; i < TRIES * effort->rounds && n < effort->rounds; i++) {
		slices(pair, &plan, now);
		if (isnan(now[0]) || isnan(now[1]))
			continue;
		for (int side = 0; side < N_SIDES; side++)
			cycles[side][n] = now[side];
		ratio[n++] = now[0] / now[1];
	}
	*out = (struct result){ pair->mode,
				pair->entries,
				burst,
				dir,
				{ summarise(cycles[0], n), summarise(cycles[1], n) },
				summarise(ratio, n),
				n };
}
