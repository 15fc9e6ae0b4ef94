/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../lib/vfio/own.h"

#include <errno.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>

#include <vio/error.h>

#include "../cases.h"
#include "fake_vfio.h"

/* ---- a way to the function, or a reason against it ---- */

static const struct address_case {
	const char *what, *address, *name;
	int rc;
} address_cases[] = {
	{ "the kernel's form of an address", "0000:00:04.0", FAKE_ADDRESS, 0 },
	{ "an address without its domain", "00:04.0", FAKE_ADDRESS, 0 },
	{ "a short domain", "0:00:04.0", FAKE_ADDRESS, 0 },
	{ "no address", "", NULL, -EINVAL },
	{ "a name", "eth0", NULL, -EINVAL },
	{ "an address with a tail", "0000:00:04.0x", NULL, -EINVAL },
	{ "an address that leads elsewhere in sysfs", "0000:00:04.0/../x", NULL, -EINVAL },
	{ "white space in an address", "0000: 0:04.0", NULL, -EINVAL },
	{ "a sign in an address", "0000:+0:04.0", NULL, -EINVAL },
	{ "a device above 31", "0000:00:20.0", NULL, -EINVAL },
	{ "a function above 7", "0000:00:04.8", NULL, -EINVAL },
	{ "a function that is not there", "0000:00:06.0", NULL, -ENODEV },
};

static void address(void **state)
{
	const struct address_case *c = *state;
	struct own_opts opts;
	struct pci_dev *dev = NULL;

	fake_boot("vfio-pci", false);
	opts = fake_opts();
	assert_int_equal(own_open(c->address, &opts, &dev), c->rc);
	if (c->rc == 0) {
		assert_string_equal(dev->address, c->name);
		dev->ops->close(dev);
	} else {
		assert_null(dev);
		assert_int_equal(vio_error_last()->code, c->rc);
	}
	fake_halt();
}

/* What the machine is like, and what is said about it: id of the error, a word in what or fix. */
static const struct refusal {
	const char *what, *driver;
	enum { IOMMU, NO_IOMMU, NO_IOMMU_IS_FINE } machine;
	struct fake_vfio wish;
	int rc;
	const char *id, *word;
} refusals[] = {
#define WISH(...) \
	{ \
		__VA_ARGS__ \
	}
	{ "a function without a driver", "", IOMMU, WISH(0), -ENODEV, "VIO-VFIO-03", "no driver" },
	{ "a function of the kernel's driver", "virtio-pci", IOMMU, WISH(0), -EBUSY, "VIO-VFIO-03",
	  "vio bind pci:0000:00:04.0" },
	{ "a group with members of the kernel names them", "vfio-pci", IOMMU,
	  WISH(.not_viable = true), -EBUSY, "VIO-VFIO-04", "0000:00:05.0 (e1000)" },
	{ "a group's node of somebody else tells owner and mode", "vfio-pci", IOMMU,
	  WISH(.fail_path = "/vfio/4", .fail_rc = -EACCES), -EACCES, "VIO-VFIO-05", "mode 0644" },
	{ "a group that is in use", "vfio-pci", IOMMU,
	  WISH(.fail_path = "/vfio/4", .fail_rc = -EBUSY), -EBUSY, "VIO-VFIO-06", "/vfio/4" },
	{ "a group without a node", "vfio-pci", IOMMU,
	  WISH(.fail_path = "/vfio/4", .fail_rc = -ENOENT), -ENODEV, "VIO-VFIO-09", "/vfio/4" },
	{ "VFIO without its main node", "vfio-pci", IOMMU,
	  WISH(.fail_path = "/vfio/vfio", .fail_rc = -ENOENT), -ENODEV, "VIO-VFIO-09",
	  "modprobe vfio-pci" },
	{ "a container that may not be opened", "vfio-pci", IOMMU,
	  WISH(.fail_path = "/vfio/vfio", .fail_rc = -EACCES), -EACCES, "VIO-VFIO-05", "user" },
	{ "too many open files", "vfio-pci", IOMMU,
	  WISH(.fail_path = "/vfio/4", .fail_rc = -EMFILE), -EMFILE, "VIO-VFIO-08", "Too many" },
	{ "a kernel without IOMMU driver for VFIO", "vfio-pci", IOMMU, WISH(.no_type1 = true),
	  -ENODEV, "VIO-VFIO-09", "vfio_iommu_type1" },
	{ "an IOMMU that does not check interrupts", "vfio-pci", IOMMU,
	  WISH(.fail_request = VFIO_SET_IOMMU, .fail_rc = -EPERM), -EPERM, "VIO-VFIO-08",
	  "allow_unsafe_interrupts" },
	{ "a device that the group does not give", "vfio-pci", IOMMU,
	  WISH(.fail_request = VFIO_GROUP_GET_DEVICE_FD, .fail_rc = -ENODEV), -ENODEV,
	  "VIO-VFIO-08", "GET_DEVICE_FD" },
	{ "a plain user gets no function without an IOMMU, whoever owns the node", "vfio-pci",
	  NO_IOMMU_IS_FINE, WISH(.fail_path = "/noiommu-4", .fail_rc = -EPERM), -EPERM,
	  "VIO-VFIO-05", "root" },
	{ "a function without an IOMMU", "vfio-pci", NO_IOMMU, WISH(0), -EPERM, "VIO-VFIO-07",
	  "iommu=off" },
#undef WISH
};

