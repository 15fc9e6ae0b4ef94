/* SPDX-License-Identifier: BSD-3-Clause */
#include "pci_fake.h"

#include <errno.h>
#include <string.h>

#include "../../drivers/virtio/spec.h"
#include "../../lib/base/err.h"

static struct fake_pci *fake_of(struct pci_dev *dev)
{
	return container_of(dev, struct fake_pci, dev);
}

static int call(struct fake_pci *f)
{
	if (++f->calls == f->how.fail_at)
		return err_set(ERR_DEVICE_TIMEOUT, -EIO, "fake: call %u fails", f->calls);
	return 0;
}

static bool gone(const struct fake_pci *f)
{
	return f->how.gone_at && f->accesses >= f->how.gone_at;
}

static void note(struct fake_pci *f, bool write, unsigned int bar, uint64_t off, unsigned int width,
		 uint32_t value)
{
	if (f->n_log < FAKE_LOG)
		f->log[f->n_log++] = (struct fake_access){
			write, (uint8_t)bar, (uint8_t)width, (uint32_t)off, value,
		};
}

void fake_log_clear(struct fake_pci *f)
{
	f->n_log = f->accesses = f->calls = 0;
}

/* Registers by offset, with the one width each has and whether it can be written. */
enum reg {
	REG_NONE,
	REG_SELECT,
	REG_OFFERED,
	REG_DRIVER_SELECT,
	REG_TAKEN,
	REG_CONFIG_VECTOR,
	REG_NUM_QUEUES,
	REG_STATUS,
	REG_GENERATION,
	REG_QUEUE_SELECT,
	REG_QUEUE_SIZE,
	REG_QUEUE_VECTOR,
	REG_QUEUE_ENABLE,
	REG_NOTIFY_OFF,
	REG_ADDRESS,
	REG_NOTIF_DATA,
	REG_QUEUE_RESET,
	REG_PFN,
	REG_NOTIFY,
	REG_ISR,
};

struct reg_at {
	uint8_t off, width;
	bool writable;
	enum reg reg;
};

static const struct reg_at modern_regs[] = {
	{ 0x00, 4, true, REG_SELECT },        { 0x04, 4, false, REG_OFFERED },
	{ 0x08, 4, true, REG_DRIVER_SELECT }, { 0x0c, 4, true, REG_TAKEN },
	{ 0x10, 2, true, REG_CONFIG_VECTOR }, { 0x12, 2, false, REG_NUM_QUEUES },
	{ 0x14, 1, true, REG_STATUS },        { 0x15, 1, false, REG_GENERATION },
	{ 0x16, 2, true, REG_QUEUE_SELECT },  { 0x18, 2, true, REG_QUEUE_SIZE },
	{ 0x1a, 2, true, REG_QUEUE_VECTOR },  { 0x1c, 2, true, REG_QUEUE_ENABLE },
	{ 0x1e, 2, false, REG_NOTIFY_OFF },   { 0x20, 4, true, REG_ADDRESS },
	{ 0x24, 4, true, REG_ADDRESS },       { 0x28, 4, true, REG_ADDRESS },
	{ 0x2c, 4, true, REG_ADDRESS },       { 0x30, 4, true, REG_ADDRESS },
	{ 0x34, 4, true, REG_ADDRESS },       { 0x38, 2, false, REG_NOTIF_DATA },
	{ 0x3a, 2, true, REG_QUEUE_RESET },
};

/* The last two only while MSI-X is enabled. */
static const struct reg_at legacy_regs[] = {
	{ 0, 4, false, REG_OFFERED },
	{ 4, 4, true, REG_TAKEN },
	{ 8, 4, true, REG_PFN },
	{ 12, 2, false, REG_QUEUE_SIZE },
	{ 14, 2, true, REG_QUEUE_SELECT },
	{ 16, 2, true, REG_NOTIFY },
	{ 18, 1, true, REG_STATUS },
	{ 19, 1, false, REG_ISR },
	{ 20, 2, true, REG_CONFIG_VECTOR },
	{ 22, 2, true, REG_QUEUE_VECTOR },
};

