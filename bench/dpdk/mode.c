/* SPDX-License-Identifier: BSD-3-Clause */
#include "mode.h"

#include <linux/virtio_config.h>
#include <linux/virtio_net.h>

#define BIT(n) (UINT64_C(1) << (n))

#define VHOST_USER_F_PROTOCOL_FEATURES 30

const struct mode modes[N_MODES] = {
	{ .name = "split" },
	{ .name = "split mergeable", .mergeable = true },
	{ .name = "split in-order", .in_order = true },
	{ .name = "split in-order mergeable", .in_order = true, .mergeable = true },
	{ .name = "split vectorised", .vectorised = true },
	{ .name = "packed", .packed = true },
	{ .name = "packed mergeable", .packed = true, .mergeable = true },
	{ .name = "packed in-order", .packed = true, .in_order = true },
	{ .name = "packed in-order mergeable",
	  .packed = true,
	  .in_order = true,
	  .mergeable = true },
	{ .name = "packed vectorised", .packed = true, .in_order = true, .vectorised = true },
};

const uint16_t rings[N_RINGS] = { 256, 1024 };

uint64_t mode_features(const struct mode *mode)
{
	uint64_t bits = BIT(VIRTIO_F_VERSION_1) | BIT(VHOST_USER_F_PROTOCOL_FEATURES);

	if (mode->packed)
		bits |= BIT(VIRTIO_F_RING_PACKED);
	if (mode->in_order)
		bits |= BIT(VIRTIO_F_IN_ORDER);
	if (mode->mergeable)
		bits |= BIT(VIRTIO_NET_F_MRG_RXBUF);
	return bits;
}
