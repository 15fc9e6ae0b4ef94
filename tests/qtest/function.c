/* SPDX-License-Identifier: BSD-3-Clause */
#include "function.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../drivers/transport/pci/pci.h"
#include "../../lib/base/compiler.h"
#include "../../lib/base/err.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfcu
#define COMMAND        0x04u
#define BAR0           0x10u
#define BAR_IO         1u
#define BAR_64         4u
#define MEMORY_HOLE    0xc0000000u /* memory BARs go here */
#define PORTS          0xc000u     /* and I/O ports here */

static struct function *last;

struct function *qtest_function(void)
{
	return last;
}

static struct function *function_of(struct pci_dev *dev)
{
	return container_of(dev, struct function, dev);
}

static char suffix(unsigned int width)
{
	return width == 1 ? 'b' : width == 2 ? 'w' : 'l';
}

/* Configuration mechanism #1 of the PCI Local Bus Specification. */
static int config_select(struct function *f, uint32_t off)
{
	const uint32_t address = 0x80000000u | f->slot << 11 | (off & ~3u);

	return wire_ask(&f->wire, NULL, "outl 0x%x 0x%x", CONFIG_ADDRESS, address);
}

static int config_read(struct pci_dev *dev, uint32_t off, unsigned int width, uint32_t *value)
{
	struct function *f = function_of(dev);
	uint64_t v = 0;
	int rc = config_select(f, off);

	if (rc == 0)
		rc = wire_ask(&f->wire, &v, "in%c 0x%x", suffix(width), CONFIG_DATA + (off & 3));
	*value = (uint32_t)v;
	return rc;
}

static int config_write(struct pci_dev *dev, uint32_t off, unsigned int width, uint32_t value)
{
	struct function *f = function_of(dev);
	int rc = config_select(f, off);

	if (rc < 0)
		return rc;
	return wire_ask(&f->wire, NULL, "out%c 0x%x 0x%x", suffix(width), CONFIG_DATA + (off & 3),
			value);
}

static int check_access(const struct function *f, unsigned int bar, uint64_t off,
			unsigned int width)
{
	if (bar < PCI_BARS && !(off & (width - 1)) && off + width <= f->dev.bar[bar].bytes)
		return 0;
	return err_set(ERR_OPTS, -EINVAL, "qtest: %u bytes at 0x%llx of BAR %u", width,
		       (unsigned long long)off, bar);
}

static int bar_read(struct pci_dev *dev, unsigned int bar, uint64_t off, unsigned int width,
		    uint32_t *value)
{
	struct function *f = function_of(dev);
	uint64_t v = 0;
	int rc = check_access(f, bar, off, width);

	if (rc < 0)
		return rc;
	f->accesses++;
	rc = wire_ask(&f->wire, &v, "%s%c 0x%llx", dev->bar[bar].io ? "in" : "read", suffix(width),
		      (unsigned long long)(f->at[bar] + off));
	*value = (uint32_t)v;
	return rc;
}

static int bar_write(struct pci_dev *dev, unsigned int bar, uint64_t off, unsigned int width,
		     uint32_t value)
{
	struct function *f = function_of(dev);
	int rc = check_access(f, bar, off, width);

	if (rc < 0)
		return rc;
	f->accesses++;
	return wire_ask(&f->wire, NULL, "%s%c 0x%llx 0x%x", dev->bar[bar].io ? "out" : "write",
			suffix(width), (unsigned long long)(f->at[bar] + off), value);
}

static int bar_map(struct pci_dev *dev, unsigned int bar, uint64_t off, uint64_t len,
		   volatile void **at)
{
	(void)dev, (void)bar, (void)off, (void)len, (void)at;
	return -ENOTSUP;
}

static int dma_map(struct pci_dev *dev, const struct vio_region *region, uint64_t *bias)
{
	struct vio_region_info info;

	vio_region_info(region, &info);
	*bias = function_of(dev)->memory - (uintptr_t)info.base;
	return interrupts_map(&function_of(dev)->irq, (struct vio_region *)(uintptr_t)region,
			      *bias);
}

static int dma_unmap(struct pci_dev *dev, const struct vio_region *region)
{
	(void)dev, (void)region;
	return 0;
}

static int bus_master(struct pci_dev *dev, bool on)
{
	return config_write(dev, COMMAND, 2, on ? 7 : 0);
}

static int reset(struct pci_dev *dev)
{
	(void)dev;
	return -ENOTSUP;
}

static int irq_set(struct pci_dev *dev, enum pci_irq kind, const int *fds, unsigned int n)
{
	return interrupts_set(&function_of(dev)->irq, kind, fds, n);
}

static int irq_unmask(struct pci_dev *dev)
{
	return interrupts_unmask(&function_of(dev)->irq);
}

static const char *describe(struct pci_dev *dev)
{
	(void)dev;
	return "qemu without a guest";
}

