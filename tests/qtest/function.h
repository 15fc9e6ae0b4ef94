/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef QTEST_FUNCTION_H
#define QTEST_FUNCTION_H

#include "../../drivers/virtio/transport.h"
#include "../../lib/pci/pci.h"
#include "interrupt.h"
#include "wire.h"

/* A PCI function of a QEMU that runs no guest: this process is its firmware and its driver. */
struct function {
	struct pci_dev dev;
	struct wire wire;
	unsigned int slot;
	uint16_t msix_most;    /* vectors that are let through */
	uint64_t memory;       /* where the guest has our region */
	uint64_t at[PCI_BARS]; /* where we put the BARs */
	uint64_t accesses;     /* to BARs */
	struct interrupts irq;
};

/* The scheme "qtest": qtest:FD[,memory=ADDRESS][,slot=N][,msix=N], FD the socket that QEMU has
 * answered, msix: so many vectors at most. */
extern const struct transport_ops qtest_transport;

/* The one that was opened last. */
struct function *qtest_function(void);

#endif
