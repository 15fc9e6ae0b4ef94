/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VFIO_GROUP_H
#define VFIO_GROUP_H

#include "../pci/pci.h"
#include "way.h"

/**
 * group_open - take a function over through its IOMMU group
 * @way: how it was found; it is in a group and bound to vfio-pci
 * @out: receives it; untouched on failure
 *
 * One container for each group: /dev/vfio/N in /dev/vfio/vfio, type 1. A group that VFIO made up
 * (noiommu) gives no protection.
 *
 * Return: 0, or a negative errno with the error set. Thread safety: any thread.
 */
int group_open(const struct way *way, struct pci_dev **out);

/* Path of the group's node. */
void group_node(const struct way *way, char path[WAY_PATH]);

#endif
