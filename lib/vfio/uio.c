/* SPDX-License-Identifier: BSD-3-Clause */
#include "uio.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "../base/endian.h"
#include "../base/err.h"
#include "../pci/bars.h"
#include "owned.h"
#include "refuse.h"

#define CONFIG_BYTES 4096

struct uio_device {
	struct owned owned;
	struct way way;
	uint64_t first[PCI_BARS]; /* address on the bus */
	struct uio_bar {
		struct owned_file file; /* fd -1: not open */
		volatile char *at;
	} bar[PCI_BARS];
};

static struct uio_device *device_of(struct pci_dev *dev)
{
	return (struct uio_device *)owned_of(dev);
}

/* ---- BARs ---- */

static int open_file(const struct way *way, const char *name)
{
	char path[WAY_PATH];

	way_sysfs(way, path, name);
	return way_open(way, path);
}

static int open_bar(struct uio_device *d, unsigned int bar)
{
	char name[16];

	if (d->bar[bar].file.fd < 0) {
		snprintf(name, sizeof(name), "resource%u", bar);
		d->bar[bar].file.fd = open_file(&d->way, name);
	}
	return d->bar[bar].file.fd;
}

/* All of a memory BAR. One smaller than a page may begin in the middle of it. */
static int map_bar(struct uio_device *d, unsigned int bar)
{
	const uint64_t in_page = d->first[bar] & ((uint64_t)sysconf(_SC_PAGESIZE) - 1);
	volatile void *at;
	int fd = open_bar(d, bar), rc;

	if (fd < 0 || d->bar[bar].at)
		return fd < 0 ? fd : 0;
	rc = owned_map(&d->owned, fd, 0, in_page, d->owned.pci.bar[bar].bytes, &at);
	if (rc == 0)
		d->bar[bar].at = at;
	return rc;
}

static uint32_t load(const volatile void *at, unsigned int width)
{
	switch (width) {
	case 1:
		return *(const volatile uint8_t *)at;
	case 2:
		return le16_to(*(const volatile le16 *)at);
	default:
		return le32_to(*(const volatile le32 *)at);
	}
}

static void store(volatile void *at, unsigned int width, uint32_t value)
{
	switch (width) {
	case 1:
		*(volatile uint8_t *)at = (uint8_t)value;
		break;
	case 2:
		*(volatile le16 *)at = le16_from((uint16_t)value);
		break;
	default:
		*(volatile le32 *)at = le32_from(value);
	}
}

/* sysfs has I/O BARs to read and write, and memory BARs to map. */
static int ready_bar(struct uio_device *d, unsigned int bar, uint64_t off, unsigned int width)
{
	int rc = pci_bar_check(&d->owned.pci, bar, off, width);

	if (rc < 0)
		return rc;
	rc = d->owned.pci.bar[bar].io ? open_bar(d, bar) : map_bar(d, bar);
	return rc < 0 ? rc : 0;
}

static int uio_bar_read(struct pci_dev *dev, unsigned int bar, uint64_t off, unsigned int width,
			uint32_t *value)
{
	struct uio_device *d = device_of(dev);
	int rc = ready_bar(d, bar, off, width);

	if (rc < 0)
		return rc;
	if (dev->bar[bar].io)
		return owned_read(&d->owned, &d->bar[bar].file, off, width, value);
	*value = load(d->bar[bar].at + off, width);
	return 0;
}

static int uio_bar_write(struct pci_dev *dev, unsigned int bar, uint64_t off, unsigned int width,
			 uint32_t value)
{
	struct uio_device *d = device_of(dev);
	int rc = ready_bar(d, bar, off, width);

	if (rc < 0)
		return rc;
	if (dev->bar[bar].io)
		return owned_write(&d->owned, &d->bar[bar].file, off, width, value);
	store(d->bar[bar].at + off, width, value);
	return 0;
}

static int uio_bar_map(struct pci_dev *dev, unsigned int bar, uint64_t off, uint64_t len,
		       volatile void **at)
{
	struct uio_device *d = device_of(dev);
	int rc;

	if (!pci_bar_has(dev, bar, off, len))
		return pci_bar_check(dev, bar, UINT64_MAX, 1);
	if (dev->bar[bar].io)
		return -ENOTSUP;
	rc = map_bar(d, bar);
	if (rc == 0)
		*at = d->bar[bar].at + off;
	return rc;
}

/* ---- the rest ---- */

