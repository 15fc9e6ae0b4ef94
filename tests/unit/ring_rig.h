/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UNIT_RING_RIG_H
#define UNIT_RING_RIG_H

#include "../../drivers/virtio/queue.h"
#include "../cases.h"

/*
 * A queue with a real pool and region, and no transport: the test itself is the device. It sees the
 * ring as a device does and may write there whatever it likes.
 */
struct ring_kind {
	const char *what;
	bool packed, in_order;
};
#define RING_KINDS 4
extern const struct ring_kind ring_kinds[RING_KINDS];

struct rig_opts {
	const struct ring_kind *kind;
	uint16_t entries;
	uint32_t buffers;      /* of the pool, 2048 bytes each; 0: 1024 */
	uint16_t hdr_len;      /* 0: 12 */
	uint64_t features;     /* bits 0 to 63, beyond those of the kind */
	size_t ring_bytes;     /* room for rings; 0: for the largest */
	uint16_t spare;        /* receive: buffers kept from the pool while the queue starts */
	struct vio_pool *lent; /* NULL: the rig has a pool of its own */
};

struct rig {
	const struct ring_kind *kind;
	struct vio_pool *pool;
	bool lent;               /* the pool stays the caller's */
	struct vio_cache *cache; /* the application's */
	struct rxq *rx;
	struct txq *tx;
	struct ring *ring;
	struct vio_queue_stats *stats;
	struct ring_place place;
	uint16_t avail, used; /* the device's positions: index (split), ring position (packed) */
	bool avail_wrap, used_wrap;
	unsigned int kicks;
};

/* A buffer that the driver has made available. */
struct offer {
	uint16_t id;
	uint16_t slots;
	uint32_t len;   /* of the first descriptor, as the rest */
	uint32_t flags; /* DESC_* */
	char *data;
	char *last; /* of the last descriptor */
};

void rig_open_rx(struct rig *rig, const struct rig_opts *opts);
void rig_open_tx(struct rig *rig, const struct rig_opts *opts);
/* Ends the queue and requires that every buffer has come back exactly once. */
void rig_close(struct rig *rig);

/* What the application's cache holds goes to where the queue finds it. */
void rig_flush(struct rig *rig);

/* Device: the next available buffer. Return: false if there is none. */
bool rig_pop(struct rig *rig, struct offer *offer);

/* Device: write a completion, and step on as for @buffers buffers of @slots slots in all. */
void rig_use(struct rig *rig, uint32_t id, uint32_t len, uint16_t buffers, uint16_t slots);

/* Device: take the next buffer, write a header of @num_buffers, use it with @len. */
void rig_receive(struct rig *rig, uint32_t len, uint16_t num_buffers);

/* The queue's burst; what it gives is put back. Return: entries; @out receives them unless NULL. */
uint16_t rig_rx(struct rig *rig, uint16_t n, struct vio_pkt *out);

/* Send @packets packets of @segs segments. Return: as the burst. */
uint16_t rig_tx(struct rig *rig, uint16_t packets, uint16_t segs);

/* Every error counter but @this (NULL: every one) is 0, and @this is 1. */
void rig_only_counter(const struct rig *rig, const uint64_t *only);

bool rig_running(const struct rig *rig);

#endif
