/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UNIT_PORT_BENCH_H
#define UNIT_PORT_BENCH_H

#include "../../drivers/virtio/device.h"
#include "../../drivers/virtio/port.h"

/* A port over a transport of the test's own, not started: device_start() does that. */
struct port_bench {
	struct vio_pool *pool;
	struct virtio_port *port;
	size_t used; /* bytes of the region before the port took any */
};

/* A port that wants @queues pairs of @entries entries (0: the default) over @tp, which it borrows.
 */
void port_bench_open(struct port_bench *b, struct transport *tp, uint16_t queues, uint16_t entries);
/* Everything must have come back. */
void port_bench_close(struct port_bench *b);

#endif
