/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_FLOW_H
#define APP_FLOW_H

#include "parse.h"

#define FLOWS_MAX (1u << 20)

struct ip_range {
	bool v6;
	uint8_t first[16]; /* v4: the first four */
	uint64_t count;
};

/* "10.0.0.1", "10.0.0.0/24", "10.0.0.1-10.0.0.9" and the same for IPv6, which varies in its low 64
 * bits. Return: true; false with @why set. */
bool ip_range_parse(const char *text, struct ip_range *out, struct why *why);

/* What the flows of a run have in common. */
struct flow_spec {
	bool v6;
	struct ip_range src, dst;
	struct port_range sport, dport;
	uint32_t flows; /* wanted; 0: as many as the ranges make */
};

#define FLOW_TUPLE4 12u /* addresses and ports as they lie in the frame */
#define FLOW_TUPLE6 36u

/* One flow: the bytes that make it, and their sum for the checksums. */
struct flow {
	uint32_t addr_sum; /* of the addresses, unfolded */
	uint32_t l4_sum;   /* of the addresses and ports */
	uint8_t tuple[FLOW_TUPLE6];
};

/*
 * Make the table of flows: every combination of the ranges, the source port varying fastest, then
 * the destination port, source address, destination address; the first @spec->flows of them.
 * Return: true with *@out (free() it) and *@n; false with @why set: more flows than the ranges give
 * or than FLOWS_MAX, or no memory.
 */
bool flows_make(const struct flow_spec *spec, struct flow **out, uint32_t *n, struct why *why);

#endif
