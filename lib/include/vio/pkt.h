/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIO_PKT_H
#define VIO_PKT_H

#include <vio/types.h>

VIO_EXTERN_C_BEGIN

/*
 * A packet is a value: 16 bytes in an array of the caller's. There is no per-packet object in
 * memory. A packet of several segments is consecutive entries, all but the last with VIO_PKT_MORE;
 * a burst never splits one.
 */
struct vio_pkt {
	void *data;   /* first byte of the frame (or of this segment), inside a buffer of the port's
			 pool */
	uint32_t len; /* bytes at data */
	uint16_t flags;       /* VIO_PKT_* */
	uint16_t net_hdr_len; /* bytes of virtio-net header directly in front of data; only with
				 VIO_PKT_OFFLOAD */
};

#define VIO_PKT_MORE    0x0001u /* the next entry is the next segment of this packet */
#define VIO_PKT_OFFLOAD 0x0002u /* there is offload data in front of data; see vio/offload.h */

/* Room in front of data that vio_pkt_get() and receive leave: for the virtio-net header and for
 * pushing headers. */
#define VIO_PKT_HEADROOM 128u

/* Entries of @n that the first packet of @pkts takes; 0: the array ends inside it. */
static inline uint16_t vio_pkt_segments(const struct vio_pkt *pkts, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++)
		if (!(pkts[i].flags & VIO_PKT_MORE))
			return (uint16_t)(i + 1);
	return 0;
}

VIO_EXTERN_C_END

#endif
