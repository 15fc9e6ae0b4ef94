/* SPDX-License-Identifier: BSD-3-Clause */
#include "way.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../base/err.h"
#include "refuse.h"

void way_node(const struct way *way, char path[WAY_PATH], const char *fmt, ...)
{
	int n = snprintf(path, WAY_PATH, "%.*s/", WAY_PATH / 2, way->roots.dev);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path + n, WAY_PATH - (size_t)n, fmt, ap);
	va_end(ap);
}

int way_open(const struct way *way, const char *path)
{
	int fd = way->kernel->open(path, O_RDWR);

	return fd < 0 ? refuse_node(way, path, fd) : fd;
}

void way_sysfs(const struct way *way, char path[WAY_PATH], const char *file)
{
	snprintf(path, WAY_PATH, "%.*s/bus/pci/devices/%s/%s", WAY_PATH / 2, way->roots.sys,
		 way->address, file);
}

/* In the kernel's own form, so that nothing but a PCI address ever becomes part of a path. */
static int take_address(struct way *way, const char *address)
{
	unsigned int domain = 0, bus, dev, fn;
	int end = 0;

	sscanf(address, "%8x:%2x:%2x.%1x%n", &domain, &bus, &dev, &fn, &end);
	if (!end) {
		domain = 0;
		sscanf(address, "%2x:%2x.%1x%n", &bus, &dev, &fn, &end);
	}
	if (!end || address[end] ||
	    strspn(address, "0123456789abcdefABCDEF:.") != strlen(address) || dev > 31 || fn > 7)
		return err_set(ERR_PCI_ADDRESS, -EINVAL, "'%.64s' is not the address of a function",
			       address);
	snprintf(way->address, sizeof(way->address), "%04x:%02x:%02x.%x", domain, bus, dev, fn);
	return 0;
}

/* Name of the first entry of a folder of sysfs that begins with @prefix; "": none. */
static void first_entry(const struct way *way, const char *folder, const char *prefix, char *name,
			size_t size)
{
	char path[WAY_PATH];
	const struct dirent *entry;
	DIR *dir;

	name[0] = '\0';
	way_sysfs(way, path, folder);
	dir = opendir(path);
	if (!dir)
		return;
	do
		entry = readdir(dir);
	while (entry && strncmp(entry->d_name, prefix, strlen(prefix)));
	if (entry && strlen(entry->d_name) < size)
		snprintf(name, size, "%.*s", (int)size - 1, entry->d_name);
	closedir(dir);
}

/* Name that a link of the function ends in; "": there is none. */
static void link_of(const struct way *way, const char *file, char *name, size_t size)
{
	char path[WAY_PATH];

	way_sysfs(way, path, file);
	if (sysfs_link(path, name, size) < 0)
		name[0] = '\0';
}

static bool made_up_group(const struct way *way)
{
	char path[WAY_PATH], name[32];

	way_sysfs(way, path, "iommu_group/name");
	return sysfs_text(path, name, sizeof(name)) >= 0 && !strcmp(name, "vfio-noiommu");
}

int way_find(struct way *way, const char *address)
{
	char path[WAY_PATH];
	int rc;

	rc = take_address(way, address);
	if (rc < 0)
		return rc;
	way_sysfs(way, path, "");
	if (access(path, F_OK) < 0)
		return err_set(ERR_PCI_NONE, -ENODEV, "%s: there is no such PCI function",
			       way->address);
	link_of(way, "driver", way->driver, sizeof(way->driver));
	link_of(way, "iommu_group", way->group, sizeof(way->group));
	way->noiommu = made_up_group(way);
	first_entry(way, "vfio-dev", "vfio", way->cdev, sizeof(way->cdev));
	first_entry(way, "uio", "uio", way->uio, sizeof(way->uio));
	return 0;
}
