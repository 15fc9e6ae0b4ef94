/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <linux/pci_regs.h>
#include <string.h>

#include "../../../lib/base/err.h"
#include "device.h"

/* "Legacy Interface": devices as they were before VIRTIO 1.0. */

#define LEGACY_F_BAD       30
#define LEGACY_ADDRESS_MAX ((UINT64_C(1) << (32 + LEGACY_PAGE_SHIFT)) - 1)
#define CONFIG_MAX         64

const struct registers legacy_registers = {
	.status = LEGACY_STATUS,
	.queue_select = LEGACY_QUEUE_SELECT,
	.config_vector = LEGACY_CONFIG_VECTOR,
	.queue_vector = LEGACY_QUEUE_VECTOR,
};

void legacy_msix(struct virtio_pci *vp, bool on)
{
	const uint64_t off = on ? LEGACY_CONFIG_MSIX : LEGACY_CONFIG;

	if (vp->regs != &legacy_registers)
		return;
	vp->config.bytes += vp->config.off - off;
	vp->config.off = off;
}

/* Features: one word. */

static int legacy_features(struct transport *tp, struct vio_features *offered)
{
	struct virtio_pci *vp = virtio_pci_of(tp);
	uint32_t word;
	int rc = common_read(vp, LEGACY_HOST_FEATURES, 4, &word);

	if (rc < 0)
		return rc;
	*offered = (struct vio_features){ { word, 0 } };
	/* Set to find out drivers that take every bit. */
	features_drop(offered, LEGACY_F_BAD);
	return 0;
}

/*
 * "Legacy Interface: Message Framing": without ANY_LAYOUT the header has a descriptor of its own,
 * which this driver does not give it.
 */
static int legacy_accept(struct transport *tp, const struct vio_features *taken)
{
	struct virtio_pci *vp = virtio_pci_of(tp);
	int rc = virtio_pci_check_addresses(vp, taken);

	if (rc == 0 && !features_have(taken, F_ANY_LAYOUT))
		rc = err_set(ERR_VPCI_LEGACY, -ENOTSUP, "%s: a legacy device, without any_layout",
			     vp->dev->address);
	if (rc == 0)
		rc = common_write(vp, LEGACY_GUEST_FEATURES, 4, (uint32_t)taken->word[0]);
	if (rc == 0)
		vp->taken = *taken;
	return rc;
}

/* There is no generation: what reads the same twice is consistent. */
static int legacy_config_read(struct transport *tp, size_t off, void *dst, size_t len)
{
	struct virtio_pci *vp = virtio_pci_of(tp);
	uint8_t again[CONFIG_MAX];
	int rc;

	if (off > vp->config.bytes || len > vp->config.bytes - off || len > sizeof(again))
		return -ENODATA;
	rc = config_fields(vp, off, dst, len);
	for (unsigned int i = 0; rc == 0 && i < CONFIG_TRIES; i++) {
		rc = config_fields(vp, off, again, len);
		if (rc < 0 || !memcmp(again, dst, len))
			return rc;
		memcpy(dst, again, len);
	}
	return rc < 0 ? rc : config_never_still(vp);
}

/* Bytes are single: only the address is ever written. */
static int legacy_config_write(struct transport *tp, size_t off, const void *src, size_t len)
{
	struct virtio_pci *vp = virtio_pci_of(tp);
	const uint8_t *bytes = src;
	int rc = 0;

	if (off > vp->config.bytes || len > vp->config.bytes - off)
		return -ENODATA;
	for (size_t i = 0; rc == 0 && i < len; i++)
		rc = reg_write(vp, &vp->config, off + i, 1, bytes[i]);
	return rc;
}

/* Queues. */

static int legacy_queue_size_max(struct transport *tp, uint16_t index, uint16_t *entries)
{
	struct virtio_pci *vp = virtio_pci_of(tp);
	uint32_t size;
	int rc = queue_select(vp, index);

	if (rc == 0)
		rc = common_read(vp, LEGACY_QUEUE_SIZE, 2, &size);
	if (rc == 0)
		*entries = (uint16_t)size;
	return rc;
}

/* "Legacy Interfaces: A Note on Virtqueue Layout": the device finds the parts by itself. */
static bool in_one_piece(const struct ring_place *ring)
{
	const uint64_t desc = (uintptr_t)ring->desc, driver = (uintptr_t)ring->driver;

	return !ring->packed && driver == desc + ring->desc_bytes &&
	       (uintptr_t)ring->device == align_up(driver + ring->driver_bytes, LEGACY_ALIGN);
}

