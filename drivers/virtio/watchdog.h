/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_WATCHDOG_H
#define VIRTIO_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

struct virtio_port;

/* How a transmit queue looked when it had last moved. */
struct tx_watch {
	uint64_t since_ns;
	uint64_t posted;
	uint32_t waiting; /* buffers that the device has not used */
	bool kicked;      /* since then */
};

/*
 * Kick each transmit queue whose device has left buffers lying for WATCHDOG_MS, once for as long as
 * nothing moves: a device may forget to ask for the kick that it waits for. Part of the check, so
 * beside the data path; a queue's thread does not notice. Receive queues are left alone: whether
 * their buffers wait for a kick or for a packet can't be seen.
 */
void watchdog_look(struct virtio_port *port);

#define WATCHDOG_MS 10u

#endif
