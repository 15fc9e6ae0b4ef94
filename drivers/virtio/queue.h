/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_QUEUE_H
#define VIRTIO_QUEUE_H

#include <string.h>

#include <vio/port.h>

#include "../../lib/mem/cache.h"
#include "gate.h"
#include "vring.h"

#define TX_SEGMENTS_MAX 64u
#define FRAME_MIN       14u /* an Ethernet header */
#define PKT_ROOM        16u /* in front of plain packets, see tx_one() */

struct resend;
struct rx_variant;
struct tx_variant;

/* What a receive queue sleeps on: wait.h. */
struct rx_event {
	struct transport *tp; /* NULL: nothing */
	struct transport_event on;
	struct mode mode; /* the ring's */
	int wake;         /* our own, readable when the queue has been stopped */
	uint32_t renewed; /* how often the ring was reset, and so was what it asks the device for */
};

/* Counters are written once per burst, to lines that only this queue's thread writes. */
struct rxq {
	struct vio_rxq pub;
	struct gate gate;
	struct vio_cache *cache;
	uint32_t len_min;  /* of a completion: header and FRAME_MIN */
	uint32_t len_span; /* and how much longer it may be */
	uint32_t len_max;  /* what is posted */
	uint64_t post_off; /* from a buffer's address to what the device is given */
	uint16_t hdr_len;
	uint16_t publish_at; /* show posted buffers once there are this many */
	uint16_t left;       /* mergeable: buffers of the current packet still to come */
	uint16_t partial_n;  /* mergeable: its segments that came in earlier bursts */
	struct ring ring;
	bool discard;       /* mergeable: the current packet is being thrown away */
	uint16_t merge_max; /* mergeable: the most buffers that a packet can take */
	struct vio_pkt *partial;
	le16 offload_mask; /* flags and gso_type; 0 where no receive offload was negotiated */
	uint64_t flagged;  /* what rx_flags() gives */
	/* Offset in a buffer of 16 bytes that have all of the header that matters, and the bits in
	 * them that a plain packet does not have: rx_headers(). */
	size_t hdr_at;
	uint64_t hdr_odd[2];
	const struct rx_variant *variant;
	struct rx_event event;
	struct vio_queue_stats stats CACHE_ALIGNED;
};

/*
 * What a plain packet to send is checked against: where the rooms for headers lie that begin the
 * pool's buffers, and by how much a frame may be longer than FRAME_MIN; and what makes a device's
 * address of a header out of that of its data. Nothing is plain (there are no bytes) where the
 * header is longer than PKT_ROOM: that comes with features that are rare.
 */
struct tx_limits {
	struct slots slots;
	uint64_t over_max;
	uint64_t to_header;
};

struct txq {
	struct vio_txq pub;
	struct gate gate;
	struct vio_cache *cache;
	struct tx_limits plain;
	int32_t reclaim_below; /* reclaim where a burst would leave fewer free slots */
	uint16_t hdr_len;
	bool indirect;
	struct ring ring;
	struct vio_features taken;
	bool broken;
	const struct tx_variant *variant;
	struct resend *resend; /* NULL: what was in flight is dropped */
	struct vio_queue_stats stats CACHE_ALIGNED;
	uint64_t silent; /* bursts that had nothing to show */
};

/*
 * What stands behind the data pointer of a packet as one number: its length below, flags and
 * net_hdr_len above. One load and one store.
 */
static_assert(offsetof(struct vio_pkt, len) + 8 == sizeof(struct vio_pkt), "packet");
ALWAYS_INLINE uint64_t pkt_rest(const struct vio_pkt *pkt)
{
	return pkt->len | (uint64_t)pkt->flags << 32 | (uint64_t)pkt->net_hdr_len << 48;
}

/* @above: what stands above the length. */
ALWAYS_INLINE void pkt_set_rest(struct vio_pkt *pkt, uint32_t len, uint64_t above)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	const uint64_t rest = len | above;

	memcpy(&pkt->len, &rest, sizeof(rest));
#else
	*pkt = (struct vio_pkt){ pkt->data, len, (uint16_t)(above >> 32), (uint16_t)(above >> 48) };
#endif
}

struct queue_opts {
	struct vio_pool *pool;
	struct vio_features taken;
	uint16_t entries;
	uint16_t hdr_len;
	uint64_t bias;
	bool resend;
};

/*
 * Make a queue: ring, cache, private state; the bursts find nothing until it is started. @place
 * receives what the transport needs. Return: 0, -ENOMEM or -EINVAL with the error set and nothing
 * left.
 */
int rxq_init(struct rxq *q, const struct queue_opts *opts, struct ring_place *place);
int txq_init(struct txq *q, const struct queue_opts *opts, struct ring_place *place);

/* After DRIVER_OK: post receive buffers, and what is to be sent again; open the gate and let the
 * bursts run. */
void rxq_start(struct rxq *q);
void txq_start(struct txq *q);

/* From any thread: bursts return 0 from now on. The queue's thread may still be inside one. */
void rxq_stop(struct rxq *q);
void txq_stop(struct txq *q);
bool rxq_running(const struct rxq *q);
bool txq_running(const struct txq *q);

/*
 * Take back every buffer in flight and make the ring as it was at first, in place. The device no
 * longer uses it, and no thread is inside: gates_wait().
 */
void rxq_reset(struct rxq *q);
void txq_reset(struct txq *q);

/* Give every buffer back to the pool and free everything. The device no longer uses the ring. */
void rxq_fini(struct rxq *q);
void txq_fini(struct txq *q);

/* "rx_packed_in_order" */
const char *rxq_variant_name(const struct rxq *q);
const char *txq_variant_name(const struct txq *q);

/* Ring options that follow from a queue's; indirect tables serve transmit only. */
struct vring_opts vring_opts_of(const struct queue_opts *opts, bool tx);

#endif
