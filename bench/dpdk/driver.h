/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_DPDK_DRIVER_H
#define BENCH_DPDK_DRIVER_H

#include "frame.h"
#include "mode.h"

/*
 * Packets between two readings of the clock: many bursts, so that the clock is a small part, and
 * half of the smallest ring.
 */
#define BATCH 128

/* What one driver is opened with. */
struct setup {
	const struct mode *mode;
	const char *socket; /* of the null device */
	uint16_t entries;   /* of each ring */
};

/* What came of a batch. */
struct batch {
	uint16_t packets;
	uint64_t ticks; /* in the burst calls */
	uint16_t wrong; /* received with another number than expected; only where that is asked */
};

/* How a batch is moved. */
struct how {
	uint16_t burst;
	uint16_t n; /* packets at most, 0 to BATCH; to receive, the device has so many there */
	bool verify;
	uint64_t number; /* of the first frame, with verify */
};

struct port;

/*
 * One of the two drivers. What they hold besides ports (pools, EAL) lives as long as the program.
 * All calls from one thread.
 */
struct driver {
	const char *name;

	/* Text for people where it fails. */
	int (*start)(void);
	void (*stop)(void);

	/* How it was set up, in words; after start(). */
	const char *(*settings)(void);

	/* Return: NULL after it has told why. */
	struct port *(*open)(const struct setup *setup);
	void (*close)(struct port *port);

	/* What the driver calls the code that it has chosen; lives as long as the port. */
	const char *(*path)(const struct port *port, enum direction dir);

	/* Receive; the packets are given back when the clock stands. */
	struct batch (*receive)(struct port *port, const struct how *how);

	/* Send packets that were made before the clock runs. */
	struct batch (*send)(struct port *port, const struct how *how);

	/* A burst of each traffic, with a backend on another processor. Return: packets received or
	 * sent; of a loop, those that went both ways. */
	uint16_t (*run[N_TRAFFICS])(struct port *port, const struct load *load,
				    struct tally *tally);
};

extern const struct driver driver_vio, driver_dpdk;

/* DPDK has this mode on this machine. Return: NULL, or what is missing. */
const char *dpdk_lacks(const struct mode *mode);

#endif
