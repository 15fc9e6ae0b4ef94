/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VFIO_OWNED_H
#define VFIO_OWNED_H

#include "../pci/pci.h"
#include "space.h"
#include "way.h"

struct bar_mapping;
struct dma_ref;
struct owned;

/* What the ways to own a function differ in. */
struct owned_kind {
	size_t bytes; /* of its struct, whose first member is struct owned; zeroed for start() */
	const struct pci_ops *ops;
	space_open_fn *open_space;

	/* The space is there: open the function's files, learn what it has, and put a text into
	 * @o. Return: 0, or a negative errno with the error set. */
	int (*start)(struct owned *o, const struct way *way);

	/* Close its files; those that are open, after a start() that failed. */
	void (*stop)(struct owned *o);
};

/* Where registers of a function are read and written. */
struct owned_file {
	int fd;
	uint64_t base, bytes; /* where in the file they begin, and how many there are */
	const char *name;     /* " configuration space", for errors; "": the position tells */
};

/* What an owned function has, whoever gave it: the first member of its struct. */
struct owned {
	struct pci_dev pci;
	const struct owned_kind *kind;
	struct owned_file config;
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

/**
 * owned_open - take a function over
 * @key: names its space
 * @out: receives it, to be ended with its close(); untouched on failure
 *
 * It decodes memory and I/O then; interrupts and bus mastering are off.
 *
 * Return: 0, or a negative errno with the error set.
 */
int owned_open(const struct owned_kind *kind, const struct way *way, const char *key,
	       struct pci_dev **out);

/**
 * owned_map - map a piece of a file until owned_close()
 * @fd: file
 * @base: where in the file the BAR begins, page-aligned
 * @off: of the first byte in the BAR
 * @at: receives its address
 *
 * Return: 0, or a negative errno with the error set.
 */
int owned_map(struct owned *o, int fd, uint64_t base, uint64_t off, uint64_t len,
	      volatile void **at);

/* Read or write a register at @off, which has been checked. Return: 0, or -EIO with the error set.
 */
int owned_read(struct owned *o, const struct owned_file *f, uint64_t off, unsigned int width,
	       uint32_t *value);
int owned_write(struct owned *o, const struct owned_file *f, uint64_t off, unsigned int width,
		uint32_t value);

/* As of struct pci_ops. */
int owned_config_read(struct pci_dev *dev, uint32_t off, unsigned int width, uint32_t *value);
int owned_config_write(struct pci_dev *dev, uint32_t off, unsigned int width, uint32_t value);
int owned_dma_map(struct pci_dev *dev, const struct vio_region *region, uint64_t *bias);
int owned_dma_unmap(struct pci_dev *dev, const struct vio_region *region);
int owned_bus_master(struct pci_dev *dev, bool on);
const char *owned_describe(struct pci_dev *dev);
void owned_close(struct pci_dev *dev);

#endif
