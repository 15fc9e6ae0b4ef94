/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_RATE_H
#define APP_RATE_H

#include "parse.h"

/* RATE_BPS counts bits on layer 2 with the FCS: 64-byte frames at 5 Mpps are 2.56 Gbps. RATE_BPS_L1
 * adds what every frame takes on an Ethernet wire. */
enum rate_unit { RATE_MAX, RATE_PPS, RATE_BPS, RATE_BPS_L1, RATE_PERCENT };

/* Preamble, start of frame and the least gap between frames (IEEE 802.3), in bytes. */
#define RATE_L1_BYTES 20u

/* How fast to send. */
struct rate {
	enum rate_unit unit;
	double value;
	double last;      /* what value changes to, evenly, */
	uint64_t ramp_ns; /* in that time; 0: value it is */
};

/* "10Mpps", "250kpps", "3.2Gbps", "3.2GbpsL1", "50%", "max", "ramp:1Mpps-20Mpps/10s" */
bool rate_parse(const char *text, struct rate *out, struct why *why);

/* "10G", "2.5Gbps": bits per second on layer 1. */
bool rate_parse_line(const char *text, double *out, struct why *why);

/**
 * rate_resolve - turn a rate as it was asked for into one that can be kept
 * @rate: afterwards not in percent
 * @line_bps: what 100 % is, in bits per second on layer 1; 0: not known
 * @count_l1: rates of bits are of layer 1
 *
 * Return: true; false with @why set: a percentage of a line rate that is not known.
 */
bool rate_resolve(struct rate *rate, double line_bps, bool count_l1, struct why *why);

/* That part of @rate, for 0 < @share. */
struct rate rate_scaled(const struct rate *rate, double share);

/* Packets per second that @value of @rate's unit means for frames of @mean_size bytes (FCS
 * included). */
double rate_value_pps(const struct rate *rate, double value, double mean_size);

/* The same of what @rate begins with; 0: no limit. */
double rate_pps(const struct rate *rate, double mean_size);

enum pacing_kind { PACING_SMOOTH, PACING_BURST, PACING_POISSON, PACING_ONOFF };

/* How packets are spread over time at a rate. */
struct pacing {
	enum pacing_kind kind;
	uint64_t burst;         /* packets that leave together */
	uint64_t seed;          /* of the gaps' lengths, which are random */
	uint64_t on_ns, off_ns; /* at the rate, and silent */
};

/* "smooth", "burst:N", "poisson", "poisson:SEED", "onoff:10ms/90ms" */
bool pacing_parse(const char *text, struct pacing *out, struct why *why);

#endif
