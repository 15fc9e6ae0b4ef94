/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PCI_CAPS_H
#define PCI_CAPS_H

#include "pci.h"

/*
 * The capability list of configuration space. The device writes it, so it may loop, point outside
 * the space, or never end: a walk takes each offset once and what it has found when something is
 * wrong is the list.
 */

/* 192 bytes behind the header, 4 at least for each. */
#define PCI_CAPS_MAX 48

struct pci_cap {
	uint8_t id; /* PCI_CAP_ID_* of linux/pci_regs.h */
	uint8_t off;
};

/**
 * pci_caps - list the capabilities in the device's order
 * @caps: receives them
 *
 * Return: how many, or a negative errno where configuration space can't be read (the error is set).
 */
int pci_caps(struct pci_dev *dev, struct pci_cap caps[PCI_CAPS_MAX]);

/* Where the first capability @id is; 0: there is none, or the negative errno of pci_caps(). */
int pci_cap_find(struct pci_dev *dev, uint8_t id);

/* What the MSI-X capability says. */
struct pci_msix {
	uint16_t vectors;
	uint8_t table_bar, pba_bar;
	uint32_t table_off, pba_off;
};

/**
 * pci_msix_find - read the MSI-X capability
 * @msix: receives it; untouched unless 1 is returned
 *
 * Return: 1, 0 where there is none or it names a table outside its BAR, or a negative errno.
 */
int pci_msix_find(struct pci_dev *dev, struct pci_msix *msix);

#endif
