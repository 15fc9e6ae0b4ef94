/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIO_PORT_H
#define VIO_PORT_H

#include <vio/pkt.h>
#include <vio/pool.h>
#include <vio/types.h>

VIO_EXTERN_C_BEGIN

/* 128 feature bits, as VIRTIO 1.4 numbers them. */
struct vio_features {
	uint64_t word[2];
};

enum vio_in_flight { VIO_IN_FLIGHT_DROP, VIO_IN_FLIGHT_RESEND };

/**
 * struct vio_port_opts - how to open a port; the same can be said in its address
 * @size: sizeof(struct vio_port_opts), see VIO_OPTS()
 * @queues: queue pairs wanted, 1 to 64; default 1. The device may grant fewer: see vio_port_info()
 * @entries: entries of each ring; default: the most that the device allows, up to 1024. A split
 * ring takes a power of two from 2 to 32768, a packed one any number from 2 to 32768
 * @features_off: bits that must not be negotiated
 * @features_on: bits that must be negotiated: opening fails without them
 * @timeout_ms: deadline of each exchange with the device; default 1000
 * @wait: ask the device for events, so that vio_rx_wait() and vio_port_event_fd() work; opening
 * fails with -ENOTSUP where receive queues can't have any
 * @resets: how often in 10 s the port is brought back by resetting a device that answers: 1 to 16,
 * default 3; or VIO_RESETS_ANY. One that asks for more is left alone
 * @no_recover: a port that is not up stays so; opening does without membarrier(2), then
 * @in_flight: what becomes of packets in flight when the port comes back: dropped, the default, so
 * that none is sent twice; or sent again in front of new ones, so that none is lost, though the
 * device may have sent some already. The latter notes each packet in a burst, and needs 24 bytes of
 * memory for each buffer of the pool and queue
 */
struct vio_port_opts {
	size_t size;
	uint16_t queues;
	uint16_t entries;
	struct vio_features features_off;
	struct vio_features features_on;
	uint32_t timeout_ms;
	bool wait;
	uint16_t resets;
	bool no_recover;
	enum vio_in_flight in_flight;
};
#define VIO_RESETS_ANY UINT16_MAX

/* An Ethernet address. */
struct vio_mac {
	uint8_t byte[6];
};

/* What a port receives beyond frames to its own address: vio_port_rx_mode_set(). */
enum vio_rx_mode {
	VIO_RX_PROMISC,  /* every frame */
	VIO_RX_ALLMULTI, /* every multicast frame */
	VIO_RX_ALLUNI,  /* every unicast frame; this and those below are an extra of some devices */
	VIO_RX_NOMULTI, /* no multicast frame */
	VIO_RX_NOUNI,   /* no unicast frame */
	VIO_RX_NOBCAST, /* no broadcast frame */
};

enum vio_duplex { VIO_DUPLEX_UNKNOWN, VIO_DUPLEX_HALF, VIO_DUPLEX_FULL };

enum vio_port_state {
	VIO_PORT_UP,
	VIO_PORT_QUEUE_BROKEN, /* a queue's device broke the rules; the other queues go on */
	VIO_PORT_NEEDS_RESET,  /* the device asks for a reset (VIRTIO 1.4, 2.1.2) */
	VIO_PORT_BACKEND_GONE, /* the process behind the socket has closed it, or hangs */
	VIO_PORT_DEVICE_GONE,  /* the device was unplugged: for good */
	VIO_PORT_REFUSED, /* what came back lacks features, queues or entries that are in use */
};

