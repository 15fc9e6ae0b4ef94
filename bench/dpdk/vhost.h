/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_DPDK_VHOST_H
#define BENCH_DPDK_VHOST_H

#include <limits.h>

#include "frame.h"
#include "mode.h"

/* librte_vhost as the backend, on another processor: it copies each frame, as a switch would. */
struct vhost_device {
	int vid; /* atomic; -1: no driver yet */
	bool registered;
	char path[PATH_MAX];
};

/* Listen for one driver. @dev is the caller's memory and ends with vhost_close(), also when this
 * fails. Return: 0, or a negative number. */
int vhost_open(struct vhost_device *dev, const char *path, const struct mode *mode);
void vhost_close(struct vhost_device *dev);

/* Has the driver handed its rings over? */
bool vhost_ready(const struct vhost_device *dev);

/* Start the thread that serves, on processor @core. Return: 0, or a negative number. */
int vhost_start(int core);
void vhost_stop(void);

/* Serve this device alone from now on, as its driver's @load needs it; NULL: none. On return the
 * one before is left alone. A thread that does not answer for seconds ends the program, with a
 * message: nothing could be closed. */
void vhost_serve(const struct vhost_device *dev, const struct load *load);

/* Since it serves: frames. Where the load is verified, the thread numbers what it gives, and what
 * it takes must be numbered by the driver, or in a loop be what was given, with gaps at most. */
struct vhost_tally {
	uint64_t given;
	uint32_t taken; /* atomic */
	uint64_t wrong; /* of those taken; not the right ones */
};

/* Wait until it has taken so many. Return: false when it has not within a second. */
bool vhost_has_taken(uint32_t frames);

/* To be called while none is served. */
struct vhost_tally vhost_tally(void);

#endif
