/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef QTEST_INTERRUPT_H
#define QTEST_INTERRUPT_H

#include <pthread.h>

#include "../../lib/pci/caps.h"
#include "wire.h"

#define VECTORS_MAX 32

/*
 * What a kernel would do with a device's interrupts: messages go to words of shared memory, the
 * line is told by qtest, and a thread turns both into eventfds.
 */
struct interrupts {
	struct pci_dev *dev;
	struct wire *wire;
	struct pci_msix msix; /* vectors 0: there is no MSI-X */
	int msix_cap;
	struct vio_region *region;
	uint32_t *words;      /* one for each vector, in the region */
	uint64_t words_at;    /* where the guest has them */
	pthread_mutex_t lock; /* of what follows */
	enum pci_irq kind;
	int fd[VECTORS_MAX];
	bool masked; /* the line, until it is let go */
	uint64_t signals;
	pthread_t thread;
	bool running, stop;
};

/* Return: 0, or a negative errno with the error set. */
int interrupts_init(struct interrupts *i, struct pci_dev *dev, struct wire *wire);
/* Messages go into this region, which the guest has at its own address + @bias. */
int interrupts_map(struct interrupts *i, struct vio_region *region, uint64_t bias);
int interrupts_set(struct interrupts *i, enum pci_irq kind, const int *fds, unsigned int n);
int interrupts_unmask(struct interrupts *i);
void interrupts_fini(struct interrupts *i);

#endif