/**
 * struct vio_port_info - what a port has become
 * @address: as it was opened
 * @transport: "vhost-user", "loop"
 * @backend: what is known of the other side, in words
 * @offered: feature bits that the device offers
 * @taken: feature bits negotiated
 * @queues: queue pairs in use
 * @queues_max: queue pairs that the device has
 * @entries: entries of each receive and transmit ring
 * @net_hdr_len: bytes of the virtio-net header
 * @rx_variant: name of the receive body in use, "rx_packed_in_order"
 * @tx_variant: the same for transmit
 * @mac: the port's address: what vio_port_mac_set() gave it, the device's, or a random local one
 * @mtu: largest layer 3 packet; 1500 where the device does not say
 * @link_up: as the device says; true where it says nothing
 * @ring_bytes: memory of the rings, in the shared region
 * @private_bytes: memory of the port outside the shared region
 * @queues_live: queue pairs that the device uses: vio_port_queues_set()
 * @rx_frame_max: bytes of the longest frame that receive buffers take, several of them with
 * mrg_rxbuf
 * @speed_mbps: of the link, in Mb/s; 0: unknown
 * @duplex: of the link
 * @announce: the device asks that the port make itself known: see vio_port_announce_ack()
 * @rx_modes: what vio_port_rx_mode_set() has switched on: bit N stands for mode N
 * @recoveries: how often the port has come back
 * @recoveries_failed: attempts to bring it back that failed, not counting looks for a backend that
 * is not there
 * @recovered_ns: when it came back last, as vio_clock_ns() counts; 0: never
 * @given_up: the port is down and stays so: nothing may bring it back (recover=off), its device was
 * reset as often as it may be, or has gone
 */
struct vio_port_info {
	const char *address;
	const char *transport;
	const char *backend;
	struct vio_features offered;
	struct vio_features taken;
	uint16_t queues;
	uint16_t queues_max;
	uint16_t entries;
	uint16_t net_hdr_len;
	const char *rx_variant;
	const char *tx_variant;
	uint8_t mac[6];
	uint16_t mtu;
	bool link_up;
	size_t ring_bytes;
	size_t private_bytes;
	uint16_t queues_live;
	uint32_t rx_frame_max;
	uint32_t speed_mbps;
	enum vio_duplex duplex;
	bool announce;
	uint8_t rx_modes;
	uint64_t recoveries;
	uint64_t recoveries_failed;
	uint64_t recovered_ns;
	bool given_up;
};

/*
 * Counters of one queue. X(name, what it counts)
 */
#define VIO_QUEUE_STATS(X) \
	X(packets, "packets received or sent") \
	X(bytes, "bytes of frames, without the virtio-net header") \
	X(bursts, "burst calls") \
	X(empty_polls, "receive bursts that found nothing") \
	X(ring_full, "transmit bursts that could not take all packets") \
	X(kicks, "notifications sent to the device") \
	X(kicks_suppressed, "notifications that the device did not want") \
	X(kicks_watchdog, "further ones, by vio_port_check(), to a device that had fallen asleep") \
	X(refill_short, "receive bursts that left slots empty since the pool had run out") \
	X(completed, "packets that the device has given back after transmit") \
	X(taken_back, "packets in the transmit ring when the port was closed or brought back") \
	X(drop_invalid, "packets to send that were malformed: no room for the header, too long, " \
			"too many segments") \
	X(drop_foreign, \
	  "packets to send that lie outside the port's pool; their buffers are not freed") \
	X(drop_truncated, "received packets that needed more entries than the burst had room for") \
	X(bad_id, "completions of a buffer that does not exist or is not in flight") \
	X(bad_len, "completions with a length below the header or above the buffer") \
	X(bad_index, "ring indices that moved by more than was posted") \
	X(bad_merge, "mergeable packets with an impossible number of buffers") \
	X(resent, "of the packets, those that were taken back and sent once more")

struct vio_queue_stats {
#define X(name, what) uint64_t name;
	VIO_QUEUE_STATS(X)
#undef X
};

/* Queues begin with their burst function, the only part that a program sees. */
struct vio_rxq {
	uint16_t (*burst)(struct vio_rxq *rxq, struct vio_pkt *pkts, uint16_t n);
};
struct vio_txq {
	uint16_t (*burst)(struct vio_txq *txq, const struct vio_pkt *pkts, uint16_t n);
};

