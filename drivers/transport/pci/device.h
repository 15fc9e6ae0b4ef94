/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_PCI_DEVICE_H
#define VIRTIO_PCI_DEVICE_H

#include "../../../lib/base/compiler.h"
#include "../../../lib/pci/pci.h"
#include "../../virtio/feature_bits.h"
#include "../../virtio/spec.h"
#include "../../virtio/transport.h"
#include "spec.h"

/* Where one of the device's structures lies. */
struct window {
	uint8_t bar;
	uint64_t off;
	uint64_t bytes; /* 0: the device has none */
};

/* A doorbell that is no memory: of queue @index, @off bytes into the window. */
struct knock {
	struct virtio_pci *vp;
	struct knock *next;
	uint16_t index;
	uint64_t off;
	uint8_t width;
};

/* Registers that modern and legacy devices both have, as offsets into the window "common". */
struct registers {
	uint8_t status, queue_select, config_vector, queue_vector;
};

#define EVENT_QUEUES  129u /* the most that can have events: 64 pairs and the control queue */
#define EVENT_VECTORS (1 + EVENT_QUEUES)

/* Interrupts as eventfds: vector 0 is the configuration's, each queue that asks gets the next. */
struct events {
	enum pci_irq kind;
	bool chosen;       /* kind has been decided on */
	unsigned int n;    /* vectors in use; the first fds are open */
	unsigned int open; /* fds that are */
	int fd[EVENT_VECTORS];
	uint16_t vector[EVENT_QUEUES]; /* by queue; NO_VECTOR: has none */
};

#define REGIONS_MAX 16

struct virtio_pci {
	struct transport tp;
	struct pci_dev *dev;
	uint32_t timeout_ms;
	const struct registers *regs;
	struct window common, notify, isr, config;
	bool gone; /* reads gave all ones; any thread may find it out */

	uint32_t notify_multiplier;
	volatile char *notify_at; /* the window mapped; NULL: not, or not yet */
	bool notify_io;           /* it can't be */
	struct knock *knocks;

	struct vio_features offered, taken;
	uint16_t queues;  /* that the device has; 0: not read since reset */
	int32_t selected; /* queue_select holds this; -1: unknown */
	struct events events;

	unsigned int n_regions;
	struct mapped {
		const struct vio_region *region;
		uint64_t base, bytes, bias;
	} mapped[REGIONS_MAX];
	char about[160];
};

static inline struct virtio_pci *virtio_pci_of(struct transport *tp)
{
	return container_of(tp, struct virtio_pci, tp);
}

/* caps.c: find the four windows. Return: true if it is a modern device; false: none that can be
 * used; a negative errno: the device's owner reports an error. */
int caps_find(struct virtio_pci *vp);

/*
 * regs.c: registers, each in its natural width. Return: 0; -EIO with the error set: the device has
 * gone, or its owner can't reach it.
 */
int reg_read(struct virtio_pci *vp, const struct window *w, uint64_t off, unsigned int width,
	     uint32_t *value);
int reg_write(struct virtio_pci *vp, const struct window *w, uint64_t off, unsigned int width,
	      uint32_t value);
int common_read(struct virtio_pci *vp, uint32_t off, unsigned int width, uint32_t *value);
int common_write(struct virtio_pci *vp, uint32_t off, unsigned int width, uint32_t value);
/* Bytes of the device configuration, fields in their natural width. */
int config_fields(struct virtio_pci *vp, uint64_t off, void *dst, size_t len);
/* The error of a configuration that changed in each of so many reads. Return: -EIO. */
#define CONFIG_TRIES 64u
int config_never_still(const struct virtio_pci *vp);
int queue_select(struct virtio_pci *vp, uint16_t index);
/* Have reads given all ones? Nothing reaches the device any more, then. */
bool virtio_pci_gone(const struct virtio_pci *vp);
/* The error of a device that has gone. Return: -EIO. */
int gone_error(const struct virtio_pci *vp);

/* doorbell.c: a queue is kicked by writing @data, @off bytes into the notification window. */
int doorbell_fill(struct virtio_pci *vp, const struct ring_place *ring, uint64_t off, uint16_t data,
		  struct doorbell *db);
void doorbells_free(struct virtio_pci *vp);

/* common.c: what is the same for modern and legacy devices. */
/* Whether a device with the features @taken reaches the memory that is meant. Return: 0, -ENOTSUP.
 */
int virtio_pci_check_addresses(const struct virtio_pci *vp, const struct vio_features *taken);
int virtio_pci_status(struct transport *tp);
int virtio_pci_set_status(struct transport *tp, uint8_t status);
int virtio_pci_map(struct transport *tp, const struct vio_region *region, uint64_t *bias);
/* The device's address of a part of a ring, which lies in a region that it shares. */
int virtio_pci_address(const struct virtio_pci *vp, const void *part, size_t bytes, uint64_t *at);
int virtio_pci_check(struct transport *tp);
const char *virtio_pci_describe(struct transport *tp);
void virtio_pci_close(struct transport *tp);

/* events.c: ditto. */
int virtio_pci_config_event(struct transport *tp, struct transport_event *ev);
int virtio_pci_queue_event(struct transport *tp, uint16_t index, struct transport_event *ev);
int virtio_pci_event_ack(struct transport *tp);
/* Give selected queue @index a vector. Return: 0, also where there is none to give. */
int events_queue(struct virtio_pci *vp, uint16_t index);
/* Before DRIVER_OK: let the signals through. */
int events_start(struct virtio_pci *vp);
/* The device has forgotten its vectors. */
void events_reset(struct virtio_pci *vp);
void events_close(struct virtio_pci *vp);

/* modern.c, legacy.c */
extern const struct transport_ops virtio_pci_modern, virtio_pci_legacy;
extern const struct registers modern_registers, legacy_registers;
/* Is it a legacy device? Then its windows are filled in. Return: 0; a negative errno with the error
 * set. */
int legacy_find(struct virtio_pci *vp);
/* MSI-X has been switched: the registers behind it move. Modern: nothing. */
void legacy_msix(struct virtio_pci *vp, bool on);

#endif
