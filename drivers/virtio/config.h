/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_CONFIG_H
#define VIRTIO_CONFIG_H

#include "device.h"

/*
 * The device configuration ("Device configuration layout"). Each call reads consistently, as the
 * transport sees to. Return: 1; 0: the device has no such bytes, nothing is stored; a negative
 * errno with the error set.
 */
int config_bytes(const struct virtio_port *port, size_t off, void *to, size_t len);
int config_le16(const struct virtio_port *port, size_t off, uint16_t *value);

/* Read the link's state into port->link, which is untouched on failure. Return: 0, or a negative
 * errno with the error set. */
int config_link(struct virtio_port *port);

#endif
