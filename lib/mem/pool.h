/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MEM_POOL_H
#define MEM_POOL_H

#include <pthread.h>

#include "depot.h"
#include "slots.h"

struct vio_pool {
	/* Set at open, read by all. */
	struct vio_region *region;
	uint32_t buffers;
	struct slots slots;
	size_t bytes; /* taken from the region for them */
	bool own_region;
#ifdef VIO_DEBUG
	uint8_t *out; /* a byte for each slot: 1: its buffer is out */
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
