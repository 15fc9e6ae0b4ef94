/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_PACER_H
#define APP_PACER_H

#include "schedule.h"

/* What a sender is to keep to. */
struct pace {
	struct rate rate; /* of this sender alone; not in percent */
	struct pacing pacing;
	double mean_size; /* of its frames, FCS included */
	uint16_t burst;   /* packets that it can send at once, PACER_AHEAD at most */
	uint64_t hz;      /* ticks in a second */
};

#define PACER_FRAC_BITS 24
#define PACER_AHEAD     64u

/* Whatever is not one even gap behind the other: the moments at which the next packets are due. */
struct pacer_shape {
	struct schedule schedule;
	uint64_t start, hz;
	uint64_t drawn; /* packets whose moment is known */
	double units;   /* where a random process is */
	uint64_t random;
	uint16_t head; /* in at, of the next packet; all of at is always filled */
	uint64_t at[PACER_AHEAD];
};

/*
 * The schedule of one sender: packet k is due at start + k * gap (or byte, where the rate is one of
 * bits), or as its shape says. Nothing is ever forgiven within the backlog limit, so the mean rate
 * is exact however the bursts fall.
 */
struct pacer {
	uint64_t due;  /* ticks at which the next packet is due */
	uint64_t frac; /* and its fraction, below 1 << PACER_FRAC_BITS */
	uint64_t gap;  /* ticks per packet or byte, PACER_FRAC_BITS of them behind the point */
	uint64_t quantum_ticks; /* what a quantum of packets takes on average */
	uint64_t slack;   /* whole quanta: how far a phase's end is moved for them, in ticks */
	uint16_t quantum; /* packets that are sent together */
	uint16_t burst;   /* the most at once, when behind */
	uint16_t extra;   /* bytes that each packet takes on the wire besides its own */
	bool unlimited, per_byte, shaped;
	double per_tick; /* packets, where gaps are even */
	struct pacer_shape shape;
};

/* Bursts at a paced rate last this long at most: short enough to be smooth, long enough to pay. */
#define PACER_QUANTUM_NS 1600

/* Begin a schedule whose first packet is due at @start, in ticks. */
void pacer_init(struct pacer *p, const struct pace *pace, uint64_t start);

/* Packets that @p had from the next one on until @to, in ticks. */
uint64_t pacer_missed(const struct pacer *p, uint64_t to);

/* Go on from @now; what was due before that is given up. */
void pacer_skip(struct pacer *p, uint64_t now);

/* For pacers with a shape. */
uint16_t pacer_shape_due(const struct pacer *p, uint64_t now);
void pacer_shape_advance(struct pacer *p, uint32_t packets);

/* Packets to send at @now, 0..burst: a quantum once it is due, more when behind. */
static inline uint16_t pacer_due(const struct pacer *p, uint64_t now)
{
	uint64_t at = p->due;
	uint32_t n = p->quantum;

	if (p->unlimited)
		return p->burst;
	if ((int64_t)(now - at) < 0)
		return 0;
	if (p->shaped)
		return pacer_shape_due(p, now);
	while (n + p->quantum <= p->burst && (int64_t)(now - (at += p->quantum_ticks)) >= 0)
		n += p->quantum;
	return (uint16_t)n;
}

/* @packets with @bytes (FCS included) have been offered. */
static inline void pacer_advance(struct pacer *p, uint32_t packets, uint32_t bytes)
{
	uint64_t n = p->per_byte ? bytes + packets * p->extra : packets;
	unsigned __int128 sum = (unsigned __int128)n * p->gap + p->frac;

	if (p->shaped) {
		pacer_shape_advance(p, packets);
		return;
	}
	p->due += (uint64_t)(sum >> PACER_FRAC_BITS);
	p->frac = (uint64_t)sum & ((UINT64_C(1) << PACER_FRAC_BITS) - 1);
}

#endif
