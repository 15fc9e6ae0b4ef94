/* SPDX-License-Identifier: BSD-3-Clause */
#include "latency.h"

#include <stdio.h>
#include <stdlib.h>

#include "ticks.h"

#define TRIPS     1000 /* a slice */
#define SLICES    120  /* that count */
#define LIMIT_NS  UINT64_C(10000000000)
#define POLLS_MAX (1u << 26)

const struct percentile percentiles[N_PERCENTILES] = {
	{ "p50", 0.5 },
	{ "p90", 0.9 },
	{ "p99", 0.99 },
	{ "p99.9", 0.999 },
};

const int compared[N_COMPARED] = { 0, 2 };

/* A trip. */

struct trip trip_start(bool verify)
{
	const struct load load = { .traffic = ECHO, .burst = 1, .mix = mixes, .verify = verify };
	struct trip trip = { .send = load, .receive = load };

	/* DPDK's vectorised path returns nothing for bursts under 8. */
	trip.receive.burst = 32;
	return trip;
}

bool trip_once(struct trip *trip, struct side *side, uint64_t *ticks)
{
	const struct driver *driver = side->driver;
	const uint64_t from = fenced_ticks();
	unsigned int polls = 0;

	if (driver->run[TRANSMIT](side->port, &trip->send, &trip->sent) != 1)
		return false;
	while (!driver->run[RECEIVE](side->port, &trip->receive, &trip->received))
		if (++polls == POLLS_MAX)
			return false;
	*ticks = fenced_ticks() - from;
	return true;
}

/* Slices. */

/* Round trips in ticks, slice behind slice. */
struct trips {
	uint32_t of[N_SIDES][SLICES * TRIPS];
};

static int by_value(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static double at_part(const uint32_t *sorted, unsigned int n, double part)
{
	return sorted[(unsigned int)(part * n)];
}

static int lost(const struct side *side, const struct pair *pair)
{
	fprintf(stderr,
		"%s, %s, ring of %u: a packet was not taken, or has not come back from "
		"librte_vhost after %u polls; try scripts/bench --check\n",
		side->driver->name, pair->mode->name, pair->entries, POLLS_MAX);
	return -1;
}

/* Return: 1 if the slice counts, 0 if it does not; -1: a packet is lost. */
static int slice(struct pair *pair, int which, uint32_t *ticks)
{
	const double clock_cost = stats_clock_cost();
	struct side *side = &pair->sides[which];
	struct trip trip = trip_start(false);
	int rc = 1;
	long before;

	vhost_serve(&side->vhost, &trip.send);
	before = stats_switches();
	for (int i = 0; i < TRIPS && rc > 0; i++) {
		uint64_t one;

		rc = trip_once(&trip, side, &one) ? 1 : lost(side, pair);
		ticks[i] = rc > 0 ? (uint32_t)((double)one - clock_cost) : 0;
	}
	if (rc > 0)
		rc = stats_switches() == before;
	vhost_serve(NULL, &trip.send);
	return rc;
}

/* One of each driver, in random order, behind those that count already. Return: as slice(). */
static int slices(struct pair *pair, struct trips *all, unsigned int n)
{
	const int first = random() & 1;
	const int one = slice(pair, first, all->of[first] + n * TRIPS);
	const int other = one < 0 ? one : slice(pair, !first, all->of[!first] + n * TRIPS);

	return other < 0 ? other : one && other;
}

/* Sort the slice at @n of both drivers and compare them. */
static void compare(struct trips *all, unsigned int n, double ratio[N_COMPARED][SLICES])
{
	for (int side = 0; side < N_SIDES; side++)
		qsort(all->of[side] + n * TRIPS, TRIPS, sizeof(all->of[side][0]), by_value);
	for (int i = 0; i < N_COMPARED; i++) {
		const double part = percentiles[compared[i]].part;

		ratio[i][n] = at_part(all->of[0] + n * TRIPS, TRIPS, part) /
			      at_part(all->of[1] + n * TRIPS, TRIPS, part);
	}
}

static void conclude(struct trips *all, unsigned int n, double ratio[N_COMPARED][SLICES],
		     struct latency *out)
{
	const double ns_a_tick = 1e9 / (double)vio_ticks_hz();

	for (int i = 0; i < N_COMPARED; i++)
		out->ratio[i] = stats_summary(ratio[i], n);
	out->trips = n * TRIPS;
	if (!n)
		return;
	for (int side = 0; side < N_SIDES; side++) {
		qsort(all->of[side], out->trips, sizeof(all->of[side][0]), by_value);
		for (int i = 0; i < N_PERCENTILES; i++)
			out->ns[side][i] =
				at_part(all->of[side], out->trips, percentiles[i].part) * ns_a_tick;
	}
}

int latency_measure(struct pair *pair, struct latency *out)
{
	static struct trips all;
	double ratio[N_COMPARED][SLICES];
	const uint64_t until = vio_clock_ns() + LIMIT_NS;
	unsigned int n = 0;
	int rc = slices(pair, &all, 0); /* warms up */

	*out = (struct latency){ .mode = pair->mode, .entries = pair->entries };
	while (rc >= 0 && n < SLICES && vio_clock_ns() < until) {
		rc = slices(pair, &all, n);
		if (rc > 0)
			compare(&all, n++, ratio);
	}
	conclude(&all, n, ratio, out);
	return rc < 0 ? rc : 0;
}
