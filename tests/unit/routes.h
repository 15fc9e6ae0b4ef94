/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UNIT_ROUTES_H
#define UNIT_ROUTES_H

#include "../../drivers/virtio/device.h"
#include "fake_backend.h"
#include "pci_bench.h"
#include "ring_rig.h"

/*
 * The same port over each transport, with a device that does nothing by itself: a test completes
 * the rings, by one and the same code whatever the transport.
 */
#define ROUTE_ENTRIES 64u

struct route {
	const char *name;
	struct virtio_port *port;
	struct vio_pool *pool;

	/* what is behind it */
	struct vio_port *pub; /* opened by its address; NULL: by hand */
	struct fake_pci pci;
	struct transport *tp;
	struct port_bench bench;
	struct fake backend;
	char dir[64], path[108];
};

/* Transport number @i: "loop", "vhost-user", "pci"; NULL behind the last. */
const char *route_name(size_t i);

/* What is negotiated: these bits and VERSION_1, nothing else. */
struct route_mode {
	const char *what;
	uint64_t bits;
	const char *rx, *tx; /* the variants that it means */
};
#define ROUTE_MODES 12
extern const struct route_mode route_modes[ROUTE_MODES];

void route_open(struct route *w, const char *name, const struct route_mode *mode);
/* Everything must have come back. */
void route_close(struct route *w);

/* The device's side of a queue. */
void route_rig(const struct route *w, const struct route_mode *mode, bool tx, struct rig *rig);
/* It says whether it wants to be kicked, in the plain way. */
void route_wish(struct rig *rig, bool kicks);
/* It takes @n receive buffers and uses them for frames of 60 bytes; or takes all that is sent. */
void route_receive(const struct route *w, struct rig *rig, unsigned int n);
void route_transmit(struct rig *rig);

#endif
