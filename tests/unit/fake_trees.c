/* SPDX-License-Identifier: BSD-3-Clause */
#include "fake_trees.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../cases.h"

static char folder[64], sys_root[80], dev_root[80], proc_root[80];

static void make_folders(char *path)
{
	for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		mkdir(path, 0755);
		*p = '/';
	}
}

void fake_file(const char *path, const char *text)
{
	char full[256];
	FILE *f;

	snprintf(full, sizeof(full), "%s/%s", folder, path);
	make_folders(full);
	f = fopen(full, "we");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

void fake_remove(const char *path)
{
	char full[256];

	snprintf(full, sizeof(full), "%s/%s", folder, path);
	assert_int_equal(unlink(full), 0);
}

void fake_link(const char *path, const char *target)
{
	char full[256];

	snprintf(full, sizeof(full), "%s/%s", folder, path);
	make_folders(full);
	unlink(full);
	assert_int_equal(symlink(target, full), 0);
}

/* The file is as long as addresses are high, but nearly all of it a hole. */
void fake_pagemap(const void *va, const uint64_t *words, size_t n, size_t page_bytes)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char path[128];
	int fd;

	fake_file("proc/self/pagemap", "");
	snprintf(path, sizeof(path), "%s/self/pagemap", proc_root);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(
			pwrite(fd, &words[i], sizeof(words[i]),
			       (off_t)(((uintptr_t)va + i * page_bytes) / page * sizeof(words[i]))),
			sizeof(words[i]));
	close(fd);
}

#define DEVICE_PATH "sys/bus/pci/devices/" FAKE_ADDRESS "/"
#define PEER_PATH   "sys/bus/pci/devices/" FAKE_NEIGHBOR "/"
#define GROUP_SYS   "sys/kernel/iommu_groups/4/"

void fake_trees(const char *driver, bool noiommu)
{
	char target[128];

	snprintf(folder, sizeof(folder), "/tmp/vio-vfio-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(sys_root, sizeof(sys_root), "%s/sys", folder);
	snprintf(dev_root, sizeof(dev_root), "%s/dev", folder);
	snprintf(proc_root, sizeof(proc_root), "%s/proc", folder);
	fake_file(DEVICE_PATH "vendor", "0x1af4\n");
	fake_file(PEER_PATH "vendor", "0x8086\n");
	snprintf(target, sizeof(target), "../../../../bus/pci/drivers/%s", driver);
	if (driver[0])
		fake_link(DEVICE_PATH "driver", target);
	fake_link(PEER_PATH "driver", "../../../../bus/pci/drivers/e1000");
	fake_link(DEVICE_PATH "iommu_group", "../../../../kernel/iommu_groups/4");
	fake_link(PEER_PATH "iommu_group", "../../../../kernel/iommu_groups/4");
	fake_link(GROUP_SYS "devices/" FAKE_ADDRESS, "../../../../bus/pci/devices/" FAKE_ADDRESS);
	fake_link(GROUP_SYS "devices/" FAKE_NEIGHBOR, "../../../../bus/pci/devices/" FAKE_NEIGHBOR);
	if (noiommu)
		fake_file(GROUP_SYS "name", "vfio-noiommu\n");
	fake_file("dev/vfio/vfio", "");
	fake_file(noiommu ? "dev/vfio/noiommu-4" : "dev/vfio/4", "");
}

void fake_bind_neighbor(void)
{
	fake_link(PEER_PATH "driver", "../../../../bus/pci/drivers/vfio-pci");
}

void fake_add_cdev(void)
{
	fake_file(DEVICE_PATH "vfio-dev/vfio0/dev", "511:0\n");
	fake_file("dev/vfio/devices/vfio0", "");
	fake_file("dev/iommu", "");
}

void fake_add_uio(void)
{
	fake_file(DEVICE_PATH "uio/uio0/name", "uio_pci_generic\n");
	fake_file("dev/uio0", "");
	fake_file(DEVICE_PATH "config", "");
	fake_file(DEVICE_PATH "reset", "");
	fake_file(DEVICE_PATH "resource0", "");
	fake_file(DEVICE_PATH "resource4", "");
	fake_file(DEVICE_PATH "resource",
		  "0x000000000000c000 0x000000000000c01f 0x0000000000040101\n"
		  "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
		  "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
		  "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
		  "0x00000000fe000000 0x00000000fe00ffff 0x000000000014220c\n"
		  "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
		  "0x0000000000000000 0x0000000000000000 0x0000000000000000\n");
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

void fake_trees_remove(void)
{
	assert_int_equal(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

struct pci_roots fake_trees_roots(void)
{
	return (struct pci_roots){ sys_root, dev_root, proc_root };
}
