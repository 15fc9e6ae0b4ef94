/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "../../../lib/base/err.h"
#include "device.h"

/* "Legacy Interface": devices as they were before VIRTIO 1.0. */

const struct registers legacy_registers = {
	.status = LEGACY_STATUS,
	.queue_select = LEGACY_QUEUE_SELECT,
	.config_vector = LEGACY_CONFIG_VECTOR,
	.queue_vector = LEGACY_QUEUE_VECTOR,
};

void legacy_msix(struct virtio_pci *vp, bool on)
{
	const uint64_t off = on ? LEGACY_CONFIG_MSIX : LEGACY_CONFIG;

	if (vp->regs != &legacy_registers)
		return;
	vp->config.bytes += vp->config.off - off;
	vp->config.off = off;
}

int legacy_find(struct virtio_pci *vp)
{
	return err_set(ERR_VPCI_CAPS, -ENOTSUP,
		       "%s: no capabilities name its registers, so it is a legacy device",
		       vp->dev->address);
}
