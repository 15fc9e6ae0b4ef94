/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIO_OFFLOAD_H
#define VIO_OFFLOAD_H

#include <vio/pkt.h>
#include <vio/types.h>

VIO_EXTERN_C_BEGIN

enum vio_gso { VIO_GSO_NONE, VIO_GSO_TCP4, VIO_GSO_UDP, VIO_GSO_TCP6, VIO_GSO_UDP_L4 };

/**
 * struct vio_offload - what is left to do, or has been done, for a packet's checksums and segments
 * @csum_needed: the checksum from csum_start on is still to be computed and stored csum_offset
 * behind csum_start; the field holds the sum of the pseudo header
 * @csum_valid: receive only: the device has checked the outermost transport checksum
 * @csum_start: bytes from the start of the frame
 * @csum_offset: bytes from csum_start
 * @gso: kind of segmentation to do; VIO_GSO_NONE: none
 * @gso_size: payload bytes of each segment
 * @gso_hdr_len: bytes of headers in front of the payload (a hint on receive)
 * @gso_ecn: the TCP packet has CWR set
 */
struct vio_offload {
	bool csum_needed;
	bool csum_valid;
	bool gso_ecn;
	enum vio_gso gso;
	uint16_t csum_start;
	uint16_t csum_offset;
	uint16_t gso_size;
	uint16_t gso_hdr_len;
};

/**
 * vio_offload_get - read and check the offload data of a received packet
 * @pkt: first entry of the packet
 * @frame_len: bytes of the whole frame, over all its segments
 * @out: receives the data; zeroed when @pkt has no VIO_PKT_OFFLOAD
 *
 * The header was written by the device, so each field is read once and checked against the frame
 * (VIRTIO 1.4, 5.1.6.4.2, "Driver Requirements: Processing of Incoming Packets").
 *
 * Return: 0, or -EBADMSG if the header contradicts the frame; drop the packet then.
 */
VIO_API int vio_offload_get(const struct vio_pkt *pkt, uint32_t frame_len, struct vio_offload *out);

/**
 * vio_offload_set - ask the device for checksum or segmentation of a packet to be sent
 * @pkt: first entry; data needs at least @net_hdr_len bytes in front of it in the same buffer. Sets
 * VIO_PKT_OFFLOAD
 * @net_hdr_len: the port's header size (struct vio_port_info)
 * @frame_len: bytes of the whole frame
 * @off: what is wanted; csum_valid is ignored
 *
 * The caller asks only for what the port has negotiated (struct vio_port_info).
 * (VIRTIO 1.4, 5.1.6.2.1.)
 *
 * Return: 0, or -EINVAL if the fields contradict each other or the frame; @pkt is untouched then.
 */
VIO_API int vio_offload_set(struct vio_pkt *pkt, uint16_t net_hdr_len, uint32_t frame_len,
			    const struct vio_offload *off);

VIO_EXTERN_C_END

#endif