static int uio_reset(struct pci_dev *dev)
{
	struct uio_device *d = device_of(dev);
	char path[WAY_PATH];
	ssize_t n;
	int fd;

	way_sysfs(&d->way, path, "reset");
	fd = d->owned.kernel->open(path, O_WRONLY);
	if (fd == -ENOENT)
		return -ENOTSUP;
	if (fd < 0)
		return refuse_node(&d->way, path, fd);
	n = d->owned.kernel->pwrite(fd, "1", 1, 0);
	d->owned.kernel->close(fd);
	return n < 0 ? refuse_call(dev->address, path, (int)n) : 0;
}

static int uio_irq_set(struct pci_dev *dev, enum pci_irq kind, const int *fds, unsigned int n)
{
	(void)fds, (void)n;
	if (kind == PCI_IRQ_NONE)
		return 0;
	err_set(ERR_PCI_IRQ, -ENOTSUP, "%s: uio_pci_generic has no interrupt to wait for",
		dev->address);
	err_fix("poll, or bind it to vfio-pci");
	return -ENOTSUP;
}

static int uio_irq_unmask(struct pci_dev *dev)
{
	(void)dev;
	return 0;
}

static const struct pci_ops uio_ops = {
	.config_read = owned_config_read,
	.config_write = owned_config_write,
	.bar_read = uio_bar_read,
	.bar_write = uio_bar_write,
	.bar_map = uio_bar_map,
	.dma_map = owned_dma_map,
	.dma_unmap = owned_dma_unmap,
	.bus_master = owned_bus_master,
	.reset = uio_reset,
	.irq_set = uio_irq_set,
	.irq_unmask = uio_irq_unmask,
	.describe = owned_describe,
	.close = owned_close,
};

/* ---- life cycle ---- */

static void node_close(struct space *s)
{
	s->kernel->close(s->control);
}

static const struct space_ops physical_ops = { NULL, NULL, node_close };

/*
 * UIO lets any number of processes in; a lock on its node keeps a second one out. While the node is
 * open the kernel ends bus mastering when this process goes, however it does.
 */
static int node_open(struct space *s, const void *arg)
{
	const struct way *way = arg;
	int rc = s->control = way_open(way, s->key);

	if (rc < 0)
		return rc;
	rc = s->kernel->flock(s->control, LOCK_EX | LOCK_NB);
	if (rc < 0) {
		rc = refuse_node(way, s->key, rc);
		s->kernel->close(s->control);
		return rc;
	}
	s->group = -1;
	s->how = "physical addresses";
	s->page_bytes = 1;
	s->ops = &physical_ops;
	iova_set_add(&s->usable, 0, UINT64_MAX);
	return 0;
}

static int learn_bars(struct uio_device *d)
{
	char path[WAY_PATH], text[2048];
	int rc;

	way_sysfs(&d->way, path, "resource");
	rc = sysfs_text(path, text, sizeof(text));
	if (rc < 0)
		return refuse_call(d->way.address, path, rc);
	pci_bars_from_sysfs(text, d->owned.pci.bar, d->first);
	return 0;
}

static int uio_start(struct owned *o, const struct way *way)
{
	struct uio_device *d = device_of(&o->pci);
	int rc;

	d->way = *way;
	o->config = (struct owned_file){ -1, 0, CONFIG_BYTES, " configuration space" };
	for (unsigned int i = 0; i < PCI_BARS; i++)
		d->bar[i].file = (struct owned_file){ .fd = -1, .name = " ports" };
	snprintf(o->text, sizeof(o->text), "uio_pci_generic %s, %s", way->uio, o->space->how);
	rc = learn_bars(d);
	if (rc < 0)
		return rc;
	rc = o->config.fd = open_file(way, "config");
	return rc < 0 ? rc : 0;
}

static void uio_stop(struct owned *o)
{
	const struct uio_device *d = device_of(&o->pci);

	for (unsigned int i = 0; i < PCI_BARS; i++)
		if (d->bar[i].file.fd >= 0)
			o->kernel->close(d->bar[i].file.fd);
	if (o->config.fd >= 0)
		o->kernel->close(o->config.fd);
}

static const struct owned_kind uio_kind = { sizeof(struct uio_device), &uio_ops, node_open,
					    uio_start, uio_stop };

int uio_open(const struct way *way, struct pci_dev **out)
{
	char node[WAY_PATH];

	way_node(way, node, "%s", way->uio);
	return owned_open(&uio_kind, way, node, out);
}
