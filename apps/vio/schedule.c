/* SPDX-License-Identifier: BSD-3-Clause */
#include "schedule.h"

#include <math.h>

/* What floating point may be off by at a boundary, in packets. */
#define SLACK 1e-3

void schedule_init(struct schedule *s, const struct rate *rate, const struct pacing *pacing,
		   double mean_size)
{
	double end = rate->ramp_ns ? rate->last : rate->value;

	*s = (struct schedule){
		.first = rate_value_pps(rate, rate->value, mean_size),
		.last = rate_value_pps(rate, end, mean_size),
		.ramp_s = (double)rate->ramp_ns / 1e9,
		.burst = pacing->kind == PACING_BURST ? (double)pacing->burst : 1,
		.random = pacing->kind == PACING_POISSON,
	};
	if (pacing->kind == PACING_ONOFF) {
		s->on_s = (double)pacing->on_ns / 1e9;
		s->off_s = (double)pacing->off_ns / 1e9;
	}
}

/* Packets of the whole ramp. */
static double ramp_units(const struct schedule *s)
{
	return (s->first + s->last) / 2 * s->ramp_s;
}

/* Without pauses: when have @units packets been due? */
static double busy_at(const struct schedule *s, double units)
{
	double ramp = ramp_units(s), slope;

	if (units >= ramp)
		return s->ramp_s + (units - ramp) / s->last;
	slope = (s->last - s->first) / s->ramp_s;
	/* The root of first * t + slope / 2 * t^2 = units that is right for falling ramps too. */
	return 2 * units / (s->first + sqrt(s->first * s->first + 2 * slope * units));
}

static double busy_units(const struct schedule *s, double t)
{
	if (t >= s->ramp_s)
		return ramp_units(s) + (t - s->ramp_s) * s->last;
	return s->first * t + (s->last - s->first) / s->ramp_s * t * t / 2;
}

double schedule_at(const struct schedule *s, double units)
{
	double t = busy_at(s, units);

	/* What is due at the very end of a period belongs to the next one. */
	if (s->off_s > 0)
		t += floor((t + SLACK / s->last) / s->on_s) * s->off_s;
	return t;
}

double schedule_units(const struct schedule *s, double seconds)
{
	double period = s->on_s + s->off_s, periods, rest;

	if (s->off_s <= 0)
		return busy_units(s, seconds);
	periods = floor(seconds / period);
	rest = seconds - periods * period;
	return busy_units(s, periods * s->on_s + (rest < s->on_s ? rest : s->on_s));
}

double schedule_packets(const struct schedule *s, double seconds)
{
	double units = schedule_units(s, seconds);

	return s->random ? units : ceil((units - SLACK) / s->burst) * s->burst;
}
