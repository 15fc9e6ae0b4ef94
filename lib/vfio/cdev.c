/* SPDX-License-Identifier: BSD-3-Clause */
#include "cdev.h"

#include <errno.h>
#include <stdio.h>

#include "abi.h"
#include "device.h"
#include "refuse.h"
#include "reserved.h"

void cdev_node(const struct way *way, char path[WAY_PATH])
{
	way_node(way, path, "vfio/devices/%s", way->cdev);
}

/* ---- DMA ---- */

static int ioas_map(struct space *s, void *va, uint64_t bytes, uint64_t iova)
{
	struct abi_ioas_map map = {
		.size = sizeof(map),
		.flags = ABI_MAP_FIXED_IOVA | ABI_MAP_WRITEABLE | ABI_MAP_READABLE,
		.ioas_id = s->ioas,
		.user_va = (uintptr_t)va,
		.length = bytes,
		.iova = iova,
	};

	return s->kernel->ioctl(s->control, ABI_IOAS_MAP, (unsigned long)&map);
}

static int ioas_unmap(struct space *s, uint64_t iova, uint64_t bytes)
{
	struct abi_ioas_unmap unmap = {
		.size = sizeof(unmap), .ioas_id = s->ioas, .iova = iova, .length = bytes
	};

	return s->kernel->ioctl(s->control, ABI_IOAS_UNMAP, (unsigned long)&unmap);
}

static void ioas_close(struct space *s)
{
	s->kernel->close(s->control);
}

static const struct space_ops ioas_ops = { ioas_map, ioas_unmap, ioas_close };

static int ioas_open(struct space *s, const void *arg)
{
	struct abi_ioas_alloc alloc = { .size = sizeof(alloc) };
	const struct way *way = arg;
	char path[WAY_PATH];
	int rc;

	way_node(way, path, "iommu");
	rc = s->control = way_open(way, path);
	if (rc < 0)
		return rc;
	rc = s->kernel->ioctl(s->control, ABI_IOAS_ALLOC, (unsigned long)&alloc);
	if (rc < 0) {
		refuse_call(way->address, "IOMMU_IOAS_ALLOC", rc);
		s->kernel->close(s->control);
		return rc;
	}
	s->ioas = alloc.out_ioas_id;
	s->group = -1;
	s->how = "iommufd";
	s->ops = &ioas_ops;
	return 0;
}

/* Each device that joins may take ranges away. */
static int learn_ranges(struct space *s, const struct way *way)
{
	struct abi_iova_range range[IOVA_RANGES_MAX];
	struct abi_ioas_ranges ask = { .size = sizeof(ask),
				       .ioas_id = s->ioas,
				       .num_iovas = IOVA_RANGES_MAX,
				       .allowed_iovas = (uintptr_t)range };
	int rc = s->kernel->ioctl(s->control, ABI_IOAS_RANGES, (unsigned long)&ask);

	/* The first ones are there even so. */
	if (rc < 0 && rc != -EMSGSIZE)
		return refuse_call(way->address, "IOMMU_IOAS_IOVA_RANGES", rc);
	pthread_mutex_lock(&s->lock);
	s->page_bytes = ask.out_iova_alignment ? ask.out_iova_alignment : 1;
	s->usable.n = 0;
	for (uint32_t i = 0; i < ask.num_iovas && i < IOVA_RANGES_MAX; i++)
		iova_set_add(&s->usable, range[i].first, range[i].last);
	reserved_cut(way, &s->usable);
	pthread_mutex_unlock(&s->lock);
	return 0;
}

/* ---- the device ---- */

static int refuse_attach(const struct way *way, const char *call, int rc)
{
	return rc == -EBUSY ? refuse_members(way) : refuse_iommu(way, call, "iommufd", rc);
}

static int bind_device(struct vfio_device *dev, const struct way *way)
{
	struct space *s = dev->owned.space;
	struct abi_bind bind = { .argsz = sizeof(bind), .iommufd = s->control };
	struct abi_attach attach = { .argsz = sizeof(attach), .pt_id = s->ioas };
	int rc;

	rc = way->kernel->ioctl(dev->fd, ABI_DEVICE_BIND, (unsigned long)&bind);
	if (rc < 0)
		return refuse_attach(way, "VFIO_DEVICE_BIND_IOMMUFD", rc);
	rc = way->kernel->ioctl(dev->fd, ABI_DEVICE_ATTACH, (unsigned long)&attach);
	if (rc < 0)
		return refuse_attach(way, "VFIO_DEVICE_ATTACH_IOMMUFD_PT", rc);
	return learn_ranges(s, way);
}

static int cdev_start(struct owned *o, const struct way *way)
{
	struct vfio_device *dev = vfio_device_of(&o->pci);
	char node[WAY_PATH];
	int rc;

	cdev_node(way, node);
	rc = dev->fd = way_open(way, node);
	if (rc < 0)
		return rc;
	rc = bind_device(dev, way);
	if (rc < 0)
		return rc;
	snprintf(o->text, sizeof(o->text), "vfio device %s, %s", way->cdev, o->space->how);
	return vfio_device_start(dev);
}

static const struct owned_kind cdev_kind = { sizeof(struct vfio_device), &vfio_device_ops,
					     ioas_open, cdev_start, vfio_device_stop };

int cdev_open(const struct way *way, struct pci_dev **out)
{
	char key[32];

	snprintf(key, sizeof(key), "iommufd, group %s", way->group);
	return owned_open(&cdev_kind, way, key, out);
}
