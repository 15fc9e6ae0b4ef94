/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_FRAME_H
#define APP_FRAME_H

#include <vio/pkt.h>

#include "flow.h"
#include "parse.h"
#include "size.h"

/*
 * What the generator sends: Ethernet, up to two VLAN tags, IPv4 or IPv6, UDP, and first in the
 * payload the header of the Linux kernel's pktgen, which Wireshark reads, then two bytes of ours:
 *
 *     magic 0xbe9be955 | sequence | seconds | microseconds | stream:6, nanoseconds:10
 *
 * all big endian, 18 bytes, as many as a 64-byte frame of IPv4 has. The rest is a fixed pattern.
 */
#define FRAME_MAGIC       0xbe9be955u
#define FRAME_PAYLOAD     18u
#define FRAME_STREAM_BITS 6u
#define FRAME_STREAMS     (1u << FRAME_STREAM_BITS)
#define FRAME_HEAD_MAX    96u

/* As it lies in the frame. */
struct frame_payload {
	uint32_t magic, seq, sec, usec;
	uint16_t stream_ns;
} __attribute__((packed));
_Static_assert(sizeof(struct frame_payload) == FRAME_PAYLOAD, "18 bytes fill a 64-byte frame");

struct frame_spec {
	uint8_t src_mac[6], dst_mac[6];
	struct vlan_list vlans;
	struct flow_spec flow;
	const struct sizes *sizes;
};

/* A frame of one size, ready but for flow, sequence, time and checksum. */
struct frame_template {
	uint8_t head[FRAME_HEAD_MAX];
	uint32_t l4_sum; /* pseudo header, UDP header and pattern, without the flow's part */
	uint16_t ip_sum; /* IPv4 header, without the flow's part */
	uint16_t len;    /* bytes in the buffer: the size without the FCS */
} __attribute__((aligned(64)));

/* All that the frames of one direction need; read only while workers send. */
struct frames {
	uint16_t l3, l4, payload; /* offsets in the frame */
	uint16_t tuple, tuple_len;
	bool v6;
	struct frame_template *templates; /* by index of sizes */
	const struct sizes *sizes;
	struct flow *flows;
	uint32_t n_flows;
	uint8_t pattern[SIZE_MAX_FRAME]; /* the frame's bytes behind the head */
};

/* Where in the turn of sizes and flows a sender is. */
struct frame_cursor {
	uint32_t size, flow;
};

/* The least size (FCS included) that holds all headers of @spec and the payload's. */
unsigned int frame_least_size(const struct frame_spec *spec);

/*
 * Prepare for building. sizes of @spec must outlive @out.
 * Return: true; false with @why set: a size too small for the headers, too many flows, no memory.
 * End with frames_fini().
 */
bool frames_init(struct frames *out, const struct frame_spec *spec, struct why *why);
void frames_fini(struct frames *f);

/**
 * frames_build - write frames into buffers
 * @f: what to build
 * @cursor: moved on by @n
 * @pkts: @n packets with room behind data for the frame and at least FRAME_HEAD_MAX bytes; receives
 * their lengths
 * @n: how many
 * @stream: 0 to FRAME_STREAMS - 1
 * @seq: sequence number of the first
 * @now_ns: time since 1970, for all of them
 *
 * Return: bytes, with the FCS.
 */
uint32_t frames_build(const struct frames *f, struct frame_cursor *cursor, struct vio_pkt *pkts,
		      uint16_t n, unsigned int stream, uint32_t seq, uint64_t now_ns);

/* Move @cursor back over the last @n frames, which were not sent. */
void frames_rewind(const struct frames *f, struct frame_cursor *cursor, uint32_t n);

#endif