static void apply(const struct fake_vfio *wish)
{
	fake.fail_request = wish->fail_request;
	fake.fail_path = wish->fail_path;
	fake.fail_rc = wish->fail_rc;
	fake.not_viable = wish->not_viable;
	fake.no_type1 = wish->no_type1;
	fake.no_v2 = wish->no_v2;
}

static void refused(void **state)
{
	const struct refusal *c = *state;
	struct own_opts opts;

	fake_boot(c->driver, c->machine != IOMMU);
	apply(&c->wish);
	opts = fake_opts();
	opts.iommu_off = c->machine == NO_IOMMU_IS_FINE;
	fake_refuses(&opts, c->rc, c->id, c->word);
	fake_halt();
}

static void no_iommu_if_asked_for(void **state)
{
	struct pci_dev *dev = NULL;
	struct own_opts opts;

	(void)state;
	fake_boot("vfio-pci", true);
	opts = fake_opts();
	opts.iommu_off = true;
	assert_int_equal(own_open(FAKE_ADDRESS, &opts, &dev), 0);
	assert_int_equal(fake.iommu_type, VFIO_NOIOMMU_IOMMU);
	assert_false(dev->translated);
	assert_string_equal(dev->ops->describe(dev), "vfio noiommu group 4, no iommu");
	fake_close_and_halt(dev);
}

static void best_iommu(void **state)
{
	struct pci_dev *dev = fake_boot_and_open();

	(void)state;
	assert_int_equal(fake.iommu_type, VFIO_TYPE1v2_IOMMU);
	assert_true(dev->translated);
	assert_string_equal(dev->ops->describe(dev), "vfio group 4, type1v2 iommu");
	fake_close_and_halt(dev);
	fake_boot("vfio-pci", false);
	fake.no_v2 = true;
	dev = fake_open_device(FAKE_ADDRESS);
	assert_int_equal(fake.iommu_type, VFIO_TYPE1_IOMMU);
	fake_close_and_halt(dev);
}

static void group_of_two(void **state)
{
	struct pci_dev *first = fake_boot_and_open(), *second, *again = NULL;
	const struct own_opts opts = fake_opts();

	(void)state;
	second = fake_open_neighbor();
	assert_int_equal(own_open(FAKE_ADDRESS, &opts, &again), -EBUSY);
	assert_null(again);
	assert_string_equal(vio_error_last()->id, "VIO-VFIO-06");
	assert_int_equal(fake_open_files(), 4); /* container, group, two devices */
	first->ops->close(first);
	assert_int_equal(fake_open_files(), 3);
	first = fake_open_device(FAKE_ADDRESS);
	second->ops->close(second);
	fake_close_and_halt(first);
}

/* ---- registers ---- */