static struct fake_queue *selected(struct fake_pci *f)
{
	return &f->queue[f->queue_select < FAKE_QUEUES ? f->queue_select : 0];
}

static void reset(struct fake_pci *f)
{
	f->status = 0;
	f->config_vector = NO_VECTOR;
	f->queue_select = 0;
	memset(f->taken, 0, sizeof(f->taken));
	for (uint16_t i = 0; i < FAKE_QUEUES; i++) {
		f->queue[i].vector = NO_VECTOR;
		f->queue[i].enable = 0;
		f->queue[i].pfn = 0;
	}
}

static void write_status(struct fake_pci *f, uint8_t status)
{
	if (status)
		f->status = status;
	else if (!f->how.reset_stuck)
		reset(f);
}

static uint32_t read_status(struct fake_pci *f)
{
	if (!f->status && f->how.reset_takes) {
		f->how.reset_takes--;
		return STATUS_DRIVER_OK;
	}
	return f->status & (uint8_t)~f->how.hidden;
}

static uint32_t read_queue_reset(struct fake_pci *f)
{
	struct fake_queue *q = selected(f);

	if (!q->reset)
		return 0;
	if (f->how.queue_reset_takes) {
		f->how.queue_reset_takes--;
		return 1;
	}
	q->reset = 0;
	q->vector = NO_VECTOR;
	q->enable = f->how.stays_enabled;
	return 0;
}

static uint32_t reg_get(struct fake_pci *f, const struct reg_at *r)
{
	struct fake_queue *q = selected(f);

	switch (r->reg) {
	case REG_SELECT:
		return f->select;
	case REG_OFFERED:
		return f->legacy ? f->offered[0] : f->select < 4 ? f->offered[f->select] : 0;
	case REG_DRIVER_SELECT:
		return f->driver_select;
	case REG_TAKEN:
		return f->taken[f->driver_select & 3];
	case REG_CONFIG_VECTOR:
		return f->config_vector;
	case REG_NUM_QUEUES:
		return f->num_queues;
	case REG_STATUS:
		return read_status(f);
	case REG_GENERATION:
		return f->generation;
	case REG_QUEUE_SELECT:
		return f->queue_select;
	case REG_QUEUE_SIZE:
		return q->size;
	case REG_QUEUE_VECTOR:
		return q->vector;
	case REG_QUEUE_ENABLE:
		return q->enable;
	case REG_NOTIFY_OFF:
		return q->notify_off;
	case REG_ADDRESS:
		return q->addr[(r->off - 0x20) / 4];
	case REG_NOTIF_DATA:
		return FAKE_NOTIF(f->queue_select);
	case REG_QUEUE_RESET:
		return read_queue_reset(f);
	case REG_PFN:
		return q->pfn;
	case REG_ISR:
		f->isr = 0;
		return 0;
	default:
		return 0;
	}
}

static uint16_t vector_kept(const struct fake_pci *f, uint32_t vector)
{
	const bool kept = !f->how.vectors || vector < f->how.vectors;

	return kept ? (uint16_t)vector : NO_VECTOR;
}

/* Rings are set up while their queue is disabled, and it is enabled last. */
static void queue_set(struct fake_pci *f, const struct reg_at *r, uint32_t value)
{
	struct fake_queue *q = selected(f);

	f->wrong += q->enable && !q->reset && r->reg != REG_QUEUE_RESET;
	if (r->reg == REG_QUEUE_SIZE && !f->how.size_forced)
		q->size = value < f->how.size_floor ? f->how.size_floor : (uint16_t)value;
	else if (r->reg == REG_QUEUE_VECTOR)
		q->vector = vector_kept(f, value);
	else if (r->reg == REG_QUEUE_ENABLE)
		q->enable = (uint16_t)value, f->wrong += value != 1;
	else if (r->reg == REG_ADDRESS)
		q->addr[(r->off - 0x20) / 4] = value;
	else if (r->reg == REG_QUEUE_RESET)
		q->reset = (uint16_t)value, f->wrong += value != 1;
	else if (r->reg == REG_PFN)
		q->pfn = value;
}

