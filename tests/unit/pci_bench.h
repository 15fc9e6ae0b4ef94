/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UNIT_PCI_BENCH_H
#define UNIT_PCI_BENCH_H

#include "pci_fake.h"
#include "port_bench.h"

/* What tests of a port whose device is a scripted register space share. */

/* One access to a register; tables of them are written with R() and W(). */
struct pci_step {
	bool write;
	uint16_t off;
	uint8_t width;
	uint32_t value;
};
#define ANY UINT32_MAX /* a value that the test does not know */
#define R(off, width, value) \
	{ \
		false, off, width, value \
	}
#define W(off, width, value) \
	{ \
		true, off, width, value \
	}

/* Make a transport, which must succeed. */
struct transport *pci_bench_transport(struct fake_pci *f);

/* The transport and the port go; everything has come back, and no register was misused. */
void pci_bench_close(struct port_bench *b, struct transport *tp, const struct fake_pci *f);

/* The accesses since fake_log_clear() are these @n steps and no others. */
void pci_bench_steps(const struct fake_pci *f, const struct pci_step *steps, size_t n);

#endif
