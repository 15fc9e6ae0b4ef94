/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_FRAME_H
#define APP_FRAME_H

#include <vio/pkt.h>

#include "flow.h"
#include "parse.h"
#include "payload.h"
#include "size.h"

/*
 * What the generator sends: Ethernet, up to two VLAN tags, perhaps VXLAN with another Ethernet
 * header; then ARP, or IPv4 or IPv6 with UDP, TCP or ICMP echo. First in the payload (of ARP: in
 * what fills the frame up) stands the header of the Linux kernel's pktgen, which Wireshark reads,
 * then two bytes of ours:
 *
 *     magic 0xbe9be955 | sequence | seconds | microseconds | stream:6, nanoseconds:10
 *
 * all big endian, 18 bytes, as many as a 64-byte frame of UDP over IPv4, or of ARP, has. The rest
 * is a fixed pattern.
 */
#define FRAME_MAGIC       0xbe9be955u
#define FRAME_PAYLOAD     18u
#define FRAME_STREAM_BITS 6u
#define FRAME_STREAMS     (1u << FRAME_STREAM_BITS)
#define FRAME_HEAD_MAX    160u

/* As it lies in the frame. */
struct frame_payload {
	uint32_t magic, seq, sec, usec;
	uint16_t stream_ns;
} __attribute__((packed));
_Static_assert(sizeof(struct frame_payload) == FRAME_PAYLOAD, "18 bytes fill a 64-byte frame");

/* An Ethernet frame around the frame, as a tunnel's end sends it (RFC 7348). */
struct vxlan_spec {
	bool on;
	uint32_t vni;
	struct field src, dst;         /* one IPv4 address each */
	struct field src_mac, dst_mac; /* one each; count 0: the first of the inner frame */
};

/* "5000", "5000,src=198.19.0.1,dst=198.19.0.2,src-mac=02:...,dst-mac=02:...": VNI, and of the outer
 * header what is not as by default. Return: true, or false with @why set. */
bool vxlan_read(const char *text, struct vxlan_spec *out, struct why *why);

/* What is the same in all frames. 0 everywhere: the default. */
struct frame_style {
	uint64_t tos, ttl; /* of the outer and the inner header; ttl 0: 64 */
	struct vxlan_spec vxlan;
	struct payload_spec payload;
};

/* "udp", "tcp", "icmp", "arp" */
bool frame_proto_read(const char *text, enum frame_proto *out, struct why *why);

struct frame_spec {
	struct frame_style style;
	struct flow_spec flow;
	const struct sizes *sizes;
};

/* The frames of the way back. */
void frame_spec_turn(struct frame_spec *spec);

/* A frame of one size, ready but for flow, sequence, time and checksum. */
struct frame_template {
	uint8_t head[FRAME_HEAD_MAX];
	uint32_t l4_sum; /* pseudo header, header and pattern, without the flow's part */
	uint16_t ip_sum; /* IPv4 header, without the flow's part */
	uint16_t len;    /* bytes in the buffer: the size without the FCS */
} __attribute__((aligned(64)));

/* Where things are, in bytes from the frame's beginning; 0: not there. */
struct frame_places {
	uint16_t tags;             /* first VLAN tag's id */
	uint16_t outer_ip;         /* VXLAN: outer IPv4 header */
	uint16_t macs;             /* Ethernet header around l3 */
	uint16_t l3, l4, payload;  /* l4 of ARP: where an IPv4 header would end */
	uint16_t tuple, tuple_len; /* addresses, and in IP ports behind them */
	uint16_t csum;             /* of l4 */
	uint16_t number;           /* of an ICMP echo */
};

/* All that the frames of one direction need; read only while workers send. */
struct frames {
	struct frame_places at;
	enum frame_proto proto;
	uint8_t tags;
	bool v6;
	bool simple; /* UDP or TCP, a short head, and nothing but addresses and ports varies */
	struct frame_template *templates; /* by index of sizes */
	const struct sizes *sizes;
	struct flow_table flows;
	struct painted *painted;         /* NULL: the pattern is written into every frame */
	uint8_t pattern[SIZE_MAX_FRAME]; /* the frame's bytes behind the head */
};

/* Where in the turn of sizes and flows a sender is. */
struct frame_cursor {
	uint32_t size, flow;
};

/* Where the headers of @spec stand. */
struct frame_places frame_place(const struct frame_spec *spec);

/* The least size (FCS included) that holds all headers of @spec and the payload's. */
unsigned int frame_least_size(const struct frame_spec *spec);

/*
 * Prepare for building. sizes of @spec must outlive @out.
 * Return: true; false with @why set: a size too small for the headers, too many flows, no memory, a
 * payload that can't be read, or options that such frames have no room for.
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
