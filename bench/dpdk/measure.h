/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_DPDK_MEASURE_H
#define BENCH_DPDK_MEASURE_H

#include "pair.h"
#include "stats.h"

/* How much is measured. */
struct effort {
	unsigned int rounds; /* pairs of slices wanted for each figure, 1 to ROUNDS_MAX */
	unsigned int slice_us;
};

#define ROUNDS_MAX 1001u

/* One figure. */
struct result {
	const struct mode *mode;
	uint16_t entries, burst;
	const char *move; /* "receive" */
	const char *mix;  /* lengths of the frames */
	struct summary value[N_SIDES];
	struct summary
		work[N_SIDES]; /* the pair: ticks of the TSC per packet in calls that moved some */
	struct summary left[N_SIDES]; /* the pair: part of the ticks that is not in those calls */
	struct summary ratio;         /* vio's to DPDK's, pair by pair */
	unsigned int kept;            /* pairs of slices that nothing interrupted */
};

/*
 * Alternate slices of both drivers in random order. A slice in which the thread was switched out,
 * or a batch took longer than any batch can, is dropped together with its partner, and there is
 * another try; after TRIES for each round what has come is all there is.
 */
#define TRIES 3

/* The driver alone: values are ticks of the TSC per packet. */
void measure_alone(struct pair *pair, enum direction dir, uint16_t burst,
		   const struct effort *effort, struct result *out);

/* With the backend on another processor: values are million packets per second. */
void measure_pair(struct pair *pair, const struct load *load, const struct effort *effort,
		  struct result *out);

#endif
