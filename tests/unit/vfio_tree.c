/* SPDX-License-Identifier: BSD-3-Clause */
#include "vfio_tree.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "../cases.h"

static char sys_root[80], dev_root[80], proc_root[80];

void fake_remove(const char *path)
{
	assert_int_equal(unlink(tree_path(path)), 0);
}

/* The file is as long as addresses are high, but nearly all of it a hole. */
void fake_pagemap(const void *va, const uint64_t *words, size_t n, size_t page_bytes)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int fd;

	tree_put("proc/self/pagemap", "");
	fd = open(tree_path("proc/self/pagemap"), O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(
			pwrite(fd, &words[i], sizeof(words[i]),
			       (off_t)(((uintptr_t)va + i * page_bytes) / page * sizeof(words[i]))),
			sizeof(words[i]));
	close(fd);
}

#define GROUP_SYS "sys/kernel/iommu_groups/4/"

static const struct tree_entry group[] = {
	{ GROUP_SYS "devices/" FAKE_ADDRESS, "-> ../../../../bus/pci/devices/" FAKE_ADDRESS },
	{ GROUP_SYS "devices/" FAKE_NEIGHBOR, "-> ../../../../bus/pci/devices/" FAKE_NEIGHBOR },
	{ "dev/vfio/vfio", "" },
	{ 0 },
};

void vfio_tree_make(const char *driver, bool noiommu)
{
	tree_make();
	snprintf(sys_root, sizeof(sys_root), "%s/sys", tree_root);
	snprintf(dev_root, sizeof(dev_root), "%s/dev", tree_root);
	snprintf(proc_root, sizeof(proc_root), "%s/proc", tree_root);
	tree_pci(FAKE_ADDRESS, 0x1af4, 0x1041, driver[0] ? driver : NULL);
	tree_pci(FAKE_NEIGHBOR, 0x8086, 0x10d3, "e1000");
	tree_pci_group(FAKE_ADDRESS, 4);
	tree_pci_group(FAKE_NEIGHBOR, 4);
	tree_add(group);
	if (noiommu)
		tree_put(GROUP_SYS "name", "vfio-noiommu\n");
	tree_put(noiommu ? "dev/vfio/noiommu-4" : "dev/vfio/4", "");
}

void fake_bind_neighbor(void)
{
	tree_pci_put(FAKE_NEIGHBOR, "driver", "-> ../../../bus/pci/drivers/vfio-pci");
}

void fake_add_cdev(void)
{
	tree_pci_put(FAKE_ADDRESS, "vfio-dev/vfio0/dev", "511:0\n");
	tree_put("dev/vfio/devices/vfio0", "");
	tree_put("dev/iommu", "");
}

/* What uio_pci_generic and sysfs have of the function. */
static const struct tree_entry uio[] = {
	{ "uio/uio0/name", "uio_pci_generic\n" },
	{ "config", "" },
	{ "reset", "" },
	{ "resource0", "" },
	{ "resource4", "" },
	{ "resource", "0x000000000000c000 0x000000000000c01f 0x0000000000040101\n"
		      "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
		      "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
		      "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
		      "0x00000000fe000000 0x00000000fe00ffff 0x000000000014220c\n"
		      "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
		      "0x0000000000000000 0x0000000000000000 0x0000000000000000\n" },
};

void fake_add_uio(void)
{
	for (size_t i = 0; i < sizeof(uio) / sizeof(uio[0]); i++)
		tree_pci_put(FAKE_ADDRESS, uio[i].path, uio[i].text);
	tree_put("dev/uio0", "");
}

struct pci_roots vfio_tree_roots(void)
{
	return (struct pci_roots){ sys_root, dev_root, proc_root };
}
