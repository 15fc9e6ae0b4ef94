/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LOOP_RULES_H
#define LOOP_RULES_H

#include <stdbool.h>
#include <stdint.h>

struct vio_loop;
struct queue;

/*
 * Every rule that the device holds the driver to: X(NAME, breaks, sentence). Where @breaks is true
 * the device cannot go on with the queue: it stops there and asks for a reset. The sections are
 * those of VIRTIO 1.4.
 */
#define LOOP_RULES(X) \
	/* 2.1 "Device Status Field", 3.1 "Device Initialization" */ \
	X(STATUS_CLEARED, false, "a status bit was cleared other than by a reset (2.1.1)") \
	X(STATUS_ORDER, false, "status bits were set out of order (3.1.1)") \
	X(STATUS_DEVICE_BIT, false, "a status bit that is the device's or reserved was set (2.1)") \
	X(FEATURES_LATE, false, "features were written outside DRIVER..FEATURES_OK (3.1.1)") \
	X(FEATURES_NOT_OFFERED, false, "a feature was taken that is not offered (2.2.1)") \
	X(FEATURES_UNMET, false, "a feature was taken without the one it requires (2.2.1)") \
	X(FEATURES_VERSION, false, "VERSION_1 was not taken (6.1)") \
	X(QUEUE_TIME, false, "a queue was set up outside FEATURES_OK..DRIVER_OK (3.1.1)") \
	X(QUEUE_NONE, false, "a queue was set up that does not exist (4.1.5.1.3)") \
	X(QUEUE_TWICE, false, "a queue was set up twice (4.1.4.3.2)") \
	X(QUEUE_LAYOUT, false, "the ring's layout is not the negotiated one (2.8)") \
	X(RING_SIZE, false, \
	  "the ring's size is 0, too large, or no power of two though split (2.7)") \
	X(RING_ALIGN, false, "a part of the ring is not aligned (2.7, 2.8.10.1)") \
	X(RING_OUTSIDE, false, "a part of the ring lies outside the shared region (2.6)") \
	X(KICK_EARLY, false, "a queue was kicked before DRIVER_OK (3.1.1)") \
	X(KICK_UNWANTED, false, \
	  "a queue was kicked though the device had suppressed it (2.7.10, 2.8.14)") \
	/* 2.7 "Split Virtqueues" */ \
	X(AVAIL_JUMP, true, "the available index moved by more than the ring has (2.7.6)") \
	X(AVAIL_FLAGS, false, "reserved bits of the available ring's flags are set (2.7.6)") \
	X(AVAIL_FLAGS_EVENT, false, \
	  "the available ring's flags are not 0 with EVENT_IDX (2.7.7.1)") \
	X(HEAD_RANGE, true, "the head of a chain is beyond the descriptor table (2.7.6)") \
	X(HEAD_IN_FLIGHT, true, "the head of a chain is still in flight (2.7.13)") \
	X(NEXT_RANGE, true, "a descriptor's next is beyond its table (2.7.5)") \
	X(CHAIN_LOOP, true, "a chain is longer than its table: it loops (2.7.5.3.1)") \
	X(CHAIN_LONG, true, "a chain has more buffers than the ring has entries (2.7.5.3.1)") \
	X(ORDER_HEAD, false, "with IN_ORDER a chain did not begin at the next slot (2.7.9)") \
	X(ORDER_NEXT, false, "with IN_ORDER a chain did not go on at the next slot (2.7.9)") \
	/* both layouts */ \
	X(DESC_FLAGS, false, "reserved bits of a descriptor's flags are set (2.7.5, 2.8.13)") \
	X(DESC_EMPTY, true, "a descriptor has no bytes, which most devices refuse") \
	X(DESC_OUTSIDE, true, "a buffer lies outside the shared region (2.6)") \
	X(DESC_ORDER, true, "a device-readable buffer stands behind a writable one (2.7.4.2)") \
	X(RX_READABLE, true, "a receive buffer is not device-writable (5.1.6.3)") \
	X(TX_WRITABLE, true, "a transmit buffer is device-writable (5.1.6.2)") \
	X(INDIRECT_REFUSED, true, "an indirect table was used that is not negotiated (2.7.5.3.1)") \
	X(INDIRECT_NEXT, true, "INDIRECT and NEXT are set at once (2.7.5.3.1, 2.8.19)") \
	X(INDIRECT_NESTED, true, "an indirect table holds an indirect descriptor (2.7.5.3.1)") \
	X(INDIRECT_LEN, true, \
	  "an indirect table's length is 0 or no multiple of 16 (2.7.5.3, 2.8.7)") \
	X(INDIRECT_FLAGS, false, \
	  "a packed indirect descriptor has flags other than WRITE (2.8.7)") \
	/* 2.8 "Packed Virtqueues" */ \
	X(PACKED_STATE, true, \
	  "AVAIL and USED are neither available, nor as the device left them (2.8.1)") \
	X(PACKED_CHAIN, true, "a chain's later descriptor is not available in this lap (2.8.6)") \
	X(PACKED_ID_RANGE, true, "a buffer id is not below the ring's size") \
	X(PACKED_ID_IN_FLIGHT, true, "a buffer id is still in flight (2.8.12)") \
	X(PACKED_EVENT_FLAGS, false, "the driver's event flags are reserved (2.8.10)") \
	X(PACKED_EVENT_DESC, false, "the driver's event flags need EVENT_IDX (2.8.10)") \
	X(PACKED_EVENT_OFFSET, false, "the driver's event offset is beyond the ring (2.8.10)") \
	/* 5.1.6 "Device Operation" of the network device */ \
	X(RX_SMALL, false, \
	  "a receive buffer is smaller than the negotiated features need (5.1.6.3.1)") \
	X(TX_SHORT, false, \
	  "a transmit buffer is shorter than header and Ethernet header (5.1.6.2)") \
	X(TX_LONG, false, "a frame exceeds what the negotiated features allow (5.1.4.2)") \
	X(TX_FLAGS, false, "a transmit header has flags other than NEEDS_CSUM (5.1.6.2.1)") \
	X(TX_NUM_BUFFERS, false, "a transmit header's num_buffers is not 0 (5.1.6.2.1)") \
	X(TX_CSUM_REFUSED, false, "NEEDS_CSUM is set without CSUM (5.1.6.2.1)") \
	X(TX_CSUM_RANGE, false, "csum_start and csum_offset point outside the frame (5.1.6.2.1)") \
	X(TX_GSO_TYPE, false, "a transmit header's gso_type has no meaning (5.1.6.2)") \
	X(TX_GSO_REFUSED, false, "a gso_type was used that is not negotiated (5.1.6.2.1)") \
	X(TX_GSO_CSUM, false, "a gso_type was used without NEEDS_CSUM (5.1.6.2.1)") \
	X(TX_GSO_SIZE, false, "a gso_type was used with gso_size 0 (5.1.6.2.1)") \
	X(TX_GSO_HDR_LEN, false, "hdr_len is beyond the frame (5.1.6.2.1)") \
	X(TX_TUNNEL, false, "the tunnel offsets do not fit the frame (5.1.6.2.1)") \
	/* 5.1.6.5 "Control Virtqueue" */ \
	X(CTRL_SHAPE, false, \
	  "a control command has no class and command, or no room for the ack (5.1.6.5)") \
	X(CTRL_PARTS, false, \
	  "a control command's header or ack has not a descriptor of its own, as older devices " \
	  "need it")

enum rule {
#define X(name, breaks, sentence) RULE_##name,
	LOOP_RULES(X)
#undef X
		RULES
};

/*
 * Report that the driver broke @rule; @detail is the number that shows it. Any thread.
 * Return: false, so that "return violate(...)" reads well.
 */
bool violate(struct vio_loop *loop, struct queue *q, enum rule rule, uint64_t detail);

/* The first violation as text; empty while there is none. */
const char *violation_first(const struct vio_loop *loop);

#endif
