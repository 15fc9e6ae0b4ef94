/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_TAP_H
#define APP_TAP_H

#include <vio/port.h>

#include "capture_ring.h"

#define TAP_CAPTURES 4u /* at a time */

/*
 * Where captures reach into a worker: one for each queue, beside what uses it. All zero: nobody
 * captures, which costs the worker one branch for each burst. Captures come and go while it works.
 */
struct tap {
	uint32_t active; /* captures */
	uint32_t inside; /* the worker is at the rings */
	struct capture_ring *ring[TAP_CAPTURES];
};

/* Let @r have the frames from now on. One thread at a time. Return: false if there is no room for
 * one more. */
bool tap_add(struct tap *t, struct capture_ring *r);

/* End that, and wait until the worker has done with @r. Return: false if it has not after a second:
 * @r must live on then. */
bool tap_remove(struct tap *t, struct capture_ring *r);

/* The rare sides of the bursts below. */
void tap_received(struct tap *t, const struct vio_pkt *pkts, uint16_t n);
uint16_t tap_send(struct tap *t, struct vio_txq *q, const struct vio_pkt *pkts, uint16_t n);

static inline bool tap_active(const struct tap *t)
{
	return __builtin_expect(__atomic_load_n(&t->active, __ATOMIC_RELAXED), 0);
}

/* vio_rx_burst() of at most CAPTURE_BURST, with copies for those who want them. */
static inline uint16_t tap_rx_burst(struct tap *t, struct vio_rxq *q, struct vio_pkt *pkts,
				    uint16_t n)
{
	n = vio_rx_burst(q, pkts, n);
	if (tap_active(t))
		tap_received(t, pkts, n);
	return n;
}

/* vio_tx_burst() of at most CAPTURE_BURST, with copies of what the device has taken. */
static inline uint16_t tap_tx_burst(struct tap *t, struct vio_txq *q, const struct vio_pkt *pkts,
				    uint16_t n)
{
	return tap_active(t) ? tap_send(t, q, pkts, n) : vio_tx_burst(q, pkts, n);
}

#endif
