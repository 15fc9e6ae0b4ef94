/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_DPDK_NULL_H
#define BENCH_DPDK_NULL_H

#include <limits.h>
#include <pthread.h>

#include "mode.h"

/*
 * A vhost-user backend for drivers of this process that only turns descriptors round. A thread of
 * its own answers the messages; the rings are walked by the thread that measures, in between.
 *
 * Front-end and backend are one process, so that the addresses that the front-end sends are used as
 * they are. A second mapping of the same memory would also cost the drivers cache lines on
 * processors that predict the way by the virtual address (AMD), which a backend on another core
 * does not.
 */

#define NULL_ENTRIES_MAX 1024

struct null_ring {
	bool packed;
	bool live;   /* atomic: handed over, the measuring thread may walk it */
	bool wrap;   /* packed: the wrap counter at the position */
	uint16_t at; /* split: the free-running index; packed: the position */
	uint32_t entries;
	void *desc, *driver, *device;
	uint64_t moved;
	bool seen[NULL_ENTRIES_MAX]; /* with verify: ids of this step */
};

struct null_device {
	uint64_t offered, taken;
	struct null_ring rings[2]; /* by enum direction */
	bool verify; /* number the frames received, compare the number in those sent, and all ids */
	uint64_t wrong; /* frames sent with another number; ids out of range, used twice, or another
			 * in the used entry than was made available */
	int listener, conn, stop;
	bool has_thread;
	pthread_t thread;
	char path[PATH_MAX];
};

/**
 * null_open - listen for one driver
 * @path: of the socket
 * @mode: decides which features are offered
 * @dev: the caller's memory; ends with null_close(), also when this fails
 *
 * Return: 0, or a negative errno.
 */
int null_open(struct null_device *dev, const char *path, const struct mode *mode);
void null_close(struct null_device *dev);

/* Has the driver handed both rings over? */
bool null_ready(const struct null_device *dev);

/* Complete up to @n packets, one used entry each, in order. Return: how many. */
unsigned int null_step(struct null_device *dev, enum direction dir, unsigned int n);

/* A ring is handed over: tell the driver that it need not notify. */
void null_ring_start(struct null_ring *ring);

#endif
