/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../lib/vfio/own.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <vio/error.h>
#include <vio/port.h>

#include "../../lib/base/compiler.h"
#include "../../lib/mem/phys.h"
#include "fake_vfio.h"
#include "huge.h"

/*
 * Devices that are given physical addresses. The region is of real huge pages, skipped where there
 * are none; where they lie is what the fake's page map says.
 */

#define PAGES 4
#define PAGE  HUGE_PAGE

static struct vio_region *huge_region(struct vio_region_info *info)
{
	struct vio_region_opts opts =
		VIO_OPTS(struct vio_region_opts, .bytes = PAGES * PAGE, .page = VIO_PAGE_2M);
	struct vio_region *r = NULL;

	huge_need(PAGES);
	assert_int_equal(vio_region_open(&opts, &r), 0);
	vio_region_info(r, info);
	return r;
}

/* Machines; a group with an IOMMU is given the same addresses as the device is told. */
enum machine { UIO, NO_IOMMU, IOMMU };

static struct pci_dev *boot(enum machine machine, uint64_t range_last)
{
	struct pci_dev *dev = NULL;
	struct own_opts opts;

	fake_boot(machine == UIO ? "uio_pci_generic" : "vfio-pci", machine == NO_IOMMU);
	if (machine == UIO)
		fake_add_uio();
	if (range_last)
		fake.range[0][1] = range_last;
	opts = fake_opts();
	opts.iommu_off = true;
	assert_int_equal(own_open(FAKE_ADDRESS, &opts, &dev), 0);
	return dev;
}

#define AT(pfn)    (BIT64(63) | (pfn))
#define SWAPPED    BIT64(62)
#define NO_NUMBERS BIT64(63)

static const struct phys_case {
	const char *what;
	enum machine machine;
	uint64_t words[PAGES];
	uint64_t limit, range_last;
	int mlock_rc, rc;
	uint64_t phys;
	const char *id;
} phys_cases[] = {
	{ "a region in one piece, on uio",
	  UIO,
	  { AT(0x10000), AT(0x10200), AT(0x10400), AT(0x10600) },
	  .phys = 0x10000000 },
	{ "a region in one piece, in no-IOMMU mode",
	  NO_IOMMU,
	  { AT(0x10000), AT(0x10200), AT(0x10400), AT(0x10600) },
	  .phys = 0x10000000 },
	{ "a region in one piece, behind an IOMMU",
	  IOMMU,
	  { AT(0x10000), AT(0x10200), AT(0x10400), AT(0x10600) },
	  .phys = 0x10000000 },
	{ "flags of pages are no part of their number",
	  UIO,
	  { AT(0x10000) | BIT64(55), AT(0x10200) | BIT64(61), AT(0x10400), AT(0x10600) },
	  .phys = 0x10000000 },
	{ "high addresses",
	  NO_IOMMU,
	  { AT(0x7ffffff800), AT(0x7ffffffa00), AT(0x7ffffffc00), AT(0x7ffffffe00) },
	  .phys = 0x7ffffff800000 },
	{ "a gap in the middle",
	  UIO,
	  { AT(0x10000), AT(0x10200), AT(0x10600), AT(0x10800) },
	  .rc = -ENOMEM,
	  .id = "VIO-DMA-07" },
	{ "pages in falling order",
	  NO_IOMMU,
	  { AT(0x10600), AT(0x10400), AT(0x10200), AT(0x10000) },
	  .rc = -ENOMEM,
	  .id = "VIO-DMA-07" },
	{ "a last page elsewhere",
	  IOMMU,
	  { AT(0x10000), AT(0x10200), AT(0x10400), AT(0x20000) },
	  .rc = -ENOMEM,
	  .id = "VIO-DMA-07" },
	{ "a kernel that does not tell",
	  UIO,
	  { NO_NUMBERS, NO_NUMBERS, NO_NUMBERS, NO_NUMBERS },
	  .rc = -EPERM,
	  .id = "VIO-DMA-06" },
	{ "a page that is not there",
	  UIO,
	  { AT(0x10000), SWAPPED, AT(0x10400), AT(0x10600) },
	  .rc = -EFAULT,
	  .id = "VIO-DMA-06" },
	{ "addresses too high for the device",
	  NO_IOMMU,
	  { AT(0x10000), AT(0x10200), AT(0x10400), AT(0x10600) },
	  .limit = 0x107ffffe,
	  .rc = -ENOSPC,
	  .id = "VIO-DMA-02" },
	{ "addresses just low enough for the device",
	  NO_IOMMU,
	  { AT(0x10000), AT(0x10200), AT(0x10400), AT(0x10600) },
	  .limit = 0x107fffff,
	  .phys = 0x10000000 },
	{ "addresses that the IOMMU has not",
	  IOMMU,
	  { AT(0x10000), AT(0x10200), AT(0x10400), AT(0x10600) },
	  .range_last = 0xfffffff,
	  .rc = -ENOSPC,
	  .id = "VIO-DMA-02" },
	{ "memory that may not be locked",
	  UIO,
	  { AT(0x10000), AT(0x10200), AT(0x10400), AT(0x10600) },
	  .mlock_rc = -EPERM,
	  .rc = -ENOMEM,
	  .id = "VIO-DMA-01" },
};

