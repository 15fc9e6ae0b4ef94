/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include "../../../lib/base/clock.h"
#include "../../../lib/base/err.h"
#include "device.h"

/* What modern and legacy devices have in common. */

int virtio_pci_status(struct transport *tp)
{
	struct virtio_pci *vp = virtio_pci_of(tp);
	uint32_t status;
	int rc = common_read(vp, vp->regs->status, 1, &status);

	return rc < 0 ? rc : (int)status;
}

/* A device that does not confirm must not be able to write to memory that is given away. */
static int reset_failed(struct virtio_pci *vp, int status)
{
	vp->dev->ops->bus_master(vp->dev, false);
	return err_set(ERR_DEVICE_TIMEOUT, -ETIMEDOUT,
		       "%s: the status is still 0x%02x, %u ms after the reset", vp->dev->address,
		       (unsigned int)status, vp->timeout_ms);
}

/* "Driver Requirements: Device Reset" of the PCI transport: wait until the status reads 0. */
static int reset(struct virtio_pci *vp)
{
	const struct deadline until = deadline_in(vp->timeout_ms);
	int rc = common_write(vp, vp->regs->status, 1, 0);

	vp->selected = -1;
	vp->queues = 0;
	events_reset(vp);
	for (unsigned int round = 0; rc == 0; round++) {
		int status = virtio_pci_status(&vp->tp);

		if (status <= 0)
			return status;
		if (deadline_passed(until))
			return reset_failed(vp, status);
		clock_pause(round);
	}
	return rc;
}

int virtio_pci_set_status(struct transport *tp, uint8_t status)
{
	struct virtio_pci *vp = virtio_pci_of(tp);
	int rc = 0;

	if (!status)
		return reset(vp);
	if (status & STATUS_DRIVER_OK && !(status & STATUS_FAILED))
		rc = events_start(vp);
	return rc < 0 ? rc : common_write(vp, vp->regs->status, 1, status);
}

/* "ACCESS_PLATFORM": a device without it takes addresses for physical ones, whatever an IOMMU that
 * stands before it would make of them. */
int virtio_pci_check_addresses(const struct virtio_pci *vp, const struct vio_features *taken)
{
	if (!vp->dev->translated || features_have(taken, F_ACCESS_PLATFORM))
		return 0;
	return err_set(ERR_VPCI_IOMMU, -ENOTSUP, "%s: access_platform is not negotiated, but %s",
		       vp->dev->address, vp->dev->ops->describe(vp->dev));
}

static struct mapped *mapped_find(struct virtio_pci *vp, const struct vio_region *region)
{
	for (unsigned int i = 0; i < vp->n_regions; i++)
		if (vp->mapped[i].region == region)
			return &vp->mapped[i];
	return NULL;
}

static int share(struct virtio_pci *vp, const struct vio_region *region)
{
	struct mapped *m = &vp->mapped[vp->n_regions];
	struct vio_region_info info;
	int rc;

	if (vp->n_regions == REGIONS_MAX)
		return err_set(ERR_REGION_FULL, -ENOMEM, "%s: more than %u regions",
			       vp->dev->address, REGIONS_MAX);
	vio_region_info(region, &info);
	*m = (struct mapped){ region, (uintptr_t)info.base, info.bytes, 0 };
	rc = vp->dev->ops->dma_map(vp->dev, region, &m->bias);
	vp->n_regions += rc == 0;
	return rc;
}

int virtio_pci_map(struct transport *tp, const struct vio_region *region, uint64_t *bias)
{
	struct virtio_pci *vp = virtio_pci_of(tp);
	int rc = mapped_find(vp, region) ? 0 : share(vp, region);

	if (rc == 0)
		*bias = mapped_find(vp, region)->bias;
	return rc;
}

int virtio_pci_address(const struct virtio_pci *vp, const void *part, size_t bytes, uint64_t *at)
{
	const uint64_t addr = (uintptr_t)part;

	for (unsigned int i = 0; i < vp->n_regions; i++) {
		const struct mapped *m = &vp->mapped[i];

		if (addr - m->base < m->bytes && bytes <= m->bytes - (addr - m->base)) {
			*at = addr + m->bias;
			return 0;
		}
	}
	return err_set(ERR_OPTS, -EINVAL, "%s: a ring lies outside the memory that is shared",
		       vp->dev->address);
}

int virtio_pci_check(struct transport *tp)
{
	struct virtio_pci *vp = virtio_pci_of(tp);
	int status = virtio_pci_status(tp);

	if (status < 0)
		return virtio_pci_gone(vp) ? -ENODEV : -EPIPE;
	if (status & STATUS_FAILED)
		return err_set(ERR_DEVICE_FAILED, -ESTALE, "%s: its status is 0x%02x",
			       vp->dev->address, (unsigned int)status);
	if (status & STATUS_NEEDS_RESET)
		return err_set(ERR_NEEDS_RESET, -ESTALE, "%s: its status is 0x%02x",
			       vp->dev->address, (unsigned int)status);
	return 0;
}

const char *virtio_pci_describe(struct transport *tp)
{
	return virtio_pci_of(tp)->about;
}

void virtio_pci_close(struct transport *tp)
{
	struct virtio_pci *vp = virtio_pci_of(tp);
	struct pci_dev *dev = vp->dev;

	/* Nothing to do after the driver's own reset. */
	if (virtio_pci_status(tp) > 0)
		reset(vp);
	dev->ops->irq_set(dev, PCI_IRQ_NONE, NULL, 0);
	dev->ops->bus_master(dev, false);
	while (vp->n_regions)
		dev->ops->dma_unmap(dev, vp->mapped[--vp->n_regions].region);
	dev->ops->close(dev);
	events_close(vp);
	doorbells_free(vp);
	free(vp);
}