static void reg_set(struct fake_pci *f, const struct reg_at *r, uint32_t value)
{
	switch (r->reg) {
	case REG_SELECT:
		f->select = value;
		break;
	case REG_DRIVER_SELECT:
		f->driver_select = value;
		break;
	case REG_TAKEN:
		f->taken[f->legacy ? 0 : f->driver_select & 3] = value;
		break;
	case REG_CONFIG_VECTOR:
		f->config_vector = f->how.config_refused ? NO_VECTOR : vector_kept(f, value);
		break;
	case REG_STATUS:
		write_status(f, (uint8_t)value);
		break;
	case REG_QUEUE_SELECT:
		if (value < f->num_queues) /* or it stays, as in QEMU */
			f->queue_select = (uint16_t)value;
		break;
	case REG_NOTIFY:
		f->knocks[f->n_knocks++ % 8] = value;
		break;
	default:
		queue_set(f, r, value);
	}
}

static const struct reg_at *find(struct fake_pci *f, uint64_t off, unsigned int width, bool write)
{
	const struct reg_at *regs = f->legacy ? legacy_regs : modern_regs;
	size_t n = f->legacy ? ARRAY_SIZE(legacy_regs) : ARRAY_SIZE(modern_regs);

	for (size_t i = 0; i < n; i++)
		if (regs[i].off == off && regs[i].width == width && (!write || regs[i].writable))
			return &regs[i];
	f->wrong++;
	return NULL;
}

/* Where the device configuration begins. */
static uint64_t config_at(const struct fake_pci *f)
{
	if (!f->legacy)
		return FAKE_CONFIG;
	return f->irq == PCI_IRQ_MSIX ? LEGACY_CONFIG_MSIX : LEGACY_CONFIG;
}

/* Fields of a network device: six bytes, three halves, a word, a byte. */
static uint32_t config_get(struct fake_pci *f, uint64_t off, unsigned int width)
{
	uint32_t value = 0;

	f->wrong += width != (off < 6 ? 1 : off < 12 ? 2 : off < 16 ? 4 : 1);
	memcpy(&value, f->config + off, width);
	if (f->how.restless) {
		f->how.restless--;
		f->generation++;
		f->config[off] ^= 1;
	}
	return value;
}

static uint32_t window_get(struct fake_pci *f, uint64_t off, unsigned int width)
{
	const uint64_t config = config_at(f);
	const struct reg_at *r;

	if (off >= config && off - config + width <= sizeof(f->config))
		return config_get(f, off - config, width);
	if (!f->legacy && off == FAKE_ISR && width == 1) {
		uint8_t isr = f->isr;

		f->isr = 0;
		return isr;
	}
	r = find(f, off, width, false);
	return r ? reg_get(f, r) : 0;
}

static int fake_bar_read(struct pci_dev *dev, unsigned int bar, uint64_t off, unsigned int width,
			 uint32_t *value)
{
	struct fake_pci *f = fake_of(dev);
	int rc = call(f);

	f->accesses++;
	f->wrong += bar != (f->legacy ? 0 : FAKE_BAR);
	if (rc < 0)
		return rc;
	if (gone(f))
		*value = width == 4 ? UINT32_MAX : (1u << 8 * width) - 1;
	else
		*value = window_get(f, off, width);
	note(f, false, bar, off, width, *value);
	return 0;
}

