/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UNIT_PCI_BENCH_H
#define UNIT_PCI_BENCH_H

#include "../../drivers/virtio/device.h"
#include "../../drivers/virtio/port.h"
#include "pci_fake.h"

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

/* A port whose device is a scripted register space. */
struct pci_bench {
	struct vio_pool *pool;
	struct virtio_port *port;
	size_t used;
};

/* A port that wants @queues pairs, over a transport that the caller made. */
void pci_bench_open(struct pci_bench *b, struct transport *tp, uint16_t queues, uint16_t entries);
/* Everything must have come back. */
void pci_bench_close(struct pci_bench *b);

/* Make a transport, which must succeed. */
struct transport *pci_bench_transport(struct fake_pci *f);

/* The accesses since fake_log_clear() are these @n steps and no others. */
void pci_bench_steps(const struct fake_pci *f, const struct pci_step *steps, size_t n);

#endif
