/* SPDX-License-Identifier: BSD-3-Clause */
#include "caps.h"

#include <linux/pci_regs.h>

#include "../base/compiler.h"
#include "bars.h"

#define CONFIG_BYTES 256
#define MSIX_ENTRY   16 /* bytes of a vector in the table */

/* Whether a capability can begin at @off; the two low bits are reserved, and 0. */
static bool cap_offset_ok(uint32_t off)
{
	return off >= PCI_STD_HEADER_SIZEOF && off < CONFIG_BYTES && off % 4 == 0;
}

/* Offset of the first capability, unchecked; 0: the device has no list. */
static int first_cap(struct pci_dev *dev, uint32_t *off)
{
	uint32_t status;
	int rc = dev->ops->config_read(dev, PCI_STATUS, 2, &status);

	if (rc < 0)
		return rc;
	*off = 0;
	if (!(status & PCI_STATUS_CAP_LIST))
		return 0;
	return dev->ops->config_read(dev, PCI_CAPABILITY_LIST, 1, off);
}

int pci_caps(struct pci_dev *dev, struct pci_cap caps[PCI_CAPS_MAX])
{
	uint64_t seen = 0; /* a bit per offset / 4 */
	uint32_t off, word;
	int n = 0, rc;

	rc = first_cap(dev, &off);
	while (rc >= 0 && n < PCI_CAPS_MAX && cap_offset_ok(off) && !(seen & BIT64(off / 4))) {
		seen |= BIT64(off / 4);
		rc = dev->ops->config_read(dev, off, 2, &word);
		if (rc < 0 || word == UINT16_MAX) /* nobody there */
			break;
		caps[n++] = (struct pci_cap){ word & 0xff, (uint8_t)off };
		off = word >> 8;
	}
	return rc < 0 ? rc : n;
}

int pci_cap_find(struct pci_dev *dev, uint8_t id)
{
	struct pci_cap caps[PCI_CAPS_MAX];
	int n = pci_caps(dev, caps);

	for (int i = 0; i < n; i++)
		if (caps[i].id == id)
			return caps[i].off;
	return n < 0 ? n : 0;
}

static bool msix_ok(const struct pci_dev *dev, const struct pci_msix *msix)
{
	return pci_bar_has(dev, msix->table_bar, msix->table_off,
			   (uint64_t)msix->vectors * MSIX_ENTRY) &&
	       pci_bar_has(dev, msix->pba_bar, msix->pba_off, (msix->vectors + 63U) / 64 * 8);
}

int pci_msix_find(struct pci_dev *dev, struct pci_msix *msix)
{
	uint32_t control, table, pba;
	struct pci_msix found;
	int off = pci_cap_find(dev, PCI_CAP_ID_MSIX), rc;

	if (off <= 0 || off + PCI_CAP_MSIX_SIZEOF > CONFIG_BYTES)
		return off < 0 ? off : 0;
	rc = dev->ops->config_read(dev, (uint32_t)off + PCI_MSIX_FLAGS, 2, &control);
	if (rc < 0)
		return rc;
	rc = dev->ops->config_read(dev, (uint32_t)off + PCI_MSIX_TABLE, 4, &table);
	if (rc < 0)
		return rc;
	rc = dev->ops->config_read(dev, (uint32_t)off + PCI_MSIX_PBA, 4, &pba);
	if (rc < 0)
		return rc;
	found = (struct pci_msix){
		.vectors = (uint16_t)((control & PCI_MSIX_FLAGS_QSIZE) + 1),
		.table_bar = table & PCI_MSIX_TABLE_BIR,
		.table_off = table & PCI_MSIX_TABLE_OFFSET,
		.pba_bar = pba & PCI_MSIX_PBA_BIR,
		.pba_off = pba & PCI_MSIX_PBA_OFFSET,
	};
	if (!msix_ok(dev, &found))
		return 0;
	*msix = found;
	return 1;
}