static int fake_bar_write(struct pci_dev *dev, unsigned int bar, uint64_t off, unsigned int width,
			  uint32_t value)
{
	struct fake_pci *f = fake_of(dev);
	int rc = call(f);
	const struct reg_at *r;

	f->accesses++;
	f->wrong += bar != (f->legacy ? 0 : FAKE_BAR);
	note(f, true, bar, off, width, value);
	if (rc < 0 || gone(f))
		return rc;
	if (!f->legacy && off >= FAKE_NOTIFY) {
		f->knocks[f->n_knocks++ % 8] = value;
		return 0;
	}
	if (f->legacy && off >= config_at(f) && off - config_at(f) < 6 && width == 1) {
		f->config[off - config_at(f)] = (uint8_t)value;
		return 0;
	}
	r = find(f, off, width, true);
	if (r)
		reg_set(f, r, value);
	return 0;
}

static int fake_config_read(struct pci_dev *dev, uint32_t off, unsigned int width, uint32_t *value)
{
	struct fake_pci *f = fake_of(dev);
	int rc = call(f);

	if (rc < 0)
		return rc;
	assert_true(off + width <= sizeof(f->space) && !(off & (width - 1)));
	*value = 0;
	memcpy(value, f->space + off, width);
	return 0;
}

static int fake_config_write(struct pci_dev *dev, uint32_t off, unsigned int width, uint32_t value)
{
	struct fake_pci *f = fake_of(dev);

	memcpy(f->space + off, &value, width);
	return call(f);
}

static int fake_bar_map(struct pci_dev *dev, unsigned int bar, uint64_t off, uint64_t len,
			volatile void **at)
{
	struct fake_pci *f = fake_of(dev);
	int rc = call(f);

	assert_true(bar < PCI_BARS && off <= dev->bar[bar].bytes &&
		    len <= dev->bar[bar].bytes - off);
	if (rc < 0)
		return rc;
	if (f->how.no_map || dev->bar[bar].io)
		return -ENOTSUP;
	*at = f->bell;
	return 0;
}

static int fake_dma_map(struct pci_dev *dev, const struct vio_region *region, uint64_t *bias)
{
	struct fake_pci *f = fake_of(dev);
	struct vio_region_info info;
	int rc = call(f);

	if (rc < 0)
		return rc;
	vio_region_info(region, &info);
	f->regions++;
	/* Legacy devices reach 16 TiB, far below where this process has its memory. */
	*bias = f->how.further + (f->legacy ? FAKE_BIAS - (uintptr_t)info.base : FAKE_BIAS);
	return 0;
}

static int fake_dma_unmap(struct pci_dev *dev, const struct vio_region *region)
{
	(void)region;
	fake_of(dev)->regions--;
	return 0;
}

static int fake_bus_master(struct pci_dev *dev, bool on)
{
	struct fake_pci *f = fake_of(dev);

	f->master = on;
	f->masters++;
	return call(f);
}

static int fake_reset(struct pci_dev *dev)
{
	(void)dev;
	return -ENOTSUP;
}

static int fake_irq_set(struct pci_dev *dev, enum pci_irq kind, const int *fds, unsigned int n)
{
	struct fake_pci *f = fake_of(dev);
	int rc = call(f);

	if (rc < 0)
		return rc;
	assert_true(n <= ARRAY_SIZE(f->irq_fd));
	f->irq = kind;
	f->n_irq = n;
	f->irq_sets++;
	for (unsigned int i = 0; i < n; i++)
		f->irq_fd[i] = fds[i];
	return 0;
}

static int fake_irq_unmask(struct pci_dev *dev)
{
	fake_of(dev)->unmasks++;
	return call(fake_of(dev));
}

static const char *fake_describe(struct pci_dev *dev)
{
	(void)dev;
	return "scripted registers";
}

static void fake_close(struct pci_dev *dev)
{
	fake_of(dev)->closes++;
}

static const struct pci_ops fake_ops = {
	.config_read = fake_config_read,
	.config_write = fake_config_write,
	.bar_read = fake_bar_read,
	.bar_write = fake_bar_write,
	.bar_map = fake_bar_map,
	.dma_map = fake_dma_map,
	.dma_unmap = fake_dma_unmap,
	.bus_master = fake_bus_master,
	.reset = fake_reset,
	.irq_set = fake_irq_set,
	.irq_unmask = fake_irq_unmask,
	.describe = fake_describe,
	.close = fake_close,
};

