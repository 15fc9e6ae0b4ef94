/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VFIO_REFUSE_H
#define VFIO_REFUSE_H

#include "space.h"
#include "way.h"

/*
 * What a user stumbles over when taking a device, each with its cause and its cure. All set the
 * error and return a negative errno.
 */

/* It is bound to a driver that does not give it away, or to none. */
int refuse_driver(const struct way *way);

/* It can be had only without protection, and the user has not said that this is fine. */
int refuse_unsafe(const struct way *way, const char *how);

/* Members of its group belong to the kernel. */
int refuse_members(const struct way *way);

/* The kernel answered @call, which gives the IOMMU to us, with @rc; @module has its parameters. */
int refuse_iommu(const struct way *way, const char *call, const char *module, int rc);

/* @node can't be opened: @rc is the kernel's answer. */
int refuse_node(const struct way *way, const char *node, int rc);

/* The kernel answered @call with @rc. */
int refuse_call(const char *address, const char *call, int rc);

/* The kernel answered a wish to map with @rc. */
int refuse_map(const struct space *space, const struct dma_want *want, uint64_t iova, int rc);

#endif
