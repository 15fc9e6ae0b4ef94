/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "transport.h"

/* What a device can say that is false while it is started, and what becomes of the port. */

static bool unicast_mac(const struct vio_port_info *info)
{
	static const uint8_t none[6];

	return !(info->mac[0] & 1) && memcmp(info->mac, none, sizeof(none)) != 0;
}

static bool mtu_1500(const struct vio_port_info *info)
{
	return info->mtu == 1500 && !vio_feature_in(&info->taken, NET_F_MTU);
}

static bool mtu_kept(const struct vio_port_info *info)
{
	return info->mtu == 1500 && vio_feature_in(&info->taken, NET_F_MTU);
}

static bool mac_kept(const struct vio_port_info *info)
{
	return !memcmp(info->mac, "\2vio", 4);
}

static bool mtu_68(const struct vio_port_info *info)
{
	return info->mtu == 68;
}

static bool mtu_65535(const struct vio_port_info *info)
{
	return info->mtu == 65535;
}

static bool one_pair(const struct vio_port_info *info)
{
	return info->queues == 1 && info->queues_max == 1;
}

static bool two_pairs(const struct vio_port_info *info)
{
	return info->queues == 2 && info->queues_live == 2;
}

static bool speed_unknown(const struct vio_port_info *info)
{
	return !info->speed_mbps;
}

static bool duplex_unknown(const struct vio_port_info *info)
{
	return info->duplex == VIO_DUPLEX_UNKNOWN;
}

static bool link_down(const struct vio_port_info *info)
{
	return !info->link_up;
}

static bool no_mq(const struct vio_port_info *info)
{
	return info->queues == 1 && !vio_feature_in(&info->taken, NET_F_MQ);
}

static bool no_tso(const struct vio_port_info *info)
{
	return !vio_feature_in(&info->taken, NET_F_GUEST_TSO4);
}

static bool two_entries(const struct vio_port_info *info)
{
	return info->entries == 2;
}

/* A split ring's size is a power of two. */
static bool three_entries(const struct vio_port_info *info)
{
	return info->entries == (vio_feature_in(&info->taken, F_RING_PACKED) ? 3 : 2);
}

#define FEATURE(answer_, bit_)  ASKED_FEATURES, ANSWER_##answer_, (bit_)
#define STATUS(answer_, value_) ASKED_STATUS, ANSWER_##answer_, (value_)
#define CONFIG(field_, size_, value_) \
	ASKED_CONFIG, ANSWER_SET, (value_), .off = offsetof(struct net_config, field_), \
					    .size = (size_)
#define QUEUE_SIZE(value_) ASKED_QUEUE_SIZE, ANSWER_SET, (value_)
#define AFTER(bits_)       .status = (bits_)
#define REFUSED(rc_)       .rc = -(rc_)

#define MAC(a, b, c, d, e, f) \
	((a) | (b) << 8 | (c) << 16 | UINT64_C(d) << 24 | UINT64_C(e) << 32 | UINT64_C(f) << 40)
#define UP_TO_DRIVER   (STATUS_ACKNOWLEDGE | STATUS_DRIVER)
#define UP_TO_FEATURES (UP_TO_DRIVER | STATUS_FEATURES_OK)
#define UP_TO_LIVE     (UP_TO_FEATURES | STATUS_DRIVER_OK)

