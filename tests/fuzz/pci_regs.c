/* SPDX-License-Identifier: BSD-3-Clause */
#include "../unit/pci_fake.h"

#include "port_run.h"

/*
 * A virtio device on PCI as scripted registers, some of whose answers the input changes: after so
 * many reads, by so many bits. All 0 is an honest device.
 */

/* A fake whose reads go past the input first. */
struct liar {
	struct fake_pci fake;
	const struct pci_ops *honest;
	struct pci_ops ops;
	struct input in;
	unsigned int still; /* so many reads to go until one is changed */
	void *window;       /* where the doorbells are */
};

static struct liar *liar_of(struct pci_dev *dev)
{
	return container_of(dev, struct liar, fake.dev);
}

static void count_down(struct liar *l)
{
	l->still = l->in.left ? input_u8(&l->in) : UINT32_MAX;
}

static uint32_t change(struct liar *l, uint32_t value, unsigned int width)
{
	uint32_t bits;

	if (l->still--)
		return value;
	bits = input_u32(&l->in);
	count_down(l);
	return width == 4 ? value ^ bits : (value ^ bits) & ((1u << 8 * width) - 1);
}

static int config_read(struct pci_dev *dev, uint32_t off, unsigned int width, uint32_t *value)
{
	struct liar *l = liar_of(dev);
	int rc = l->honest->config_read(dev, off, width, value);

	*value = change(l, *value, width);
	return rc;
}

static int bar_read(struct pci_dev *dev, unsigned int bar, uint64_t off, unsigned int width,
		    uint32_t *value)
{
	struct liar *l = liar_of(dev);
	int rc;

	assert_true(bar < PCI_BARS && off < dev->bar[bar].bytes);
	assert_true(width <= dev->bar[bar].bytes - off);
	rc = l->honest->bar_read(dev, bar, off, width, value);
	*value = change(l, *value, width);
	return rc;
}

/* Exactly as large as was asked for, so that a doorbell beyond it is found out. */
static int bar_map(struct pci_dev *dev, unsigned int bar, uint64_t off, uint64_t len,
		   volatile void **at)
{
	struct liar *l = liar_of(dev);

	assert_true(bar < PCI_BARS && off <= dev->bar[bar].bytes);
	assert_true(len <= dev->bar[bar].bytes - off && !l->window);
	l->window = malloc(len);
	assert_non_null(l->window);
	*at = l->window;
	return 0;
}

static void make(struct liar *l, const uint8_t *data, size_t size)
{
	const uint64_t offered = BIT64(F_VERSION_1) | BIT64(NET_F_MAC) | BIT64(NET_F_STATUS) |
				 BIT64(NET_F_MTU) | BIT64(NET_F_MQ) | BIT64(NET_F_CTRL_VQ) |
				 BIT64(NET_F_MRG_RXBUF) | BIT64(F_RING_RESET);

	l->in = (struct input){ data, size };
	l->window = NULL;
	if (input_u8(&l->in) & 1)
		fake_legacy(&l->fake, (uint32_t)offered);
	else
		fake_modern(&l->fake, offered | BIT64(F_RING_PACKED));
	l->honest = l->fake.dev.ops;
	l->ops = *l->honest;
	l->ops.config_read = config_read;
	l->ops.bar_read = bar_read;
	l->ops.bar_map = bar_map;
	l->fake.dev.ops = &l->ops;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct liar l;
	uint8_t acts[16];
	struct input in = { acts, sizeof(acts) };
	struct transport *tp;

	make(&l, data, size);
	input_take(&l.in, acts, sizeof(acts));
	count_down(&l);
	if (pci_transport_make(&l.fake.dev, 0, &tp) == 0) {
		port_run(tp, &in);
		tp->ops->close(tp);
		assert_int_equal(l.fake.closes, 1);
	}
	assert_int_equal(l.fake.regions, 0);
	free(l.window);
	return 0;
}
