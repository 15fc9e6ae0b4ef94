/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UNIT_RECOVER_BENCH_H
#define UNIT_RECOVER_BENCH_H

#include <vio/vio.h>

#include "../../drivers/transport/loop/device.h"
#include "../../drivers/virtio/device.h"
#include "../../drivers/virtio/port.h"
#include "../cases.h"

/* What tests of recovery share: a port over the loop device, and traffic over all of its pairs. */
#define BENCH_BURST 16u
#define BENCH_PAIRS 2u

/* Every kind of ring: X(name, options). */
#define RING_KINDS(X) \
	X("split", "packed=off,in_order=off") \
	X("split in order", "packed=off,in_order=on") \
	X("packed", "packed=on,in_order=off") \
	X("packed in order", "packed=on,in_order=on") \
	X("split, mergeable, offloads", "packed=off,in_order=off,mrg_rxbuf=on,guest_csum=on") \
	X("packed, mergeable, offloads", "packed=on,in_order=off,mrg_rxbuf=on,guest_csum=on")

struct bench {
	struct vio_pool *pool;
	struct vio_cache *cache;
	struct vio_port *port;
	struct virtio_port *own;
	struct vio_loop *loop;
	struct vio_rxq *rxq;
	struct vio_txq *txq;
	bool hostile; /* the device is made to break rules, and so sees the driver do it */
};

/* The pool and a port; a port only, over the pool that there is. */
void bench_open(struct bench *b, const char *options);
void bench_port(struct bench *b, const char *options);
/* Accounts are right, and everything comes back. */
void bench_close(struct bench *b);

/* What was sent was completed, taken back, or is under way. */
void bench_accounts(const struct bench *b);

/* Up to BENCH_BURST frames. Return: how many were taken, or came. */
uint16_t bench_send(struct bench *b, struct vio_txq *txq, uint16_t n);
uint16_t bench_receive(struct bench *b, struct vio_rxq *rxq);

/* On every pair, more than once round the rings. */
void bench_exchange(struct bench *b);

/* Check until the port is up. */
void bench_back(struct bench *b);

struct vio_port_info bench_info(const struct bench *b);

#endif
