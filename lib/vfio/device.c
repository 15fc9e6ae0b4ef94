/* SPDX-License-Identifier: BSD-3-Clause */
#include "device.h"

#include <errno.h>
#include <string.h>

#include "../base/compiler.h"
#include "../pci/bars.h"
#include "info.h"
#include "irq.h"
#include "refuse.h"

/* ---- registers ---- */

static int vfio_bar_read(struct pci_dev *dev, unsigned int bar, uint64_t off, unsigned int width,
			 uint32_t *value)
{
	struct vfio_device *d = vfio_device_of(dev);
	int rc = pci_bar_check(dev, bar, off, width);

	return rc < 0 ? rc : owned_read(&d->owned, &d->bar[bar].file, off, width, value);
}

static int vfio_bar_write(struct pci_dev *dev, unsigned int bar, uint64_t off, unsigned int width,
			  uint32_t value)
{
	struct vfio_device *d = vfio_device_of(dev);
	int rc = pci_bar_check(dev, bar, off, width);

	return rc < 0 ? rc : owned_write(&d->owned, &d->bar[bar].file, off, width, value);
}

static bool can_map(const struct vfio_window *w, uint64_t off, uint64_t len)
{
	for (unsigned int i = 0; i < w->n_areas; i++) {
		const struct bar_area *a = &w->area[i];

		if (off >= a->off && off - a->off < a->bytes && len <= a->bytes - (off - a->off))
			return true;
	}
	return false;
}

static int vfio_bar_map(struct pci_dev *dev, unsigned int bar, uint64_t off, uint64_t len,
			volatile void **at)
{
	struct vfio_device *d = vfio_device_of(dev);

	if (!pci_bar_has(dev, bar, off, len))
		return pci_bar_check(dev, bar, UINT64_MAX, 1);
	if (!can_map(&d->bar[bar], off, len))
		return -ENOTSUP;
	return owned_map(&d->owned, d->fd, d->bar[bar].file.base, off, len, at);
}

/* ---- the rest ---- */

static int vfio_reset(struct pci_dev *dev)
{
	struct vfio_device *d = vfio_device_of(dev);
	int rc;

	if (!d->can_reset)
		return -ENOTSUP;
	rc = d->owned.kernel->ioctl(d->fd, VFIO_DEVICE_RESET, 0);
	return rc < 0 ? refuse_call(dev->address, "VFIO_DEVICE_RESET", rc) : 0;
}

static void vfio_close(struct pci_dev *dev)
{
	irq_set(dev, PCI_IRQ_NONE, NULL, 0);
	owned_close(dev);
}

const struct pci_ops vfio_device_ops = {
	.config_read = owned_config_read,
	.config_write = owned_config_write,
	.bar_read = vfio_bar_read,
	.bar_write = vfio_bar_write,
	.bar_map = vfio_bar_map,
	.dma_map = owned_dma_map,
	.dma_unmap = owned_dma_unmap,
	.bus_master = owned_bus_master,
	.reset = vfio_reset,
	.irq_set = irq_set,
	.irq_unmask = irq_unmask,
	.describe = owned_describe,
	.close = vfio_close,
};

/* ---- life cycle ---- */

/* Before Linux 4.16 the list leaves the MSI-X table's pages out; since then there is none where all
 * of the BAR can be mapped. */
static void learn_areas(struct vfio_window *w, const union vfio_info *info)
{
	uint32_t off =
		info->region.flags & VFIO_REGION_INFO_FLAG_CAPS ? info->region.cap_offset : 0;
	struct vfio_region_info_cap_sparse_mmap cap;
	const char *list;
	ptrdiff_t left;

	if (!(info->region.flags & VFIO_REGION_INFO_FLAG_MMAP))
		return;
	left = info_cap(info, off, VFIO_REGION_INFO_CAP_SPARSE_MMAP, &cap, sizeof(cap), &list);
	if (left < 0) {
		w->area[w->n_areas++] = (struct bar_area){ 0, w->file.bytes };
		return;
	}
	for (uint32_t i = 0;
	     i < min_u32(cap.nr_areas, BAR_AREAS_MAX) && left >= (ptrdiff_t)sizeof(struct bar_area);
	     i++) {
		memcpy(&w->area[w->n_areas++], list, sizeof(struct bar_area));
		list += sizeof(struct bar_area);
		left -= (ptrdiff_t)sizeof(struct bar_area);
	}
}

static int learn_window(struct vfio_device *dev, uint32_t index, struct vfio_window *w)
{
	union vfio_info info = { .region = { .index = index } };
	int rc = info_get(dev->owned.kernel, dev->fd, VFIO_DEVICE_GET_REGION_INFO, &info);

	if (rc < 0)
		return refuse_call(dev->owned.pci.address, "VFIO_DEVICE_GET_REGION_INFO", rc);
	w->file = (struct owned_file){ dev->fd, info.region.offset, info.region.size, "" };
	learn_areas(w, &info);
	return 0;
}

static int learn_bars(struct vfio_device *dev)
{
	struct vfio_window config = { .n_areas = 0 };
	int rc;

	for (uint32_t i = 0; i < PCI_BARS; i++) {
		rc = learn_window(dev, VFIO_PCI_BAR0_REGION_INDEX + i, &dev->bar[i]);
		if (rc < 0)
			return rc;
		dev->owned.pci.bar[i].bytes = dev->bar[i].file.bytes;
	}
	rc = learn_window(dev, VFIO_PCI_CONFIG_REGION_INDEX, &config);
	dev->owned.config = config.file;
	return rc < 0 ? rc : pci_bars_kinds(&dev->owned.pci);
}

static int learn_flags(struct vfio_device *dev)
{
	union vfio_info info = { .device = { .flags = 0 } };
	int rc = info_get(dev->owned.kernel, dev->fd, VFIO_DEVICE_GET_INFO, &info);

	if (rc < 0)
		return refuse_call(dev->owned.pci.address, "VFIO_DEVICE_GET_INFO", rc);
	dev->can_reset = info.device.flags & VFIO_DEVICE_FLAGS_RESET;
	return 0;
}

int vfio_device_start(struct vfio_device *dev)
{
	int rc;

	rc = learn_flags(dev);
	if (rc < 0)
		return rc;
	rc = learn_bars(dev);
	return rc < 0 ? rc : irq_learn(dev);
}

void vfio_device_stop(struct owned *o)
{
	int fd = vfio_device_of(&o->pci)->fd;

	if (fd >= 0)
		o->kernel->close(fd);
}
