/* SPDX-License-Identifier: BSD-3-Clause */
#include "measure.h"

#include <math.h>
#include <stdlib.h>
#include <vio/clock.h>

/* A batch takes some microseconds, and tens of them where DPDK frees a whole ring; what takes
 * longer was interrupted by more than a timer. */
#define GAP_NS        100000
#define BURSTS_A_LOOK 32 /* at the clock */

/* What a slice gives. */
enum { VALUE, WORK, LEFT, N_FIGURES };

/* What all slices of a figure share. */
struct plan {
	/* Return: false if the slice does not count. */
	bool (*slice)(struct side *side, const struct plan *plan, double out[N_FIGURES]);
	const struct effort *effort;
	enum direction dir;
	struct how how;
	struct load load;
	uint64_t slice_ns, gap_ticks;
	double clock_cost;
};

/* VALUE is ticks per packet. */
static bool slice_alone(struct side *side, const struct plan *plan, double out[N_FIGURES])
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
	out[VALUE] = ticks / packets;
	out[WORK] = NAN;
	out[LEFT] = NAN;
	return !gap && stats_switches() == before && packets > 0;
}

/* What a driver does in @ns with a backend that serves it. Return: packets per second; NAN if it
 * does not count. */
static double drive(struct side *side, const struct load *load, uint64_t ns, struct tally *tally)
{
	uint64_t from, now;
	long before;

	vhost_serve(&side->vhost, load);
	before = stats_switches();
	from = vio_clock_ns();
	do {
		for (int i = 0; i < BURSTS_A_LOOK; i++)
			tally->packets += side->driver->run[load->traffic](side->port, load, tally);
		now = vio_clock_ns();
	} while (now < from + ns);
	before -= stats_switches();
	vhost_serve(NULL, load);
	if (before || !tally->packets)
		return NAN;
	return (double)tally->packets * 1e9 / (double)(now - from);
}

/* VALUE is million packets per second, WORK ticks per packet in the calls that moved some, LEFT the
 * part of all ticks, at that speed, that was not spent in them. To time each call would slow the
 * driver down: that has a slice of its own, half as long. */
static bool slice_pair(struct side *side, const struct plan *plan, double out[N_FIGURES])
{
	struct load timed = plan->load;
	struct tally tally = { 0 }, calls = { 0 };
	double pps, packets;

	timed.timed = true;
	pps = drive(side, &plan->load, plan->slice_ns, &tally);
	if (isnan(pps) || isnan(drive(side, &timed, plan->slice_ns / 2, &calls)))
		return false;
	packets = (double)calls.packets;
	out[VALUE] = pps / 1e6;
	out[WORK] = ((double)calls.ticks - (double)calls.calls * plan->clock_cost) / packets;
	out[LEFT] = 1 - out[WORK] * pps / (double)vio_ticks_hz();
	return true;
}

static bool slices(struct pair *pair, const struct plan *plan, double now[N_SIDES][N_FIGURES])
{
	const int first = random() & 1;
	bool good;

	good = plan->slice(&pair->sides[first], plan, now[first]);
	return plan->slice(&pair->sides[!first], plan, now[!first]) && good;
}

static void alternate(struct pair *pair, const struct plan *plan, struct result *out)
{
	const unsigned int rounds =
		plan->effort->rounds < ROUNDS_MAX ? plan->effort->rounds : ROUNDS_MAX;
	double all[N_SIDES][N_FIGURES][ROUNDS_MAX], ratio[ROUNDS_MAX], now[N_SIDES][N_FIGURES];
	unsigned int n = 0;

	slices(pair, plan, now); /* warms up */
	for (unsigned int i = 0; i < TRIES * rounds && n < rounds; i++) {
		if (!slices(pair, plan, now))
			continue;
		for (int side = 0; side < N_SIDES; side++)
			for (int what = 0; what < N_FIGURES; what++)
				all[side][what][n] = now[side][what];
		ratio[n++] = now[0][VALUE] / now[1][VALUE];
	}
	for (int side = 0; side < N_SIDES; side++) {
		out->value[side] = stats_summary(all[side][VALUE], n);
		out->work[side] = stats_summary(all[side][WORK], n);
		out->left[side] = stats_summary(all[side][LEFT], n);
	}
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
	const struct plan plan = { .slice = slice_pair,
				   .effort = effort,
				   .load = *load,
				   .slice_ns = effort->slice_us * UINT64_C(1000),
				   .clock_cost = stats_clock_cost() };

	*out = (struct result){ .mode = pair->mode,
				.entries = pair->entries,
				.burst = load->burst,
				.move = traffic_names[load->traffic],
				.mix = load->mix->name };
	alternate(pair, &plan, out);
}
