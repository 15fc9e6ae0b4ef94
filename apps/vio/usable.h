/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_USABLE_H
#define APP_USABLE_H

#include <vio/pci.h>

#include "host.h"

/* Whether the user who asks could open a port, and what it takes or what is in the way. */
struct usable {
	bool yes;
	char why[200];
	char fix[64]; /* a command; "": none, or another text tells */
};

void usable_pci(const struct host *h, const struct vio_pci *p, struct usable *out);

/* A file that must be opened; the reason calls it @name, and is empty where nothing is in the way.
 */
void usable_file(const struct host *h, const char *path, const char *name, struct usable *out);

/* Write @fmt. */
void usable_set(struct usable *out, bool yes, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Drivers that leave a device to user space. */
bool driver_is_vfio(const char *driver);
bool driver_is_uio(const char *driver);

/* "Y": VFIO lends devices that no IOMMU confines. */
#define NOIOMMU_MODE "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode"

/*
 * May @member stay where it is when another function of its IOMMU group is driven by user space?
 * So the kernel wants it: no driver, one of VFIO's, pci-stub, or a bridge.
 */
bool group_member_ok(const struct vio_pci *member);

/* Go through the others of @p's group with @i = 0, 1, ... Return: NULL past the last one. */
const struct vio_pci *group_other(const struct vio_pci_list *list, const struct vio_pci *p,
				  size_t i);

#endif
