/* SPDX-License-Identifier: BSD-3-Clause */
#include "net_hdr.h"

#include <errno.h>
#include <string.h>

#include "../../lib/base/atomics.h"
#include "../../lib/base/err.h"
#include "feature_bits.h"

/* What each kind of segmentation is called on the wire, and which feature lets us send it; by enum
 * vio_gso. */
static const struct gso_kind {
	uint8_t wire;
	uint8_t host_bit;
} kinds[] = {
	[VIO_GSO_NONE] = { NET_GSO_NONE, NET_F_CSUM },
	[VIO_GSO_TCP4] = { NET_GSO_TCPV4, NET_F_HOST_TSO4 },
	[VIO_GSO_UDP] = { NET_GSO_UDP, NET_F_HOST_UFO },
	[VIO_GSO_TCP6] = { NET_GSO_TCPV6, NET_F_HOST_TSO6 },
	[VIO_GSO_UDP_L4] = { NET_GSO_UDP_L4, NET_F_HOST_USO },
};

uint16_t net_hdr_len(const struct vio_features *taken)
{
	if (features_have(taken, NET_F_OUT_NET_HEADER) || features_have(taken, NET_F_IPSEC))
		return NET_HDR_LEN_OUTER;
	if (features_have(taken, NET_F_GUEST_UDP_TUNNEL_GSO) ||
	    features_have(taken, NET_F_HOST_UDP_TUNNEL_GSO))
		return NET_HDR_LEN_TUNNEL;
	if (features_have(taken, NET_F_HASH_REPORT))
		return NET_HDR_LEN_HASH;
	if (!features_have(taken, F_VERSION_1) && !features_have(taken, NET_F_MRG_RXBUF))
		return NET_HDR_LEN_LEGACY;
	return NET_HDR_LEN_BASE;
}

/* The checksum field must lie in the frame; segmentation needs a size and a checksum to complete.
 */
static bool offload_is_sound(const struct vio_offload *off, uint32_t frame_len)
{
	if (off->csum_needed && (uint32_t)off->csum_start + off->csum_offset + 2 > frame_len)
		return false;
	if (off->gso == VIO_GSO_NONE)
		return !off->gso_ecn;
	return off->gso_size && off->csum_needed && (unsigned int)off->gso < ARRAY_SIZE(kinds) &&
	       (!off->gso_ecn || off->gso == VIO_GSO_TCP4 || off->gso == VIO_GSO_TCP6);
}

/* Read the header once, field by field: on receive, the device may still write it. */
static bool header_read(const struct vio_pkt *pkt, struct vio_offload *off)
{
	const void *at = (const char *)pkt->data - pkt->net_hdr_len;
	const struct net_hdr *hdr = at;
	uint8_t flags = ring_load(&hdr->flags), type = ring_load(&hdr->gso_type);

	*off = (struct vio_offload){
		.csum_needed = flags & NET_HDR_NEEDS_CSUM,
		.csum_valid = flags & NET_HDR_DATA_VALID,
		.gso_ecn = type & NET_GSO_ECN,
		.csum_start = le16_to(ring_load(&hdr->csum_start)),
		.csum_offset = le16_to(ring_load(&hdr->csum_offset)),
		.gso_size = le16_to(ring_load(&hdr->gso_size)),
		.gso_hdr_len = le16_to(ring_load(&hdr->hdr_len)),
	};
	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].wire == (type & ~NET_GSO_ECN)) {
			off->gso = (enum vio_gso)i;
			return true;
		}
	return false;
}

/*
 * Read the header and check it against the frame. What it says of the headers' length is a hint, of
 * which nothing is left where it contradicts the frame: the next device would be told it.
 */
static bool header_read_sound(const struct vio_pkt *pkt, uint32_t frame_len,
			      struct vio_offload *off)
{
	if (!header_read(pkt, off) || !offload_is_sound(off, frame_len))
		return false;
	if (off->gso_hdr_len > frame_len)
		off->gso_hdr_len = 0;
	return true;
}

static void header_write(struct net_hdr *hdr, const struct vio_offload *off)
{
	*hdr = (struct net_hdr){
		.flags = off->csum_needed ? NET_HDR_NEEDS_CSUM : 0,
		.gso_type = (uint8_t)(kinds[off->gso].wire | (off->gso_ecn ? NET_GSO_ECN : 0)),
	};
	if (off->csum_needed) {
		hdr->csum_start = le16_from(off->csum_start);
		hdr->csum_offset = le16_from(off->csum_offset);
	}
	if (off->gso != VIO_GSO_NONE) {
		hdr->gso_size = le16_from(off->gso_size);
		hdr->hdr_len = le16_from(off->gso_hdr_len);
	}
}

bool net_hdr_for_tx(const struct vio_pkt *pkt, uint32_t frame_len, const struct vio_features *taken,
		    struct net_hdr *hdr)
{
	struct vio_offload off;

	if (pkt->net_hdr_len < NET_HDR_LEN_LEGACY || !header_read_sound(pkt, frame_len, &off))
		return false;
	if (off.csum_needed && !features_have(taken, NET_F_CSUM))
		return false;
	if (off.gso != VIO_GSO_NONE && !features_have(taken, kinds[off.gso].host_bit))
		return false;
	if (off.gso_ecn && !features_have(taken, NET_F_HOST_ECN))
		return false;
	header_write(hdr, &off);
	return true;
}

int vio_offload_get(const struct vio_pkt *pkt, uint32_t frame_len, struct vio_offload *out)
{
	struct vio_offload off = { 0 };

	if (pkt->flags & VIO_PKT_OFFLOAD && !header_read_sound(pkt, frame_len, &off))
		return err_set(ERR_NET_HDR, -EBADMSG,
			       "offload header contradicts its frame of %u bytes: checksum at "
			       "%u+%u, segments of %u",
			       frame_len, off.csum_start, off.csum_offset, off.gso_size);
	*out = off;
	return 0;
}

int vio_offload_set(struct vio_pkt *pkt, uint16_t hdr_len, uint32_t frame_len,
		    const struct vio_offload *off)
{
	struct net_hdr hdr;

	if (hdr_len < NET_HDR_LEN_LEGACY || !offload_is_sound(off, frame_len))
		return err_set(ERR_OPTS, -EINVAL,
			       "offload data contradicts the frame of %u bytes: checksum at %u+%u, "
			       "segments of %u, header of %u",
			       frame_len, off->csum_start, off->csum_offset, off->gso_size,
			       hdr_len);
	header_write(&hdr, off);
	memcpy((char *)pkt->data - hdr_len, &hdr, min_size(hdr_len, sizeof(hdr)));
	pkt->net_hdr_len = hdr_len;
	pkt->flags |= VIO_PKT_OFFLOAD;
	return 0;
}
