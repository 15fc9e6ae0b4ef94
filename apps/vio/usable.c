/* SPDX-License-Identifier: BSD-3-Clause */
#include "usable.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "netuse.h"

#define CLASS_PCI_BRIDGE 0x0604

void usable_set(struct usable *out, bool yes, const char *fmt, ...)
{
	va_list ap;

	*out = (struct usable){ .yes = yes };
	va_start(ap, fmt);
	vsnprintf(out->why, sizeof(out->why), fmt, ap);
	va_end(ap);
}

bool driver_is_vfio(const char *driver)
{
	return strstr(driver, "vfio") != NULL;
}

bool driver_is_uio(const char *driver)
{
	return !strncmp(driver, "uio_pci_generic", 15) || !strcmp(driver, "igb_uio");
}

bool group_member_ok(const struct vio_pci *member)
{
	return !member->driver[0] || driver_is_vfio(member->driver) ||
	       !strcmp(member->driver, "pci-stub") || member->class_code >> 8 == CLASS_PCI_BRIDGE;
}

const struct vio_pci *group_other(const struct vio_pci_list *list, const struct vio_pci *p,
				  size_t i)
{
	const struct vio_pci *other;

	if (p->iommu_group < 0)
		return NULL;
	for (size_t k = 0; (other = vio_pci_at(list, k)); k++)
		if (other->iommu_group == p->iommu_group && strcmp(other->address, p->address) &&
		    i-- == 0)
			return other;
	return NULL;
}

static void kernels(const struct host *h, const struct vio_pci *p, struct usable *out)
{
	struct net_use use;

	for (unsigned int i = 0; i < p->n_ifaces; i++)
		if (net_in_use(h, p->iface[i], &use)) {
			usable_set(out, false, "in use (* %s)", net_use_text(&use));
			return;
		}
	if (p->driver[0])
		usable_set(out, false, "bound to %s", p->driver);
	else
		usable_set(out, false, "no driver");
	snprintf(out->fix, sizeof(out->fix), "sudo vio bind pci:%s", p->address);
}

void usable_file(const struct host *h, const char *path, const char *name, struct usable *out)
{
	char rights[96];

	*out = (struct usable){ .yes = h->may_open(h, path) };
	if (out->yes)
		return;
	host_rights(h, path, rights, sizeof(rights));
	usable_set(out, false, "needs rights on %s (%s)", name, rights);
}

static void vfio(const struct host *h, const struct vio_pci *p, struct usable *out)
{
	const struct vio_pci_node *group = &p->group_node, *own = &p->device_node;
	const char *needed = group->present ? group->path : own->path;

	if (p->noiommu && h->plain_user)
		usable_set(out, false, "without an IOMMU only root may (CAP_SYS_RAWIO)");
	else if (group->present && h->may_open(h, group->path))
		usable_set(out, true, "%s%s", group->path, p->noiommu ? " with iommu=off" : "");
	else if (own->present && h->may_open(h, own->path))
		usable_set(out, true, "%s", own->path);
	else if (group->present || own->present)
		usable_file(h, needed, needed, out);
	else
		usable_set(out, false, "%s is missing: is udev running?", group->path);
}

static void uio(const struct host *h, const struct vio_pci *p, struct usable *out)
{
	if (h->plain_user)
		usable_set(out, false, "through UIO only root may: %s", p->driver);
	else
		usable_set(out, true, "%s with iommu=off",
			   p->uio_node.path[0] ? p->uio_node.path : p->driver);
}

void usable_pci(const struct host *h, const struct vio_pci *p, struct usable *out)
{
	if (driver_is_vfio(p->driver))
		vfio(h, p, out);
	else if (driver_is_uio(p->driver))
		uio(h, p, out);
	else
		kernels(h, p, out);
}
