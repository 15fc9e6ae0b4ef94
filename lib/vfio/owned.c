/* SPDX-License-Identifier: BSD-3-Clause */
#include "owned.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/compiler.h"
#include "../base/endian.h"
#include "../base/err.h"
#include "../mem/phys.h"
#include "../pci/bars.h"
#include "refuse.h"

struct bar_mapping {
	void *at;
	size_t len;
	struct bar_mapping *next;
};

/* A region that this device reaches. */
struct dma_ref {
	const struct vio_region *region;
	struct dma_map *map;
	struct dma_ref *next;
};

/* ---- registers ---- */

/* @n is a negative errno, or fewer bytes than a register has. */
static int gone(const struct owned *o, const char *doing, const struct owned_file *f, uint64_t off,
		ssize_t n)
{
	return err_set(ERR_PCI_GONE, -EIO, "%s: %s%s at 0x%" PRIx64 ": %s", o->pci.address, doing,
		       f->name, off, n < 0 ? strerror((int)-n) : "cut short");
}

int owned_read(struct owned *o, const struct owned_file *f, uint64_t off, unsigned int width,
	       uint32_t *value)
{
	le32 word = 0;
	ssize_t n = o->kernel->pread(f->fd, &word, width, f->base + off);

	if (n != (ssize_t)width)
		return gone(o, "reading", f, off, n);
	*value = le32_to(word);
	return 0;
}

int owned_write(struct owned *o, const struct owned_file *f, uint64_t off, unsigned int width,
		uint32_t value)
{
	le32 word = le32_from(value);
	ssize_t n = o->kernel->pwrite(f->fd, &word, width, f->base + off);

	return n == (ssize_t)width ? 0 : gone(o, "writing", f, off, n);
}

static int check_config(const struct owned *o, uint32_t off, unsigned int width)
{
	if ((width == 1 || width == 2 || width == 4) && off % width == 0 && off < o->config.bytes &&
	    width <= o->config.bytes - off)
		return 0;
	return err_set(ERR_PCI_REGISTER, -EINVAL,
		       "%s: no register of %u bytes at 0x%x of configuration space", o->pci.address,
		       width, off);
}

int owned_config_read(struct pci_dev *dev, uint32_t off, unsigned int width, uint32_t *value)
{
	struct owned *o = owned_of(dev);
	int rc = check_config(o, off, width);

	return rc < 0 ? rc : owned_read(o, &o->config, off, width, value);
}

int owned_config_write(struct pci_dev *dev, uint32_t off, unsigned int width, uint32_t value)
{
	struct owned *o = owned_of(dev);
	int rc = check_config(o, off, width);

	return rc < 0 ? rc : owned_write(o, &o->config, off, width, value);
}

int owned_map(struct owned *o, int fd, uint64_t base, uint64_t off, uint64_t len,
	      volatile void **at)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), head = off & (page - 1);
	struct bar_mapping *m = malloc(sizeof(*m));
	int rc;

	if (!m)
		return err_set(ERR_NO_MEMORY, -ENOMEM, "%s: %zu bytes", o->pci.address, sizeof(*m));
	m->len = align_up(head + len, page);
	rc = o->kernel->map(fd, base + off - head, m->len, &m->at);
	if (rc < 0) {
		free(m);
		return refuse_call(o->pci.address, "mapping a BAR", rc);
	}
	m->next = o->bars;
	o->bars = m;
	*at = (volatile char *)m->at + head;
	return 0;
}

/* ---- memory ---- */

static int refuse_phys(const struct owned *o, const struct vio_region_info *info, size_t run,
		       int rc)
{
	if (rc == -EADDRNOTAVAIL)
		return err_set(ERR_DMA_SCATTERED, -ENOMEM,
			       "%s: of the region's %zu bytes only %zu follow each other",
			       o->pci.address, info->bytes, run);
	return err_set(ERR_DMA_PHYSICAL, rc, "%s: %s does not tell physical addresses: %s",
		       o->pci.address, o->pagemap, strerror(-rc));
}

/*
 * Huge pages are never swapped, and locked they are not moved either. They stay locked: other
 * devices may use the region too, and it ends with its file.
 */
