/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_RATE_H
#define APP_RATE_H

#include "parse.h"

enum rate_unit { RATE_MAX, RATE_PPS, RATE_BPS };

/* How fast to send. Bits count as on layer 2 with the FCS: 64-byte frames at 5 Mpps are 2.56 Gbps.
 */
struct rate {
	enum rate_unit unit;
	double value;
};

/* "10Mpps", "250kpps", "3.2Gbps", "max" */
bool rate_parse(const char *text, struct rate *out, struct why *why);

/* Packets per second that @rate means for frames of @mean_size bytes (FCS included); 0: no limit.
 */
double rate_pps(const struct rate *rate, double mean_size);

/*
 * The schedule of one sender: packet k is due at start + k * gap (or byte, where the rate is one of
 * bits). Nothing is ever forgiven within the backlog limit, so the mean rate is exact however the
 * bursts fall.
 */
#define PACER_FRAC_BITS 24

struct pacer {
	uint64_t due;  /* ticks at which the next packet is due */
	uint64_t frac; /* and its fraction, below 1 << PACER_FRAC_BITS */
	uint64_t gap;  /* ticks per packet or byte, PACER_FRAC_BITS of them behind the point */
	uint64_t quantum_ticks; /* what a quantum of packets takes on average */
	uint16_t quantum;       /* packets that are sent together */
	uint16_t burst;         /* the most at once, when behind */
	bool unlimited, per_byte;
};

/* Bursts at a paced rate last this long at most: short enough to be smooth, long enough to pay. */
#define PACER_QUANTUM_NS 1600

/**
 * pacer_init - begin a schedule
 * @rate: of this sender alone
 * @mean_size: of its frames, FCS included
 * @burst: packets that it can send at once
 * @hz: ticks in a second
 * @start: ticks at which the first packet is due
 */
void pacer_init(struct pacer *p, const struct rate *rate, double mean_size, uint16_t burst,
		uint64_t hz, uint64_t start);

/* Packets to send at @now, 0..burst: a quantum once it is due, more when behind. */
static inline uint16_t pacer_due(const struct pacer *p, uint64_t now)
{
	uint64_t at = p->due;
	uint32_t n = p->quantum;

	if (p->unlimited)
		return p->burst;
	if ((int64_t)(now - at) < 0)
		return 0;
	while (n + p->quantum <= p->burst && (int64_t)(now - (at += p->quantum_ticks)) >= 0)
		n += p->quantum;
	return (uint16_t)n;
}

/* @packets with @bytes (FCS included) have been offered. */
static inline void pacer_advance(struct pacer *p, uint32_t packets, uint32_t bytes)
{
	uint64_t n = p->per_byte ? bytes : packets;
	unsigned __int128 sum = (unsigned __int128)n * p->gap + p->frac;

	p->due += (uint64_t)(sum >> PACER_FRAC_BITS);
	p->frac = (uint64_t)sum & ((UINT64_C(1) << PACER_FRAC_BITS) - 1);
}

#endif
