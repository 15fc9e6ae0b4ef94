/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_RIG_H
#define BENCH_RIG_H

#include <vio/vio.h>

#include "shim.h"

/*
 * A port on the device model, stepped by the thread that polls it: the driver's cost alone, with
 * caches as warm as they get. The model does not touch payloads ("null").
 *
 * Packets move in batches of RIG_BATCH, so that one pair of clock readings stands for many bursts.
 * Rings are of the size at which DPDK's driver was measured.
 */
#define RIG_BATCH 128
#define RIG_RING  256

#define RIG_SAMPLES 4096

struct rig {
	struct vio_pool *pool;
	struct vio_cache *cache;
	struct vio_port *port;
	struct vio_loop *loop;
	struct vio_pkt pkts[RIG_BATCH];
	uint64_t packets; /* in all */
	/* Ticks per packet of the last batches. Their median is what is reported: a batch in which
	 * the processor was away does not count. */
	double samples[RIG_SAMPLES];
	unsigned int n_samples;
};

/* Open a port at "loop:@behaviour,null,size=256,@options". Return: false after bench_skip(). */
bool rig_open(struct rig *rig, struct bench *b, const char *behaviour, const char *options);

/* What is measured took from @start until now for @packets. */
void rig_sample(struct rig *rig, uint64_t start, uint64_t packets);

/* Report items per second and cycles_per_pkt, and close. */
void rig_close(struct rig *rig, struct bench *b);

/* Name of the body that serves the port is "rx_@variant" or "tx_@variant", as @found is. Return:
 * false after bench_skip(). */
bool rig_runs(struct bench *b, const char *found, const char *variant);

/* The same where nothing but a pool is needed. */
bool rig_open_pool(struct rig *rig, struct bench *b);

/* Register "@layer/@variant/@burst" for each burst size. */
void rig_register(const char *layer, const char *variant, bench_fn fn, const void *arg);

void rx_register(void);
void tx_register(void);
void pool_register(void);

#endif
