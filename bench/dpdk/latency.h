/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_DPDK_LATENCY_H
#define BENCH_DPDK_LATENCY_H

#include "pair.h"
#include "stats.h"

/* Of the round trips of a mode. */
#define N_PERCENTILES 4
extern const struct percentile {
	const char *name;
	double part;
} percentiles[N_PERCENTILES];

/* Those that are compared slice by slice: an index of percentiles each. */
#define N_COMPARED 2
extern const int compared[N_COMPARED];

/* One packet to and fro between a driver and its librte_vhost. */
struct latency {
	const struct mode *mode;
	uint16_t entries;
	unsigned int trips;                /* of each driver; 0: none counts */
	double ns[N_SIDES][N_PERCENTILES]; /* a round trip */
	struct summary ratio[N_COMPARED];  /* vio's to DPDK's, of pairs of slices */
};

/* A packet that goes out and comes back, again and again. */
struct trip {
	struct load send, receive;
	struct tally sent, received;
};

/* Frames of the shortest length; @verify: numbered and compared. */
struct trip trip_start(bool verify);

/* Send one packet and poll until it is back; @side is served by trip->send, and nothing else is
 * under way. *@ticks is from the call that sends to the end of the one that received. Return: false
 * when it was not sent, or not back in a second or two. */
bool trip_once(struct trip *trip, struct side *side, uint64_t *ticks);

/**
 * latency_measure - time round trips of both drivers in turn
 * @pair: just opened, on librte_vhost: packets left over would be taken for answers
 *
 * In slices, of which those in which a thread was switched out are dropped with their partner; on a
 * busy machine there may be fewer trips after ten seconds.
 *
 * Return: 0, or -1 after it has told that a packet got lost.
 */
int latency_measure(struct pair *pair, struct latency *out);

#endif