/* Decodes both, and keeps the line that it may share quiet. */
#define POLLED (PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_DISABLE)

static void learns_the_device(void **state)
{
	struct pci_dev *dev = fake_boot_and_open();

	(void)state;
	assert_int_equal(dev->bar[FAKE_BAR].bytes, 65536);
	assert_false(dev->bar[FAKE_BAR].io);
	assert_int_equal(dev->bar[FAKE_IO_BAR].bytes, 32);
	assert_true(dev->bar[FAKE_IO_BAR].io);
	assert_int_equal(dev->bar[1].bytes, 0);
	assert_int_equal(dev->msix, FAKE_MSIX);
	assert_true(dev->intx);
	assert_int_equal(fake_command(), POLLED);
	fake_close_and_halt(dev);
}

static void masters_the_bus(void **state)
{
	struct pci_dev *dev = fake_boot_and_open();

	(void)state;
	assert_int_equal(dev->ops->bus_master(dev, true), 0);
	assert_int_equal(fake_command(), POLLED | PCI_COMMAND_MASTER);
	assert_int_equal(dev->ops->bus_master(dev, false), 0);
	assert_int_equal(fake_command(), POLLED);
	assert_int_equal(dev->ops->bus_master(dev, true), 0);
	fake_close_and_halt(dev); /* the fake sees to it that it is off before the file goes */
}

static const struct register_case {
	const char *what;
	unsigned int bar; /* PCI_BARS: configuration space */
	uint64_t off;
	unsigned int width;
	int rc;
} register_cases[] = {
	{ "a byte of a BAR", FAKE_BAR, 3, 1, 0 },
	{ "two bytes of a BAR", FAKE_BAR, 6, 2, 0 },
	{ "four bytes at the end of a BAR", FAKE_BAR, 65532, 4, 0 },
	{ "four bytes of an I/O BAR", FAKE_IO_BAR, 28, 4, 0 },
	{ "a byte of configuration space", PCI_BARS, 0xff, 1, 0 },
	{ "four bytes of configuration space", PCI_BARS, 0xfc, 4, 0 },
	{ "a byte behind the end of a BAR", FAKE_BAR, 65536, 1, -EINVAL },
	{ "a byte behind the end of an I/O BAR", FAKE_IO_BAR, 32, 1, -EINVAL },
	{ "an offset that overflows", FAKE_BAR, UINT64_MAX - 3, 4, -EINVAL },
	{ "an unaligned register", FAKE_BAR, 2, 4, -EINVAL },
	{ "a width of 3", FAKE_BAR, 3, 3, -EINVAL },
	{ "a width of 8", FAKE_BAR, 8, 8, -EINVAL },
	{ "a width of 0", FAKE_BAR, 8, 0, -EINVAL },
	{ "a BAR that is not there", 1, 0, 1, -EINVAL },
	{ "the upper half of a BAR", FAKE_BAR + 1, 0, 1, -EINVAL },
	{ "a word behind configuration space", PCI_BARS, 0x100, 4, -EINVAL },
	{ "an unaligned word of configuration space", PCI_BARS, 2, 4, -EINVAL },
};

static int reg_write(struct pci_dev *dev, const struct register_case *c, uint32_t value)
{
	if (c->bar == PCI_BARS)
		return dev->ops->config_write(dev, (uint32_t)c->off, c->width, value);
	return dev->ops->bar_write(dev, c->bar, c->off, c->width, value);
}

static int reg_read(struct pci_dev *dev, const struct register_case *c, uint32_t *value)
{
	if (c->bar == PCI_BARS)
		return dev->ops->config_read(dev, (uint32_t)c->off, c->width, value);
	return dev->ops->bar_read(dev, c->bar, c->off, c->width, value);
}

static void registers(void **state)
{
	const struct register_case *c = *state;
	struct pci_dev *dev = fake_boot_and_open();
	uint32_t value = 7;

	assert_int_equal(reg_write(dev, c, 0x81828384), c->rc);
	assert_int_equal(reg_read(dev, c, &value), c->rc);
	if (c->rc == 0) {
		assert_int_equal(value, 0x81828384 & (uint32_t)((UINT64_C(1) << 8 * c->width) - 1));
	} else {
		assert_int_equal(value, 7);
		assert_string_equal(vio_error_last()->id, "VIO-VFIO-10");
	}
	fake_close_and_halt(dev);
}

