/* SPDX-License-Identifier: BSD-3-Clause */
#include <linux/pci_regs.h>

#include "../../../lib/pci/bars.h"
#include "../../../lib/pci/caps.h"
#include "device.h"

static int config_read(struct virtio_pci *vp, uint32_t off, unsigned int width, uint32_t *value)
{
	return vp->dev->ops->config_read(vp->dev, off, width, value);
}

/* What a structure must be like to be of use ("Virtio Structure PCI Capabilities"). */
static const struct structure {
	uint8_t cap_bytes; /* of the capability itself */
	uint8_t align;     /* of its place in the BAR */
	uint8_t bytes;
} structures[] = {
	[VCAP_COMMON] = { VCAP_BYTES, 4, COMMON_BYTES },
	[VCAP_NOTIFY] = { VCAP_BYTES + 4, 2, 2 },
	[VCAP_ISR] = { VCAP_BYTES, 1, 1 },
	[VCAP_DEVICE] = { VCAP_BYTES, 4, 1 },
};

static struct window *window_of(struct virtio_pci *vp, uint32_t type)
{
	struct window *const windows[] = {
		[VCAP_COMMON] = &vp->common,
		[VCAP_NOTIFY] = &vp->notify,
		[VCAP_ISR] = &vp->isr,
		[VCAP_DEVICE] = &vp->config,
	};

	return type < ARRAY_SIZE(windows) ? windows[type] : NULL;
}

/* The capability at @pos as the device wrote it. */
struct vcap {
	uint32_t bytes, type, bar, off, length, multiplier;
};

/* Fields behind the end of the capability stay 0; one that is longer than the space is none. */
static int vcap_read(struct virtio_pci *vp, uint32_t pos, struct vcap *cap)
{
	const struct {
		uint32_t off, width, *to;
	} fields[] = {
		{ VCAP_TYPE, 1, &cap->type },
		{ VCAP_BAR, 1, &cap->bar },
		{ VCAP_OFFSET, 4, &cap->off },
		{ VCAP_LENGTH, 4, &cap->length },
		{ VCAP_MULTIPLIER, 4, &cap->multiplier },
	};
	int rc;

	*cap = (struct vcap){ 0 };
	rc = config_read(vp, pos + VCAP_LEN, 1, &cap->bytes);
	if (rc < 0 || pos + cap->bytes > PCI_CFG_SPACE_SIZE)
		return rc;
	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(fields); i++)
		if (fields[i].off + fields[i].width <= cap->bytes)
			rc = config_read(vp, pos + fields[i].off, fields[i].width, fields[i].to);
	return rc;
}

static bool usable(const struct virtio_pci *vp, const struct vcap *cap)
{
	const struct structure *s;

	if (!cap->type || cap->type >= ARRAY_SIZE(structures))
		return false;
	s = &structures[cap->type];
	return cap->bytes >= s->cap_bytes && cap->length >= s->bytes &&
	       !(cap->off & (s->align - 1u)) &&
	       pci_bar_has(vp->dev, cap->bar, cap->off, cap->length);
}

/*
 * The first usable one of each type is the one that the device prefers. Except that notifications
 * through memory are preferred to those through I/O ports, which cost a system call each.
 */
static bool wanted(const struct virtio_pci *vp, const struct window *have, const struct vcap *cap)
{
	return !have->bytes || (cap->type == VCAP_NOTIFY && vp->dev->bar[have->bar].io &&
				!vp->dev->bar[cap->bar].io);
}

static void take(struct virtio_pci *vp, const struct vcap *cap)
{
	struct window *w = usable(vp, cap) ? window_of(vp, cap->type) : NULL;

	if (!w || !wanted(vp, w, cap))
		return;
	*w = (struct window){ .bar = (uint8_t)cap->bar, .off = cap->off, .bytes = cap->length };
	if (cap->type == VCAP_NOTIFY)
		vp->notify_multiplier = cap->multiplier;
}

int caps_find(struct virtio_pci *vp)
{
	struct pci_cap list[PCI_CAPS_MAX];
	struct vcap cap;
	int n = pci_caps(vp->dev, list);

	for (int i = 0; i < n; i++) {
		int rc;

		if (list[i].id != PCI_CAP_ID_VNDR)
			continue;
		rc = vcap_read(vp, list[i].off, &cap);
		if (rc < 0)
			return rc;
		take(vp, &cap);
	}
	if (n < 0)
		return n;
	return vp->common.bytes && vp->notify.bytes && vp->isr.bytes;
}
