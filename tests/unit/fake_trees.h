/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UNIT_FAKE_TREES_H
#define UNIT_FAKE_TREES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../lib/pci/sysfs.h"

/* A /sys, a /dev and a /proc of the test's own, with a function that is in IOMMU group 4 beside a
 * neighbor of the kernel's. */

#define FAKE_ADDRESS  "0000:00:04.0"
#define FAKE_NEIGHBOR "0000:00:05.0"

/* Make them in a new folder. @driver: the function is bound to; "": none. @noiommu: its group is
 * one of VFIO's no-IOMMU mode. */
void fake_trees(const char *driver, bool noiommu);
void fake_trees_remove(void);
struct pci_roots fake_trees_roots(void);

/* Give the device a node of its own, and the machine an iommufd. */
void fake_add_cdev(void);
/* Give it what uio_pci_generic and sysfs have. */
void fake_add_uio(void);
/* Have FAKE_NEIGHBOR, of the same group, bound to vfio-pci too. */
void fake_bind_neighbor(void);

/* Write @text into @path below the folder, making folders on the way; "sys/...", "proc/...". */
void fake_file(const char *path, const char *text);
void fake_remove(const char *path);
/* Words of the process's page map from the page of @va on. */
void fake_pagemap(const void *va, const uint64_t *words, size_t n, size_t page_bytes);
void fake_link(const char *path, const char *target);

#endif
