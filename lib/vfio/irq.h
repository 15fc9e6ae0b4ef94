/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VFIO_IRQ_H
#define VFIO_IRQ_H

#include "device.h"

/* Learn which interrupts there are: msix and intx of struct pci_dev. Return: 0, or a negative errno
 * with the error set. */
int irq_learn(struct vfio_device *dev);

/* As of struct pci_ops. */
int irq_set(struct pci_dev *dev, enum pci_irq kind, const int *fds, unsigned int n);
int irq_unmask(struct pci_dev *dev);

#endif
