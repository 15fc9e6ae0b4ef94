/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "../../../lib/base/clock.h"
#include "../../../lib/base/err.h"
#include "device.h"

/* "Virtio Over PCI Bus": a device of VIRTIO 1.0 and later. */

#define FEATURE_WORDS 4u

const struct registers modern_registers = {
	.status = COMMON_STATUS,
	.queue_select = COMMON_QUEUE_SELECT,
	.config_vector = COMMON_CONFIG_VECTOR,
	.queue_vector = COMMON_QUEUE_VECTOR,
};

/* Features. */

static int read_words(struct virtio_pci *vp, uint32_t *words)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < FEATURE_WORDS; i++) {
		rc = common_write(vp, COMMON_DEVICE_FEATURE_SELECT, 4, i);
		if (rc == 0)
			rc = common_read(vp, COMMON_DEVICE_FEATURE, 4, &words[i]);
	}
	/* Nobody has given a meaning to bits from 96 on, so a device that shows some there takes
	 * the number of the word for another. */
	if (rc == 0 && words[3])
		words[2] = words[3] = 0;
	return rc;
}

/* Bits that this device can't mean. What NOTIFICATION_DATA needs: "Notification structure layout".
 */
static void withhold(const struct virtio_pci *vp, struct vio_features *offered)
{
	if ((vp->notify.off | vp->notify_multiplier) & 3 || vp->notify.bytes < 4)
		features_drop(offered, F_NOTIFICATION_DATA);
	if (vp->common.bytes < COMMON_NOTIF_DATA_END)
		features_drop(offered, F_NOTIF_CONFIG_DATA);
	if (vp->common.bytes < COMMON_QUEUE_RESET_END)
		features_drop(offered, F_RING_RESET);
#ifndef __x86_64__
	/* The ring code's barriers are those between processors: see lib/base/atomics.h. */
	features_drop(offered, F_ORDER_PLATFORM);
#endif
}

static int modern_features(struct transport *tp, struct vio_features *offered)
{
	struct virtio_pci *vp = virtio_pci_of(tp);
	uint32_t words[FEATURE_WORDS];
	int rc = read_words(vp, words);

	if (rc < 0)
		return rc;
	vp->offered = (struct vio_features){ { words[0] | (uint64_t)words[1] << 32,
					       words[2] | (uint64_t)words[3] << 32 } };
	withhold(vp, &vp->offered);
	*offered = vp->offered;
	return 0;
}

static int modern_accept(struct transport *tp, const struct vio_features *taken)
{
	struct virtio_pci *vp = virtio_pci_of(tp);
	/* Words that no offer came from may not exist. */
	const uint32_t words = vp->offered.word[1] ? FEATURE_WORDS : FEATURE_WORDS / 2;
	int rc = virtio_pci_check_addresses(vp, taken);

	for (uint32_t i = 0; rc == 0 && i < words; i++) {
		rc = common_write(vp, COMMON_DRIVER_FEATURE_SELECT, 4, i);
		if (rc == 0)
			rc = common_write(vp, COMMON_DRIVER_FEATURE, 4,
					  (uint32_t)(taken->word[i / 2] >> 32 * (i % 2)));
	}
	if (rc == 0)
		vp->taken = *taken;
	return rc;
}

/* Device configuration. */

static int modern_config_read(struct transport *tp, size_t off, void *dst, size_t len)
{
	struct virtio_pci *vp = virtio_pci_of(tp);
	uint32_t before, after;
	int rc;

	if (off > vp->config.bytes || len > vp->config.bytes - off)
		return -ENODATA;
	rc = common_read(vp, COMMON_GENERATION, 1, &before);
	for (unsigned int i = 0; rc == 0 && i < CONFIG_TRIES; i++, before = after) {
		rc = config_fields(vp, off, dst, len);
		if (rc == 0)
			rc = common_read(vp, COMMON_GENERATION, 1, &after);
		if (rc < 0 || before == after)
			return rc;
	}
	return rc < 0 ? rc : config_never_still(vp);
}

/* Queues. */

/* How many there are: queue_select keeps what it had when it is given a number that is none. */
static int count_queues(struct virtio_pci *vp)
{
	uint32_t n;
	int rc;

	if (vp->queues)
		return 0;
	rc = common_read(vp, COMMON_NUM_QUEUES, 2, &n);
	if (rc == 0)
		vp->queues = (uint16_t)n;
	return rc;
}

static int modern_queue_size_max(struct transport *tp, uint16_t index, uint16_t *entries)
{
	struct virtio_pci *vp = virtio_pci_of(tp);
	uint32_t size = 0;
	int rc = count_queues(vp);

	if (rc == 0 && index < vp->queues) {
		rc = queue_select(vp, index);
		if (rc == 0)
			rc = common_read(vp, COMMON_QUEUE_SIZE, 2, &size);
	}
	if (rc == 0)
		*entries = (uint16_t)size;
	return rc;
}

