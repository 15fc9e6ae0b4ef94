/* SPDX-License-Identifier: BSD-3-Clause */
#include "refuse.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/compiler.h"
#include "../base/err.h"

int refuse_driver(const struct way *way)
{
	if (way->driver[0])
		err_set(ERR_PCI_DRIVER, -EBUSY, "%s is bound to %s", way->address, way->driver);
	else
		err_set(ERR_PCI_DRIVER, -ENODEV, "%s is bound to no driver", way->address);
	err_fix("vio bind pci:%s", way->address);
	return vio_error_last()->code;
}

int refuse_unsafe(const struct way *way, const char *how)
{
	err_set(ERR_PCI_UNSAFE, -EPERM, "%s: no IOMMU protects this machine from it (%s)",
		way->address, how);
	err_fix("switch an IOMMU on, or, if this machine may be lost: pci:%s,iommu=off",
		way->address);
	return -EPERM;
}

/* VFIO does not mind members without a driver, nor those that have only bridges' business. */
static bool driver_is_harmless(const char *driver)
{
	static const char *const harmless[] = { "", "vfio-pci", "pcieport", "pci-stub" };

	for (size_t i = 0; i < ARRAY_SIZE(harmless); i++)
		if (!strcmp(driver, harmless[i]))
			return true;
	return false;
}

/* " 0000:00:05.0 (e1000)" for each member in the way, as many as fit. */
static void list_members(const struct way *way, char *list, size_t size)
{
	char path[WAY_PATH], driver[64];
	const struct dirent *entry;
	size_t n = 0;
	DIR *dir;

	list[0] = '\0';
	way_sysfs(way, path, "iommu_group/devices");
	dir = opendir(path);
	while (dir && n < size && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || strlen(entry->d_name) > 32)
			continue;
		snprintf(path, sizeof(path), "%.*s/bus/pci/devices/%.32s/driver", WAY_PATH / 2,
			 way->roots.sys, entry->d_name);
		if (sysfs_link(path, driver, sizeof(driver)) < 0 || driver_is_harmless(driver))
			continue;
		n += (size_t)snprintf(list + n, size - n, " %.32s (%s)", entry->d_name, driver);
	}
	if (dir)
		closedir(dir);
}

int refuse_members(const struct way *way)
{
	char members[160];

	list_members(way, members, sizeof(members));
	err_set(ERR_PCI_GROUP, -EBUSY,
		"%s: the kernel still drives members of its IOMMU group %s:%s", way->address,
		way->group, members[0] ? members : " which ones is not known");
	if (members[0])
		err_fix("vio bind pci:%.12s, and so on for each of them", members + 1);
	return -EBUSY;
}

int refuse_iommu(const struct way *way, const char *call, const char *module, int rc)
{
	refuse_call(way->address, call, rc);
	if (rc == -EPERM && !way->noiommu) {
		err_why("this IOMMU does not check where message interrupts come from");
		err_fix("where all guests and users are trusted: echo 1 > /sys/module/%s/"
			"parameters/allow_unsafe_interrupts",
			module);
	}
	return rc;
}

static int refuse_access(const struct way *way, const char *node, int rc)
{
	struct stat st;

	if (stat(node, &st) < 0)
		return err_set(ERR_PCI_ACCESS, rc, "%s: %s: %s", way->address, node, strerror(-rc));
	err_set(ERR_PCI_ACCESS, rc,
		"%s: %s: %s: it belongs to user %u, group %u, mode %04o; this process is user %u",
		way->address, node, strerror(-rc), st.st_uid, st.st_gid, st.st_mode & 07777U,
		geteuid());
	if (way->physical) {
		err_why("without an IOMMU a device reaches everything, so only root may have it "
			"(CAP_SYS_RAWIO, and CAP_SYS_ADMIN for physical addresses)");
		err_fix("run as root, or better with an IOMMU and as plain user");
		return rc;
	}
	err_fix("vio bind pci:%s --owner USER (as root), or for good a udev rule: "
		"vio doctor --emit udev",
		way->address);
	return rc;
}

int refuse_node(const struct way *way, const char *node, int rc)
{
	switch (rc) {
	case -EACCES:
	case -EPERM:
		return refuse_access(way, node, rc);
	case -EBUSY:
	case -EWOULDBLOCK:
		err_set(ERR_PCI_BUSY, -EBUSY, "%s: %s is in use", way->address, node);
		err_fix("end the process that has it: fuser -v %s", node);
		return -EBUSY;
	case -ENOENT:
	case -ENXIO:
	case -ENODEV:
		return err_set(ERR_PCI_VFIO_NONE, -ENODEV, "%s: %s: %s", way->address, node,
			       strerror(-rc));
	default:
		return refuse_call(way->address, node, rc);
	}
}

int refuse_call(const char *address, const char *call, int rc)
{
	return err_set(ERR_PCI_KERNEL, rc, "%s: %s: %s", address, call, strerror(-rc));
}

/* Bytes that this process has locked already. */
static uint64_t locked_bytes(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	uint64_t kib = 0;
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmLck: %" SCNu64, &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib << 10;
}

static int refuse_limit(const struct dma_want *want)
{
	uint64_t locked = locked_bytes(), need = locked + want->info.bytes;
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
		return err_set(ERR_NO_MEMORY, -ENOMEM,
			       "%s: mapping %zu bytes: the kernel has no memory", want->address,
			       want->info.bytes);
	err_set(ERR_DMA_LIMIT, -ENOMEM,
		"%s: %" PRIu64 " bytes to be locked, %" PRIu64
		" of them are; RLIMIT_MEMLOCK allows %" PRIu64,
		want->address, need, locked, (uint64_t)limit.rlim_cur);
	err_fix("in the shell that starts it: sudo prlimit --memlock=%" PRIu64
		" --pid $$; for good: a line 'USER - memlock %" PRIu64
		"' in /etc/security/limits.d/vio.conf, or LimitMEMLOCK=%" PRIu64 " in the unit",
		need, (need + 1023) / 1024, need);
	return -ENOMEM;
}

int refuse_map(const struct space *space, const struct dma_want *want, uint64_t iova, int rc)
{
	if (rc == -ENOMEM)
		return refuse_limit(want);
	return err_set(rc == -ENOSPC ? ERR_DMA_ENTRIES : ERR_DMA_MAP, rc,
		       "%s: mapping %zu bytes at 0x%" PRIx64 " in %s: %s", want->address,
		       want->info.bytes, iova, space->key, strerror(-rc));
}
