/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../drivers/virtio/net_hdr.h"

#include <vio/offload.h>

#include "../../drivers/virtio/feature_bits.h"
#include "../cases.h"
#include "input.h"

/* The header in front of a frame: from the device, and from the application to be sent. */

static char room[128];

/* What is believed of it describes the frame, and comes back the same. */
static void check(const struct vio_offload *off, struct vio_pkt *pkt, uint32_t frame_len)
{
	struct vio_offload again;

	if (off->csum_needed)
		assert_true((uint32_t)off->csum_start + off->csum_offset + 2 <= frame_len);
	if (off->gso != VIO_GSO_NONE)
		assert_true(off->gso_size && off->csum_needed);
	assert_int_equal(vio_offload_set(pkt, NET_HDR_LEN_BASE, frame_len, off), 0);
	assert_int_equal(vio_offload_get(pkt, frame_len, &again), 0);
	assert_int_equal(again.csum_needed, off->csum_needed);
	assert_int_equal(again.gso, off->gso);
	assert_int_equal(again.gso_size, off->gso != VIO_GSO_NONE ? off->gso_size : 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	const uint32_t frame_len = input_u32(&in) >> (input_u8(&in) & 31);
	struct vio_features taken = { { input_u64(&in), input_u64(&in) } };
	struct vio_pkt pkt = {
		.data = room + 64,
		.len = frame_len,
		.flags = VIO_PKT_OFFLOAD,
		.net_hdr_len = NET_HDR_LEN_BASE,
	};
	const uint16_t hdr_len = net_hdr_len(&taken);
	struct vio_offload off;
	struct net_hdr hdr;

	assert_true(hdr_len >= NET_HDR_LEN_LEGACY && hdr_len <= 64);
	input_take(&in, room + 64 - NET_HDR_LEN_BASE, NET_HDR_LEN_BASE);
	if (net_hdr_for_tx(&pkt, frame_len, &taken, &hdr) && hdr.flags & NET_HDR_NEEDS_CSUM)
		assert_true(features_have(&taken, NET_F_CSUM));
	if (vio_offload_get(&pkt, frame_len, &off) == 0)
		check(&off, &pkt, frame_len);
	return 0;
}
