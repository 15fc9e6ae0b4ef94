/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MEM_POOL_H
#define MEM_POOL_H

#include <pthread.h>

#include "depot.h"

struct vio_pool {
	/* Set at open, read by all. */
	struct vio_region *region;
	char *base;
	uint32_t buffers;
	uint32_t buf_bytes;
	bool own_region;
#ifdef VIO_DEBUG
	uint8_t *out; /* a byte per buffer: 1: it is out */
#endif

	struct depot depot;

	/* Control path. */
	pthread_mutex_t lock CACHE_ALIGNED; /* of what follows, and of the depot's growth */
	uint32_t caches;
	uint32_t holds;

	/* Programs that misbehave pay for the shared counters, others never touch them. */
	uint64_t foreign_puts CACHE_ALIGNED;
	uint64_t double_puts;
};

#endif
