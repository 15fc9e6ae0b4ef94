/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_CONTROL_H
#define VIRTIO_CONTROL_H

#include "device.h"

/* The control calls of <vio/port.h>, as struct port_driver has them. */
int control_rx_mode_set(struct vio_port *pub, enum vio_rx_mode mode, bool on);
int control_mac_set(struct vio_port *pub, const struct vio_mac *mac);
int control_mac_table_set(struct vio_port *pub, const struct mac_table *table);
int control_vlan_set(struct vio_port *pub, uint16_t vlan, bool on);
int control_queues_set(struct vio_port *pub, uint16_t queues);
int control_announce_ack(struct vio_port *pub);

/* Queue pairs that the device shall use. */
uint16_t control_queues(const struct virtio_port *port);

/*
 * After a reset, behind DRIVER_OK: tell the device again what it had accepted before, but for the
 * number of queue pairs. Return: 0, or a negative errno with the error set.
 */
int control_replay(struct virtio_port *port);

#endif
