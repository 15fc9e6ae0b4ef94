/* SPDX-License-Identifier: BSD-3-Clause */
#include "port_bench.h"

#include "../../lib/mem/mem.h"
#include "../cases.h"

void port_bench_open(struct port_bench *b, struct transport *tp, uint16_t queues, uint16_t entries)
{
	const struct vio_region_opts pages =
		VIO_OPTS(struct vio_region_opts, .page = VIO_PAGE_NORMAL);
	const struct vio_pool_opts opts =
		VIO_OPTS(struct vio_pool_opts, .buffers = 2048, .region_opts = &pages);
	struct vio_pool_info info;

	assert_int_equal(vio_pool_open(&opts, &b->pool), 0);
	vio_pool_info(b->pool, &info);
	b->used = region_used(info.region);
	b->port = calloc(1, sizeof(*b->port));
	assert_non_null(b->port);
	*b->port = (struct virtio_port){
		.pub = { &virtio_driver, (char *)(uintptr_t) "bench:" },
		.tp = tp,
		.pool = b->pool,
		.region = info.region,
		.timeout_ms = 20,
		.queues_wanted = queues,
		.entries_wanted = entries,
	};
}

void port_bench_close(struct port_bench *b)
{
	struct vio_pool_info info;

	vio_pool_info(b->pool, &info);
	assert_int_equal(info.out, 0);
	assert_int_equal(info.double_puts, 0);
	assert_int_equal(region_used(info.region), b->used);
	free(b->port);
	assert_int_equal(vio_pool_close(b->pool), 0);
}
