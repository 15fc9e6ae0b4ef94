/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VFIO_CDEV_H
#define VFIO_CDEV_H

#include "../pci/pci.h"
#include "way.h"

/**
 * cdev_open - take a function over through its own node and iommufd
 * @way: how it was found; it is bound to vfio-pci and has a node below /dev/vfio/devices
 * @out: receives it; untouched on failure
 *
 * One address space for each IOMMU group, whose members the IOMMU can't tell apart.
 *
 * Return: 0, or a negative errno with the error set. Thread safety: any thread.
 */
int cdev_open(const struct way *way, struct pci_dev **out);

/* Path of the function's node. */
void cdev_node(const struct way *way, char path[WAY_PATH]);

#endif
