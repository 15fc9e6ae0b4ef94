/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_QUEUE_H
#define VIRTIO_QUEUE_H

#include <vio/port.h>

#include "../../lib/mem/cache.h"
#include "vring.h"

#define TX_SEGMENTS_MAX 64u
#define FRAME_MIN       14u /* an Ethernet header */

struct rx_variant;
struct tx_variant;

/* Counters are written once per burst, to lines that only this queue's thread writes. */
struct rxq {
	struct vio_rxq pub;
	struct vio_cache *cache;
	uint32_t len_min; /* of a completion: header and FRAME_MIN */
	uint32_t len_max; /* what is posted */
	uint16_t hdr_len;
	uint16_t publish_at; /* show posted buffers once there are this many */
	uint16_t left;       /* mergeable: buffers of the current packet still to come */
	uint16_t partial_n;  /* mergeable: its segments that came in earlier bursts */
	struct ring ring;
	bool discard;       /* mergeable: the current packet is being thrown away */
	uint16_t merge_max; /* mergeable: the most buffers that a packet can take */
	struct vio_pkt *partial;
	le16 offload_mask; /* flags and gso_type; 0 where no receive offload was negotiated */
	const struct rx_variant *variant;
	struct vio_queue_stats stats CACHE_ALIGNED;
};

struct txq {
	struct vio_txq pub;
	struct vio_cache *cache;
	uint16_t hdr_len;
	uint16_t reclaim_at; /* reclaim once this many slots are taken */
	struct ring ring;
	struct vio_features taken;
	bool indirect;
	const struct tx_variant *variant;
	struct vio_queue_stats stats CACHE_ALIGNED;
};

struct queue_opts {
	struct vio_pool *pool;
	struct vio_features taken;
	uint16_t entries;
	uint16_t hdr_len;
	uint64_t bias;
};

/*
 * Make a queue: ring, cache, private state; the bursts find nothing until it is started. @place
 * receives what the transport needs. Return: 0, -ENOMEM or -EINVAL with the error set and nothing
 * left.
 */
int rxq_init(struct rxq *q, const struct queue_opts *opts, struct ring_place *place);
int txq_init(struct txq *q, const struct queue_opts *opts, struct ring_place *place);

/* After DRIVER_OK: post receive buffers; let the bursts run. */
void rxq_start(struct rxq *q);
void txq_start(struct txq *q);

/* From any thread: bursts return 0 from now on. The queue's thread may still be inside one. */
void rxq_stop(struct rxq *q);
void txq_stop(struct txq *q);
bool rxq_running(const struct rxq *q);
bool txq_running(const struct txq *q);

/* Give every buffer back to the pool and free everything. The device no longer uses the ring. */
void rxq_fini(struct rxq *q);
void txq_fini(struct txq *q);

/* "rx_packed_in_order" */
const char *rxq_variant_name(const struct rxq *q);
const char *txq_variant_name(const struct txq *q);

/* Ring options that follow from a queue's; indirect tables serve transmit only. */
struct vring_opts vring_opts_of(const struct queue_opts *opts, bool tx);

#endif
