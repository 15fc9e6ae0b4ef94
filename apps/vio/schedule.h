/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_SCHEDULE_H
#define APP_SCHEDULE_H

#include "rate.h"

/*
 * How many packets a rate and a pacing mean up to any moment, in closed form: what pacers follow,
 * and what a run is judged by. All random or bursty kinds are a unit process with one packet per
 * unit, stretched by the rate's integral (as a Poisson process with changing rate is) and cut up
 * by the pauses. A ramp runs in the time that is not a pause.
 */
struct schedule {
	double first, last; /* packets per second */
	double ramp_s;      /* from first to last */
	double on_s, off_s; /* off_s 0: no pauses */
	double burst;       /* packets that are due together */
	bool random;        /* units are an expectation */
};

/* @rate: neither RATE_MAX nor RATE_PERCENT; @mean_size: bytes of the frames, FCS included */
void schedule_init(struct schedule *s, const struct rate *rate, const struct pacing *pacing,
		   double mean_size);

/* Seconds from the beginning until @units packets are expected. */
double schedule_at(const struct schedule *s, double units);

/* Packets expected in the first @seconds; the inverse of schedule_at(). */
double schedule_units(const struct schedule *s, double seconds);

/* Packets that are due in the first @seconds, the end not among them. */
double schedule_packets(const struct schedule *s, double seconds);

#endif
