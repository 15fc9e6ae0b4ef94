/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UNIT_VFIO_TREE_H
#define UNIT_VFIO_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../lib/pci/sysfs.h"
#include "fake_tree.h"

/* A /sys, a /dev and a /proc of the test's own, with a function that is in IOMMU group 4 beside a
 * neighbor of the kernel's. */

#define FAKE_ADDRESS  "0000:00:04.0"
#define FAKE_NEIGHBOR "0000:00:05.0"

/* Make them as a new tree of fake_tree.h, which tree_remove() removes. @driver: the function is
 * bound to; "": none. @noiommu: its group is one of VFIO's no-IOMMU mode. */
void vfio_tree_make(const char *driver, bool noiommu);
struct pci_roots vfio_tree_roots(void);

/* Give the device a node of its own, and the machine an iommufd. */
void fake_add_cdev(void);
/* Give it what uio_pci_generic and sysfs have. */
void fake_add_uio(void);
/* Have FAKE_NEIGHBOR, of the same group, bound to vfio-pci too. */
void fake_bind_neighbor(void);

/* Remove a file that is there. */
void fake_remove(const char *path);
/* Words of the process's page map from the page of @va on. */
void fake_pagemap(const void *va, const uint64_t *words, size_t n, size_t page_bytes);

#endif
