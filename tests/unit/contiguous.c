/* SPDX-License-Identifier: BSD-3-Clause */
#include <vio/region.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <vio/error.h>

#include "../../lib/mem/kernel.h"
#include "../../lib/mem/phys.h"
#include "huge.h"

/* Regions in one piece, on real huge pages; skipped where there are none to be had. */

#define PAGE      HUGE_PAGE
#define PAGES     32
#define PAGES_MAX 4096

static void need_pages(void)
{
	if (geteuid() != 0) {
		print_message("# SKIPPED: only root may know where pages lie\n");
		skip();
	}
	need_madvise();
	huge_need(PAGES);
}

static int open_region(size_t pages, struct vio_region **r)
{
	struct vio_region_opts opts =
		VIO_OPTS(struct vio_region_opts, .bytes = pages * PAGE, .contiguous = true);

	return vio_region_open(&opts, r);
}

/* Everything that is free, in one mapping. Return: its pages. */
static size_t take_all(char **base)
{
	size_t n = (size_t)huge_free();

	*base = mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	assert_true(*base != MAP_FAILED);
	for (size_t i = 0; i < n; i++)
		(*base)[i * PAGE] = 1;
	return n;
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Numbers of the physical pages behind @base. */
static void page_numbers(const char *base, size_t n, uint64_t *numbers)
{
	int fd = phys_open("/proc/self/pagemap");

	assert_true(fd >= 0);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(phys_of(fd, base + i * PAGE, &numbers[i]), 0);
		numbers[i] /= PAGE;
	}
	close(fd);
}

/* The most pages that are free and follow each other: what the machine has, not what was asked. */
static size_t longest_run(void)
{
	uint64_t numbers[PAGES_MAX];
	size_t longest = 1, run = 1, n;
	char *base;

	n = take_all(&base);
	assert_in_range(n, 1, PAGES_MAX);
	page_numbers(base, n, numbers);
	munmap(base, n * PAGE);
	qsort(numbers, n, sizeof(numbers[0]), by_number);
	for (size_t i = 1; i < n; i++) {
		run = numbers[i] == numbers[i - 1] + 1 ? run + 1 : 1;
		longest = run > longest ? run : longest;
	}
	return longest;
}

static void in_one_piece(void **state)
{
	struct vio_region_info info;
	struct vio_region *r = NULL;
	uint64_t phys;
	size_t run, longest;
	long free_pages;

	(void)state;
	need_pages();
	free_pages = huge_free();
	longest = longest_run();
	print_message("# %zu of %ld free pages follow each other\n", longest, free_pages);
	for (size_t pages = 1; pages <= longest; pages++) {
		if (open_region(pages, &r))
			fail_msg("%zu pages: %s", pages, vio_error_text());
		vio_region_info(r, &info);
		assert_int_equal(info.bytes, pages * PAGE);
		assert_int_equal(info.page_bytes, PAGE);
		assert_int_equal(
			phys_run("/proc/self/pagemap", info.base, info.bytes, PAGE, &phys, &run),
			0);
		assert_int_equal(huge_free(), free_pages - (long)pages);
		assert_int_equal(vio_region_close(r), 0);
		assert_int_equal(huge_free(), free_pages);
	}
}

static void no_run_long_enough(void **state)
{
	struct vio_region *r = NULL;
	long free_pages;
	size_t longest;

	(void)state;
	need_pages();
	free_pages = huge_free();
	longest = longest_run();
	if ((long)longest == free_pages)
		skip();
	assert_int_equal(open_region(longest + 1, &r), -ENOMEM);
	assert_null(r);
	assert_string_equal(vio_error_last()->id, "VIO-DMA-07");
	assert_int_equal(huge_free(), free_pages);
}

/* Whoever maps the file sees the bytes in our order. */
static void file_in_order(void **state)
{
	struct vio_region_info info;
	struct vio_region *r = NULL;
	size_t pages;
	char *other;

	(void)state;
	need_pages();
	pages = longest_run();
	assert_int_equal(open_region(pages, &r), 0);
	vio_region_info(r, &info);
	for (size_t i = 0; i < pages; i++)
		((char *)info.base)[i * PAGE] = (char)(i + 1);
	other = mmap(NULL, info.bytes, PROT_READ, MAP_SHARED, info.fd, 0);
	assert_true(other != MAP_FAILED);
	for (size_t i = 0; i < pages; i++)
		assert_int_equal(other[i * PAGE], i + 1);
	munmap(other, info.bytes);
	assert_int_equal(ftruncate(info.fd, 0), -1);
	assert_int_equal(vio_region_close(r), 0);
}

/* Give every second page of physical memory back: no two that are free are neighbours. */
static size_t scatter(char *base, size_t n)
{
	uint64_t numbers[PAGES_MAX];
	size_t given = 0;

	page_numbers(base, n, numbers);
	for (size_t i = 0; i < n; i++) {
		if (numbers[i] % 2)
			continue;
		munmap(base + i * PAGE, PAGE);
		given++;
	}
	return given;
}

static void scattered(void **state)
{
	struct vio_region *r = NULL;
	size_t n, given;
	char *base;

	(void)state;
	need_pages();
	n = take_all(&base);
	given = scatter(base, n);
	assert_true(given >= 2);
	assert_int_equal(open_region(1, &r), 0);
	assert_int_equal(vio_region_close(r), 0);
	assert_int_equal(open_region(2, &r), -ENOMEM);
	assert_string_equal(vio_error_last()->id, "VIO-DMA-07");
	assert_int_equal(huge_free(), given);
	munmap(base, n * PAGE);
}

/* Where nobody asked, what is not to be had in one piece comes in several. */
static void in_order_if_possible(void **state)
{
	struct vio_region_opts opts = VIO_OPTS(struct vio_region_opts, .page = VIO_PAGE_2M);
	struct vio_region_info info;
	struct vio_region *r = NULL;
	size_t longest, run;
	uint64_t phys;

	(void)state;
	need_pages();
	longest = longest_run();
	opts.bytes = longest * PAGE;
	assert_int_equal(vio_region_open(&opts, &r), 0);
	vio_region_info(r, &info);
	if (!kernel_has_iommu())
		assert_int_equal(
			phys_run("/proc/self/pagemap", info.base, info.bytes, PAGE, &phys, &run),
			0);
	assert_int_equal(vio_region_close(r), 0);
	opts.bytes = (size_t)huge_free() * PAGE;
	assert_int_equal(vio_region_open(&opts, &r), 0);
	assert_int_equal(huge_free(), 0);
	assert_int_equal(vio_region_close(r), 0);
}

static void too_few(void **state)
{
	struct vio_region *r = NULL;

	(void)state;
	need_pages();
	assert_int_equal(open_region((size_t)huge_free() + 1, &r), -ENOMEM);
	assert_string_equal(vio_error_last()->id, "VIO-MEM-03");
	assert_null(r);
}

int main(void)
{
	static struct case_list list;

	case_add(&list, "a contiguous region is, whatever its size", in_one_piece, NULL);
	case_add(&list, "where no run is long enough there is none, and nothing is kept",
		 no_run_long_enough, NULL);
	case_add(&list, "its file is in the same order", file_in_order, NULL);
	case_add(&list, "scattered pages make none", scattered, NULL);
	case_add(&list, "without an IOMMU huge pages are in order where that is possible",
		 in_order_if_possible, NULL);
	case_add(&list, "too few pages make none", too_few, NULL);
	return huge_case_run("contiguous", &list, PAGES);
}