/* Its address is told as the number of a page. */
static int page_of(const struct virtio_pci *vp, const struct ring_place *ring, uint32_t *page)
{
	const size_t bytes = (size_t)((char *)ring->device - (char *)ring->desc);
	uint64_t at;
	int rc = virtio_pci_address(vp, ring->desc, bytes + ring->device_bytes, &at);

	if (rc < 0)
		return rc;
	*page = (uint32_t)(at >> LEGACY_PAGE_SHIFT);
	if (in_one_piece(ring) && (uint64_t)*page << LEGACY_PAGE_SHIFT == at)
		return 0;
	return err_set(ERR_VPCI_LEGACY, -EINVAL,
		       "%s: queue %u: a legacy device can't have a ring at 0x%llx",
		       vp->dev->address, ring->index, (unsigned long long)at);
}

static int check_size(struct virtio_pci *vp, const struct ring_place *ring)
{
	uint16_t size = 0;
	int rc = legacy_queue_size_max(&vp->tp, ring->index, &size);

	if (rc < 0 || size == ring->entries)
		return rc;
	return err_set(ERR_QUEUE_SIZE, -EINVAL, "%s: queue %u has %u entries, not %u",
		       vp->dev->address, ring->index, size, ring->entries);
}

static int legacy_queue_enable(struct transport *tp, const struct ring_place *ring,
			       struct doorbell *db)
{
	struct virtio_pci *vp = virtio_pci_of(tp);
	uint32_t page = 0;
	int rc = check_size(vp, ring);

	if (rc == 0)
		rc = page_of(vp, ring, &page);
	if (rc == 0 && ring->event)
		rc = events_queue(vp, ring->index);
	if (rc == 0)
		rc = doorbell_fill(vp, ring, 0, ring->index, db);
	if (rc == 0)
		rc = common_write(vp, LEGACY_QUEUE_PFN, 4, page);
	return rc;
}

static bool is_legacy(struct transport *tp)
{
	(void)tp;
	return true;
}

/* All registers lie in BAR 0, one behind the other. */
static void place_windows(struct virtio_pci *vp)
{
	const uint64_t bytes = vp->dev->bar[0].bytes;

	vp->common = (struct window){ 0, 0, bytes };
	vp->notify = (struct window){ 0, LEGACY_QUEUE_NOTIFY, 2 };
	vp->isr = (struct window){ 0, LEGACY_ISR, 1 };
	vp->config = (struct window){ 0, LEGACY_CONFIG, bytes - LEGACY_CONFIG };
	vp->tp.ops = &virtio_pci_legacy;
	vp->regs = &legacy_registers;
	vp->dev->dma_limit = LEGACY_ADDRESS_MAX;
}

int legacy_find(struct virtio_pci *vp)
{
	const char *const address = vp->dev->address;
	uint32_t revision;
	int rc = vp->dev->ops->config_read(vp->dev, PCI_REVISION_ID, 1, &revision);

	if (rc < 0)
		return rc;
	if (revision)
		return err_set(ERR_VPCI_CAPS, -ENOTSUP,
			       "%s: no capabilities that lead to its registers, and revision %u is "
			       "no legacy device",
			       address, revision);
	if (vp->dev->bar[0].bytes < LEGACY_CONFIG_MSIX)
		return err_set(ERR_VPCI_CAPS, -ENOTSUP,
			       "%s: no capabilities that lead to its registers, and BAR 0 has %llu "
			       "bytes",
			       address, (unsigned long long)vp->dev->bar[0].bytes);
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
	return err_set(ERR_VPCI_LEGACY, -ENOTSUP, "%s: a legacy device has the host's byte order",
		       address);
#endif
	place_windows(vp);
	return 0;
}

const struct transport_ops virtio_pci_legacy = {
	.scheme = "pci",
	.close = virtio_pci_close,
	.features = legacy_features,
	.accept = legacy_accept,
	.status = virtio_pci_status,
	.set_status = virtio_pci_set_status,
	.config_read = legacy_config_read,
	.config_write = legacy_config_write,
	.map = virtio_pci_map,
	.queue_size_max = legacy_queue_size_max,
	.queue_enable = legacy_queue_enable,
	.config_event = virtio_pci_config_event,
	.queue_event = virtio_pci_queue_event,
	.event_ack = virtio_pci_event_ack,
	.legacy = is_legacy,
	.check = virtio_pci_check,
	.describe = virtio_pci_describe,
};
