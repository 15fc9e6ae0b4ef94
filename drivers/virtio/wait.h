/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_WAIT_H
#define VIRTIO_WAIT_H

#include "device.h"

/*
 * Sleeping until the device notifies. For ports that were opened with wait=on; on all others no
 * event is asked for.
 */

/* Ask for the configuration's event: after accept(), before the first queue. Return: 0, also where
 * the device has none; a negative errno with the error set. */
int wait_config(struct virtio_port *port);

/* Ask for the event of receive queue @q, behind its queue_enable(). Return: 0; -ENOTSUP the device
 * can't notify, or another negative errno; with the error set. */
int wait_queue(struct virtio_port *port, struct rxq *q, uint16_t index);

/* Wake who sleeps on @q, which has been stopped; and give back what wait_queue() took. */
void wait_wake(struct rxq *q);
void wait_close(struct rxq *q);

/* An fd to poll(2) for changes of the configuration. Return: it, or -ENOTSUP with the error set. */
int wait_config_fd(struct vio_port *pub);

/* The configuration is about to be read: what has been said of it is known then. */
void wait_config_clear(struct virtio_port *port);

#endif
