/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../lib/vfio/own.h"

#include <errno.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <string.h>

#include <vio/error.h>
#include <vio/region.h>

#include "../../lib/vfio/abi.h"
#include "../cases.h"
#include "fake_vfio.h"

#define MIB ((size_t)1 << 20)

/* ---- which way is taken ---- */

/* A machine, and how its function is opened. */
static const struct way_case {
	const char *what, *driver;
	bool noiommu, cdev, no_group, uio, iommu_off;
	enum own_vfio vfio;
	int rc;
	const char *text; /* describe(), or the error's id */
} way_cases[] = {
	{ "a group where there is no other way", "vfio-pci",
	  .text = "vfio group 4, type1v2 iommu" },
	{ "the group where there are both", "vfio-pci", .cdev = true,
	  .text = "vfio group 4, type1v2 iommu" },
	{ "the own node where there is no group's", "vfio-pci", .cdev = true, .no_group = true,
	  .text = "vfio device vfio0, iommufd" },
	{ "the own node if asked for", "vfio-pci", .cdev = true, .vfio = OWN_VFIO_CDEV,
	  .text = "vfio device vfio0, iommufd" },
	{ "the group if asked for", "vfio-pci", .cdev = true, .vfio = OWN_VFIO_GROUP,
	  .text = "vfio group 4, type1v2 iommu" },
	{ "no own node where the kernel has none", "vfio-pci", .vfio = OWN_VFIO_CDEV, .rc = -ENODEV,
	  .text = "VIO-VFIO-09" },
	{ "the group is missed where there is no node at all", "vfio-pci", .no_group = true,
	  .rc = -ENODEV, .text = "VIO-VFIO-09" },
	{ "a made-up group is never reached through the own node", "vfio-pci", .noiommu = true,
	  .cdev = true, .iommu_off = true, .text = "vfio noiommu group 4, no iommu" },
	{ "physical addresses in a real group", "vfio-pci", .iommu_off = true,
	  .text = "vfio group 4, type1v2 iommu" },
	{ "uio if that is accepted", "uio_pci_generic", .uio = true, .iommu_off = true,
	  .text = "uio_pci_generic uio0, physical addresses" },
	{ "no uio if it is not", "uio_pci_generic", .uio = true, .rc = -EPERM,
	  .text = "VIO-VFIO-07" },
	{ "no uio where vfio is asked for", "uio_pci_generic", .uio = true, .iommu_off = true,
	  .vfio = OWN_VFIO_GROUP, .rc = -EBUSY, .text = "VIO-VFIO-03" },
	{ "no uio without its node", "uio_pci_generic", .iommu_off = true, .rc = -ENODEV,
	  .text = "VIO-VFIO-09" },
};

static void boot(const struct way_case *c)
{
	fake_boot(c->driver, c->noiommu);
	if (c->cdev)
		fake_add_cdev();
	if (c->no_group)
		fake_remove("dev/vfio/4");
	if (c->uio)
		fake_add_uio();
}

static struct own_opts opts_of(const struct way_case *c)
{
	struct own_opts opts = fake_opts();

	opts.iommu_off = c->iommu_off;
	opts.vfio = c->vfio;
	return opts;
}

static void way(void **state)
{
	const struct way_case *c = *state;
	struct pci_dev *dev = NULL;
	struct own_opts opts;

	boot(c);
	opts = opts_of(c);
	assert_int_equal(own_open(FAKE_ADDRESS, &opts, &dev), c->rc);
	if (c->rc < 0) {
		assert_null(dev);
		assert_string_equal(vio_error_last()->id, c->text);
	} else {
		assert_string_equal(dev->ops->describe(dev), c->text);
		assert_int_equal(dev->translated, !c->iommu_off);
		assert_int_equal(dev->bar[FAKE_BAR].bytes, 65536);
		assert_true(dev->bar[FAKE_IO_BAR].io);
		dev->ops->close(dev);
	}
	fake_halt();
}

/* ---- what the own node refuses ---- */

