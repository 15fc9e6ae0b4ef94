/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PCI_PCI_H
#define PCI_PCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vio/region.h>

#define PCI_BARS 6

/* What a base address register decodes. */
struct pci_bar {
	uint64_t bytes; /* 0: there is none, or it is the upper half of a 64-bit one */
	bool io;        /* I/O ports: no mapping, registers go through bar_read() and bar_write() */
};

enum pci_irq {
	PCI_IRQ_NONE,
	PCI_IRQ_INTX, /* one line, level-triggered: irq_unmask() after each */
	PCI_IRQ_MSIX,
};

/*
 * A PCI function that this process owns, whatever lets it: VFIO (lib/vfio), a UIO driver, or a
 * scripted register space of the tests. Control path, one thread at a time.
 */
struct pci_dev {
	const struct pci_ops *ops;
	char address[16]; /* "0000:00:04.0" */
	struct pci_bar bar[PCI_BARS];
	uint16_t msix; /* vectors of the MSI-X table that can be had; 0: no MSI-X */
	bool intx;     /* there is a line interrupt */

	/* Addresses of ours are translated by an IOMMU: a device that bypasses it would write
	 * anywhere. False: it is given physical addresses. */
	bool translated;

	/* Set before dma_map() by who knows it: highest address that can be told to the device; 0:
	 * any. */
	uint64_t dma_limit;
};

/*
 * Return, except where another meaning is given: 0, or a negative errno after err_set(). @width is
 * 1, 2 or 4 bytes, naturally aligned; values are in the host's order, registers little-endian.
 * Whoever reads all ones from a register that can't be so has found a device that is gone.
 */
struct pci_ops {
	int (*config_read)(struct pci_dev *dev, uint32_t off, unsigned int width, uint32_t *value);
	int (*config_write)(struct pci_dev *dev, uint32_t off, unsigned int width, uint32_t value);

	/* -EINVAL: outside the BAR. */
	int (*bar_read)(struct pci_dev *dev, unsigned int bar, uint64_t off, unsigned int width,
			uint32_t *value);
	int (*bar_write)(struct pci_dev *dev, unsigned int bar, uint64_t off, unsigned int width,
			 uint32_t value);

	/*
	 * Map @len bytes of a BAR; lasts until close. Return: 0, or -ENOTSUP without an error set
	 * where this part can only be read and written (I/O ports, the MSI-X table's pages).
	 */
	int (*bar_map)(struct pci_dev *dev, unsigned int bar, uint64_t off, uint64_t len,
		       volatile void **at);

	/*
	 * Let the device reach @region. @bias receives what to add to an address of ours to get the
	 * device's. Several devices may share a region, and a device several regions.
	 */
	int (*dma_map)(struct pci_dev *dev, const struct vio_region *region, uint64_t *bias);
	int (*dma_unmap)(struct pci_dev *dev, const struct vio_region *region);

	/* Memory and I/O decoding and bus mastering. */
	int (*bus_master)(struct pci_dev *dev, bool on);

	/* Function reset. -ENOTSUP without an error set: the device or its owner has none. */
	int (*reset)(struct pci_dev *dev);

	/*
	 * Signal eventfds @fds[0..n-1] on vectors 0 to n-1; -1: leave that vector silent. Replaces
	 * what was before; PCI_IRQ_NONE ends it. @fds stay the caller's.
	 */
	int (*irq_set)(struct pci_dev *dev, enum pci_irq kind, const int *fds, unsigned int n);

	/* INTx: let the next one through. */
	int (*irq_unmask)(struct pci_dev *dev);

	/* How it is reached, in words: "vfio group 4, type1v2 iommu". Belongs to @dev. */
	const char *(*describe)(struct pci_dev *dev);

	/* Ends bus mastering, mappings and interrupts first. */
	void (*close)(struct pci_dev *dev);
};

#endif
