/* SPDX-License-Identifier: BSD-3-Clause */
#include "group.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../base/compiler.h"
#include "../base/err.h"
#include "device.h"
#include "info.h"
#include "refuse.h"
#include "reserved.h"

/* Kinds of IOMMU that a container can have, the best first. */
static const struct iommu_kind {
	unsigned long type;
	bool noiommu;
	const char *how;
} iommu_kinds[] = {
	{ VFIO_TYPE1v2_IOMMU, false, "type1v2 iommu" },
	{ VFIO_TYPE1_IOMMU, false, "type1 iommu" },
	{ VFIO_NOIOMMU_IOMMU, true, "no iommu" },
};

/* An IOMMU with fewer address bits than this is not known; a kernel that does not tell how many
 * there are is older than 5.4. */
#define IOVA_BITS_LEAST 39

void group_node(const struct way *way, char path[WAY_PATH])
{
	way_node(way, path, "vfio/%s%s", way->noiommu ? "noiommu-" : "", way->group);
}

/* ---- DMA ---- */

static int type1_map(struct space *s, void *va, uint64_t bytes, uint64_t iova)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)va,
		.iova = iova,
		.size = bytes,
	};

	return s->kernel->ioctl(s->control, VFIO_IOMMU_MAP_DMA, (unsigned long)&map);
}

static int type1_unmap(struct space *s, uint64_t iova, uint64_t bytes)
{
	struct vfio_iommu_type1_dma_unmap unmap = { .argsz = sizeof(unmap),
						    .iova = iova,
						    .size = bytes };

	return s->kernel->ioctl(s->control, VFIO_IOMMU_UNMAP_DMA, (unsigned long)&unmap);
}

static void group_close(struct space *s)
{
	s->kernel->close(s->group);
	s->kernel->close(s->control);
}

static const struct space_ops type1_ops = { type1_map, type1_unmap, group_close };
static const struct space_ops noiommu_ops = { NULL, NULL, group_close };

/* ---- what the IOMMU can do ---- */

static void take_ranges(struct space *s, const union vfio_info *info)
{
	uint32_t off = info->iommu.flags & VFIO_IOMMU_INFO_CAPS ? info->iommu.cap_offset : 0;
	struct vfio_iommu_type1_info_cap_iova_range cap;
	struct vfio_iova_range r;
	const char *list;
	ptrdiff_t left =
		info_cap(info, off, VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE, &cap, sizeof(cap), &list);

	if (left < 0) {
		iova_set_add(&s->usable, 0, BIT64(IOVA_BITS_LEAST) - 1);
		return;
	}
	for (uint32_t i = 0; i < cap.nr_iovas && left >= (ptrdiff_t)sizeof(r); i++) {
		memcpy(&r, list, sizeof(r));
		iova_set_add(&s->usable, r.start, r.end);
		list += sizeof(r);
		left -= (ptrdiff_t)sizeof(r);
	}
}

static int learn_iommu(struct space *s, const struct way *way)
{
	union vfio_info info = { .iommu = { .flags = 0 } };
	int rc = info_get(s->kernel, s->control, VFIO_IOMMU_GET_INFO, &info);

	if (rc < 0)
		return refuse_call(way->address, "VFIO_IOMMU_GET_INFO", rc);
	s->page_bytes = info.iommu.flags & VFIO_IOMMU_INFO_PGSIZES
				? info.iommu.iova_pgsizes & -info.iommu.iova_pgsizes
				: 4096;
	take_ranges(s, &info);
	reserved_cut(way, &s->usable);
	return 0;
}

/* ---- the container ---- */

static const struct iommu_kind *find_kind(const struct space *s, bool noiommu)
{
	for (size_t i = 0; i < ARRAY_SIZE(iommu_kinds); i++)
		if (iommu_kinds[i].noiommu == noiommu &&
		    s->kernel->ioctl(s->control, VFIO_CHECK_EXTENSION, iommu_kinds[i].type) > 0)
			return &iommu_kinds[i];
	return NULL;
}

