/* SPDX-License-Identifier: BSD-3-Clause */
#include "bars.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <string.h>

#include "../base/err.h"

#define RESOURCE_IO 0x100 /* flag of sysfs's file "resource" */

bool pci_bar_has(const struct pci_dev *dev, unsigned int bar, uint64_t off, uint64_t len)
{
	return bar < PCI_BARS && len && len <= dev->bar[bar].bytes &&
	       off <= dev->bar[bar].bytes - len;
}

int pci_bar_check(const struct pci_dev *dev, unsigned int bar, uint64_t off, unsigned int width)
{
	if ((width == 1 || width == 2 || width == 4) && off % width == 0 &&
	    pci_bar_has(dev, bar, off, width))
		return 0;
	return err_set(ERR_PCI_REGISTER, -EINVAL,
		       "%s: no register of %u bytes at 0x%" PRIx64
		       " of BAR %u, which has 0x%" PRIx64 " bytes",
		       dev->address, width, off, bar, bar < PCI_BARS ? dev->bar[bar].bytes : 0);
}

static struct pci_bar bar_of_line(const char *line, uint64_t *first_address)
{
	uint64_t first = 0, last, flags;
	int n = sscanf(line, "%" SCNx64 " %" SCNx64 " %" SCNx64, &first, &last, &flags);

	*first_address = first;
	if (n != 3 || !last || last < first || last - first == UINT64_MAX)
		return (struct pci_bar){ 0, false };
	return (struct pci_bar){ last - first + 1, flags & RESOURCE_IO };
}

void pci_bars_from_sysfs(const char *text, struct pci_bar bar[PCI_BARS], uint64_t first[PCI_BARS])
{
	for (unsigned int i = 0; i < PCI_BARS; i++) {
		bar[i] = bar_of_line(text, &first[i]);
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
}

int pci_bars_kinds(struct pci_dev *dev)
{
	uint32_t reg;
	int rc;

	for (unsigned int i = 0; i < PCI_BARS; i++) {
		if (!dev->bar[i].bytes)
			continue;
		rc = dev->ops->config_read(dev, PCI_BASE_ADDRESS_0 + 4 * i, 4, &reg);
		if (rc < 0)
			return rc;
		dev->bar[i].io = reg & PCI_BASE_ADDRESS_SPACE_IO;
	}
	return 0;
}

int pci_command(struct pci_dev *dev, uint16_t set, uint16_t clear)
{
	uint32_t now;
	int rc = dev->ops->config_read(dev, PCI_COMMAND, 2, &now);

	if (rc < 0)
		return rc;
	return dev->ops->config_write(dev, PCI_COMMAND, 2, (now | set) & ~(uint32_t)clear);
}
