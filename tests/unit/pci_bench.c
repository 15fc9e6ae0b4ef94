/* SPDX-License-Identifier: BSD-3-Clause */
#include "pci_bench.h"

#include "../../lib/mem/mem.h"

void pci_bench_open(struct pci_bench *b, struct transport *tp, uint16_t queues, uint16_t entries)
{
	const struct vio_region_opts pages =
		VIO_OPTS(struct vio_region_opts, .page = VIO_PAGE_NORMAL);
	const struct vio_pool_opts opts =
		VIO_OPTS(struct vio_pool_opts, .buffers = 1024, .region_opts = &pages);
	struct vio_pool_info info;

	assert_int_equal(vio_pool_open(&opts, &b->pool), 0);
	vio_pool_info(b->pool, &info);
	b->used = region_used(info.region);
	b->port = calloc(1, sizeof(*b->port));
	assert_non_null(b->port);
	*b->port = (struct virtio_port){
		.pub = { &virtio_driver, (char *)(uintptr_t) "fake:" },
		.tp = tp,
		.pool = b->pool,
		.region = info.region,
		.timeout_ms = 20,
		.queues_wanted = queues,
		.entries_wanted = entries,
	};
}

void pci_bench_close(struct pci_bench *b)
{
	struct vio_pool_info info;

	vio_pool_info(b->pool, &info);
	assert_int_equal(info.out, 0);
	assert_int_equal(info.double_puts, 0);
	assert_int_equal(region_used(info.region), b->used);
	free(b->port);
	assert_int_equal(vio_pool_close(b->pool), 0);
}

struct transport *pci_bench_transport(struct fake_pci *f)
{
	struct transport *tp = NULL;

	assert_int_equal(pci_transport_make(&f->dev, 20, &tp), 0);
	return tp;
}

void pci_bench_steps(const struct fake_pci *f, const struct pci_step *steps, size_t n)
{
	for (size_t i = 0; i < n && i < f->n_log; i++) {
		const struct fake_access *a = &f->log[i];

		if (a->write != steps[i].write || a->off != steps[i].off ||
		    a->width != steps[i].width ||
		    (steps[i].value != ANY && a->value != steps[i].value))
			fail_msg("access %zu is %s %u byte at 0x%x of 0x%x", i,
				 a->write ? "write" : "read", a->width, a->off, a->value);
	}
	assert_int_equal(f->n_log, n);
}
