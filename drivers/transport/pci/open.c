/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../../../lib/base/err.h"
#include "../../../lib/vfio/own.h"
#include "device.h"
#include "pci.h"

/* The scheme "pci". */

static int bad_option(const struct address *addr, const char *name, const char *value,
		      const char *values)
{
	return err_set(ERR_ADDR_VALUE, -EINVAL, "%s=%s: it is %s (in '%s')", name, value, values,
		       addr->whole);
}

static bool is_off(const char *iommu)
{
	return iommu && !strcmp(iommu, "off");
}

static bool pci_physical(struct address *addr)
{
	return is_off(address_take(addr, "iommu"));
}

static int take_options(struct address *addr, struct own_opts *opts)
{
	const char *iommu = address_take(addr, "iommu"), *vfio = address_take(addr, "vfio");

	*opts = (struct own_opts){ .iommu_off = is_off(iommu) };
	if (iommu && !opts->iommu_off && strcmp(iommu, "auto"))
		return bad_option(addr, "iommu", iommu, "auto or off");
	if (!vfio || !strcmp(vfio, "auto"))
		return 0;
	if (strcmp(vfio, "group") && strcmp(vfio, "cdev"))
		return bad_option(addr, "vfio", vfio, "auto, group or cdev");
	opts->vfio = strcmp(vfio, "group") ? OWN_VFIO_CDEV : OWN_VFIO_GROUP;
	return 0;
}

/* "00:04.0" is in domain 0, where nearly all are. */
static int full_address(const struct address *addr, char full[16])
{
	const char *first = strchr(addr->path, ':');
	const bool is_short = first && !strchr(first + 1, ':');

	if (snprintf(full, 16, "%s%s", is_short ? "0000:" : "", addr->path) < 16)
		return 0;
	return err_set(ERR_PCI_ADDRESS, -EINVAL, "'%s': no address of a PCI function", addr->path);
}

static int pci_open(struct address *addr, uint32_t timeout_ms, struct transport **out)
{
	struct own_opts opts;
	struct pci_dev *dev;
	char full[16];
	int rc = take_options(addr, &opts);

	if (rc == 0)
		rc = full_address(addr, full);
	if (rc == 0)
		rc = own_open(full, &opts, &dev);
	if (rc < 0)
		return rc;
	rc = pci_transport_make(dev, timeout_ms, out);
	if (rc < 0)
		dev->ops->close(dev);
	return rc;
}

/* What is opened goes on with the operations of its own kind. */
const struct transport_ops pci_transport = {
	.scheme = "pci",
	.help = "pci:ADDRESS  the virtio device at a PCI address, 0000:00:04.0 or 00:04.0\n"
		"  iommu=auto|off   off: go on without an IOMMU, with physical addresses\n"
		"  vfio=auto|group|cdev\n"
		"                   which of VFIO's interfaces to take it over by",
	.open = pci_open,
	.physical = pci_physical,
	.close = virtio_pci_close,
};
