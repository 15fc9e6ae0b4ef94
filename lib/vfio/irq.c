/* SPDX-License-Identifier: BSD-3-Clause */
#include "irq.h"

#include <errno.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <string.h>

#include "../base/compiler.h"
#include "../base/err.h"
#include "../pci/bars.h"
#include "refuse.h"

/* The size of the largest MSI-X table. */
#define VECTORS_MAX 2048

static const uint32_t vfio_index[] = {
	[PCI_IRQ_INTX] = VFIO_PCI_INTX_IRQ_INDEX,
	[PCI_IRQ_MSIX] = VFIO_PCI_MSIX_IRQ_INDEX,
};

static int irq_count(struct vfio_device *dev, enum pci_irq kind, uint32_t *count)
{
	struct vfio_irq_info info = { .argsz = sizeof(info), .index = vfio_index[kind] };
	int rc = dev->owned.kernel->ioctl(dev->fd, VFIO_DEVICE_GET_IRQ_INFO, (unsigned long)&info);

	if (rc < 0)
		return refuse_call(dev->owned.pci.address, "VFIO_DEVICE_GET_IRQ_INFO", rc);
	*count = info.flags & VFIO_IRQ_INFO_EVENTFD ? info.count : 0;
	return 0;
}

int irq_learn(struct vfio_device *dev)
{
	uint32_t msix = 0, intx = 0;
	int rc = irq_count(dev, PCI_IRQ_MSIX, &msix);

	if (rc < 0)
		return rc;
	rc = irq_count(dev, PCI_IRQ_INTX, &intx);
	if (rc < 0)
		return rc;
	dev->owned.pci.msix = (uint16_t)min_u32(msix, VECTORS_MAX);
	dev->owned.pci.intx = intx > 0;
	return 0;
}

/* VFIO_DEVICE_SET_IRQS for vectors 0 to @n-1. */
static int set_irqs(struct vfio_device *dev, enum pci_irq kind, uint32_t flags, const int *fds,
		    unsigned int n)
{
	union {
		struct vfio_irq_set set;
		char bytes[sizeof(struct vfio_irq_set) + VECTORS_MAX * sizeof(int)];
	} request = { .set = { .flags = flags, .index = vfio_index[kind], .count = n } };

	request.set.argsz = sizeof(request.set);
	if (fds) {
		request.set.argsz += n * (uint32_t)sizeof(*fds);
		memcpy(request.bytes + sizeof(request.set), fds, n * sizeof(*fds));
	}
	return dev->owned.kernel->ioctl(dev->fd, VFIO_DEVICE_SET_IRQS, (unsigned long)&request);
}

/* A line that a device raises and nobody lowers ends those that share it: the kernel shuts them. */
static int use_line(struct vfio_device *dev, bool on)
{
	return on ? pci_command(&dev->owned.pci, 0, PCI_COMMAND_INTX_DISABLE)
		  : pci_command(&dev->owned.pci, PCI_COMMAND_INTX_DISABLE, 0);
}

static int irq_off(struct vfio_device *dev)
{
	enum pci_irq was = dev->irq;
	int rc;

	dev->irq = PCI_IRQ_NONE;
	if (was == PCI_IRQ_NONE)
		return 0;
	rc = set_irqs(dev, was, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, NULL, 0);
	if (rc < 0)
		return refuse_call(dev->owned.pci.address, "ending interrupts", rc);
	return was == PCI_IRQ_INTX ? use_line(dev, false) : 0;
}

static unsigned int irqs_to_be_had(const struct vfio_device *dev, enum pci_irq kind)
{
	return kind == PCI_IRQ_MSIX ? dev->owned.pci.msix : dev->owned.pci.intx;
}

/*
 * The kernel has one kind at a time, and can't have more vectors later than it was asked for
 * first: so all of them go first.
 */
int irq_set(struct pci_dev *dev, enum pci_irq kind, const int *fds, unsigned int n)
{
	const char *name = kind == PCI_IRQ_MSIX ? "MSI-X vectors" : "line interrupt";
	struct vfio_device *d = vfio_device_of(dev);
	int rc = irq_off(d);

	if (rc < 0 || kind == PCI_IRQ_NONE)
		return rc;
	if (!n || n > irqs_to_be_had(d, kind))
		return err_set(ERR_PCI_IRQ, -EINVAL, "%s: %u wanted, the device has %u (%s)",
			       dev->address, n, irqs_to_be_had(d, kind), name);
	rc = set_irqs(d, kind, VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER, fds, n);
	if (rc != 0)
		return err_set(ERR_PCI_IRQ, rc < 0 ? rc : -ENOSPC, "%s: %u wanted (%s): %s",
			       dev->address, n, name,
			       rc < 0 ? strerror(-rc) : "the machine has fewer left");
	d->irq = kind;
	return kind == PCI_IRQ_INTX ? use_line(d, true) : 0;
}

int irq_unmask(struct pci_dev *dev)
{
	struct vfio_device *d = vfio_device_of(dev);
	int rc;

	if (d->irq != PCI_IRQ_INTX)
		return 0;
	rc = set_irqs(d, PCI_IRQ_INTX, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_UNMASK, NULL,
		      1);
	return rc < 0 ? refuse_call(dev->address, "unmasking the line interrupt", rc) : 0;
}
