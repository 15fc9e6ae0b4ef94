/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VFIO_OWNED_H
#define VFIO_OWNED_H

#include "../pci/pci.h"
#include "space.h"
#include "way.h"

struct bar_mapping;
struct dma_ref;

/* What an owned function has, whoever gave it: the first member of its struct. */
struct owned {
	struct pci_dev pci;
	const struct vfio_kernel *kernel;
	struct space *space;
	struct space_user user;
	bool physical;          /* addresses are physical ones */
	char pagemap[WAY_PATH]; /* to learn them */
	struct bar_mapping *bars;
	struct dma_ref *dmas;
	char text[96]; /* describe() */
};

static inline struct owned *owned_of(struct pci_dev *dev)
{
	return (struct owned *)((char *)dev - offsetof(struct owned, pci));
}

/* Fill in what @way says. */
void owned_init(struct owned *o, const struct way *way);

/**
 * owned_map - map a piece of a file until owned_fini()
 * @fd: file
 * @base: where in the file the BAR begins, page-aligned
 * @off: of the first byte in the BAR
 * @at: receives its address
 *
 * Return: 0, or a negative errno with the error set.
 */
int owned_map(struct owned *o, int fd, uint64_t base, uint64_t off, uint64_t len,
	      volatile void **at);

/* Return: 0, or -EINVAL with the error set where configuration space, of @bytes, has no such
 * register. */
int owned_check_config(const struct pci_dev *dev, uint64_t bytes, uint32_t off, unsigned int width);

/* A register's access answered with @n, a negative errno or too few bytes. Sets the error. Return:
 * -EIO. */
int owned_gone(const struct pci_dev *dev, const char *doing, uint64_t off, ssize_t n);

/* As of struct pci_ops. */
int owned_dma_map(struct pci_dev *dev, const struct vio_region *region, uint64_t *bias);
int owned_dma_unmap(struct pci_dev *dev, const struct vio_region *region);
int owned_bus_master(struct pci_dev *dev, bool on);
const char *owned_describe(struct pci_dev *dev);

/* End all mappings, memory and BARs. */
void owned_fini(struct owned *o);

#endif
