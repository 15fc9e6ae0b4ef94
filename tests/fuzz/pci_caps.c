/* SPDX-License-Identifier: BSD-3-Clause */
#include <linux/pci_regs.h>

#include "../../drivers/transport/pci/device.h"
#include "../../lib/pci/bars.h"
#include "../../lib/pci/caps.h"
#include "../cases.h"
#include "input.h"

/* A configuration space that is the input, behind the kinds and sizes of the BARs. */

struct space {
	struct pci_dev dev;
	uint8_t bytes[PCI_CFG_SPACE_SIZE];
};

static int space_read(struct pci_dev *dev, uint32_t off, unsigned int width, uint32_t *value)
{
	const struct space *s = container_of(dev, struct space, dev);

	assert_true(width <= 4 && off + width <= sizeof(s->bytes));
	*value = 0;
	memcpy(value, s->bytes + off, width);
	return 0;
}

static const struct pci_ops ops = { .config_read = space_read };

/* A structure that was found lies in a BAR. */
static void check_window(const struct pci_dev *dev, const struct window *w, uint64_t least)
{
	if (!w->bytes)
		return;
	assert_true(w->bar < PCI_BARS && w->bytes >= least);
	assert_true(w->off < dev->bar[w->bar].bytes);
	assert_true(w->bytes <= dev->bar[w->bar].bytes - w->off);
}

static void check_caps(struct pci_dev *dev)
{
	struct pci_cap caps[PCI_CAPS_MAX];
	const int n = pci_caps(dev, caps);

	assert_true(n >= 0 && n <= PCI_CAPS_MAX);
	for (int i = 0; i < n; i++)
		assert_true(caps[i].off >= PCI_STD_HEADER_SIZEOF && caps[i].off % 4 == 0);
}

static void check_msix(struct pci_dev *dev)
{
	struct pci_msix msix;

	if (pci_msix_find(dev, &msix) <= 0)
		return;
	assert_true(msix.vectors && msix.table_bar < PCI_BARS && msix.pba_bar < PCI_BARS);
	assert_true(msix.table_off + msix.vectors * UINT64_C(16) <= dev->bar[msix.table_bar].bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct space s = { .dev = { .ops = &ops, .address = "0000:00:04.0" } };
	struct virtio_pci vp = { .dev = &s.dev };
	struct input in = { data, size };
	int rc;

	for (unsigned int i = 0; i < PCI_BARS; i++) {
		const uint8_t bits = input_u8(&in);

		s.dev.bar[i].io = bits & 0x80;
		s.dev.bar[i].bytes = bits & 63 ? UINT64_C(1) << (bits & 63) : 0;
	}
	input_take(&in, s.bytes, sizeof(s.bytes));
	check_caps(&s.dev);
	check_msix(&s.dev);
	rc = caps_find(&vp);
	assert_true(rc == 0 || rc == 1);
	if (rc)
		assert_true(vp.common.bytes && vp.notify.bytes && vp.isr.bytes);
	check_window(&s.dev, &vp.common, COMMON_BYTES);
	check_window(&s.dev, &vp.notify, 2);
	check_window(&s.dev, &vp.isr, 1);
	check_window(&s.dev, &vp.config, 1);
	return 0;
}
