/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UNIT_FAKE_VFIO_H
#define UNIT_FAKE_VFIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../lib/vfio/kernel.h"
#include "../../lib/vfio/own.h"
#include "vfio_tree.h"

/*
 * A kernel with VFIO, iommufd and a UIO driver that lives in this process, stricter than the real
 * one: a call out of order, a file closed twice, an interrupt switched without ending the other
 * kind, or a device that loses its memory while it may still write there ends the test. One device,
 * 0000:00:04.0, below a /sys of its own.
 */

#define FAKE_BAR    4 /* memory, 64 bits wide */
#define FAKE_IO_BAR 0
#define FAKE_MSIX   5 /* vectors */
#define FAKE_FDS    64
#define FAKE_RANGES 8
#define FAKE_DMAS   16

enum fake_file {
	FAKE_NONE,
	FAKE_CONTAINER,
	FAKE_GROUP,
	FAKE_DEVICE, /* that a group gave */
	FAKE_IOMMUFD,
	FAKE_CDEV,
	FAKE_UIO,
	FAKE_CONFIG, /* sysfs's files */
	FAKE_PORTS,
	FAKE_MEMORY,
	FAKE_RESET,
};

struct fake_dma {
	uint64_t va, iova, bytes;
};

struct fake_vfio {
	/* The test's wishes. */
	unsigned int fail_call;     /* number of the call that fails, from 1; 0: none */
	unsigned long fail_request; /* ioctl that fails; 0: none */
	const char *fail_path;      /* end of a path that can't be opened; NULL: none */
	int fail_rc;
	bool not_viable, no_type1, no_v2, no_caps, no_reset, no_ranges;
	unsigned int n_ranges;
	uint64_t range[FAKE_RANGES][2], page_sizes;
	unsigned int n_areas; /* of the sparse list of FAKE_BAR; 0: no list */
	uint64_t area[4][2];
	int mlock_rc;  /* answer to mlock() where it is not 0 */
	bool short_io; /* reads and writes are cut short */

	/* What has happened. */
	unsigned int calls;
	enum fake_file fd[FAKE_FDS];
	unsigned int maps; /* BARs mapped */
	bool container_set, iommu_set, bound, attached, locked_node;
	unsigned long iommu_type;
	struct fake_dma dma[FAKE_DMAS];
	uint8_t config[256];
	int irq_index; /* -1: none */
	unsigned int irqs, unmasked, resets;
	int irq_fd[FAKE_MSIX];
	size_t locked;
	uint8_t bar[65536]; /* what FAKE_BAR holds when it is read and written */
};

extern struct fake_vfio fake;
extern const struct vfio_kernel fake_kernel;

/* A machine anew, its trees below a new folder. @driver: the device is bound to; "": none.
 * @noiommu: the group is one of VFIO's no-IOMMU mode. */
void fake_boot(const char *driver, bool noiommu);
/* Remove the trees. Fails the test where something is still open or mapped. */
void fake_halt(void);

/* Options for own_open() on that machine. */
struct own_opts fake_opts(void);

/* Opening the device fails with @rc and error @id, and @word is in what happened or how to mend it.
 */
void fake_refuses(const struct own_opts *opts, int rc, const char *id, const char *word);

/* The usual: take the device over, or the neighbor; and on a machine anew. */
struct pci_dev *fake_open_device(const char *address);
struct pci_dev *fake_open_neighbor(void);
struct pci_dev *fake_boot_and_open(void);
void fake_close_and_halt(struct pci_dev *dev);

unsigned int fake_open_files(void);
unsigned int fake_dmas(void);
uint16_t fake_command(void);

#endif