static void gone(void **state)
{
	struct pci_dev *dev = fake_boot_and_open();
	uint32_t value = 7;

	(void)state;
	fake.short_io = true;
	assert_int_equal(dev->ops->bar_read(dev, FAKE_BAR, 0, 4, &value), -EIO);
	assert_string_equal(vio_error_last()->id, "VIO-VFIO-11");
	assert_int_equal(dev->ops->config_write(dev, 4, 2, 0), -EIO);
	assert_int_equal(value, 7);
	fake.short_io = false;
	fake_close_and_halt(dev);
}

static const struct map_case {
	const char *what;
	unsigned int bar;
	uint64_t off, len;
	unsigned int n_areas;
	uint64_t area[4][2];
	int rc;
} map_cases[] = {
	{ "all of a BAR", FAKE_BAR, 0, 65536, 0, { { 0 } }, 0 },
	{ "some bytes in the middle of a page", FAKE_BAR, 0x3010, 4, 0, { { 0 } }, 0 },
	{ "bytes on both sides of a page's end", FAKE_BAR, 0x1ffc, 8, 0, { { 0 } }, 0 },
	{ "nothing", FAKE_BAR, 0, 0, 0, { { 0 } }, -EINVAL },
	{ "more than the BAR", FAKE_BAR, 4096, 65536, 0, { { 0 } }, -EINVAL },
	{ "a length that overflows", FAKE_BAR, 4096, UINT64_MAX, 0, { { 0 } }, -EINVAL },
	{ "a BAR that is not there", 2, 0, 4, 0, { { 0 } }, -EINVAL },
	{ "a BAR above 5", 6, 0, 4, 0, { { 0 } }, -EINVAL },
	{ "an I/O BAR can't be", FAKE_IO_BAR, 0, 4, 0, { { 0 } }, -ENOTSUP },
	{ "bytes in front of the interrupt table",
	  FAKE_BAR,
	  0,
	  4096,
	  2,
	  { { 0, 4096 }, { 8192, 57344 } },
	  0 },
	{ "bytes behind the interrupt table",
	  FAKE_BAR,
	  8192,
	  57344,
	  2,
	  { { 0, 4096 }, { 8192, 57344 } },
	  0 },
	{ "the interrupt table can't be",
	  FAKE_BAR,
	  4096,
	  16,
	  2,
	  { { 0, 4096 }, { 8192, 57344 } },
	  -ENOTSUP },
	{ "nor an entry in its middle",
	  FAKE_BAR,
	  4112,
	  16,
	  2,
	  { { 0, 4096 }, { 8192, 57344 } },
	  -ENOTSUP },
	{ "bytes across the interrupt table can't be",
	  FAKE_BAR,
	  0,
	  12288,
	  2,
	  { { 0, 4096 }, { 8192, 57344 } },
	  -ENOTSUP },
};

static void maps(void **state)
{
	const struct map_case *c = *state;
	volatile void *at = NULL;
	struct pci_dev *dev;

	fake_boot("vfio-pci", false);
	fake.n_areas = c->n_areas;
	memcpy(fake.area, c->area, sizeof(fake.area));
	dev = fake_open_device(FAKE_ADDRESS);
	assert_int_equal(dev->ops->bar_map(dev, c->bar, c->off, c->len, &at), c->rc);
	if (c->rc == 0) {
		assert_int_equal((uintptr_t)at % 4096, c->off % 4096);
		((volatile char *)at)[c->len - 1] = 1;
	} else {
		assert_null(at);
	}
	fake_close_and_halt(dev);
}

/* ---- interrupts and reset ---- */

