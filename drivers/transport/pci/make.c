/* SPDX-License-Identifier: BSD-3-Clause */
#include "pci.h"

#include <errno.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../../lib/base/err.h"
#include "device.h"

struct identity {
	uint32_t vendor, device, subsystem;
};

static int identify(struct pci_dev *dev, struct identity *id)
{
	int rc = dev->ops->config_read(dev, PCI_VENDOR_ID, 2, &id->vendor);

	if (rc == 0)
		rc = dev->ops->config_read(dev, PCI_DEVICE_ID, 2, &id->device);
	if (rc == 0)
		rc = dev->ops->config_read(dev, PCI_SUBSYSTEM_ID, 2, &id->subsystem);
	return rc;
}

/* "PCI Device Discovery". The ids tell the type of the device; whether it is a legacy one its
 * capabilities tell. */
static bool is_net(const struct identity *id)
{
	if (id->vendor != VIRTIO_PCI_VENDOR)
		return false;
	return id->device == VIRTIO_PCI_NET || (id->device >= VIRTIO_PCI_TRANSITIONAL_FIRST &&
						id->device <= VIRTIO_PCI_TRANSITIONAL_LAST &&
						id->subsystem == VIRTIO_PCI_NET_SUBSYSTEM);
}

static int check_identity(struct virtio_pci *vp)
{
	struct identity id = { 0 };
	int rc = identify(vp->dev, &id);

	if (rc < 0 || is_net(&id))
		return rc;
	if (id.vendor == UINT16_MAX)
		return gone_error(vp);
	return err_set(ERR_VPCI_ID, -ENODEV, "%s: vendor 0x%04x, device 0x%04x, subsystem 0x%04x",
		       vp->dev->address, id.vendor, id.device, id.subsystem);
}

/* Modern registers if there are any that can be used, or else legacy ones. */
static int find_registers(struct virtio_pci *vp)
{
	int rc = caps_find(vp);

	vp->tp.ops = &virtio_pci_modern;
	vp->regs = &modern_registers;
	if (rc)
		return rc < 0 ? rc : 0;
	return legacy_find(vp);
}

static void describe(struct virtio_pci *vp)
{
	snprintf(vp->about, sizeof(vp->about), "%s over pci %s, %s",
		 vp->tp.ops == &virtio_pci_modern ? "virtio 1.x" : "legacy virtio",
		 vp->dev->address, vp->dev->ops->describe(vp->dev));
}

int pci_transport_make(struct pci_dev *dev, uint32_t timeout_ms, struct transport **out)
{
	struct virtio_pci *vp = calloc(1, sizeof(*vp));
	int rc;

	if (!vp)
		return err_set(ERR_NO_MEMORY, -ENOMEM, "%s: a transport", dev->address);
	vp->dev = dev;
	vp->timeout_ms = timeout_ms;
	vp->selected = -1;
	rc = check_identity(vp);
	if (rc == 0)
		rc = find_registers(vp);
	if (rc == 0)
		rc = dev->ops->bus_master(dev, true);
	if (rc == 0)
		rc = virtio_pci_status(&vp->tp);
	if (rc < 0) {
		free(vp);
		return rc;
	}
	events_reset(vp);
	describe(vp);
	*out = &vp->tp;
	return 0;
}