static void put(struct fake_pci *f, uint32_t off, unsigned int width, uint32_t value)
{
	memcpy(f->space + off, &value, width);
}

static void identify(struct fake_pci *f, uint16_t device, uint16_t subsystem)
{
	put(f, PCI_VENDOR_ID, 2, VIRTIO_PCI_VENDOR);
	put(f, PCI_DEVICE_ID, 2, device);
	put(f, PCI_SUBSYSTEM_ID, 2, subsystem);
}

static void common_init(struct fake_pci *f)
{
	static const uint8_t mac[6] = { 0x52, 0x54, 0, 1, 2, 3 };

	*f = (struct fake_pci){ .dev = { .ops = &fake_ops, .address = "0000:00:04.0" } };
	f->num_queues = 9;
	f->config_vector = NO_VECTOR;
	f->cap_next = 0x40;
	for (uint16_t i = 0; i < FAKE_QUEUES; i++)
		f->queue[i] =
			(struct fake_queue){ .size = 64, .vector = NO_VECTOR, .notify_off = i };
	memcpy(f->config, mac, sizeof(mac));
	f->config[6] = NET_STATUS_LINK_UP;
	f->config[8] = 4;
	f->config[10] = 1500 & 0xff;
	f->config[11] = 1500 >> 8;
}

void fake_bare(struct fake_pci *f, uint64_t offered)
{
	common_init(f);
	identify(f, VIRTIO_PCI_NET, 0x1100);
	f->dev.bar[FAKE_BAR].bytes = 0x4000;
	f->offered[0] = (uint32_t)offered;
	f->offered[1] = (uint32_t)(offered >> 32);
}

void fake_cap(struct fake_pci *f, uint8_t bytes, uint8_t type, uint8_t bar, uint32_t off,
	      uint32_t length, uint32_t multiplier)
{
	const uint8_t at = f->cap_next;

	put(f, f->cap_last ? f->cap_last + 1u : PCI_CAPABILITY_LIST, 1, at);
	put(f, PCI_STATUS, 2, PCI_STATUS_CAP_LIST);
	put(f, at, 1, PCI_CAP_ID_VNDR);
	put(f, at + VCAP_LEN, 1, bytes);
	put(f, at + VCAP_TYPE, 1, type);
	put(f, at + VCAP_BAR, 1, bar);
	put(f, at + VCAP_OFFSET, 4, off);
	put(f, at + VCAP_LENGTH, 4, length);
	if (bytes > VCAP_BYTES)
		put(f, at + VCAP_MULTIPLIER, 4, multiplier);
	f->cap_last = at;
	f->cap_next = (uint8_t)(at + (bytes > VCAP_BYTES ? 20 : 16));
}

void fake_modern(struct fake_pci *f, uint64_t offered)
{
	fake_bare(f, offered);
	fake_cap(f, 16, VCAP_COMMON, FAKE_BAR, FAKE_COMMON, FAKE_WINDOW, 0);
	fake_cap(f, 16, VCAP_ISR, FAKE_BAR, FAKE_ISR, FAKE_WINDOW, 0);
	fake_cap(f, 16, VCAP_DEVICE, FAKE_BAR, FAKE_CONFIG, sizeof(f->config), 0);
	fake_cap(f, 20, VCAP_NOTIFY, FAKE_BAR, FAKE_NOTIFY, FAKE_WINDOW, 4);
}

void fake_legacy(struct fake_pci *f, uint32_t offered)
{
	common_init(f);
	identify(f, VIRTIO_PCI_TRANSITIONAL_FIRST, VIRTIO_PCI_NET_SUBSYSTEM);
	f->legacy = true;
	f->dev.bar[0] = (struct pci_bar){ .bytes = 64, .io = true };
	f->offered[0] = offered;
}
