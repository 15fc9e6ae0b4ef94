/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BACKEND_FRAME_H
#define BACKEND_FRAME_H

#include <stdbool.h>
#include <stdint.h>
#include <vio/pkt.h>

/*
 * Our own frames: every byte follows from flow, sequence number and length, so that a receiver can
 * tell a frame that was changed, cut, mixed up with another one, lost or reordered.
 * Four words of header (addresses, type 0x88b5 "local experimental", flow, sequence number, length,
 * mark), then words that count up from a key.
 */
#define FRAME_HEADER 32u

enum frame_kind { FRAME_DATA = 0x764f4941, FRAME_HELLO = 0x764f4942 };

struct frame {
	uint64_t header[FRAME_HEADER / 8];
	uint64_t key;
};

void frame_init(struct frame *f, enum frame_kind kind, uint16_t flow, uint64_t seq, uint32_t len);

/* Write bytes @off to @off + @n of the frame to @dst. */
void frame_write(const struct frame *f, uint32_t off, void *dst, uint32_t n);

/* What the header of a received frame says. Return: false if the frame is none of ours. */
bool frame_header(const struct vio_pkt *pkts, uint16_t segments, enum frame_kind *kind,
		  uint16_t *flow, uint64_t *seq, uint32_t *len);

/* True if the packet is the frame, byte by byte. */
bool frame_same(const struct frame *f, const struct vio_pkt *pkts, uint16_t segments);

/* Bytes of a packet of @segments entries. */
uint32_t frame_len(const struct vio_pkt *pkts, uint16_t segments);

/*
 * A frame of dpdk-testpmd's txonly or flowgen: Ethernet, IPv4, UDP, with the lengths and the IPv4
 * checksum right.
 * @dst: receives the destination address
 */
bool frame_udp(const struct vio_pkt *pkts, uint16_t segments, uint32_t *dst);

#endif