static const struct cdev_refusal {
	const char *what, *path;
	unsigned long request;
	int kernel, rc;
	const char *id, *word;
} cdev_refusals[] = {
	{ "a node of somebody else", "devices/vfio0", 0, -EACCES, -EACCES, "VIO-VFIO-05", "mode" },
	{ "a node that is in use", "devices/vfio0", 0, -EBUSY, -EBUSY, "VIO-VFIO-06", "vfio0" },
	{ "an iommufd of somebody else", "dev/iommu", 0, -EACCES, -EACCES, "VIO-VFIO-05", "iommu" },
	{ "a kernel without iommufd", "dev/iommu", 0, -ENOENT, -ENODEV, "VIO-VFIO-09", "iommu" },
	{ "no address space", NULL, ABI_IOAS_ALLOC, -ENOMEM, -ENOMEM, "VIO-VFIO-08", "ALLOC" },
	{ "members of the kernel", NULL, ABI_DEVICE_BIND, -EBUSY, -EBUSY, "VIO-VFIO-04", "e1000" },
	{ "an IOMMU that does not check interrupts", NULL, ABI_DEVICE_ATTACH, -EPERM, -EPERM,
	  "VIO-VFIO-08", "allow_unsafe_interrupts" },
	{ "ranges that can't be had", NULL, ABI_IOAS_RANGES, -EINVAL, -EINVAL, "VIO-VFIO-08",
	  "RANGES" },
};

static void cdev_refused(void **state)
{
	const struct cdev_refusal *c = *state;
	struct own_opts opts;

	fake_boot("vfio-pci", false);
	fake_add_cdev();
	fake.fail_path = c->path;
	fake.fail_request = c->request;
	fake.fail_rc = c->kernel;
	opts = fake_opts();
	opts.vfio = OWN_VFIO_CDEV;
	fake_refuses(&opts, c->rc, c->id, c->word);
	fake_halt();
}

/* ---- uio ---- */

static struct pci_dev *boot_uio(void)
{
	const struct way_case c = { .driver = "uio_pci_generic", .uio = true, .iommu_off = true };
	struct own_opts opts;
	struct pci_dev *dev = NULL;

	boot(&c);
	opts = opts_of(&c);
	assert_int_equal(own_open(FAKE_ADDRESS, &opts, &dev), 0);
	return dev;
}

static void uio_registers(void **state)
{
	struct pci_dev *dev = boot_uio();
	volatile void *at = NULL;
	uint32_t value = 0;

	(void)state;
	assert_int_equal(dev->ops->config_read(dev, 0, 4, &value), 0);
	assert_int_equal(value, 0x10411af4);
	assert_int_equal(dev->ops->bar_write(dev, FAKE_IO_BAR, 18, 1, 0x1ff), 0);
	assert_int_equal(fake.bar[18], 0xff);
	assert_int_equal(fake.bar[19], 0);
	assert_int_equal(dev->ops->bar_read(dev, FAKE_IO_BAR, 16, 4, &value), 0);
	assert_int_equal(value, 0xff0000);
	assert_int_equal(dev->ops->bar_map(dev, FAKE_BAR, 0x1004, 8, &at), 0);
	*(volatile uint32_t *)at = 0x04030201;
	for (unsigned int width = 1; width <= 4; width *= 2) {
		assert_int_equal(dev->ops->bar_read(dev, FAKE_BAR, 0x1004, width, &value), 0);
		assert_int_equal(value, 0x04030201 & (uint32_t)((UINT64_C(1) << 8 * width) - 1));
	}
	assert_int_equal(dev->ops->bar_write(dev, FAKE_BAR, 0x1006, 2, 0x1234), 0);
	assert_int_equal(*(volatile uint32_t *)at, 0x12340201);
	assert_int_equal(dev->ops->bar_write(dev, FAKE_BAR, 0x1005, 1, 0x56), 0);
	assert_int_equal(dev->ops->bar_write(dev, FAKE_BAR, 0x1008, 4, 7), 0);
	assert_int_equal(*(volatile uint32_t *)at, 0x12345601);
	assert_int_equal(fake.maps, 1);
	assert_int_equal(dev->ops->bar_map(dev, FAKE_IO_BAR, 0, 4, &at), -ENOTSUP);
	assert_int_equal(dev->ops->bar_map(dev, FAKE_BAR, 65536, 4, &at), -EINVAL);
	assert_int_equal(dev->ops->bar_read(dev, FAKE_BAR, 65536, 4, &value), -EINVAL);
	assert_int_equal(dev->ops->config_read(dev, 4096, 4, &value), -EINVAL);
	assert_int_equal(dev->ops->config_read(dev, 256, 4, &value), -EIO);
	fake_close_and_halt(dev);
}

