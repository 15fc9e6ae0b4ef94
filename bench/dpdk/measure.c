/* SPDX-License-Identifier: BSD-3-Clause */
#include "measure.h"

#include <math.h>
#include <stdlib.h>
#include <vio/clock.h>

/* A batch takes some microseconds, and tens of them where DPDK frees a whole ring; what takes
 * longer was interrupted by more than a timer. */
#define GAP_NS        100000
#define BURSTS_A_LOOK 32 /* at the clock */

/* What all slices of a figure share. */
struct plan {
	double (*slice)(struct side *side, const struct plan *plan);
	const struct effort *effort;
	enum direction dir;
	struct how how;
	struct load load;
	uint64_t slice_ns, gap_ticks;
	double clock_cost;
};

/* Return: ticks per packet; NAN if the slice does not count. */
static double slice_alone(struct side *side, const struct plan *plan)
{
	const uint64_t until = vio_clock_ns() + plan->slice_ns;
	const long before = stats_switches();
	double ticks = 0, packets = 0;
	bool gap = false;

	do {
		const struct batch b = side_move(side, plan->dir, plan->how);

		gap |= b.ticks > plan->gap_ticks;
		ticks += (double)b.ticks - plan->clock_cost;
		packets += b.packets;
	} while (vio_clock_ns() < until);
	return gap || stats_switches() != before || packets == 0 ? NAN : ticks / packets;
}

/* Return: million packets per second; NAN if the slice does not count. */
static double slice_pair(struct side *side, const struct plan *plan)
{
	const struct load *load = &plan->load;
	struct tally tally = { 0 };
	uint64_t packets = 0, from, now;
	long before;

	vhost_serve(&side->vhost, load);
	before = stats_switches();
	from = vio_clock_ns();
	do {
		for (int i = 0; i < BURSTS_A_LOOK; i++)
			packets += side->driver->run[load->traffic](side->port, load, &tally);
		now = vio_clock_ns();
	} while (now < from + plan->slice_ns);
	before -= stats_switches();
	vhost_serve(NULL, load);
	return before || !packets ? NAN : (double)packets * 1e3 / (double)(now - from);
}

static void slices(struct pair *pair, const struct plan *plan, double now[N_SIDES])
{
	const int first = random() & 1;

	now[first] = plan->slice(&pair->sides[first], plan);
	now[!first] = plan->slice(&pair->sides[!first], plan);
}

static void alternate(struct pair *pair, const struct plan *plan, struct result *out)
{
	const unsigned int rounds =
		plan->effort->rounds < ROUNDS_MAX ? plan->effort->rounds : ROUNDS_MAX;
	double value[N_SIDES][ROUNDS_MAX], ratio[ROUNDS_MAX], now[N_SIDES];
	unsigned int n = 0;

	slices(pair, plan, now); /* warms up */
	for (unsigned int i = 0; i < TRIES * rounds && n < rounds; i++) {
		slices(pair, plan, now);
		if (isnan(now[0]) || isnan(now[1]))
			continue;
		for (int side = 0; side < N_SIDES; side++)
			value[side][n] = now[side];
		ratio[n++] = now[0] / now[1];
	}
	for (int side = 0; side < N_SIDES; side++)
		out->value[side] = stats_summary(value[side], n);
	out->ratio = stats_summary(ratio, n);
	out->kept = n;
}

void measure_alone(struct pair *pair, enum direction dir, uint16_t burst,
		   const struct effort *effort, struct result *out)
{
	static const char *const moves[] = { "receive", "transmit" };
	const struct plan plan = { .slice = slice_alone,
				   .effort = effort,
				   .dir = dir,
				   .how = { .burst = burst },
				   .slice_ns = effort->slice_us * UINT64_C(1000),
				   .gap_ticks = vio_ticks_hz() / 1000 * GAP_NS / 1000000,
				   .clock_cost = stats_clock_cost() };

	*out = (struct result){ .mode = pair->mode,
				.entries = pair->entries,
				.burst = burst,
				.move = moves[dir],
				.mix = "64" };
	alternate(pair, &plan, out);
}

void measure_pair(struct pair *pair, const struct load *load, const struct effort *effort,
		  struct result *out)
{
	static const char *const moves[N_TRAFFICS] = { "transmit", "receive", "loop" };
	const struct plan plan = { .slice = slice_pair,
				   .effort = effort,
				   .load = *load,
				   .slice_ns = effort->slice_us * UINT64_C(1000) };

	*out = (struct result){ .mode = pair->mode,
				.entries = pair->entries,
				.burst = load->burst,
				.move = moves[load->traffic],
				.mix = load->mix->name };
	alternate(pair, &plan, out);
}
