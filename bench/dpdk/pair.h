/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_DPDK_PAIR_H
#define BENCH_DPDK_PAIR_H

#include "driver.h"
#include "null.h"
#include "vhost.h"

/* A driver, and the device that it drives. */
struct side {
	const struct driver *driver;
	struct port *port;
	struct null_device dev; /* one of the two is in use */
	struct vhost_device vhost;
	uint16_t waiting; /* packets that the device has given and the driver has not taken */
};

/* vio, then DPDK: the two that are compared. */
#define N_SIDES 2
extern const struct driver *const drivers[N_SIDES];

struct pair {
	bool vhost; /* the backends are librte_vhost's, not null devices */
	const struct mode *mode;
	uint16_t entries;
	struct side sides[N_SIDES];
};

/**
 * pair_open - open a port of each driver, in the same mode
 * @vhost: on librte_vhost instead of null devices
 * @folder: for the sockets
 *
 * Return: 0, or -1 after it has told why; nothing is left open then.
 */
int pair_open(struct pair *pair, bool vhost, const struct mode *mode, uint16_t entries,
	      const char *folder);
void pair_close(struct pair *pair);

/* Start and stop what the drivers need besides ports. Return: 0, or -1 after it has told why. */
int drivers_start(void);
void drivers_stop(void);

/* Move up to BATCH packets through driver and device, as @how says but for their number. */
struct batch side_move(struct side *side, enum direction dir, struct how how);

#endif
