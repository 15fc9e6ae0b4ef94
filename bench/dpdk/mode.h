/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_DPDK_MODE_H
#define BENCH_DPDK_MODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Seen from the driver; also the number of the queue. */
enum direction { RX, TX };

/* Frames are of this length, in both directions. */
#define FRAME_BYTES 60

/* What driver and device agree on. */
struct mode {
	const char *name;
	bool packed;
	bool in_order;
	bool mergeable;
	bool vectorised; /* DPDK's driver only: vio is given the same features */
};

/* Every mode that DPDK's driver has. */
#define N_MODES 10
extern const struct mode modes[N_MODES];

/* Entries of the rings that each mode is looked at with. */
#define N_RINGS 2
extern const uint16_t rings[N_RINGS];

/* Feature bits that a backend offers for @mode, all of which both drivers take. */
uint64_t mode_features(const struct mode *mode);

#endif