/**
 * vio_port_memory - what a port needs of the region that it shares with its device
 * @address: as for vio_port_open()
 * @opts: contiguous is switched on where the device is given physical addresses (iommu=off);
 * nothing else changes
 *
 * For whoever makes the pool (vio_pool_opts.region_opts), once for each port that is to use it.
 * Opens nothing. Return: 0; -EINVAL malformed address or options, -ENOMEM. Thread safety: any
 * thread.
 */
VIO_API int vio_port_memory(const char *address, struct vio_region_opts *opts);

/**
 * vio_port_open - bring a device to DRIVER_OK and return it ready for bursts
 * @address: "vhost-user:/run/v.sock", "loop:echo"; options behind commas win over @opts (see
 * vio_port_scheme())
 * @pool: buffers for the receive rings, and the only ones that may be sent; borrowed, must outlive
 * the port
 * @opts: options, or NULL for defaults
 * @out: receives the port; untouched on failure
 *
 * Follows VIRTIO 1.4, 3.1.1 "Driver Requirements: Device Initialization". Takes at most a few times
 * timeout_ms.
 *
 * Return: 0, or a negative errno with vio_error_last() telling more: -EINVAL malformed address or
 * options, -ENOENT, -EACCES, -ECONNREFUSED the socket can't be used, -ENAMETOOLONG its path is too
 * long, -ENOTSUP a feature that is required is missing, -ETIMEDOUT the device did not answer,
 * -EPROTO it answered nonsense, -EIO it set FAILED or closed, -ENOMEM. Ownership: the caller owns
 * *@out and ends it with vio_port_close(). Thread safety: control call; any thread.
 */
VIO_API int vio_port_open(const char *address, struct vio_pool *pool,
			  const struct vio_port_opts *opts, struct vio_port **out);

/**
 * vio_port_close - reset the device and give every buffer back to the pool
 * @port: may be NULL. No thread may be inside a call on it or its queues
 */
VIO_API void vio_port_close(struct vio_port *port);

/* Fill @info, with the link's state as it is now; its strings belong to the port. Control call. */
VIO_API void vio_port_info(const struct vio_port *port, struct vio_port_info *info);

/**
 * vio_port_check - look after the port: backend alive, device status, queues in order; read the
 * link's state anew; kick a device that has left packets to send lying for 10 ms, once; bring a
 * port back that is not up
 *
 * A cheap control call (at most a few system calls, never blocks) for now and then, beside the data
 * path: the bursts themselves never ask. On a port that is not up, bursts return 0.
 *
 * The call that finds a port down says so; later ones try to bring it back (unless no_recover),
 * with growing pauses between attempts of up to 1 s, or 10 ms where there is nobody yet to be
 * reached. An attempt takes every buffer in flight back, resets the device or reaches the backend
 * anew, and gives it the features, rings and control state that it had; it takes at most a few
 * times timeout_ms, where a device does not answer. Queues stay where they are: whoever polls them
 * polls on, in whatever thread. What was in flight is lost, or sent again (in_flight), and counted:
 * packets = completed + taken_back + in flight, where packets sent again are counted again.
 *
 * Return: the state; vio_error_last() says what happened when it is not VIO_PORT_UP, and what is
 * being done about it.
 */
VIO_API enum vio_port_state vio_port_check(struct vio_port *port);

/*
 * Control calls. All of them: thread safety: one thread at a time on a port, beside its data path.
 * What the device has accepted is remembered. Return: 0, or a negative errno with vio_error_last()
 * telling more:
 *   -ENOTSUP the device does not offer what the call needs, or it was not negotiated;
 *   -EINVAL an argument is out of its range;
 *   -EIO the device refused;
 *   -ETIMEDOUT the device did not answer within timeout_ms: it is not asked again before a reset,
 *   so that a late answer can't be taken for another call's;
 *   -EPROTO the device answered nonsense: as -ETIMEDOUT;
 *   -EAGAIN the port is down and being brought back: nothing is remembered, call again when it is
 *   up.
 */