static void uio_life(void **state)
{
	struct pci_dev *dev = boot_uio();
	const int fd = 7;

	(void)state;
	assert_true(fake.locked_node);
	assert_int_equal(dev->msix, 0);
	assert_false(dev->intx);
	assert_int_equal(fake_command(),
			 PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_DISABLE);
	assert_int_equal(dev->ops->bus_master(dev, true), 0);
	assert_true(fake_command() & PCI_COMMAND_MASTER);
	assert_int_equal(dev->ops->irq_set(dev, PCI_IRQ_INTX, &fd, 1), -ENOTSUP);
	assert_string_equal(vio_error_last()->id, "VIO-VFIO-12");
	assert_int_equal(dev->ops->irq_set(dev, PCI_IRQ_NONE, NULL, 0), 0);
	assert_int_equal(dev->ops->irq_unmask(dev), 0);
	assert_int_equal(dev->ops->reset(dev), 0);
	assert_int_equal(fake.resets, 1);
	fake_remove("sys/bus/pci/devices/" FAKE_ADDRESS "/reset");
	assert_int_equal(dev->ops->reset(dev), -ENOTSUP);
	fake_close_and_halt(dev);
}

/* ---- each call fails once ---- */

static const struct way_case all_ways[] = {
	{ "whichever call fails on a group, nothing is left open", "vfio-pci",
	  .vfio = OWN_VFIO_GROUP },
	{ "whichever call fails on an own node, nothing is left open", "vfio-pci", .cdev = true,
	  .vfio = OWN_VFIO_CDEV },
	{ "whichever call fails without an IOMMU, nothing is left open", "vfio-pci",
	  .noiommu = true, .iommu_off = true },
	{ "whichever call fails on uio, nothing is left open", "uio_pci_generic", .uio = true,
	  .iommu_off = true },
};

/* All that there is; what a way has not is left out. Return: the first failure. */
static int everything(const struct way_case *c, struct vio_region *region)
{
	const struct own_opts opts = opts_of(c);
	const int fds[] = { 7 };
	struct pci_dev *dev;
	volatile void *at;
	uint32_t value;
	uint64_t bias;
	int rc, first;

	rc = own_open(FAKE_ADDRESS, &opts, &dev);
	if (rc < 0)
		return rc;
	first = c->iommu_off ? 0 : dev->ops->dma_map(dev, region, &bias);
	rc = dev->ops->bar_map(dev, FAKE_BAR, 0, 4096, &at);
	first = first < 0 ? first : rc;
	rc = dev->ops->bar_read(dev, FAKE_IO_BAR, 0, 4, &value);
	first = first < 0 ? first : rc;
	rc = c->uio ? 0 : dev->ops->irq_set(dev, PCI_IRQ_MSIX, fds, 1);
	first = first < 0 ? first : rc;
	rc = c->uio ? 0 : dev->ops->irq_set(dev, PCI_IRQ_INTX, fds, 1);
	first = first < 0 ? first : rc;
	rc = dev->ops->irq_unmask(dev);
	first = first < 0 ? first : rc;
	rc = dev->ops->bus_master(dev, true);
	first = first < 0 ? first : rc;
	rc = dev->ops->reset(dev);
	first = first < 0 ? first : rc;
	dev->ops->close(dev);
	return first;
}

/* Calls of close(), and those that look for what is best, may fail unseen; others are errors. */
static void each_call_fails(void **state)
{
	struct vio_region_opts opts =
		VIO_OPTS(struct vio_region_opts, .bytes = MIB, .page = VIO_PAGE_NORMAL);
	const struct way_case *c = *state;
	unsigned int last, seen = 0;
	struct vio_region *r = NULL;

	assert_int_equal(vio_region_open(&opts, &r), 0);
	boot(c);
	assert_int_equal(everything(c, r), 0);
	last = fake.calls;
	fake_halt();
	assert_true(last > 10);
	for (unsigned int i = 1; i <= last; i++) {
		int rc;

		boot(c);
		fake.fail_call = i;
		rc = everything(c, r);
		assert_true(rc == 0 || rc == -EIO || rc == -ENODEV);
		assert_true(rc == 0 || vio_error_last()->id[0]);
		seen += rc < 0;
		fake_halt();
	}
	assert_true(seen > last - 8);
	assert_int_equal(vio_region_close(r), 0);
}

int main(void)
{
	static struct case_list list;

	CASES_ADD(&list, way_cases, way);
	CASES_ADD(&list, cdev_refusals, cdev_refused);
	CASES_ADD(&list, all_ways, each_call_fails);
	case_add(&list, "uio's registers lie in sysfs", uio_registers, NULL);
	case_add(&list, "uio locks its node and has no interrupts", uio_life, NULL);
	return case_run("vfio_ways", &list);
}
