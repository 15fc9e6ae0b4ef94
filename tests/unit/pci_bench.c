/* SPDX-License-Identifier: BSD-3-Clause */
#include "pci_bench.h"

struct transport *pci_bench_transport(struct fake_pci *f)
{
	struct transport *tp = NULL;

	assert_int_equal(pci_transport_make(&f->dev, 20, &tp), 0);
	return tp;
}

void pci_bench_close(struct port_bench *b, struct transport *tp, const struct fake_pci *f)
{
	tp->ops->close(tp);
	assert_int_equal(f->closes, 1);
	assert_int_equal(f->regions, 0);
	assert_int_equal(f->wrong, 0);
	port_bench_close(b);
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
