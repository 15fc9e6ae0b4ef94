/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VFIO_UIO_H
#define VFIO_UIO_H

#include "../pci/pci.h"
#include "way.h"

/**
 * uio_open - take a function over that is bound to uio_pci_generic
 * @way: how it was found; the user accepts physical addresses
 * @out: receives it; untouched on failure
 *
 * Registers through sysfs, no interrupts: the driver has only the line's, and not as an eventfd.
 *
 * Return: 0, or a negative errno with the error set.
 */
int uio_open(const struct way *way, struct pci_dev **out);

#endif
