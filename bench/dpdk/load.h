/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_DPDK_LOAD_H
#define BENCH_DPDK_LOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "ticks.h"

/* What a driver does all the time; named from its side. With an echo it sends, and receives what
 * the backend has sent back. */
enum traffic { TRANSMIT, RECEIVE, LOOP, ECHO };
#define N_TRAFFICS 3 /* that are one call, again and again */
extern const char *const traffic_names[N_TRAFFICS];

#define MIX_FRAMES 12
#define BURST_MAX  64

/* Lengths of frames, used in turn, in bytes without the checksum. */
struct mix {
	const char *name;
	uint16_t bytes[MIX_FRAMES];
};

/* The first one is the shortest frames only, the last one a bit of everything. */
#define N_MIXES 4
extern const struct mix mixes[N_MIXES];

struct load {
	enum traffic traffic;
	uint16_t burst; /* at most BURST_MAX */
	const struct mix *mix;
	bool timed;  /* note what the calls take: costs time itself */
	bool verify; /* number all frames, and check them where they come out */
};

/* What came of a load so far. */
struct tally {
	unsigned int at; /* frames of the mix */
	uint64_t packets;
	uint64_t ticks;  /* timed: in the calls that moved packets */
	uint64_t calls;  /* timed: that moved packets */
	uint64_t number; /* verify: of the next frame */
	uint64_t wrong;  /* verify: frames */
};

/* Length of the next frame; *at counts them. */
static inline uint16_t mix_next(const struct mix *mix, unsigned int *at)
{
	const uint16_t bytes = mix->bytes[*at];

	*at = *at + 1 == MIX_FRAMES ? 0 : *at + 1;
	return bytes;
}

/* The clock in front of a call. */
static inline uint64_t load_clock(const struct load *load)
{
	return load->timed ? fenced_ticks() : 0;
}

/* Behind it. A call that moves nothing is time that the application could have had. */
static inline void tally_call(struct tally *tally, const struct load *load, uint64_t from,
			      uint16_t moved)
{
	if (load->timed && moved) {
		tally->ticks += fenced_ticks() - from;
		tally->calls++;
	}
}

/* What a forwarder does to each frame. */
static inline void swap_addresses(void *frame)
{
	char *mac = frame, first[6];

	memcpy(first, mac, 6);
	memcpy(mac, mac + 6, 6);
	memcpy(mac + 6, first, 6);
}

#endif