/* clang-format off */
const struct device_lie device_lies[] = {
	/* ---- features ---- */
	{ "no-version-1", "VERSION_1 is not offered", FEATURE(AND, F_VERSION_1), REFUSED(ENOTSUP) },
	{ "every-feature", "every bit is offered, and what is taken is refused", FEATURE(SET, 128), REFUSED(ENOTSUP), .device_errs = true },
	{ "mq-alone", "MQ is offered without the control queue", FEATURE(AND, NET_F_CTRL_VQ), .shows = no_mq, .options = ",queues=2" },
	{ "tso-alone", "GUEST_TSO4 is offered without GUEST_CSUM", FEATURE(AND, NET_F_GUEST_CSUM), .shows = no_tso },
	{ "tso-alone-asked", "GUEST_TSO4 is offered without GUEST_CSUM, and asked for", FEATURE(AND, NET_F_GUEST_CSUM), REFUSED(ENOTSUP), .options = ",guest_tso4=on" },
	{ "features-fail", "the features can't be read", ASKED_FEATURES, ANSWER_FAIL, EIO, REFUSED(EIO) },

	/* ---- status ---- */
	{ "features-refused", "FEATURES_OK does not stay", STATUS(AND, UP_TO_DRIVER), AFTER(UP_TO_FEATURES), REFUSED(ENOTSUP) },
	{ "status-0", "the status stays 0", STATUS(SET, 0), REFUSED(ENOTSUP), .device_errs = true },
	{ "status-acknowledge", "the status stays at ACKNOWLEDGE", STATUS(SET, STATUS_ACKNOWLEDGE), REFUSED(ENOTSUP), .device_errs = true },
	{ "status-ones", "the status is all ones, as if the device had gone", STATUS(SET, 0xff), .any = true, .device_errs = true },
	{ "status-needs-reset", "the device needs a reset from the beginning", STATUS(OR, STATUS_NEEDS_RESET), .any = true, .device_errs = true },
	{ "status-failed", "the device says that its driver has failed", STATUS(OR, STATUS_FAILED), .any = true, .device_errs = true },
	{ "status-gone", "the device goes at once", STATUS(FAIL, EIO), REFUSED(EIO) },
	{ "status-gone-1", "the device goes behind ACKNOWLEDGE", STATUS(FAIL, EIO), AFTER(STATUS_ACKNOWLEDGE), REFUSED(EIO) },
	{ "status-gone-2", "the device goes behind DRIVER", STATUS(FAIL, EIO), AFTER(UP_TO_DRIVER), REFUSED(EIO) },
	{ "status-gone-3", "the device goes behind FEATURES_OK", STATUS(FAIL, EIO), AFTER(UP_TO_FEATURES), REFUSED(EIO) },
	{ "reset-stuck", "the reset never ends", ASKED_RESET, ANSWER_FAIL, ETIMEDOUT, REFUSED(ETIMEDOUT) },
	{ "map-fails", "the region can't be shared", ASKED_MAP, ANSWER_FAIL, ENOMEM, REFUSED(ENOMEM) },

	/* ---- configuration ---- */
	{ "config-fails", "the configuration can't be read", ASKED_CONFIG, ANSWER_FAIL, EIO, .off = 0, .size = 6, REFUSED(EIO) },
	{ "config-late-fails", "the link can't be read", ASKED_CONFIG, ANSWER_FAIL, EIO, .off = 6, .size = 2, REFUSED(EIO) },
	{ "mac-zero", "the address is zero", CONFIG(mac, 6, 0), .shows = unicast_mac },
	{ "mac-multicast", "the address is a group's", CONFIG(mac, 6, MAC(1, 0, 0x5e, 0, 0, 1)), .shows = unicast_mac },
	{ "mac-broadcast", "the address is everybody's", CONFIG(mac, 6, MAC(0xff, 0xff, 0xff, 0xff, 0xff, 0xff)), .shows = unicast_mac },
	{ "mtu-0", "the MTU is 0", CONFIG(mtu, 2, 0), .shows = mtu_1500 },
	{ "mtu-67", "the MTU is 67", CONFIG(mtu, 2, 67), .shows = mtu_1500 },
	{ "mtu-68", "the MTU is 68", CONFIG(mtu, 2, 68), .shows = mtu_68 },
	{ "mtu-65535", "the MTU is 65535", CONFIG(mtu, 2, 65535), .shows = mtu_65535 },
	{ "mtu-65535-alone", "the MTU is 65535, and buffers can't be merged", CONFIG(mtu, 2, 65535), REFUSED(EINVAL), .options = ",mrg_rxbuf=off" },
	{ "pairs-0", "there are 0 queue pairs", CONFIG(max_virtqueue_pairs, 2, 0), .shows = one_pair, .options = ",queues=2" },
	{ "pairs-32768", "there are 32768 queue pairs", CONFIG(max_virtqueue_pairs, 2, 32768), .shows = one_pair, .options = ",queues=2" },
	{ "pairs-65535", "there are 65535 queue pairs", CONFIG(max_virtqueue_pairs, 2, 65535), .shows = one_pair, .options = ",queues=2" },
	{ "pairs-many", "there are more queue pairs than queues", CONFIG(max_virtqueue_pairs, 2, 40), REFUSED(ENODEV), .options = ",queues=2,max_queues=1", .device_errs = true },
	{ "speed-sign", "the speed is 2^31", CONFIG(speed, 4, 0x80000000), .shows = speed_unknown },
	{ "speed-ones", "the speed is 2^32 - 1", CONFIG(speed, 4, UINT32_MAX), .shows = speed_unknown },
	{ "duplex-2", "the duplex is 2", CONFIG(duplex, 1, 2), .shows = duplex_unknown },
	{ "duplex-ff", "the duplex is 255", CONFIG(duplex, 1, 255), .shows = duplex_unknown },
	{ "link-bits", "every bit of the link's status but the first", CONFIG(status, 2, 0xfffe), .shows = link_down },

	/* ---- configuration that becomes another one ---- */
	{ "live-mac", "the address becomes a group's while the port is open", CONFIG(mac, 6, MAC(1, 0, 0x5e, 0, 0, 1)), AFTER(UP_TO_LIVE), .shows = mac_kept },
	{ "live-mtu-0", "the MTU becomes 0 while the port is open", CONFIG(mtu, 2, 0), AFTER(UP_TO_LIVE), .shows = mtu_kept },
	{ "live-mtu-65535", "the MTU becomes 65535 while the port is open", CONFIG(mtu, 2, 65535), AFTER(UP_TO_LIVE), .shows = mtu_kept },
	{ "live-pairs-0", "there are 0 queue pairs while the port is open", CONFIG(max_virtqueue_pairs, 2, 0), AFTER(UP_TO_LIVE), .shows = two_pairs, .options = ",queues=2" },
	{ "live-link", "every bit of the link's status but the first, while the port is open", CONFIG(status, 2, 0xfffe), AFTER(UP_TO_LIVE), .shows = link_down },
	{ "live-speed", "the speed becomes 2^32 - 1 while the port is open", CONFIG(speed, 4, UINT32_MAX), AFTER(UP_TO_LIVE), .shows = speed_unknown },

	/* ---- queues ---- */
	{ "size-0", "rings of 0 entries", QUEUE_SIZE(0), REFUSED(ENODEV) },
	{ "size-1", "rings of 1 entry", QUEUE_SIZE(1), REFUSED(EINVAL) },
	{ "size-2", "rings of 2 entries", QUEUE_SIZE(2), .shows = two_entries },
	{ "size-3", "rings of 3 entries", QUEUE_SIZE(3), .shows = three_entries },
	{ "size-32769", "rings of 32769 entries", QUEUE_SIZE(32769), REFUSED(ENODEV) },
	{ "size-65535", "rings of 65535 entries", QUEUE_SIZE(65535), REFUSED(ENODEV) },
	{ "size-grown", "rings larger than the device takes", QUEUE_SIZE(2048), REFUSED(EINVAL), .options = ",size=2048", .device_errs = true },
	{ "size-fails", "the size of a ring can't be read", ASKED_QUEUE_SIZE, ANSWER_FAIL, EIO, REFUSED(EIO) },
	{ "rx-fails", "the receive queue can't be set up", ASKED_QUEUE, ANSWER_FAIL, 0, REFUSED(EIO) },
	{ "tx-fails", "the transmit queue can't be set up", ASKED_QUEUE, ANSWER_FAIL, 1, REFUSED(EIO) },
	{ "ctrl-fails", "the control queue can't be set up", ASKED_QUEUE, ANSWER_FAIL, 2, REFUSED(EIO) },
};
/* clang-format on */
const size_t n_device_lies = ARRAY_SIZE(device_lies);
