/* SPDX-License-Identifier: BSD-3-Clause */
#include "memory.h"

int memory_open(const struct vio_pool_opts *opts, const char *const *address, unsigned int n,
		struct vio_pool **out)
{
	struct vio_region_opts region = VIO_OPTS(struct vio_region_opts);
	struct vio_pool_opts pool = *opts;
	int rc = 0;

	pool.region_opts = &region;
	for (unsigned int i = 0; i < n && rc == 0; i++)
		rc = vio_port_memory(address[i], &region);
	if (rc < 0)
		return rc;
	region.scattered = !region.contiguous;
	return vio_pool_open(&pool, out);
}
