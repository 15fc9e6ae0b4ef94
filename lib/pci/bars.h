/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PCI_BARS_H
#define PCI_BARS_H

#include "pci.h"

/* Whether @len bytes from @off lie in the BAR; never true for @len 0, nor for a BAR that is not
 * there. */
bool pci_bar_has(const struct pci_dev *dev, unsigned int bar, uint64_t off, uint64_t len);

/* Return: 0, or -EINVAL with the error set where a register of @width bytes can't be at @off. */
int pci_bar_check(const struct pci_dev *dev, unsigned int bar, uint64_t off, unsigned int width);

/**
 * pci_bars_from_sysfs - sizes and kinds from the text of sysfs's file "resource"
 * @text: a line for each BAR: first address, last address, flags
 *
 * @first: receives the addresses on the bus
 *
 * The upper half of a 64-bit BAR is a line of zeros. Lines that make no sense are BARs of 0 bytes.
 */
void pci_bars_from_sysfs(const char *text, struct pci_bar bar[PCI_BARS], uint64_t first[PCI_BARS]);

/* Set io of all BARs whose size is known, as their registers say. Return: 0, or a negative errno
 * with the error set. */
int pci_bars_kinds(struct pci_dev *dev);

/**
 * pci_command - change bits of the command register
 * @set: bits to be 1
 * @clear: bits to be 0
 *
 * Return: 0, or a negative errno with the error set.
 */
int pci_command(struct pci_dev *dev, uint16_t set, uint16_t clear);

#endif