/**
 * vio_port_rx_mode_set - switch one of the receive modes on or off
 *
 * Needs the feature ctrl_rx; ctrl_rx_extra for VIO_RX_ALLUNI and what stands behind it. At first
 * all are as the device thinks right, which for promiscuous mode often means on.
 */
VIO_API int vio_port_rx_mode_set(struct vio_port *port, enum vio_rx_mode mode, bool on);

/**
 * vio_port_mac_set - give the port another address
 * @mac: unicast, and not zero
 *
 * Needs the feature ctrl_mac_addr, or a legacy device.
 */
VIO_API int vio_port_mac_set(struct vio_port *port, const struct vio_mac *mac);

#define VIO_MAC_TABLE_MAX 128

/**
 * vio_port_mac_table_set - receive frames to these addresses too, and to no others set before
 * @unicast: @n_unicast addresses; NULL where that is 0
 * @multicast: @n_multicast addresses; together at most VIO_MAC_TABLE_MAX
 *
 * Needs the feature ctrl_rx. A device whose own table is smaller receives more than was asked for.
 */
VIO_API int vio_port_mac_table_set(struct vio_port *port, const struct vio_mac *unicast,
				   uint16_t n_unicast, const struct vio_mac *multicast,
				   uint16_t n_multicast);

/**
 * vio_port_vlan_set - let frames of a VLAN through, or not any more
 * @vlan: 0 to 4095
 *
 * Needs the feature ctrl_vlan, which is negotiated only where the address says ctrl_vlan=on: from
 * then on the device drops tagged frames, but for the VLANs that are let through.
 */
VIO_API int vio_port_vlan_set(struct vio_port *port, uint16_t vlan, bool on);

/**
 * vio_port_queues_set - use so many queue pairs from now on
 * @queues: 1 to vio_port_info.queues
 *
 * The device puts frames into the receive queues of the first @queues pairs. Transmit queues behind
 * them take nothing; what a receive queue has already is still there to be fetched. No thread may
 * be sending on a queue pair that goes out of use.
 */
VIO_API int vio_port_queues_set(struct vio_port *port, uint16_t queues);

/**
 * vio_port_announce_ack - tell the device that the port has made itself known
 *
 * After the guest has moved to another host, the device asks for that (vio_port_info.announce). The
 * program sends what its network needs, a gratuitous ARP of each of its addresses, say, which only
 * it knows, and calls this then. Needs the feature guest_announce.
 */
VIO_API int vio_port_announce_ack(struct vio_port *port);

/**
 * vio_port_event_fd - what becomes readable when the device's configuration has changed
 *
 * For poll(2) and the like: once it is readable, vio_port_check() and vio_port_info() tell what the
 * link is like now, or that the device needs a reset; the check makes it unreadable again. Not for
 * reading.
 *
 * Return: a file that belongs to the port; -ENOTSUP: the port was opened without wait=on, or its
 * device has no such event: call vio_port_check() now and then.
 */
VIO_API int vio_port_event_fd(struct vio_port *port);

/* The queues, @i from 0 to vio_port_info.queues - 1; NULL beyond. They belong to the port. */
VIO_API struct vio_rxq *vio_port_rxq(struct vio_port *port, uint16_t i);
VIO_API struct vio_txq *vio_port_txq(struct vio_port *port, uint16_t i);

/**
 * vio_rx_burst - take packets that the device has finished writing
 * @rxq: exactly one thread may use it at a time
 * @pkts: receives up to @n entries, in order of arrival; a packet of several segments is never
 * split
 * @n: capacity of @pkts, in entries
 *
 * Never blocks, allocates from the heap, logs or makes a system call, except the kick that the
 * device asked for. Refills the ring from the pool.
 *
 * Return: entries stored, 0..@n. Completions that break the rules are counted (struct
 * vio_queue_stats). Ownership: the packets are the caller's: to send on, or to give back with
 * vio_pkt_put().
 */