static void interrupts(void **state)
{
	struct pci_dev *dev = fake_boot_and_open();
	const int fds[] = { 7, -1, 9, 10, 11, 12 };

	(void)state;
	assert_int_equal(dev->ops->irq_set(dev, PCI_IRQ_MSIX, fds, 2), 0);
	assert_int_equal(fake.irq_index, VFIO_PCI_MSIX_IRQ_INDEX);
	assert_int_equal(fake.irq_fd[0], 7);
	assert_int_equal(fake.irq_fd[1], -1);
	assert_true(fake_command() & PCI_COMMAND_INTX_DISABLE);
	assert_int_equal(dev->ops->irq_unmask(dev), 0);
	assert_int_equal(fake.unmasked, 0);
	assert_int_equal(dev->ops->irq_set(dev, PCI_IRQ_MSIX, fds, FAKE_MSIX), 0);
	assert_int_equal(fake.irqs, FAKE_MSIX);
	assert_int_equal(dev->ops->irq_set(dev, PCI_IRQ_INTX, fds, 1), 0);
	assert_int_equal(fake.irq_index, VFIO_PCI_INTX_IRQ_INDEX);
	assert_false(fake_command() & PCI_COMMAND_INTX_DISABLE);
	assert_int_equal(dev->ops->irq_unmask(dev), 0);
	assert_int_equal(fake.unmasked, 1);
	assert_int_equal(dev->ops->irq_set(dev, PCI_IRQ_NONE, NULL, 0), 0);
	assert_true(fake_command() & PCI_COMMAND_INTX_DISABLE);
	assert_int_equal(fake.irq_index, -1);
	assert_int_equal(dev->ops->irq_set(dev, PCI_IRQ_NONE, NULL, 0), 0);
	assert_int_equal(dev->ops->irq_set(dev, PCI_IRQ_MSIX, fds, 1), 0);
	fake_close_and_halt(dev);
}

static const struct irq_case {
	const char *what;
	enum pci_irq kind;
	unsigned int n;
} irq_cases[] = {
	{ "more vectors than the table has are refused", PCI_IRQ_MSIX, FAKE_MSIX + 1 },
	{ "no vectors are refused", PCI_IRQ_MSIX, 0 },
	{ "two line interrupts are refused", PCI_IRQ_INTX, 2 },
	{ "a senseless number of vectors is refused", PCI_IRQ_MSIX, UINT32_MAX },
};

static void irq_refused(void **state)
{
	const struct irq_case *c = *state;
	struct pci_dev *dev = fake_boot_and_open();
	const int fds[FAKE_MSIX + 1] = { 7 };

	assert_int_equal(dev->ops->irq_set(dev, c->kind, fds, c->n), -EINVAL);
	assert_string_equal(vio_error_last()->id, "VIO-VFIO-12");
	fake_close_and_halt(dev);
}

static void resets(void **state)
{
	struct pci_dev *dev = fake_boot_and_open();

	(void)state;
	assert_int_equal(dev->ops->reset(dev), 0);
	assert_int_equal(fake.resets, 1);
	fake_close_and_halt(dev);
	fake_boot("vfio-pci", false);
	fake.no_reset = true;
	dev = fake_open_device(FAKE_ADDRESS);
	assert_int_equal(dev->ops->reset(dev), -ENOTSUP);
	fake_close_and_halt(dev);
}

int main(void)
{
	static struct case_list list;

	CASES_ADD(&list, address_cases, address);
	CASES_ADD(&list, refusals, refused);
	CASES_ADD(&list, register_cases, registers);
	CASES_ADD(&list, map_cases, maps);
	CASES_ADD(&list, irq_cases, irq_refused);
	case_add(&list, "no-IOMMU mode is taken if asked for", no_iommu_if_asked_for, NULL);
	case_add(&list, "the best kind of IOMMU is taken", best_iommu, NULL);
	case_add(&list, "devices of one group share its container", group_of_two, NULL);
	case_add(&list, "the device is known after opening", learns_the_device, NULL);
	case_add(&list, "bus mastering comes and goes", masters_the_bus, NULL);
	case_add(&list, "a device that does not answer has gone", gone, NULL);
	case_add(&list, "interrupts of each kind replace each other", interrupts, NULL);
	case_add(&list, "a reset is asked for where there is one", resets, NULL);
	return case_run("vfio", &list);
}
