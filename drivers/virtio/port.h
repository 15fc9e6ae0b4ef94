/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_PORT_H
#define VIRTIO_PORT_H

#include "../../lib/port/driver.h"
#include "transport.h"

/* The driver of every port whose device is a virtio network device, whatever the transport. */
extern const struct port_driver virtio_driver;

/* What such a port reaches its device by; NULL: it is another driver's. */
struct transport *virtio_transport(const struct vio_port *port);

#endif