static void function_close(struct pci_dev *dev)
{
	struct function *f = function_of(dev);

	last = NULL;
	interrupts_fini(&f->irq);
	free(f);
}

static const struct pci_ops function_ops = {
	.config_read = config_read,
	.config_write = config_write,
	.bar_read = bar_read,
	.bar_write = bar_write,
	.bar_map = bar_map,
	.dma_map = dma_map,
	.dma_unmap = dma_unmap,
	.bus_master = bus_master,
	.reset = reset,
	.irq_set = irq_set,
	.irq_unmask = irq_unmask,
	.describe = describe,
	.close = function_close,
};

/* Write all ones to BAR @i and see which bits stay: its size and kind. */
static int probe_bar(struct function *f, unsigned int i, uint64_t *mask, uint32_t *kind)
{
	const uint32_t off = BAR0 + 4 * i;
	uint32_t low = 0, high = UINT32_MAX;
	int rc = config_write(&f->dev, off, 4, UINT32_MAX);

	if (rc == 0)
		rc = config_read(&f->dev, off, 4, &low);
	*kind = low & (low & BAR_IO ? BAR_IO : BAR_64);
	if (rc == 0 && *kind == BAR_64)
		rc = config_write(&f->dev, off + 4, 4, UINT32_MAX);
	if (rc == 0 && *kind == BAR_64)
		rc = config_read(&f->dev, off + 4, 4, &high);
	if (!low)
		*mask = 0;
	else if (low & BAR_IO)
		*mask = UINT64_C(0xffffffffffff0000) | (low & 0xfffcu);
	else
		*mask = (uint64_t)high << 32 | (low & 0xfffffff0u);
	return rc;
}

/* Return: registers that the BAR takes, 1 or 2; or a negative errno. */
static int place_bar(struct function *f, unsigned int i, uint64_t *memory, uint64_t *ports)
{
	uint64_t mask, *at;
	uint32_t kind;
	int rc = probe_bar(f, i, &mask, &kind);

	if (rc < 0 || !mask)
		return rc < 0 ? rc : 1;
	at = kind == BAR_IO ? ports : memory;
	f->dev.bar[i] = (struct pci_bar){ .bytes = ~mask + 1, .io = kind == BAR_IO };
	*at = align_up(*at, f->dev.bar[i].bytes);
	f->at[i] = *at;
	*at += f->dev.bar[i].bytes;
	rc = config_write(&f->dev, BAR0 + 4 * i, 4, (uint32_t)f->at[i]);
	if (rc == 0 && kind == BAR_64)
		rc = config_write(&f->dev, BAR0 + 4 * i + 4, 4, (uint32_t)(f->at[i] >> 32));
	return rc < 0 ? rc : kind == BAR_64 ? 2 : 1;
}

static int place_bars(struct function *f)
{
	uint64_t memory = MEMORY_HOLE, ports = PORTS;

	for (unsigned int i = 0; i < PCI_BARS;) {
		int n = place_bar(f, i, &memory, &ports);

		if (n < 0)
			return n;
		i += (unsigned int)n;
	}
	return 0;
}

static int take_options(struct function *f, struct address *addr)
{
	uint64_t slot = 4, msix = VECTORS_MAX;
	int rc = address_take_number(addr, "slot", 0, 31, &slot);

	if (rc == 0)
		rc = address_take_number(addr, "msix", 0, VECTORS_MAX, &msix);
	f->msix_most = (uint16_t)msix;
	f->memory = UINT64_C(1) << 32;
	if (rc == 0)
		rc = address_take_number(addr, "memory", 0, UINT64_MAX, &f->memory);
	f->slot = (unsigned int)slot;
	f->wire.fd = atoi(addr->path);
	snprintf(f->dev.address, sizeof(f->dev.address), "0000:00:%02x.0", f->slot);
	return rc;
}

static int qtest_open(struct address *addr, uint32_t timeout_ms, struct transport **out)
{
	struct function *f = calloc(1, sizeof(*f));
	int rc;

	if (!f)
		return err_set(ERR_NO_MEMORY, -ENOMEM, "qtest");
	f->dev.ops = &function_ops;
	pthread_mutex_init(&f->wire.lock, NULL);
	rc = take_options(f, addr);
	if (rc == 0)
		rc = place_bars(f);
	if (rc == 0)
		rc = interrupts_init(&f->irq, &f->dev, &f->wire);
	f->dev.msix = f->dev.msix < f->msix_most ? f->dev.msix : f->msix_most;
	if (rc == 0)
		rc = bus_master(&f->dev, true);
	if (rc == 0)
		rc = pci_transport_make(&f->dev, timeout_ms, out);
	if (rc < 0)
		free(f);
	else
		last = f;
	return rc;
}

static void qtest_close(struct transport *tp)
{
	tp->ops->close(tp);
}

const struct transport_ops qtest_transport = {
	.scheme = "qtest",
	.help = "qtest:FD  a device of a QEMU that runs no guest",
	.open = qtest_open,
	.close = qtest_close,
};
