/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../lib/vfio/own.h"

#include <errno.h>
#include <linux/vfio.h>
#include <string.h>

#include <vio/error.h>
#include <vio/region.h>

#include "../cases.h"
#include "fake_vfio.h"

#define MIB ((size_t)1 << 20)

static struct vio_region *region_of(size_t bytes)
{
	struct vio_region_opts opts =
		VIO_OPTS(struct vio_region_opts, .bytes = bytes, .page = VIO_PAGE_NORMAL);
	struct vio_region *r = NULL;

	assert_int_equal(vio_region_open(&opts, &r), 0);
	return r;
}

static char *base_of(const struct vio_region *region)
{
	struct vio_region_info info;

	vio_region_info(region, &info);
	return info.base;
}

/* ---- where a region goes ---- */

static void at_our_own_address(void **state)
{
	struct pci_dev *dev = fake_boot_and_open();
	struct vio_region *r = region_of(MIB);
	uint64_t bias = 7;

	(void)state;
	assert_int_equal(dev->ops->dma_map(dev, r, &bias), 0);
	assert_int_equal(bias, 0);
	assert_int_equal(fake.dma[0].va, (uintptr_t)base_of(r));
	assert_int_equal(fake.dma[0].iova, (uintptr_t)base_of(r));
	assert_int_equal(fake.dma[0].bytes, MIB);
	assert_int_equal(dev->ops->dma_unmap(dev, r), 0);
	assert_int_equal(fake_dmas(), 0);
	assert_int_equal(dev->ops->dma_unmap(dev, r), -EINVAL);
	assert_int_equal(vio_region_close(r), 0);
	fake_close_and_halt(dev);
}

static const struct place_case {
	const char *what;
	unsigned int n_ranges;
	uint64_t range[FAKE_RANGES][2];
	uint64_t page_sizes, limit;
	const char *reserved;
	bool no_ranges;
	int rc;
	uint64_t iova; /* of a region of 1 MiB */
} place_cases[] = {
	{ "an IOMMU of 39 bits",
	  2,
	  { { 0, 0xfedfffff }, { 0xfef00000, 0x7fffffffff } },
	  0,
	  0,
	  NULL,
	  false,
	  0,
	  0x200000 },
	{ "memory that begins behind a hole",
	  1,
	  { { 0x40000000, 0x7fffffffff } },
	  0,
	  0,
	  NULL,
	  false,
	  0,
	  0x40000000 },
	{ "ranges too small are passed over",
	  3,
	  { { 0x1000, 0x2fff }, { 0x10000, 0xfffff }, { 0x300000, 0x4fffff } },
	  0,
	  0,
	  NULL,
	  false,
	  0,
	  0x400000 },
	{ "a range that large pages don't fit",
	  1,
	  { { 0x101000, 0x1fffff } },
	  0,
	  0,
	  NULL,
	  false,
	  -ENOSPC,
	  0 },
	{ "a range that only small pages fit",
	  1,
	  { { 0x101000, 0x202fff } },
	  0,
	  0,
	  NULL,
	  false,
	  0,
	  0x101000 },
	{ "the last bytes of the address space",
	  1,
	  { { UINT64_MAX - 0x1fffff, UINT64_MAX } },
	  0,
	  0,
	  NULL,
	  false,
	  0,
	  UINT64_MAX - 0x1fffff },
	{ "ranges smaller than the region",
	  2,
	  { { 0, 0x7ffff }, { 0x100000, 0x17ffff } },
	  0,
	  0,
	  NULL,
	  false,
	  -ENOSPC,
	  0 },
	{ "no range at all", 0, { { 0 } }, 0, 0, NULL, false, -ENOSPC, 0 },
	{ "a device with few address bits",
	  1,
	  { { 0, UINT64_MAX } },
	  0,
	  0xfffffff,
	  NULL,
	  false,
	  0,
	  0x200000 },
	{ "a device with too few address bits",
	  1,
	  { { 0, UINT64_MAX } },
	  0,
	  0x1fffff,
	  NULL,
	  false,
	  0,
	  0x1000 },
	{ "a device with hardly any address bits",
	  1,
	  { { 0, UINT64_MAX } },
	  0,
	  0xfff,
	  NULL,
	  false,
	  -ENOSPC,
	  0 },
	{ "what sysfs calls reserved is left out",
	  1,
	  { { 0, 0x7fffffffff } },
	  0,
	  0,
	  "0x0000000000000000 0x00000000004fffff direct\n"
	  "0x0000000000600000 0x0000000000600fff msi\n"
	  "0x0000000000800000 0x0000000000ffffff direct-relaxable\n",
	  false,
	  0,
	  0x800000 },
	{ "a kernel that does not tell ranges gets addresses of 39 bits",
	  1,
	  { { 0, UINT64_MAX } },
	  0,
	  0,
	  "0x0000000000000000 0x000000003fffffff reserved\n",
	  true,
	  0,
	  0x40000000 },
	{ "an IOMMU with pages of 64 KiB",
	  1,
	  { { 0, 0x7fffffffff } },
	  0xffff0000,
	  0,
	  NULL,
	  false,
	  0,
	  0x200000 },
	{ "an IOMMU with pages larger than the region",
	  1,
	  { { 0, UINT64_MAX } },
	  0x40000000,
	  0,
	  NULL,
	  false,
	  -EINVAL,
	  0 },
};

/* Where memory lies low, as under qemu-user, an IOMMU may take it as it is. */
static bool taken_as_it_is(const struct place_case *c, uint64_t va)
{
	const uint64_t last = va + MIB - 1;

	if ((c->limit && last > c->limit) || (c->no_ranges && last >> 39))
		return false;
	for (uint32_t i = 0; i < c->n_ranges; i++)
		if (va >= c->range[i][0] && last <= c->range[i][1])
			return true;
	return false;
}

