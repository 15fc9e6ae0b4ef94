/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VFIO_SPACE_H
#define VFIO_SPACE_H

#include <pthread.h>

#include <vio/region.h>

#include "iova.h"
#include "kernel.h"

/*
 * An address space that devices work in: a VFIO container with its group, an address space of
 * iommufd, or the physical addresses of the machine. All devices of one IOMMU group share one, and
 * the kernel opens a group for one file only: so a process finds its spaces again in a table.
 */
struct space {
	const struct space_ops *ops;
	const struct vfio_kernel *kernel;
	char key[256];   /* what makes it this one: path of the node */
	const char *how; /* "type1v2 iommu" */
	int control;     /* the container, or /dev/iommu */
	int group;       /* the group's node, -1: none */
	uint32_t ioas;   /* iommufd's number of the space */

	pthread_mutex_t lock; /* of what follows */
	struct iova_set usable;
	uint64_t page_bytes; /* smallest that the IOMMU maps */
	struct dma_map *maps;

	/* The table's, under its lock. */
	struct space_user *users;
	struct space *next;
};

/* NULL for map: addresses need no mapping. @iova and @bytes are whole pages of the IOMMU. Return:
 * 0 or a negative errno, without an error set. */
struct space_ops {
	int (*map)(struct space *space, void *va, uint64_t bytes, uint64_t iova);
	int (*unmap)(struct space *space, uint64_t iova, uint64_t bytes);
	void (*close)(struct space *space);
};

/* A device in a space. */
struct space_user {
	char address[16];
	struct space_user *next;
};

/* Opens @space, which is zeroed but for kernel and key, for space_join(); return as that. */
typedef int space_open_fn(struct space *space, const void *arg);

/**
 * space_join - find the space that @key names, or open it
 * @kernel: the calls to use
 * @key: copied
 * @open: opens it if it is not there yet; gets @arg
 * @user: the device, its address filled in; must stay until space_leave()
 * @out: receives the space; untouched on failure
 *
 * Return: 0, or a negative errno with the error set: -EBUSY the device is in it already, -ENOMEM,
 * or what @open gives. Thread safety: any thread.
 */
int space_join(const struct vfio_kernel *kernel, const char *key, space_open_fn *open,
	       const void *arg, struct space_user *user, struct space **out);

/* The last one closes the space, with all that is still mapped. */
void space_leave(struct space *space, struct space_user *user);

/* Memory that a device of the space reaches; devices that map the same memory share it. */
struct dma_map {
	char *va;
	uint64_t bytes, iova;
	bool physical;
	unsigned int refs;
	struct dma_map *next;
};

/* What a device wants. */
struct dma_want {
	const char *address;         /* of the device, for errors */
	struct vio_region_info info; /* the region */
	bool physical;               /* at its physical address, which is @phys */
	uint64_t phys;
	uint64_t limit; /* highest address */
};

/**
 * space_map - let the devices of the space reach a region
 * @map: receives the mapping, to be given to space_unmap()
 *
 * The address is our own where the IOMMU can translate that: it reads well in a debugger. Else the
 * lowest one that suits.
 *
 * Return: 0, or a negative errno with the error set. Thread safety: any thread.
 */
int space_map(struct space *space, const struct dma_want *want, struct dma_map **map);
int space_unmap(struct space *space, struct dma_map *map);

#endif
