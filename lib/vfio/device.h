/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VFIO_DEVICE_H
#define VFIO_DEVICE_H

#include "owned.h"

/* The most pieces of a BAR that VFIO tells apart; it makes two, around the MSI-X table. */
#define BAR_AREAS_MAX 8

/* A piece of a BAR that can be mapped. */
struct bar_area {
	uint64_t off, bytes;
};

/* Where VFIO keeps a BAR or configuration space. */
struct vfio_window {
	struct owned_file file;
	unsigned int n_areas; /* 0: read and write only */
	struct bar_area area[BAR_AREAS_MAX];
};

/* A PCI function behind a file of VFIO, whether it came from a group or is a node of its own. */
struct vfio_device {
	struct owned owned;
	int fd;
	bool can_reset;
	enum pci_irq irq;
	struct vfio_window bar[PCI_BARS];
};

static inline struct vfio_device *vfio_device_of(struct pci_dev *dev)
{
	return (struct vfio_device *)owned_of(dev);
}

extern const struct pci_ops vfio_device_ops;

/* Learn what the function has; its fd is open. Return: 0, or a negative errno with the error set.
 */
int vfio_device_start(struct vfio_device *dev);

/* As of struct owned_kind; fd is negative where it could not be opened. */
void vfio_device_stop(struct owned *o);

#endif
