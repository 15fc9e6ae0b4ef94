/* SPDX-License-Identifier: BSD-3-Clause */
#include "painted.h"

#include <stdlib.h>

struct painted *painted_new(const struct vio_pool *pool)
{
	struct painted *p = calloc(1, sizeof(*p));
	struct vio_region_info region;
	struct vio_pool_info info;

	if (!p)
		return NULL;
	vio_pool_info(pool, &info);
	vio_region_info(info.region, &region);
	p->base = (uintptr_t)info.base;
	p->bytes = (uintptr_t)region.base + region.bytes - p->base;
	p->inverse = UINT64_MAX / info.buf_stride + 1;
	p->upto = calloc(p->bytes / info.buf_stride + 1, sizeof(*p->upto));
	if (p->upto)
		return p;
	free(p);
	return NULL;
}

void painted_free(struct painted *p)
{
	if (p)
		free(p->upto);
	free(p);
}
