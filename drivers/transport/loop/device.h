/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LOOP_DEVICE_H
#define LOOP_DEVICE_H

#include <pthread.h>
#include <vio/region.h>

#include "../../../lib/base/atomics.h"
#include "../../virtio/feature_bits.h"
#include "../../virtio/spec.h"
#include "loop.h"
#include "rules.h"

#define LOOP_PAIRS_MAX 64u
#define LOOP_QUEUES    (2 * LOOP_PAIRS_MAX + 1)
#define LOOP_REGIONS   8
#define LOOP_CTRL_SIZE 64
#define LOOP_MACS_MAX  256
#define LOOP_FRAME_MAX \
	65550u /* the largest IPv6 packet that GSO makes, and its Ethernet header \
		*/
#define LOOP_INBOX_BYTES (1u << 20)
#define LOOP_DONE_MAX    64
#define LOOP_AHEAD       32 /* receive buffers among which "ooo" picks */
#define LOOP_HELD_MAX    64
#define LOOP_TAKEN       UINT64_MAX

enum behaviour { LOOP_ECHO, LOOP_SOURCE, LOOP_SINK, LOOP_PAIR };
enum kick_mode { KICK_NEVER, KICK_ALWAYS, KICK_EVENT };

/* What the address asks for. Chances are in units of 2^-32. */
struct loop_options {
	enum behaviour behaviour;
	enum kick_mode kick;
	uint64_t max_queues, max_size, mtu, speed, seed, batch, slow, distance;
	uint64_t loss, dup, corrupt, reorder;
	uint64_t delay_ns;
	uint64_t capacity, buffer; /* frames a second, and at once; capacity 0: any */
	uint64_t src_len, src_len_max;
	bool ooo, null;
	struct vio_features no, refuse;
};

/* The header in front of a frame, at its longest. */
struct frame_hdr {
	struct net_hdr base;
	le16 hash[2];
	le16 hash_report;
	le16 padding;
	le16 outer_th_offset;
	le16 inner_nh_offset;
};
static_assert(sizeof(struct frame_hdr) == NET_HDR_LEN_TUNNEL, "frame header");

/* Words of shared memory that the device writes. */
enum word {
	WORD_USED_INDEX,
	WORD_USED_ID,
	WORD_USED_LEN,
	WORD_USED_FLAGS,
	WORD_AVAIL_EVENT,
	WORD_EVENT_OFF_WRAP,
	WORD_EVENT_FLAGS,
	WORD_CTRL_ACK,
	WORDS
};

/*
 * Where a test lays its hand on what the device writes: @word sees each ring word before it is
 * stored and returns what to store instead, @bytes each header and payload after it was copied.
 */
struct loop_fault {
	uint32_t (*word)(void *arg, struct queue *q, enum word word, uint32_t value);
	void (*bytes)(void *arg, struct queue *q, uint8_t *at, size_t len);
	void *arg;
};

/* A piece of a buffer, checked to lie in the region. */
struct seg {
	uint8_t *p;
	uint32_t len;
};

/* An available buffer: device-readable pieces, then writable ones, from q->segs[seg] on. */
struct chain {
	uint16_t id;
	uint16_t slots; /* ring slots it takes: packed, and split with IN_ORDER */
	uint32_t seg, n_read, n_write;
	uint64_t read_bytes, write_bytes;
};

/* A used buffer, on its way to the driver. */
struct done {
	uint16_t id, slots;
	uint32_t len;
	bool writable;
	bool full; /* no byte of it was left unwritten, so that a batch may skip it */
};

enum role { ROLE_RX, ROLE_TX, ROLE_CTRL };

struct queue {
	struct vio_loop *loop;
	const struct ring_ops *ring;
	uint16_t index, entries;
	enum role role;
	bool enabled, broken, in_order;

	/* the ring in shared memory */
	struct split_desc *desc;
	struct split_avail *avail;
	struct split_used *used;
	le16 *avail_event;
	struct packed_desc *slots;
	struct packed_event *driver_event, *device_event;

	/* where the device is in it */
	uint16_t avail_next, avail_seen; /* split: free-running; packed: slot */
	uint16_t used_next;
	uint16_t order_next;
	bool avail_wrap, used_wrap;
	bool held; /* packed: slot held_at is withheld until all is written */
	uint16_t held_at, held_id, held_flags;
	uint32_t held_len;
	uint64_t *in_flight; /* by id: LOOP_TAKEN, or the epoch in which it was used */
	uint64_t epoch;      /* steps published; what was used in this one is still in flight */
	uint16_t *known;     /* packed: flags of each slot as the device last read or wrote them */

	/* taken and not used yet, oldest first */
	struct chain *chains;
	uint32_t chain_first, n_chains;
	struct seg *segs;
	uint32_t n_segs, segs_max;
	/* used, and not written yet: only where batches or disorder are wanted */
	struct done done[LOOP_DONE_MAX];
	uint32_t n_done;
	bool staged, dirty;

	/* used buffer notifications; -1: the driver wants none of this queue */
	int event_fd;
	uint16_t told; /* used_next when the driver was last notified, or decided not to be */
	bool told_wrap;

	/* notifications; kicks and allowance are shared with the driver's thread */
	bool asleep;
	uint64_t kicks_seen;
	CACHE_ALIGNED uint64_t kicks;
	int32_t allowance; /* kicks that the driver may still send though they are suppressed */
};

