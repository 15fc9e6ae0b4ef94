/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>
#include <string.h>

#include "device.h"

/* All that the device has; "no=" takes from it. */
static const uint8_t have[] = {
	NET_F_CSUM,
	NET_F_GUEST_CSUM,
	NET_F_MTU,
	NET_F_MAC,
	NET_F_GUEST_TSO4,
	NET_F_GUEST_TSO6,
	NET_F_GUEST_ECN,
	NET_F_GUEST_UFO,
	NET_F_HOST_TSO4,
	NET_F_HOST_TSO6,
	NET_F_HOST_ECN,
	NET_F_HOST_UFO,
	NET_F_MRG_RXBUF,
	NET_F_STATUS,
	NET_F_CTRL_VQ,
	NET_F_CTRL_RX,
	NET_F_CTRL_VLAN,
	NET_F_CTRL_RX_EXTRA,
	NET_F_GUEST_ANNOUNCE,
	NET_F_MQ,
	NET_F_CTRL_MAC_ADDR,
	F_INDIRECT_DESC,
	F_EVENT_IDX,
	F_VERSION_1,
	F_RING_PACKED,
	F_IN_ORDER,
	F_RING_RESET,
	NET_F_GUEST_USO4,
	NET_F_GUEST_USO6,
	NET_F_HOST_USO,
	NET_F_HASH_REPORT,
	NET_F_SPEED_DUPLEX,
	NET_F_GUEST_UDP_TUNNEL_GSO,
	NET_F_GUEST_UDP_TUNNEL_GSO_CSUM,
	NET_F_HOST_UDP_TUNNEL_GSO,
	NET_F_HOST_UDP_TUNNEL_GSO_CSUM,
};

/* "Feature bit requirements" (5.1.3.1): @bit needs one of @any; several lines: each of them. */
static const struct need {
	uint8_t bit, n, any[2];
} needs[] = {
	{ NET_F_GUEST_TSO4, 1, { NET_F_GUEST_CSUM } },
	{ NET_F_GUEST_TSO6, 1, { NET_F_GUEST_CSUM } },
	{ NET_F_GUEST_ECN, 2, { NET_F_GUEST_TSO4, NET_F_GUEST_TSO6 } },
	{ NET_F_GUEST_UFO, 1, { NET_F_GUEST_CSUM } },
	{ NET_F_GUEST_USO4, 1, { NET_F_GUEST_CSUM } },
	{ NET_F_GUEST_USO6, 1, { NET_F_GUEST_CSUM } },
	{ NET_F_GUEST_UDP_TUNNEL_GSO, 1, { NET_F_GUEST_TSO4 } },
	{ NET_F_GUEST_UDP_TUNNEL_GSO, 1, { NET_F_GUEST_TSO6 } },
	{ NET_F_GUEST_UDP_TUNNEL_GSO, 1, { NET_F_GUEST_USO4 } },
	{ NET_F_GUEST_UDP_TUNNEL_GSO, 1, { NET_F_GUEST_USO6 } },
	{ NET_F_GUEST_UDP_TUNNEL_GSO_CSUM, 1, { NET_F_GUEST_UDP_TUNNEL_GSO } },
	{ NET_F_HOST_TSO4, 1, { NET_F_CSUM } },
	{ NET_F_HOST_TSO6, 1, { NET_F_CSUM } },
	{ NET_F_HOST_ECN, 2, { NET_F_HOST_TSO4, NET_F_HOST_TSO6 } },
	{ NET_F_HOST_UFO, 1, { NET_F_CSUM } },
	{ NET_F_HOST_USO, 1, { NET_F_CSUM } },
	{ NET_F_HOST_UDP_TUNNEL_GSO, 1, { NET_F_HOST_TSO4 } },
	{ NET_F_HOST_UDP_TUNNEL_GSO, 1, { NET_F_HOST_TSO6 } },
	{ NET_F_HOST_UDP_TUNNEL_GSO, 1, { NET_F_HOST_USO } },
	{ NET_F_HOST_UDP_TUNNEL_GSO_CSUM, 1, { NET_F_HOST_UDP_TUNNEL_GSO } },
	{ NET_F_CTRL_RX, 1, { NET_F_CTRL_VQ } },
	{ NET_F_CTRL_VLAN, 1, { NET_F_CTRL_VQ } },
	{ NET_F_CTRL_RX_EXTRA, 1, { NET_F_CTRL_VQ } },
	{ NET_F_GUEST_ANNOUNCE, 1, { NET_F_CTRL_VQ } },
	{ NET_F_MQ, 1, { NET_F_CTRL_VQ } },
	{ NET_F_CTRL_MAC_ADDR, 1, { NET_F_CTRL_VQ } },
};

static bool met(const struct need *need, const struct vio_features *f)
{
	for (unsigned int i = 0; i < need->n; i++)
		if (features_have(f, need->any[i]))
			return true;
	return !features_have(f, need->bit);
}