static void place(void **state)
{
	const struct place_case *c = *state;
	uint64_t bias = 7;
	struct vio_region *r;
	struct pci_dev *dev;

	if (under_valgrind()) /* memory lies so low there that the IOMMU takes it as it is */
		skip();
	r = region_of(MIB);
	if (c->rc == 0 && taken_as_it_is(c, (uintptr_t)base_of(r))) {
		print_message("# SKIPPED: memory lies so low that this IOMMU takes it as it is\n");
		vio_region_close(r);
		skip();
	}
	fake_boot("vfio-pci", false);
	fake.n_ranges = c->n_ranges;
	memcpy(fake.range, c->range, sizeof(fake.range));
	fake.page_sizes = c->page_sizes ? c->page_sizes : fake.page_sizes;
	fake.no_ranges = c->no_ranges;
	if (c->reserved)
		tree_put("sys/kernel/iommu_groups/4/reserved_regions", c->reserved);
	dev = fake_open_device(FAKE_ADDRESS);
	dev->dma_limit = c->limit;
	assert_int_equal(dev->ops->dma_map(dev, r, &bias), c->rc);
	if (c->rc == 0) {
		assert_int_equal(bias + (uintptr_t)base_of(r), c->iova);
		assert_int_equal(fake.dma[0].iova, c->iova);
		assert_int_equal(fake.dma[0].va, (uintptr_t)base_of(r));
	} else {
		assert_int_equal(bias, 7);
		assert_int_equal(fake_dmas(), 0);
		assert_memory_equal(vio_error_last()->id, "VIO-DMA-", 8);
	}
	fake_close_and_halt(dev);
	assert_int_equal(vio_region_close(r), 0);
}

static void several_regions(void **state)
{
	struct vio_region *a, *b, *c;
	uint64_t bias = 0;
	struct pci_dev *dev;

	(void)state;
	if (under_valgrind()) /* memory lies so low there that the IOMMU takes it as it is */
		skip();
	a = region_of(3 * MIB);
	b = region_of(MIB);
	c = region_of(MIB);
	fake_boot("vfio-pci", false);
	fake.range[0][1] = 0xffffffff;
	dev = fake_open_device(FAKE_ADDRESS);
	assert_int_equal(dev->ops->dma_map(dev, a, &bias), 0);
	assert_int_equal(bias + (uintptr_t)base_of(a), 0x200000);
	assert_int_equal(dev->ops->dma_map(dev, b, &bias), 0);
	assert_int_equal(bias + (uintptr_t)base_of(b), 0x600000);
	assert_int_equal(dev->ops->dma_unmap(dev, a), 0);
	assert_int_equal(dev->ops->dma_map(dev, c, &bias), 0);
	assert_int_equal(bias + (uintptr_t)base_of(c), 0x200000);
	fake_close_and_halt(dev);
	assert_int_equal(vio_region_close(a), 0);
	assert_int_equal(vio_region_close(b), 0);
	assert_int_equal(vio_region_close(c), 0);
}

static void shared_region(void **state)
{
	struct pci_dev *one = fake_boot_and_open(), *two = fake_open_neighbor();
	struct vio_region *r = region_of(MIB);
	uint64_t bias[2] = { 7, 8 };

	(void)state;
	assert_int_equal(one->ops->dma_map(one, r, &bias[0]), 0);
	assert_int_equal(two->ops->dma_map(two, r, &bias[1]), 0);
	assert_int_equal(bias[0], bias[1]);
	assert_int_equal(fake_dmas(), 1);
	one->ops->close(one);
	assert_int_equal(fake_dmas(), 1);
	assert_int_equal(two->ops->dma_unmap(two, r), 0);
	assert_int_equal(fake_dmas(), 0);
	fake_close_and_halt(two);
	assert_int_equal(vio_region_close(r), 0);
}

static const struct map_refusal {
	const char *what;
	int kernel, rc;
	const char *id, *word;
} map_refusals[] = {
	{ "memory that this user may not lock", -ENOMEM, -ENOMEM, "VIO-DMA-01", "RLIMIT_MEMLOCK" },
	{ "too many mappings", -ENOSPC, -ENOSPC, "VIO-DMA-04", "1048576 bytes" },
	{ "anything else", -EFAULT, -EFAULT, "VIO-DMA-05", "Bad address" },
};

static void map_refused(void **state)
{
	const struct map_refusal *c = *state;
	struct pci_dev *dev = fake_boot_and_open();
	struct vio_region *r = region_of(MIB);
	const struct vio_error *e = vio_error_last();
	uint64_t bias = 7;

	fake.fail_request = VFIO_IOMMU_MAP_DMA;
	fake.fail_rc = c->kernel;
	assert_int_equal(dev->ops->dma_map(dev, r, &bias), c->rc);
	assert_int_equal(bias, 7);
	assert_string_equal(e->id, c->id);
	assert_non_null(strstr(e->what, c->word));
	fake_close_and_halt(dev);
	assert_int_equal(vio_region_close(r), 0);
}

int main(void)
{
	static struct case_list list;

	CASES_ADD(&list, place_cases, place);
	CASES_ADD(&list, map_refusals, map_refused);
	case_add(&list, "a region keeps its own addresses where it can", at_our_own_address, NULL);
	case_add(&list, "several regions lie beside each other", several_regions, NULL);
	case_add(&list, "two devices of a group share a region", shared_region, NULL);
	return case_run("vfio_dma", &list);
}
