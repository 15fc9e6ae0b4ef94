/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UNIT_PCI_BENCH_H
#define UNIT_PCI_BENCH_H

#include "../../drivers/virtio/device.h"
#include "../../drivers/virtio/port.h"
#include "pci_fake.h"

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

#endif