static int refuse_kind(const struct way *way)
{
	err_set(ERR_PCI_VFIO_NONE, -ENODEV, "%s: VFIO has no %s", way->address,
		way->noiommu ? "no-IOMMU mode" : "IOMMU of type 1");
	if (way->noiommu)
		err_fix("echo 1 > /sys/module/vfio/parameters/enable_unsafe_noiommu_mode");
	else
		err_fix("modprobe vfio_iommu_type1");
	return -ENODEV;
}

static int set_iommu(struct space *s, const struct way *way)
{
	const struct iommu_kind *kind = find_kind(s, way->noiommu);
	int rc;

	if (!kind)
		return refuse_kind(way);
	rc = s->kernel->ioctl(s->control, VFIO_SET_IOMMU, kind->type);
	if (rc < 0)
		return refuse_iommu(way, "VFIO_SET_IOMMU", "vfio_iommu_type1", rc);
	s->how = kind->how;
	s->ops = kind->noiommu ? &noiommu_ops : &type1_ops;
	return 0;
}

static int check_group(const struct space *s, const struct way *way)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	int rc = s->kernel->ioctl(s->group, VFIO_GROUP_GET_STATUS, (unsigned long)&status);

	if (rc < 0)
		return refuse_call(way->address, "VFIO_GROUP_GET_STATUS", rc);
	return status.flags & VFIO_GROUP_FLAGS_VIABLE ? 0 : refuse_members(way);
}

/* Group into container, IOMMU into both. */
static int join_parts(struct space *s, const struct way *way)
{
	int rc = check_group(s, way);

	if (rc < 0)
		return rc;
	rc = s->kernel->ioctl(s->group, VFIO_GROUP_SET_CONTAINER, (unsigned long)&s->control);
	if (rc < 0)
		return refuse_call(way->address, "VFIO_GROUP_SET_CONTAINER", rc);
	rc = set_iommu(s, way);
	if (rc < 0)
		return rc;
	if (!way->noiommu)
		return learn_iommu(s, way);
	s->page_bytes = 1;
	iova_set_add(&s->usable, 0, UINT64_MAX);
	return 0;
}

static int check_api(const struct space *s, const struct way *way)
{
	int version = s->kernel->ioctl(s->control, VFIO_GET_API_VERSION, 0);

	if (version == VFIO_API_VERSION)
		return 0;
	return refuse_call(way->address, "VFIO_GET_API_VERSION",
			   version < 0 ? version : -EPROTONOSUPPORT);
}

static int group_space_open(struct space *s, const void *arg)
{
	const struct way *way = arg;
	char path[WAY_PATH];
	int rc;

	way_node(way, path, "vfio/vfio");
	rc = s->control = way_open(way, path);
	if (rc < 0)
		return rc;
	rc = check_api(s, way);
	if (rc < 0)
		goto close_container;
	rc = s->group = way_open(way, s->key);
	if (rc < 0)
		goto close_container;
	rc = join_parts(s, way);
	if (rc < 0)
		goto close_group;
	return 0;

close_group:
	s->kernel->close(s->group);
close_container:
	s->kernel->close(s->control);
	return rc;
}

static int group_start(struct owned *o, const struct way *way)
{
	struct vfio_device *dev = vfio_device_of(&o->pci);

	dev->fd = o->kernel->ioctl(o->space->group, VFIO_GROUP_GET_DEVICE_FD,
				   (unsigned long)way->address);
	if (dev->fd < 0)
		return refuse_call(way->address, "VFIO_GROUP_GET_DEVICE_FD", dev->fd);
	snprintf(o->text, sizeof(o->text), "vfio %sgroup %s, %s", way->noiommu ? "noiommu " : "",
		 way->group, o->space->how);
	return vfio_device_start(dev);
}

static const struct owned_kind group_kind = { sizeof(struct vfio_device), &vfio_device_ops,
					      group_space_open, group_start, vfio_device_stop };

int group_open(const struct way *way, struct pci_dev **out)
{
	char node[WAY_PATH];

	group_node(way, node);
	return owned_open(&group_kind, way, node, out);
}
