/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_CTRL_H
#define VIRTIO_CTRL_H

#include "vring.h"

/* The control virtqueue (VIRTIO 1.4, 5.1.6.5): one command at a time, polled, each with a deadline.
 */
struct ctrl {
	struct ring ring;
	struct mode mode;
	struct ctrl_block *block; /* in the shared region */
	uint32_t timeout_ms;
	bool dead; /* a command was never answered; its buffers may still be written */
};

/* Bytes of data that a command can have, in up to so many pieces. */
#define CTRL_DATA_MAX   1024u
#define CTRL_PIECES_MAX 2u

/* A piece of a command's data; each has a descriptor of its own. */
struct ctrl_piece {
	const void *data;
	size_t len;
};

/* Return: 0; -ENOMEM with the error set and nothing left. */
int ctrl_init(struct ctrl *c, struct vio_region *region, const struct vring_opts *opts,
	      uint32_t timeout_ms, struct ring_place *place);
void ctrl_fini(struct ctrl *c);

/* Begin anew: the device has been reset, and answers nothing that was asked before. */
void ctrl_renew(struct ctrl *c);

/*
 * Send a command with @n pieces of data and wait for its acknowledgement.
 * Return: 0; -ETIMEDOUT no answer, and none of later commands either; -EIO refused; -EPROTO the
 * completion is not ours; -EINVAL it does not fit. The error is set.
 */
int ctrl_send(struct ctrl *c, uint8_t class, uint8_t command, const struct ctrl_piece *pieces,
	      unsigned int n);

/* "Multiqueue mode": use @pairs queue pairs. Return as ctrl_send(). */
int ctrl_set_pairs(struct ctrl *c, uint16_t pairs);

#endif