/* How the two layouts differ. All are called by the thread that steps. */
struct ring_ops {
	/* Take the next available buffer, checked. False: there is none (or the queue broke). */
	bool (*fetch)(struct queue *q, struct chain *c);
	/* Is there one? */
	bool (*available)(struct queue *q);
	/* Use @n buffers that take @slots in all by one entry, that of the last. */
	void (*use)(struct queue *q, const struct done *last, uint32_t n, uint32_t slots);
	/* Make what was used visible, all at once. */
	void (*publish)(struct queue *q);
	/* Say whether kicks are wanted. */
	void (*ask)(struct queue *q, bool on);
	/* Does the driver want to hear of what was used since q->told? */
	bool (*wanted)(const struct queue *q);
	/* Look whether the driver's own suppression word is legal. */
	void (*check_driver)(struct queue *q);
};
extern const struct ring_ops split_device_ring, packed_device_ring;

/* Frames on their way, in a ring of bytes. */
struct inbox {
	uint8_t *bytes;
	uint32_t head, tail, n;
};
struct record {
	uint32_t size; /* of the record, 64-aligned; 0: the next one stands at the beginning */
	uint32_t len;
	uint64_t due_ns;
	struct frame_hdr hdr;
	uint8_t frame[];
};

struct pair {
	struct inbox inbox;
	struct record *held; /* taken out of the row by "reorder"; NULL: none was ever */
	uint32_t held_for;   /* frames that still overtake it; 0: nothing is held */
	uint64_t random;
	uint64_t source_seq;
	uint32_t source_len;
};

/* What is left of a capacity, in billionths of a frame. */
struct bucket {
	uint64_t credit, filled_ns; /* filled_ns 0: not used yet */
};

/* Two loops that are a pair. Locked after a loop's own lock; protects the inboxes of both. */
struct link {
	pthread_mutex_t lock;
	struct vio_loop *end[2];
};

/* What the control queue has been told. */
struct ctrl_state {
	bool rx_mode[6];
	uint8_t mac[6];
	uint16_t unicast, multicast;
	struct vio_mac table[LOOP_MACS_MAX]; /* unicast ones first */
	uint64_t vlans[VLAN_IDS / 64];
	uint32_t hash_types;
};

struct vio_loop {
	struct transport tp;
	struct loop_options opt;
	pthread_mutex_t lock; /* control calls against steps */
	struct link *link;
	unsigned int end; /* which one of the link */

	uint8_t status; /* read by doorbells */
	struct vio_features offered, taken;
	bool impaired, event_idx, indirect, mrg, packed;
	uint16_t hdr_len;
	uint32_t rx_need, tx_max;
	uint16_t pairs; /* active */
	uint16_t ctrl_index;
	uint32_t generation;
	struct net_config config;
	size_t config_len;
	int config_fd;             /* event of its changes; -1: not asked for */
	int event_fd[LOOP_QUEUES]; /* of each queue; -1: never asked for; they outlive resets */
	struct ctrl_state ctrl;

	struct {
		uint8_t *base;
		size_t bytes;
	} regions[LOOP_REGIONS];
	unsigned int n_regions;

	const struct loop_fault *fault;
	struct vio_loop_stats stats;
	uint64_t violations;
	uint32_t first_claimed;
	const char *first; /* published when first_text is whole */
	char first_text[256];
	char about[160];
	uint8_t *bounce; /* a frame that is being segmented */
	struct bucket bucket;

	struct pair pair[LOOP_PAIRS_MAX];
	struct queue *queue[LOOP_QUEUES];
	bool queue_reset[LOOP_QUEUES]; /* by itself, and not set up again */
};

static inline bool loop_has(const struct vio_loop *loop, unsigned int bit)
{
	return features_have(&loop->taken, bit);
}

/* transport.c: a loop, with its link where it has one. */
void loop_lock(struct vio_loop *loop);
void loop_unlock(struct vio_loop *loop);

/* Something in the configuration has changed; with the lock held. */
void loop_config_changed(struct vio_loop *loop);

/* The device can't go on; any thread. */
void loop_needs_reset(struct vio_loop *loop);

/* options.c */
int loop_options_take(struct address *addr, struct loop_options *opt);
extern const char loop_help[];
extern const char *const loop_behaviours[];

/* features.c */
void loop_offer(struct vio_loop *loop);
void loop_config_fill(struct vio_loop *loop);
bool loop_features_met(struct vio_loop *loop, const struct vio_features *taken);
void loop_features_apply(struct vio_loop *loop);

/* queue.c */
int queue_open(struct vio_loop *loop, const struct ring_place *place, struct queue **out);
void queue_close(struct queue *q);
bool queue_take(struct queue *q, struct chain *c);
struct chain *queue_peek(struct queue *q);
struct chain *queue_peek_at(struct queue *q, uint32_t i);
void queue_pop(struct queue *q, uint32_t n);
void queue_done(struct queue *q, const struct chain *c, uint32_t len);
void queue_flush(struct queue *q);
void queue_kicked(struct queue *q);
void queue_looked_after(struct queue *q);

/* frame.c */
bool frame_take(struct vio_loop *loop, struct queue *q, const struct chain *c,
		struct frame_hdr *hdr);
void frame_checksum(struct record *r);
bool gso_allowed(const struct vio_loop *loop, const struct frame_hdr *hdr);
typedef bool (*frame_fn)(void *arg, const struct frame_hdr *hdr, const uint8_t *frame,
			 uint32_t len);
bool frame_segment(struct vio_loop *loop, const struct record *r, frame_fn fn, void *arg);

/* ctrl.c */
void ctrl_serve(struct vio_loop *loop, struct queue *q);
void ctrl_reset(struct vio_loop *loop);

/* inbox.c */
#define INBOX_RECORD_MAX ((uint32_t)align_up(sizeof(struct record) + LOOP_FRAME_MAX + 64, 64))
struct record *inbox_room(struct inbox *in, uint32_t len);
void inbox_push(struct inbox *in, struct record *r);
struct record *inbox_first(struct inbox *in);
void inbox_pop(struct inbox *in);
bool inbox_has_room(const struct inbox *in);

#endif
