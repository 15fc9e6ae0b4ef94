/* SPDX-License-Identifier: BSD-3-Clause */
#include "own.h"

#include <errno.h>
#include <string.h>

#include "../base/compiler.h"
#include "../base/log.h"
#include "group.h"
#include "refuse.h"

static int open_vfio(const struct way *way, const struct own_opts *opts, struct pci_dev **out)
{
	(void)opts;
	if (way->noiommu && !way->physical)
		return refuse_unsafe(way, "VFIO in no-IOMMU mode");
	return group_open(way, out);
}

/* Drivers that give a function away. */
static const struct giver {
	const char *driver;
	int (*open)(const struct way *way, const struct own_opts *opts, struct pci_dev **out);
} givers[] = {
	{ "vfio-pci", open_vfio },
};

int own_open(const char *address, const struct own_opts *opts, struct pci_dev **out)
{
	const struct own_opts none = { .iommu_off = false };
	struct way way;
	int rc;

	opts = opts ? opts : &none;
	way = (struct way){ .kernel = opts->kernel ? opts->kernel : &vfio_kernel,
			    .roots = pci_roots_filled(&opts->roots),
			    .physical = opts->iommu_off };
	rc = way_find(&way, address);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < ARRAY_SIZE(givers); i++)
		if (!strcmp(way.driver, givers[i].driver))
			return givers[i].open(&way, opts, out);
	return refuse_driver(&way);
}
