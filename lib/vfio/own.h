/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VFIO_OWN_H
#define VFIO_OWN_H

#include "../pci/pci.h"
#include "../pci/sysfs.h"
#include "kernel.h"

/* Which of VFIO's two interfaces. AUTO: the group, since one node is all that a user must be given
 * there, and every kernel has it; the function's own node (cdev, with iommufd) where the group's is
 * not there or not to be had. */
enum own_vfio { OWN_VFIO_AUTO, OWN_VFIO_GROUP, OWN_VFIO_CDEV };

/* How to take a function over; all zero is fine. */
struct own_opts {
	/*
	 * Give the device physical addresses, and go on where no IOMMU protects the machine from
	 * it. Needs CAP_SYS_ADMIN and regions that are contiguous.
	 */
	bool iommu_off;
	enum own_vfio vfio;
	struct pci_roots roots;           /* for tests; its strings outlive the function */
	const struct vfio_kernel *kernel; /* for tests; NULL: the real one */
};

/**
 * own_open - take a PCI function over, whichever driver gives it away
 * @address: "0000:00:04.0"
 * @opts: NULL: defaults
 * @out: receives it, to be ended with its close(); untouched on failure
 *
 * Knows vfio-pci, with or without an IOMMU, and uio_pci_generic. The function decodes memory and
 * I/O then; bus mastering and interrupts are off.
 *
 * Return: 0, or a negative errno with the error set: -EINVAL @address is malformed, -ENODEV there
 * is no such function or no driver that gives it away, -EBUSY it is in use or the kernel drives it
 * or a member of its group, -EACCES, -EPERM this user may not, -ENOMEM, or what the kernel says.
 * Thread safety: any thread; a function by one thread at a time.
 */
int own_open(const char *address, const struct own_opts *opts, struct pci_dev **out);

#endif