static inline uint16_t vio_rx_burst(struct vio_rxq *rxq, struct vio_pkt *pkts, uint16_t n)
{
	/* A control call may stop the queue meanwhile. */
	return __atomic_load_n(&rxq->burst, __ATOMIC_RELAXED)(rxq, pkts, n);
}

#define VIO_WAIT_QUEUES_MAX 64

/**
 * vio_rx_wait_any - sleep until a packet has come to one of several queues
 * @rxqs: @n queues, 1 to VIO_WAIT_QUEUES_MAX, of ports that were opened with wait=on; the calling
 * thread's own, as for vio_rx_burst()
 * @timeout_ms: the longest sleep, in milliseconds
 *
 * A program polls for as long as packets come, and calls this when none has come for a while. It
 * never sleeps over a packet; it may wake without one. A queue short of buffers, since the pool had
 * run out, wakes after 10 ms, as only vio_rx_burst() fills it again. Two system calls at least, so
 * not for each burst.
 *
 * Return: 1: bursts may find something; 0: the time is over, or a signal came; -ENOTSUP a queue
 * can't notify; -EPIPE a queue has stopped: see vio_port_check(), which may let it go on; -EINVAL
 * @n.
 */
VIO_API int vio_rx_wait_any(struct vio_rxq *const *rxqs, uint16_t n, uint32_t timeout_ms);

/* The same for one queue. */
static inline int vio_rx_wait(struct vio_rxq *rxq, uint32_t timeout_ms)
{
	return vio_rx_wait_any(&rxq, 1, timeout_ms);
}

/**
 * vio_tx_burst - give packets to the device
 * @txq: exactly one thread may use it at a time
 * @pkts: @n entries; buffers of the port's pool, with net_hdr_len bytes (vio_port_info) of room in
 * front of each packet's first data. That room, and as much more as makes it 16 bytes, is
 * overwritten
 * @n: entries; the last one must end a packet
 *
 * Takes a prefix of whole packets. Malformed packets are taken, dropped and counted. Also gives
 * buffers of packets that the device is done with back to the pool; with @n 0 it does only that,
 * for a sender that falls idle.
 *
 * Return: entries taken; their buffers are the driver's. The rest stay the caller's: the ring was
 * full.
 */
static inline uint16_t vio_tx_burst(struct vio_txq *txq, const struct vio_pkt *pkts, uint16_t n)
{
	return __atomic_load_n(&txq->burst, __ATOMIC_RELAXED)(txq, pkts, n);
}

/* Snapshot of a queue's counters. Thread safety: any thread. */
VIO_API void vio_rxq_stats(const struct vio_rxq *rxq, struct vio_queue_stats *stats);
VIO_API void vio_txq_stats(const struct vio_txq *txq, struct vio_queue_stats *stats);

/* Packets given to the device and not given back yet. Thread safety: the queue's own thread. */
VIO_API uint32_t vio_txq_in_flight(const struct vio_txq *txq);

/**
 * vio_feature_name - the feature table, by bit
 *
 * Return: name of @bit, "mrg_rxbuf"; NULL: nobody has given it a meaning for a network device.
 */
VIO_API const char *vio_feature_name(unsigned int bit);

/* Bit of the feature called @name, or -ENOENT. */
VIO_API int vio_feature_bit(const char *name);

/* True if @bit is in @f. */
static inline bool vio_feature_in(const struct vio_features *f, unsigned int bit)
{
	return f->word[bit / 64] >> (bit % 64) & 1;
}

/**
 * vio_port_scheme - walk the kinds of address
 * @i: 0, 1, ...
 * @scheme: receives "loop"
 * @help: receives its form and options, several lines
 *
 * Return: false when @i is past the end; the texts are constants.
 */
VIO_API bool vio_port_scheme(unsigned int i, const char **scheme, const char **help);

VIO_EXTERN_C_END

#endif
