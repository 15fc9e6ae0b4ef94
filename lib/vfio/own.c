/* SPDX-License-Identifier: BSD-3-Clause */
#include "own.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "../base/compiler.h"
#include "../base/err.h"
#include "../base/log.h"
#include "cdev.h"
#include "group.h"
#include "refuse.h"
#include "uio.h"

static bool may_use(const char *node)
{
	return faccessat(AT_FDCWD, node, R_OK | W_OK, AT_EACCESS) == 0;
}

/* Where neither can be had, the group says why: unless the kernel has no such thing. */
static bool group_is_better(const struct way *way)
{
	char group[WAY_PATH], cdev[WAY_PATH];

	if (!way->cdev[0] || way->noiommu)
		return true;
	group_node(way, group);
	cdev_node(way, cdev);
	return may_use(group) || (access(group, F_OK) == 0 && !may_use(cdev));
}

static int open_vfio(const struct way *way, enum own_vfio kind, struct pci_dev **out)
{
	if (way->noiommu && !way->physical)
		return refuse_unsafe(way, "VFIO in no-IOMMU mode");
	if (kind == OWN_VFIO_AUTO)
		kind = group_is_better(way) ? OWN_VFIO_GROUP : OWN_VFIO_CDEV;
	if (kind == OWN_VFIO_GROUP)
		return group_open(way, out);
	if (!way->cdev[0])
		return err_set(ERR_PCI_VFIO_NONE, -ENODEV,
			       "%s: the kernel has no node for it in /dev/vfio/devices",
			       way->address);
	return cdev_open(way, out);
}

static int open_uio(const struct way *way, enum own_vfio kind, struct pci_dev **out)
{
	if (kind != OWN_VFIO_AUTO)
		return refuse_driver(way);
	if (!way->physical)
		return refuse_unsafe(way, "bound to uio_pci_generic");
	if (!way->uio[0])
		return refuse_node(way, "its node /dev/uioN", -ENOENT);
	return uio_open(way, out);
}

/* Drivers that give a function away. */
static const struct giver {
	const char *driver;
	int (*open)(const struct way *way, enum own_vfio kind, struct pci_dev **out);
} givers[] = {
	{ "vfio-pci", open_vfio },
	{ "uio_pci_generic", open_uio },
};

/* Each time, for each function: nobody shall have forgotten. */
static void warn(const struct way *way, struct pci_dev *dev)
{
	if (!way->noiommu && !way->uio[0])
		return;
	log_warn("%s: %s: no IOMMU: this device can read and write all memory of this machine",
		 way->address, dev->ops->describe(dev));
}

static int open_way(const struct way *way, enum own_vfio kind, struct pci_dev **out)
{
	for (size_t i = 0; i < ARRAY_SIZE(givers); i++)
		if (!strcmp(way->driver, givers[i].driver))
			return givers[i].open(way, kind, out);
	return refuse_driver(way);
}

int own_open(const char *address, const struct own_opts *opts, struct pci_dev **out)
{
	const struct own_opts none = { .iommu_off = false };
	struct pci_dev *dev;
	struct way way;
	int rc;

	opts = opts ? opts : &none;
	way = (struct way){ .kernel = opts->kernel ? opts->kernel : &vfio_kernel,
			    .roots = pci_roots_filled(&opts->roots),
			    .physical = opts->iommu_off };
	rc = way_find(&way, address);
	if (rc < 0)
		return rc;
	rc = open_way(&way, opts->vfio, &dev);
	if (rc < 0)
		return rc;
	warn(&way, dev);
	*out = dev;
	return 0;
}