static int find_physical(const struct owned *o, struct dma_want *want)
{
	const struct vio_region_info *info = &want->info;
	size_t run;
	int rc;

	if (info->page_bytes == (size_t)sysconf(_SC_PAGESIZE))
		return err_set(ERR_DMA_PAGES, -EINVAL,
			       "%s: the region of %zu bytes has pages of %zu", o->pci.address,
			       info->bytes, info->page_bytes);
	rc = o->kernel->mlock(info->base, info->bytes);
	if (rc < 0)
		return refuse_map(o->space, want, 0, rc == -EPERM ? -ENOMEM : rc);
	rc = phys_run(o->pagemap, info->base, info->bytes, info->page_bytes, &want->phys, &run);
	return rc < 0 ? refuse_phys(o, info, run, rc) : 0;
}

int owned_dma_map(struct pci_dev *dev, const struct vio_region *region, uint64_t *bias)
{
	struct owned *o = owned_of(dev);
	struct dma_want want = { .address = dev->address,
				 .physical = o->physical,
				 .limit = dev->dma_limit ? dev->dma_limit : UINT64_MAX };
	struct dma_ref *ref = malloc(sizeof(*ref));
	int rc = 0;

	if (!ref)
		return err_set(ERR_NO_MEMORY, -ENOMEM, "%s: %zu bytes", dev->address, sizeof(*ref));
	vio_region_info(region, &want.info);
	if (o->physical)
		rc = find_physical(o, &want);
	if (rc == 0)
		rc = space_map(o->space, &want, &ref->map);
	if (rc < 0) {
		free(ref);
		return rc;
	}
	ref->region = region;
	ref->next = o->dmas;
	o->dmas = ref;
	*bias = ref->map->iova - (uintptr_t)want.info.base;
	return 0;
}

int owned_dma_unmap(struct pci_dev *dev, const struct vio_region *region)
{
	struct owned *o = owned_of(dev);
	struct dma_ref **link = &o->dmas, *ref;
	int rc;

	while (*link && (*link)->region != region)
		link = &(*link)->next;
	ref = *link;
	if (!ref)
		return err_set(ERR_OPTS, -EINVAL, "%s: the region at %p is not mapped",
			       dev->address, (const void *)region);
	rc = space_unmap(o->space, ref->map);
	*link = ref->next;
	free(ref);
	return rc;
}

int owned_bus_master(struct pci_dev *dev, bool on)
{
	return on ? pci_command(dev, PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 0)
		  : pci_command(dev, 0, PCI_COMMAND_MASTER);
}

const char *owned_describe(struct pci_dev *dev)
{
	return owned_of(dev)->text;
}

/* ---- life cycle ---- */

static struct owned *owned_new(const struct owned_kind *kind, const struct way *way)
{
	struct owned *o = calloc(1, kind->bytes);

	if (!o) {
		err_set(ERR_NO_MEMORY, -ENOMEM, "%s: %zu bytes", way->address, kind->bytes);
		return NULL;
	}
	o->kind = kind;
	o->pci.ops = kind->ops;
	o->pci.translated = !way->physical;
	o->kernel = way->kernel;
	o->physical = way->physical;
	memcpy(o->pci.address, way->address, sizeof(o->pci.address));
	memcpy(o->user.address, way->address, sizeof(o->user.address));
	snprintf(o->pagemap, sizeof(o->pagemap), "%.*s/self/pagemap", WAY_PATH / 2,
		 way->roots.proc);
	return o;
}

int owned_open(const struct owned_kind *kind, const struct way *way, const char *key,
	       struct pci_dev **out)
{
	struct owned *o = owned_new(kind, way);
	int rc;

	if (!o)
		return -ENOMEM;
	rc = space_join(o->kernel, key, kind->open_space, way, &o->user, &o->space);
	if (rc < 0)
		goto free_owned;
	rc = kind->start(o, way);
	if (rc == 0)
		rc = pci_command(&o->pci,
				 PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_DISABLE,
				 PCI_COMMAND_MASTER);
	if (rc < 0)
		goto stop;
	*out = &o->pci;
	return 0;

stop:
	kind->stop(o);
	space_leave(o->space, &o->user);
free_owned:
	free(o);
	return rc;
}

static void unmap_bars(struct owned *o)
{
	while (o->bars) {
		struct bar_mapping *next = o->bars->next;

		o->kernel->unmap(o->bars->at, o->bars->len);
		free(o->bars);
		o->bars = next;
	}
}

void owned_close(struct pci_dev *dev)
{
	struct owned *o = owned_of(dev);

	owned_bus_master(dev, false);
	while (o->dmas)
		owned_dma_unmap(dev, o->dmas->region);
	unmap_bars(o);
	o->kind->stop(o);
	space_leave(o->space, &o->user);
	free(o);
}
