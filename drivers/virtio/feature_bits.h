/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_FEATURE_BITS_H
#define VIRTIO_FEATURE_BITS_H

#include <vio/port.h>

/* Bit numbers: VIRTIO 1.4, "Reserved Feature Bits" and 5.1.3 "Feature bits". */
enum {
	NET_F_CSUM = 0,
	NET_F_GUEST_CSUM = 1,
	NET_F_CTRL_GUEST_OFFLOADS = 2,
	NET_F_MTU = 3,
	NET_F_MAC = 5,
	NET_F_GUEST_TSO4 = 7,
	NET_F_GUEST_TSO6 = 8,
	NET_F_GUEST_ECN = 9,
	NET_F_GUEST_UFO = 10,
	NET_F_HOST_TSO4 = 11,
	NET_F_HOST_TSO6 = 12,
	NET_F_HOST_ECN = 13,
	NET_F_HOST_UFO = 14,
	NET_F_MRG_RXBUF = 15,
	NET_F_STATUS = 16,
	NET_F_CTRL_VQ = 17,
	NET_F_CTRL_RX = 18,
	NET_F_CTRL_VLAN = 19,
	NET_F_CTRL_RX_EXTRA = 20,
	NET_F_GUEST_ANNOUNCE = 21,
	NET_F_MQ = 22,
	NET_F_CTRL_MAC_ADDR = 23,
	F_NOTIFY_ON_EMPTY = 24,
	F_ANY_LAYOUT = 27,
	F_INDIRECT_DESC = 28,
	F_EVENT_IDX = 29,
	F_VERSION_1 = 32,
	F_ACCESS_PLATFORM = 33,
	F_RING_PACKED = 34,
	F_IN_ORDER = 35,
	F_ORDER_PLATFORM = 36,
	F_SR_IOV = 37,
	F_NOTIFICATION_DATA = 38,
	F_NOTIF_CONFIG_DATA = 39,
	F_RING_RESET = 40,
	F_ADMIN_VQ = 41,
	F_SUSPEND = 43,
	NET_F_DEVICE_STATS = 50,
	NET_F_HASH_TUNNEL = 51,
	NET_F_VQ_NOTF_COAL = 52,
	NET_F_NOTF_COAL = 53,
	NET_F_GUEST_USO4 = 54,
	NET_F_GUEST_USO6 = 55,
	NET_F_HOST_USO = 56,
	NET_F_HASH_REPORT = 57,
	NET_F_GUEST_HDRLEN = 59,
	NET_F_RSS = 60,
	NET_F_RSC_EXT = 61,
	NET_F_STANDBY = 62,
	NET_F_SPEED_DUPLEX = 63,
	NET_F_RSS_CONTEXT = 64,
	NET_F_GUEST_UDP_TUNNEL_GSO = 65,
	NET_F_GUEST_UDP_TUNNEL_GSO_CSUM = 66,
	NET_F_HOST_UDP_TUNNEL_GSO = 67,
	NET_F_HOST_UDP_TUNNEL_GSO_CSUM = 68,
	NET_F_OUT_NET_HEADER = 69,
	NET_F_IPSEC = 70,
};

/* Bit 30 belongs to vhost-user (protocol features) and never reaches the driver. */
#define VHOST_USER_F_PROTOCOL_FEATURES 30

static inline void features_add(struct vio_features *f, unsigned int bit)
{
	f->word[bit / 64] |= UINT64_C(1) << (bit % 64);
}

static inline void features_drop(struct vio_features *f, unsigned int bit)
{
	f->word[bit / 64] &= ~(UINT64_C(1) << (bit % 64));
}

static inline bool features_have(const struct vio_features *f, unsigned int bit)
{
	return vio_feature_in(f, bit);
}

#endif
