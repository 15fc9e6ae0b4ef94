/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_DPDK_VHOST_H
#define BENCH_DPDK_VHOST_H

#include <limits.h>

#include "load.h"
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

/* Serve this device alone from now on; NULL: none. On return the one before is left alone. A thread
 * that does not answer for seconds ends the program, with a message: nothing could be closed. */
void vhost_serve(const struct vhost_device *dev, enum traffic traffic, const struct mix *mix);

#endif
