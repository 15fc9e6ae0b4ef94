/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "../../../lib/base/endian.h"
#include "../../../lib/base/err.h"
#include "device.h"

#define STATUS_GONE 0xffu

int gone_error(const struct virtio_pci *vp)
{
	return err_set(ERR_VPCI_GONE, -EIO, "%s: its registers read as all ones", vp->dev->address);
}

bool virtio_pci_gone(const struct virtio_pci *vp)
{
	return __atomic_load_n(&vp->gone, __ATOMIC_RELAXED);
}

static uint32_t ones(unsigned int width)
{
	return width == 4 ? UINT32_MAX : (UINT32_C(1) << 8 * width) - 1;
}

/* Some registers may be all ones, the status never is: it tells whether anybody is there. */
static int confirm(struct virtio_pci *vp)
{
	uint32_t status;
	int rc = vp->dev->ops->bar_read(vp->dev, vp->common.bar, vp->common.off + vp->regs->status,
					1, &status);

	if (rc < 0 || status != STATUS_GONE)
		return rc;
	__atomic_store_n(&vp->gone, true, __ATOMIC_RELAXED);
	return gone_error(vp);
}

int reg_read(struct virtio_pci *vp, const struct window *w, uint64_t off, unsigned int width,
	     uint32_t *value)
{
	int rc;

	if (virtio_pci_gone(vp))
		return gone_error(vp);
	rc = vp->dev->ops->bar_read(vp->dev, w->bar, w->off + off, width, value);
	return rc < 0 || *value != ones(width) ? rc : confirm(vp);
}

int reg_write(struct virtio_pci *vp, const struct window *w, uint64_t off, unsigned int width,
	      uint32_t value)
{
	if (virtio_pci_gone(vp))
		return gone_error(vp);
	return vp->dev->ops->bar_write(vp->dev, w->bar, w->off + off, width, value);
}

int common_read(struct virtio_pci *vp, uint32_t off, unsigned int width, uint32_t *value)
{
	return reg_read(vp, &vp->common, off, width, value);
}

int common_write(struct virtio_pci *vp, uint32_t off, unsigned int width, uint32_t value)
{
	return reg_write(vp, &vp->common, off, width, value);
}

/* Each field of a network device's configuration is 1, 2 or 4 bytes and aligned, and the address is
 * 6 of one byte. */
static unsigned int field_width(uint64_t off, size_t len)
{
	return (len == 2 || len == 4) && !(off & (len - 1)) ? (unsigned int)len : 1;
}

int config_fields(struct virtio_pci *vp, uint64_t off, void *dst, size_t len)
{
	const unsigned int width = field_width(off, len);

	for (size_t i = 0; i < len; i += width) {
		uint32_t value;
		int rc = reg_read(vp, &vp->config, off + i, width, &value);
		le32 raw;

		if (rc < 0)
			return rc;
		raw = le32_from(value);
		memcpy((char *)dst + i, &raw, width);
	}
	return 0;
}

int config_never_still(const struct virtio_pci *vp)
{
	return err_set(ERR_VPCI_CONFIG, -EIO,
		       "%s: its configuration changed during each of %u reads", vp->dev->address,
		       CONFIG_TRIES);
}

int queue_select(struct virtio_pci *vp, uint16_t index)
{
	int rc;

	if (vp->selected == index)
		return 0;
	rc = common_write(vp, vp->regs->queue_select, 2, index);
	vp->selected = rc < 0 ? -1 : index;
	return rc;
}