/* A ring smaller than the device's largest: write its size, and look whether it is taken. */
static int size_queue(struct virtio_pci *vp, const struct ring_place *ring)
{
	uint32_t size;
	int rc = common_read(vp, COMMON_QUEUE_SIZE, 2, &size);

	if (rc < 0 || size == ring->entries)
		return rc;
	rc = common_write(vp, COMMON_QUEUE_SIZE, 2, ring->entries);
	if (rc == 0)
		rc = common_read(vp, COMMON_QUEUE_SIZE, 2, &size);
	if (rc < 0 || size == ring->entries)
		return rc;
	return err_set(ERR_QUEUE_SIZE, -EINVAL,
		       "%s: queue %u: the device made %u entries of the %u asked for",
		       vp->dev->address, ring->index, size, ring->entries);
}

/* 64-bit fields are two of 32 bits ("Driver Requirements: PCI Device Layout"). */
static int write_address(struct virtio_pci *vp, uint32_t off, const void *part, size_t bytes)
{
	uint64_t at;
	int rc = virtio_pci_address(vp, part, bytes, &at);

	if (rc == 0)
		rc = common_write(vp, off, 4, (uint32_t)at);
	return rc < 0 ? rc : common_write(vp, off + 4, 4, (uint32_t)(at >> 32));
}

static int place_queue(struct virtio_pci *vp, const struct ring_place *ring)
{
	int rc = write_address(vp, COMMON_QUEUE_DESC, ring->desc, ring->desc_bytes);

	if (rc == 0)
		rc = write_address(vp, COMMON_QUEUE_DRIVER, ring->driver, ring->driver_bytes);
	if (rc == 0)
		rc = write_address(vp, COMMON_QUEUE_DEVICE, ring->device, ring->device_bytes);
	return rc;
}

/* "Available Buffer Notifications": where to write what. */
static int find_doorbell(struct virtio_pci *vp, const struct ring_place *ring, struct doorbell *db)
{
	uint32_t off, data = ring->index;
	int rc = common_read(vp, COMMON_QUEUE_NOTIFY_OFF, 2, &off);

	if (rc == 0 && features_have(&vp->taken, F_NOTIF_CONFIG_DATA))
		rc = common_read(vp, COMMON_QUEUE_NOTIF_DATA, 2, &data);
	if (rc < 0)
		return rc;
	return doorbell_fill(vp, ring, (uint64_t)off * vp->notify_multiplier, (uint16_t)data, db);
}

static int modern_queue_enable(struct transport *tp, const struct ring_place *ring,
			       struct doorbell *db)
{
	struct virtio_pci *vp = virtio_pci_of(tp);
	int rc = queue_select(vp, ring->index);

	if (rc == 0)
		rc = size_queue(vp, ring);
	if (rc == 0)
		rc = place_queue(vp, ring);
	if (rc == 0 && ring->event)
		rc = events_queue(vp, ring->index);
	if (rc == 0)
		rc = find_doorbell(vp, ring, db);
	if (rc == 0)
		rc = common_write(vp, COMMON_QUEUE_ENABLE, 2, 1);
	return rc;
}

/* "Virtqueue Reset": the device is done with the ring when queue_reset reads 0 again. */
static int wait_queue_reset(struct virtio_pci *vp, uint16_t index)
{
	const struct deadline until = deadline_in(vp->timeout_ms);

	for (unsigned int round = 0;; round++) {
		uint32_t value;
		int rc = common_read(vp, COMMON_QUEUE_RESET, 2, &value);

		if (rc < 0 || !value)
			return rc;
		if (deadline_passed(until))
			return err_set(ERR_DEVICE_TIMEOUT, -ETIMEDOUT,
				       "%s: queue %u is still being reset, %u ms after it began",
				       vp->dev->address, index, vp->timeout_ms);
		clock_pause(round);
	}
}

static int modern_queue_disable(struct transport *tp, uint16_t index)
{
	struct virtio_pci *vp = virtio_pci_of(tp);
	uint32_t on = 0;
	int rc;

	if (!features_have(&vp->taken, F_RING_RESET))
		return -ENOTSUP;
	rc = queue_select(vp, index);
	if (rc == 0)
		rc = common_write(vp, COMMON_QUEUE_RESET, 2, 1);
	if (rc == 0)
		rc = wait_queue_reset(vp, index);
	if (rc == 0)
		rc = common_read(vp, COMMON_QUEUE_ENABLE, 2, &on);
	if (rc < 0 || !on)
		return rc;
	return err_set(ERR_QUEUE_BROKEN, -EPROTO, "%s: queue %u is enabled after its reset",
		       vp->dev->address, index);
}

const struct transport_ops virtio_pci_modern = {
	.scheme = "pci",
	.close = virtio_pci_close,
	.features = modern_features,
	.accept = modern_accept,
	.status = virtio_pci_status,
	.set_status = virtio_pci_set_status,
	.config_read = modern_config_read,
	.map = virtio_pci_map,
	.queue_size_max = modern_queue_size_max,
	.queue_enable = modern_queue_enable,
	.queue_disable = modern_queue_disable,
	.config_event = virtio_pci_config_event,
	.queue_event = virtio_pci_queue_event,
	.event_ack = virtio_pci_event_ack,
	.check = virtio_pci_check,
	.describe = virtio_pci_describe,
};