/* Bytes of configuration that a device with this offer has ("Device configuration layout"). */
static size_t config_len(const struct vio_features *offered)
{
	static const struct {
		uint8_t bit;
		size_t end;
	} fields[] = {
		{ NET_F_MAC, offsetof(struct net_config, status) },
		{ NET_F_STATUS, offsetof(struct net_config, max_virtqueue_pairs) },
		{ NET_F_MQ, offsetof(struct net_config, mtu) },
		{ NET_F_MTU, offsetof(struct net_config, speed) },
		{ NET_F_SPEED_DUPLEX, offsetof(struct net_config, rss_max_key_size) },
		{ NET_F_HASH_REPORT, offsetof(struct net_config, supported_tunnel_types) },
	};
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (features_have(offered, fields[i].bit))
			len = fields[i].end;
	return len;
}

/* A local address that differs by seed, so that two ports of a pair can be told apart. */
void loop_config_fill(struct vio_loop *loop)
{
	const uint8_t mac[6] = {
		0x02, 'v', 'i', 'o', (uint8_t)(loop->opt.seed >> 8), (uint8_t)loop->opt.seed
	};

	memcpy(loop->config.mac, mac, sizeof(mac));
	loop->config.status = le16_from(NET_STATUS_LINK_UP);
	loop->config.max_virtqueue_pairs = le16_from((uint16_t)loop->opt.max_queues);
	loop->config.mtu = le16_from((uint16_t)loop->opt.mtu);
	loop->config.speed = le32_from((uint32_t)loop->opt.speed);
	loop->config.duplex = loop->opt.speed == UINT32_MAX ? UINT8_MAX : NET_DUPLEX_FULL;
}

/* What is left of the offer without @no: a device offers nothing whose need it lacks. */
void loop_offer(struct vio_loop *loop)
{
	struct vio_features *f = &loop->offered;
	bool again = true;

	for (size_t i = 0; i < ARRAY_SIZE(have); i++)
		if (!features_have(&loop->opt.no, have[i]))
			features_add(f, have[i]);
	while (again) {
		again = false;
		for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
			if (met(&needs[i], f))
				continue;
			features_drop(f, needs[i].bit);
			again = true;
		}
	}
	loop_config_fill(loop);
	loop->config_len = config_len(f);
}

static bool any_of(const struct vio_features *a, const struct vio_features *b)
{
	return (a->word[0] & b->word[0]) || (a->word[1] & b->word[1]);
}

/* May FEATURES_OK be set? Reports what is wrong with the choice. */
bool loop_features_met(struct vio_loop *loop, const struct vio_features *taken)
{
	bool ok = !any_of(taken, &loop->opt.refuse);
	struct vio_features alien = { { taken->word[0] & ~loop->offered.word[0],
					taken->word[1] & ~loop->offered.word[1] } };

	if (alien.word[0] || alien.word[1])
		ok = violate(loop, NULL, RULE_FEATURES_NOT_OFFERED,
			     alien.word[0] ? alien.word[0] : alien.word[1]);
	if (!features_have(taken, F_VERSION_1))
		ok = violate(loop, NULL, RULE_FEATURES_VERSION, taken->word[0]);
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++)
		if (!met(&needs[i], taken))
			ok = violate(loop, NULL, RULE_FEATURES_UNMET, needs[i].bit);
	return ok;
}

static bool has_tunnel(const struct vio_loop *loop)
{
	return loop_has(loop, NET_F_GUEST_UDP_TUNNEL_GSO) ||
	       loop_has(loop, NET_F_HOST_UDP_TUNNEL_GSO);
}

static uint16_t header_len(const struct vio_loop *loop)
{
	if (has_tunnel(loop))
		return NET_HDR_LEN_TUNNEL;
	return loop_has(loop, NET_F_HASH_REPORT) ? NET_HDR_LEN_HASH : NET_HDR_LEN_BASE;
}

/* "Setting Up Receive Buffers" (5.1.6.3.1): the least that each buffer must take. */
static uint32_t receive_need(const struct vio_loop *loop)
{
	static const uint8_t large[] = { NET_F_GUEST_TSO4, NET_F_GUEST_TSO6, NET_F_GUEST_UFO,
					 NET_F_GUEST_USO4, NET_F_GUEST_USO6 };

	if (loop->mrg)
		return loop->hdr_len;
	for (size_t i = 0; i < ARRAY_SIZE(large); i++)
		if (loop_has(loop, large[i]))
			return loop->hdr_len + NET_LARGE_FRAME_MAX;
	return loop->hdr_len + 14u + (loop_has(loop, NET_F_MTU) ? (uint32_t)loop->opt.mtu : 1500u);
}

/* Derive what the negotiated features mean for the data path. */
void loop_features_apply(struct vio_loop *loop)
{
	loop->event_idx = loop_has(loop, F_EVENT_IDX);
	loop->indirect = loop_has(loop, F_INDIRECT_DESC);
	loop->mrg = loop_has(loop, NET_F_MRG_RXBUF);
	loop->packed = loop_has(loop, F_RING_PACKED);
	loop->hdr_len = header_len(loop);
	loop->rx_need = receive_need(loop);
	/* Link-level header and up to two VLAN tags are not counted by the MTU. */
	loop->tx_max = loop_has(loop, NET_F_MTU) ? (uint32_t)loop->opt.mtu + 22u : LOOP_FRAME_MAX;
	loop->pairs = 1;
	loop->ctrl_index = UINT16_MAX;
	if (loop_has(loop, NET_F_CTRL_VQ))
		loop->ctrl_index =
			loop_has(loop, NET_F_MQ) ? (uint16_t)(2 * loop->opt.max_queues) : 2;
}
