/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include "../../../lib/base/err.h"
#include "device.h"

/* Where the register can't be mapped, a kick is a system call of the device's owner. */
static COLD void knock(struct doorbell *db)
{
	const struct knock *k = db->arg;
	struct pci_dev *dev = k->vp->dev;

	/* What went wrong shows at the next look at the status. */
	dev->ops->bar_write(dev, k->vp->notify.bar, k->vp->notify.off + k->off, k->width, db->data);
}

static struct knock *knock_of(struct virtio_pci *vp, uint16_t index)
{
	struct knock *k = vp->knocks;

	while (k && k->index != index)
		k = k->next;
	if (k)
		return k;
	k = calloc(1, sizeof(*k));
	if (!k)
		return NULL;
	*k = (struct knock){ .vp = vp, .next = vp->knocks, .index = index };
	vp->knocks = k;
	return k;
}

void doorbells_free(struct virtio_pci *vp)
{
	while (vp->knocks) {
		struct knock *k = vp->knocks;

		vp->knocks = k->next;
		free(k);
	}
}

/* The whole window in one piece, once. */
static int map_window(struct virtio_pci *vp)
{
	volatile void *at;
	int rc;

	if (vp->notify_at || vp->notify_io)
		return 0;
	vp->notify_io = vp->dev->bar[vp->notify.bar].io;
	if (vp->notify_io)
		return 0;
	rc = vp->dev->ops->bar_map(vp->dev, vp->notify.bar, vp->notify.off, vp->notify.bytes, &at);
	if (rc == 0)
		vp->notify_at = at;
	vp->notify_io = rc == -ENOTSUP;
	return vp->notify_io ? 0 : rc;
}

static int outside(const struct virtio_pci *vp, uint16_t index, uint64_t off)
{
	return err_set(ERR_VPCI_CAPS, -EINVAL,
		       "%s: queue %u: its doorbell is %llu bytes into a window of %llu",
		       vp->dev->address, index, (unsigned long long)off,
		       (unsigned long long)vp->notify.bytes);
}

int doorbell_fill(struct virtio_pci *vp, const struct ring_place *ring, uint64_t off, uint16_t data,
		  struct doorbell *db)
{
	const bool indexed = features_have(&vp->taken, F_NOTIFICATION_DATA);
	const uint8_t width = indexed ? 4 : 2;
	struct knock *k;
	int rc;

	if (off >= vp->notify.bytes || vp->notify.bytes - off < width ||
	    (vp->notify.off + off) & (width - 1u))
		return outside(vp, ring->index, off);
	rc = map_window(vp);
	if (rc < 0)
		return rc;
	*db = (struct doorbell){ .width = width, .fd = -1, .data = data };
	if (indexed)
		db->next = ring->packed ? DOORBELL_NEXT_PACKED : DOORBELL_NEXT_SPLIT;
	if (vp->notify_at) {
		db->reg = vp->notify_at + off;
		return 0;
	}
	k = knock_of(vp, ring->index);
	if (!k)
		return err_set(ERR_NO_MEMORY, -ENOMEM, "%s: queue %u", vp->dev->address,
			       ring->index);
	k->off = off;
	k->width = width;
	db->ring = knock;
	db->arg = k;
	return 0;
}
