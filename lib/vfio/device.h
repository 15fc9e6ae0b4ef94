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

/* Not yet in a space: owned.user is ready for space_join(). NULL: no memory, the error is set. */
struct vfio_device *vfio_device_new(const struct way *way);

/**
 * vfio_device_start - learn what the function has
 * @dev: its space and fd are filled in
 *
 * From here on it decodes memory and I/O; interrupts are off and bus mastering too. The function's
 * close() ends everything, space and fd included.
 *
 * Return: 0, or a negative errno with the error set; then space and fd are still the caller's.
 */
int vfio_device_start(struct vfio_device *dev);

#endif
