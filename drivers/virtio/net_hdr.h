/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_NET_HDR_H
#define VIRTIO_NET_HDR_H

#include <vio/offload.h>
#include <vio/port.h>

#include "spec.h"

/* Bytes of the virtio-net header that @taken asks for ("Device Operation"). */
uint16_t net_hdr_len(const struct vio_features *taken);

/*
 * Build the header that the device gets for @pkt from the one that the application left in front of
 * it, which may be that of a received packet. Return: false if it asks for what was not negotiated
 * or contradicts the frame.
 */
bool net_hdr_for_tx(const struct vio_pkt *pkt, uint32_t frame_len, const struct vio_features *taken,
		    struct net_hdr *hdr);

#endif
