/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MEM_MEM_H
#define MEM_MEM_H

#include <vio/pool.h>
#include <vio/region.h>

#include "../base/compiler.h"

/*
 * What drivers need of regions and pools beyond the public calls. All control path except the
 * cache's get and put.
 */

/* Take @bytes of the region, zeroed, aligned to @align (a power of two). NULL: full; the error is
 * set. */
void *region_alloc(struct vio_region *region, size_t bytes, size_t align);

/* Give back what region_alloc() gave; NULL is allowed. */
void region_free(struct vio_region *region, void *p);

/* Bytes given out. */
size_t region_used(const struct vio_region *region);

/* A pool that is in use by a port can't be closed. */
void pool_hold(struct vio_pool *pool);
void pool_release(struct vio_pool *pool);

#define MAGAZINE_BUFS 64

/*
 * A handful of free buffers, in private memory. Each cache works on two; the depot holds the rest.
 * Whole cache lines: two threads never write the same one.
 */
struct magazine {
	uint32_t n;      /* buffers in it: bufs[0..n-1] */
	uint32_t next;   /* depot's link: number of the next magazine */
	uint32_t number; /* of this one; never changes */
	bool held;       /* by a cache */
	void *bufs[MAGAZINE_BUFS];
} CACHE_ALIGNED;

/* Other threads count what is free, so the number is stored as a whole. */
ALWAYS_INLINE void magazine_set_n(struct magazine *m, uint32_t n)
{
	__atomic_store_n(&m->n, n, __ATOMIC_RELAXED);
}

#endif