static void physical(void **state)
{
	const struct phys_case *c = *state;
	struct vio_region_info info;
	struct vio_region *r = huge_region(&info);
	uint64_t bias = 7;
	struct pci_dev *dev;

	dev = boot(c->machine, c->range_last);
	fake_pagemap(info.base, c->words, PAGES, PAGE);
	fake.mlock_rc = c->mlock_rc;
	dev->dma_limit = c->limit;
	assert_int_equal(dev->ops->dma_map(dev, r, &bias), c->rc);
	if (c->rc < 0) {
		assert_int_equal(bias, 7);
		assert_string_equal(vio_error_last()->id, c->id);
		assert_int_equal(fake_dmas(), 0);
	} else {
		assert_int_equal((uintptr_t)info.base + bias, c->phys);
		assert_int_equal(fake.locked, PAGES * PAGE);
		assert_int_equal(fake_dmas(), c->machine == IOMMU);
		assert_int_equal(fake.dma[0].iova, c->machine == IOMMU ? c->phys : 0);
	}
	fake_close_and_halt(dev);
	assert_int_equal(vio_region_close(r), 0);
}

/* What the fake's page map is to say: where the pages of a region really are. */
static void real_words(const struct vio_region_info *info, uint64_t words[PAGES])
{
	const int fd = phys_open("/proc/self/pagemap");

	assert_true(fd >= 0);
	assert_in_range(info->bytes, PAGE, PAGES * PAGE);
	for (size_t i = 0; i < info->bytes / PAGE; i++) {
		assert_int_equal(phys_of(fd, (char *)info->base + i * PAGE, &words[i]), 0);
		words[i] = AT(words[i] / (uint64_t)sysconf(_SC_PAGESIZE));
	}
	close(fd);
}

/* As many pages as the machine has in one piece; only CAP_SYS_ADMIN may know. */
static struct vio_region *longest_region(struct vio_region_opts *opts)
{
	struct vio_region *r = NULL;
	int rc = -ENOMEM;

	need_madvise();
	huge_need(PAGES);
	for (size_t n = PAGES; n && rc == -ENOMEM; n--) {
		opts->bytes = n * PAGE;
		rc = vio_region_open(opts, &r);
	}
	if (rc == -EPERM) {
		print_message("# SKIPPED: %s\n", vio_error_last()->what);
		skip();
	}
	assert_int_equal(rc, 0);
	return r;
}

/* From an address to memory that the device can work with. */
static void asked_for(void **state)
{
	struct vio_region_opts opts = VIO_OPTS(struct vio_region_opts);
	const enum machine *machine = *state;
	uint64_t words[PAGES], bias = 7;
	struct vio_region_info info;
	struct vio_region *r;
	struct pci_dev *dev;

	assert_int_equal(vio_port_memory("pci:" FAKE_ADDRESS ",iommu=off", &opts), 0);
	r = longest_region(&opts);
	vio_region_info(r, &info);
	real_words(&info, words);
	dev = boot(*machine, 0);
	fake_pagemap(info.base, words, info.bytes / PAGE, PAGE);
	if (dev->ops->dma_map(dev, r, &bias) < 0)
		fail_msg("%s", vio_error_text());
	assert_int_equal((uintptr_t)info.base + bias,
			 (words[0] & ~BIT64(63)) * (uint64_t)sysconf(_SC_PAGESIZE));
	fake_close_and_halt(dev);
	assert_int_equal(vio_region_close(r), 0);
}

static void ordinary_pages(void **state)
{
	struct vio_region_opts opts =
		VIO_OPTS(struct vio_region_opts, .bytes = PAGE, .page = VIO_PAGE_NORMAL);
	struct vio_region *r = NULL;
	struct pci_dev *dev = boot(NO_IOMMU, 0);
	uint64_t bias = 7;

	(void)state;
	assert_int_equal(vio_region_open(&opts, &r), 0);
	assert_int_equal(dev->ops->dma_map(dev, r, &bias), -EINVAL);
	assert_string_equal(vio_error_last()->id, "VIO-DMA-08");
	assert_int_equal(fake.locked, 0);
	fake_close_and_halt(dev);
	assert_int_equal(vio_region_close(r), 0);
}

static void no_pagemap(void **state)
{
	struct vio_region_info info;
	struct vio_region *r = huge_region(&info);
	struct pci_dev *dev = boot(UIO, 0);
	uint64_t bias = 7;

	(void)state;
	assert_int_equal(dev->ops->dma_map(dev, r, &bias), -ENOENT);
	assert_string_equal(vio_error_last()->id, "VIO-DMA-06");
	fake_close_and_halt(dev);
	assert_int_equal(vio_region_close(r), 0);
}

int main(void)
{
	static const enum machine machines[] = { UIO, NO_IOMMU, IOMMU };
	static struct case_list list;

	CASES_ADD(&list, phys_cases, physical);
	case_add(&list, "what an address with iommu=off asks for, on uio", asked_for, &machines[0]);
	case_add(&list, "what an address with iommu=off asks for, in no-IOMMU mode", asked_for,
		 &machines[1]);
	case_add(&list, "what an address with iommu=off asks for, behind an IOMMU", asked_for,
		 &machines[2]);
	case_add(&list, "ordinary pages are refused", ordinary_pages, NULL);
	case_add(&list, "a kernel without a page map", no_pagemap, NULL);
	return huge_case_run("vfio_phys", &list, 2 * PAGES);
}
