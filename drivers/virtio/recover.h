/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_RECOVER_H
#define VIRTIO_RECOVER_H

#include <vio/error.h>
#include <vio/port.h>

struct virtio_port;

/*
 * How a port comes back. All of it happens inside vio_port_check(), a step at a time: the queues'
 * gates are shut, the device is reset or reached again, every buffer in flight is taken back, and
 * the device is brought up with what it was given before.
 */

#define RESETS_DEFAULT   3u
#define RESETS_MAX       16u
#define RESETS_WINDOW_NS (UINT64_C(10) * 1000000000)

struct recover {
	/* asked for */
	bool on;
	uint16_t resets_max; /* of a device that answers, in RESETS_WINDOW_NS; 0: any number */

	bool down;     /* every queue is stopped, its gate shut */
	bool lost;     /* the connection to the device has ended: transport_ops.leave */
	bool clean;    /* every buffer is back, and the rings are new */
	bool given_up; /* until close */
	uint32_t backoff_ms;
	uint64_t next_ns;            /* no attempt before */
	uint64_t resets[RESETS_MAX]; /* when the last ones were, in turn */
	unsigned int resets_n;

	/* what came of it */
	uint64_t done, failed;
	uint64_t up_ns;         /* of the last one; 0: none */
	struct vio_error cause; /* why the last attempt failed; code 0: none has */
};

/* See that this machine can do it. Return: 0, or -ENOTSUP with the error set. */
int recover_open(struct virtio_port *port);

/*
 * The check has found the port in @state, which is not up, with the error set: stop its queues,
 * unless only some of them are broken.
 */
void recover_begin(struct virtio_port *port, enum vio_port_state state);

/* The next step, of a port that is not up. port->state says what came of it. */
void recover_step(struct virtio_port *port);

/* Return: 0; -EAGAIN with the error set: the port is not there now, to be told anything. */
int recover_ready(const struct virtio_port *port);

#endif
