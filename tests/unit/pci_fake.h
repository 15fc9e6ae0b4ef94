/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UNIT_PCI_FAKE_H
#define UNIT_PCI_FAKE_H

#include <linux/pci_regs.h>

#include "../../drivers/transport/pci/pci.h"
#include "../../drivers/transport/pci/spec.h"
#include "../cases.h"

/*
 * A virtio network device as a register space, stricter than real ones: each register has one width
 * and one kind of access, and whatever else is done to it is counted. Modern registers lie in BAR 4
 * as its capabilities say, legacy ones in BAR 0.
 */
#define FAKE_QUEUES   16
#define FAKE_LOG      4096
#define FAKE_BAR      4
#define FAKE_COMMON   0x0000u
#define FAKE_ISR      0x1000u
#define FAKE_CONFIG   0x2000u
#define FAKE_NOTIFY   0x3000u
#define FAKE_WINDOW   0x1000u
#define FAKE_BIAS     0x1230000000u
#define FAKE_NOTIF(q) ((uint16_t)(0x1110 + (q))) /* queue_notif_config_data */

struct fake_access {
	bool write;
	uint8_t bar, width;
	uint32_t off, value;
};

struct fake_queue {
	uint16_t size, vector, enable, reset, notify_off;
	uint32_t addr[6]; /* descriptors, driver area, device area: low, high */
	uint32_t pfn;
};

/* How it behaves; all 0 is well. */
struct fake_how {
	unsigned int gone_at;           /* the access, from 1, from which on all reads are ones */
	unsigned int fail_at;           /* the call, from 1, that fails */
	uint8_t status;                 /* what it is to begin with */
	bool reset_stuck;               /* the status stays as it is */
	unsigned int reset_takes;       /* reads of the status until it is 0 */
	uint8_t hidden;                 /* status bits that never show */
	unsigned int restless;          /* reads of the configuration that meet a change */
	bool size_forced;               /* queue_size can't be changed */
	uint16_t size_floor;            /* or only down to this */
	uint16_t vectors;               /* it takes only so many, if not 0 */
	bool config_refused;            /* and none for the configuration */
	bool no_map;                    /* its doorbells can't be mapped */
	unsigned int queue_reset_takes; /* reads of queue_reset */
	bool stays_enabled;             /* a queue after its reset */
	uint64_t further;               /* added to addresses */
};

struct fake_pci {
	struct pci_dev dev;
	uint8_t space[PCI_CFG_SPACE_SIZE];
	uint8_t cap_last; /* where the list of capabilities ends; 0: it is empty */
	uint8_t cap_next; /* where the next one goes */
	bool legacy;      /* BAR 0 holds legacy registers */

	/* registers */
	uint32_t offered[4], taken[4], select, driver_select;
	uint8_t status, generation, isr;
	uint16_t config_vector, num_queues, queue_select;
	struct fake_queue queue[FAKE_QUEUES];
	uint8_t config[64];
	uint32_t bell[FAKE_WINDOW / 4]; /* what a mapped notification window is */

	struct fake_how how;

	/* what was seen */
	struct fake_access log[FAKE_LOG];
	unsigned int n_log, accesses, calls, wrong, closes, masters, unmasks;
	bool master;
	unsigned int regions;
	enum pci_irq irq;
	unsigned int n_irq, irq_sets;
	int irq_fd[160];
	uint32_t knocks[8];
	unsigned int n_knocks;
};

/* A modern device with usual windows, 64-entry queues and @offered (bits 0 to 63). */
void fake_modern(struct fake_pci *f, uint64_t offered);

/* The same without a list of capabilities. */
void fake_bare(struct fake_pci *f, uint64_t offered);
/* Append a capability of virtio: @multiplier is written where @bytes says there is room. */
void fake_cap(struct fake_pci *f, uint8_t bytes, uint8_t type, uint8_t bar, uint32_t off,
	      uint32_t length, uint32_t multiplier);

/* A legacy device behind I/O ports. */
void fake_legacy(struct fake_pci *f, uint32_t offered);

/* Forget the accesses so far. */
void fake_log_clear(struct fake_pci *f);

#endif
