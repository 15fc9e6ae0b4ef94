/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VFIO_WAY_H
#define VFIO_WAY_H

#include <stdbool.h>

#include "../pci/sysfs.h"
#include "kernel.h"

#define WAY_PATH 256

/* What the kernel's trees say about a function: how it may be owned. */
struct way {
	const struct vfio_kernel *kernel;
	struct pci_roots roots; /* none NULL */
	char address[16];
	char driver[64]; /* it is bound to; "": none */
	char group[16];  /* number of its IOMMU group; "": it is in none */
	bool noiommu;    /* the group is one that VFIO made up */
	char cdev[32];   /* "vfio0"; "": the kernel has no such nodes */
	char uio[32];    /* "uio0"; "": none */
	bool physical;   /* the user wants physical addresses: iommu=off */
};

/**
 * way_find - look a function up
 * @way: kernel and roots are filled in; receives the rest
 * @address: "0000:00:04.0", or without the domain
 *
 * Return: 0, or a negative errno with the error set: -EINVAL malformed, -ENODEV no such function.
 */
int way_find(struct way *way, const char *address);

/* Path of a node: way_node(way, path, "vfio/%s", way->group). */
void way_node(const struct way *way, char path[WAY_PATH], const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Open a file to read and write. Return: its descriptor, or a negative errno with the error set. */
int way_open(const struct way *way, const char *path);

/* Path of a file of the function in sysfs. */
void way_sysfs(const struct way *way, char path[WAY_PATH], const char *file);

#endif
