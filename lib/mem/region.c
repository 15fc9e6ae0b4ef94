/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <numaif.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../base/err.h"
#include "../base/log.h"
#include "../base/opts.h"
#include "extent.h"
#include "kernel.h"
#include "mapping.h"
#include "mem.h"

struct vio_region {
	struct mapping map;
	size_t bytes;
	size_t page_bytes;
	int node;
	pthread_mutex_t lock; /* of what follows */
	struct extent *extents;
	size_t used;
};

/* Largest first: the order in which VIO_PAGE_AUTO looks at them. */
static const struct page {
	enum vio_page page;
	size_t bytes; /* 0: ask the system */
	const char *name;
} pages[] = {
	{ VIO_PAGE_1G, (size_t)1 << 30, "1GB" },
	{ VIO_PAGE_2M, (size_t)2 << 20, "2MB" },
	{ VIO_PAGE_NORMAL, 0, "ordinary" },
};

static bool page_is_huge(const struct page *page)
{
	return page->bytes > 0;
}

static size_t page_size(const struct page *page)
{
	return page_is_huge(page) ? page->bytes : (size_t)sysconf(_SC_PAGESIZE);
}

/* AUTO takes a size if rounding up wastes at most a quarter of what is wanted, and if the kernel
 * has the pages at this moment. */
static bool page_suits(const struct page *page, const struct vio_region_opts *opts)
{
	size_t rounded = align_up(opts->bytes, page_size(page));

	if (opts->contiguous && page->page == VIO_PAGE_2M)
		return true; /* or nothing would be tried, and no error set */
	if (!page_is_huge(page))
		return !opts->contiguous;
	if (rounded - opts->bytes > opts->bytes / 4)
		return false;
	return kernel_huge_free(page->bytes, opts->node - 1) >= rounded / page->bytes;
}

static int refuse_huge(const struct vio_region_opts *opts, const struct page *page, size_t wanted)
{
	uint64_t unused = kernel_huge_free(page->bytes, opts->node - 1);

	err_set(ERR_REGION_HUGE, -ENOMEM,
		"region of %zu bytes: %zu huge pages of %s wanted, %" PRIu64 " free%s", opts->bytes,
		wanted, page->name, unused, opts->node ? " on its NUMA node" : "");
	err_fix("reserve more: hugeadm --pool-pages-min %s:+%" PRIu64
		" (package libhugetlbfs-bin)%s",
		page->name, wanted > unused ? wanted - unused : wanted,
		page->page == VIO_PAGE_1G ? "; if memory is too scattered, at boot: hugepagesz=1G"
					  : "");
	return -ENOMEM;
}

static int refuse_node(const struct vio_region_opts *opts)
{
	return err_set(
		ERR_REGION_NODE, -ENODEV,
		"NUMA node %d does not exist, has no memory, or is not this process's to use",
		opts->node - 1);
}

/* -ENOMEM, so that smaller pages are tried. */
static int refuse_scattered(const struct vio_region_opts *opts, const struct page *page)
{
	return err_set(ERR_DMA_SCATTERED, -ENOMEM,
		       "contiguous region of %zu bytes: %" PRIu64
		       " huge pages of %s are free, but not enough that follow each other",
		       opts->bytes, kernel_huge_free(page->bytes, opts->node - 1), page->name);
}

static int refuse(const struct vio_region_opts *opts, const struct page *page, size_t bytes,
		  const char *step, int rc)
{
	if (rc == -ENODEV)
		return refuse_node(opts);
	if (rc == -EADDRNOTAVAIL)
		return refuse_scattered(opts, page);
	if (rc == -EPERM && opts->contiguous)
		return err_set(ERR_DMA_PHYSICAL, rc,
			       "contiguous region of %zu bytes: physical addresses are not told",
			       opts->bytes);
	if (rc == -ENOMEM && page_is_huge(page))
		return refuse_huge(opts, page, bytes / page->bytes);
	if (opts->hugetlbfs)
		return err_set(ERR_HUGETLBFS, rc, "region of %zu bytes in %s: can't %s: %s", bytes,
			       opts->hugetlbfs, step, strerror(-rc));
	return err_set(ERR_REGION_MAP, rc, "region of %zu bytes in %s pages: can't %s: %s", bytes,
		       page->name, step, strerror(-rc));
}

/* Without this the kernel would say yes, and its OOM killer no. */
static int check_memory_left(const struct page *page, size_t bytes, int node)
{
	const char *limit = "";
	uint64_t left = page_is_huge(page) ? UINT64_MAX : kernel_memory_left(node, &limit);

	if (bytes <= left)
		return 0;
	return err_set(ERR_REGION_MAP, -ENOMEM,
		       "region of %zu bytes: %s has %" PRIu64 " bytes left", bytes, limit, left);
}

/* Node of the page at @p, or -1. */
static int node_of(void *p)
{
	int node;

	return get_mempolicy(&node, NULL, 0, p, MPOL_F_NODE | MPOL_F_ADDR) == 0 ? node : -1;
}

/* In a machine without an IOMMU a region may be wanted for a device that works with physical
 * addresses; nobody knows yet. */
static enum contiguity contiguity(const struct vio_region_opts *opts, const struct page *page)
{
	if (opts->contiguous)
		return CONTIGUOUS_YES;
	return page_is_huge(page) && !opts->scattered && !kernel_has_iommu()
		       ? CONTIGUOUS_IF_POSSIBLE
		       : CONTIGUOUS_NO;
}

static int take_pages(struct vio_region *r, const struct vio_region_opts *opts,
		      const struct page *page)
{
	const struct mapping_want want = {
		.bytes = align_up(opts->bytes, page_size(page)),
		.page_bytes = page_size(page),
		.huge = page_is_huge(page),
		.node = opts->node - 1,
		.hugetlbfs = opts->hugetlbfs,
		.contiguous = contiguity(opts, page),
	};
	const char *step;
	int rc;

	rc = check_memory_left(page, want.bytes, want.node);
	if (rc < 0)
		return rc;
	rc = mapping_open(&r->map, &want, &step);
	if (rc < 0)
		return refuse(opts, page, want.bytes, step, rc);
	r->bytes = want.bytes;
	r->page_bytes = want.page_bytes;
	r->node = node_of(r->map.base);
	return 0;
}

/*
 * The pages may go between looking and taking: then the next smaller ones do. The error of a try
 * that failed must not be what vio_error_last() shows after success.
 */
static int take_best_pages(struct vio_region *r, const struct vio_region_opts *opts)
{
	const struct vio_error before = *vio_error_last();
	int rc = -ENOMEM;

	for (size_t i = 0; i < ARRAY_SIZE(pages) && rc == -ENOMEM; i++) {
		if (!page_suits(&pages[i], opts))
			continue;
		rc = take_pages(r, opts, &pages[i]);
		if (rc < 0)
			log_debug("region in %s pages: %s", pages[i].name, vio_error_last()->what);
	}
	if (rc == 0)
		err_restore(&before);
	return rc;
}

static const struct page *page_named(enum vio_page name)
{
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++)
		if (pages[i].page == name)
			return &pages[i];
	return NULL;
}

/* A hugetlbfs mount has one size of pages, the one that its files get. */
static int take_hugetlbfs_pages(struct vio_region *r, struct vio_region_opts *opts)
{
	struct statfs fs;

	if (statfs(opts->hugetlbfs, &fs) < 0)
		return err_set(ERR_HUGETLBFS, errno == EACCES ? -EACCES : -ENOENT, "%s: %s",
			       opts->hugetlbfs, strerror(errno));
	if ((unsigned long)fs.f_type != HUGETLBFS_MAGIC)
		return err_set(ERR_HUGETLBFS, -EINVAL, "%s is not in a hugetlbfs mount",
			       opts->hugetlbfs);
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++)
		if (pages[i].bytes == (size_t)fs.f_bsize &&
		    (opts->page == VIO_PAGE_AUTO || opts->page == pages[i].page))
			return take_pages(r, opts, &pages[i]);
	return err_set(ERR_HUGETLBFS, -EINVAL,
		       "%s has pages of %ld bytes, which is not what was asked for",
		       opts->hugetlbfs, (long)fs.f_bsize);
}

static int check_opts(const struct vio_region_opts *opts)
{
	if (!opts->bytes)
		return err_set(ERR_OPTS, -EINVAL, "vio_region_opts.bytes is 0");
	if (opts->page > VIO_PAGE_1G)
		return err_set(ERR_OPTS, -EINVAL, "vio_region_opts.page is %u",
			       (unsigned int)opts->page);
	if (opts->contiguous && opts->page == VIO_PAGE_NORMAL)
		return err_set(ERR_DMA_PAGES, -EINVAL,
			       "vio_region_opts: contiguous, but with ordinary pages");
	if (opts->contiguous && opts->scattered)
		return err_set(ERR_OPTS, -EINVAL,
			       "vio_region_opts: contiguous and scattered at once");
	if (opts->node < 0)
		return err_set(ERR_OPTS, -EINVAL,
			       "vio_region_opts.node is %d: write VIO_NODE(n), or 0 for any",
			       opts->node);
	/* Half the address space: sums with it can't overflow. */
	if (opts->bytes > SIZE_MAX / 2)
		return err_set(ERR_REGION_MAP, -ENOMEM, "region of %zu bytes", opts->bytes);
	if (opts->node && !kernel_node_has_memory(opts->node - 1))
		return refuse_node(opts);
	return 0;
}

static int take_wanted_pages(struct vio_region *r, struct vio_region_opts *opts)
{
	if (opts->hugetlbfs)
		return take_hugetlbfs_pages(r, opts);
	if (opts->page == VIO_PAGE_AUTO)
		return take_best_pages(r, opts);
	return take_pages(r, opts, page_named(opts->page));
}

int vio_region_open(const struct vio_region_opts *user_opts, struct vio_region **out)
{
	struct vio_region_opts opts;
	struct vio_region *r;
	int rc;

	rc = opts_copy(&opts, sizeof(opts), user_opts, "vio_region_opts");
	if (rc < 0)
		return rc;
	rc = check_opts(&opts);
	if (rc < 0)
		return rc;
	r = calloc(1, sizeof(*r));
	if (!r)
		return err_set(ERR_NO_MEMORY, -ENOMEM, "region: no memory for its book-keeping");
	rc = take_wanted_pages(r, &opts);
	if (rc < 0)
		goto free_region;
	r->extents = extent_list(r->bytes);
	if (!r->extents) {
		rc = err_set(ERR_NO_MEMORY, -ENOMEM, "region: no memory for its book-keeping");
		goto close_mapping;
	}
	pthread_mutex_init(&r->lock, NULL);
	log_info("region of %zu bytes in pages of %zu at %p, NUMA node %d", r->bytes, r->page_bytes,
		 (void *)r->map.base, r->node);
	*out = r;
	return 0;

close_mapping:
	mapping_close(&r->map, r->bytes);
free_region:
	free(r);
	return rc;
}

int vio_region_close(struct vio_region *region)
{
	if (!region)
		return 0;
	if (region_used(region))
		return err_set(ERR_REGION_BUSY, -EBUSY, "region at %p: %zu bytes are given out",
			       (void *)region->map.base, region_used(region));
	mapping_close(&region->map, region->bytes);
	extent_list_free(region->extents);
	pthread_mutex_destroy(&region->lock);
	free(region);
	return 0;
}

size_t region_used(const struct vio_region *region)
{
	return __atomic_load_n(&region->used, __ATOMIC_RELAXED);
}

void vio_region_info(const struct vio_region *region, struct vio_region_info *info)
{
	*info = (struct vio_region_info){
		.base = region->map.base,
		.bytes = region->bytes,
		.page_bytes = region->page_bytes,
		.node = region->node,
		.used = region_used(region),
		.fd = region->map.fd,
	};
}

/* Under the lock. */
static void add_used(struct vio_region *region, size_t bytes)
{
	__atomic_store_n(&region->used, region->used + bytes, __ATOMIC_RELAXED);
}

static void *refuse_alloc(struct vio_region *region, size_t bytes, size_t align, size_t largest,
			  int rc)
{
	if (rc == -ENOMEM)
		err_set(ERR_NO_MEMORY, rc, "region: no memory for its book-keeping");
	else
		err_set(ERR_REGION_FULL, -ENOMEM,
			"region of %zu bytes: %zu aligned to %zu wanted, the largest free piece "
			"has %zu",
			region->bytes, bytes, align, largest);
	return NULL;
}

void *region_alloc(struct vio_region *region, size_t bytes, size_t align)
{
	size_t off, largest;
	void *p;
	int rc;

	if (bytes > region->bytes || align > region->bytes)
		return refuse_alloc(region, bytes, align, region->bytes - region_used(region), 0);
	/* Whole cache lines: neighbours don't share one. */
	bytes = align_up(bytes ? bytes : 1, CACHE_LINE);
	align = align > CACHE_LINE ? align : CACHE_LINE;

	pthread_mutex_lock(&region->lock);
	rc = extent_take(region->extents, (uintptr_t)region->map.base, bytes, align, &off);
	if (rc == 0)
		add_used(region, bytes);
	largest = extent_largest(region->extents);
	pthread_mutex_unlock(&region->lock);
	if (rc < 0)
		return refuse_alloc(region, bytes, align, largest, rc);
	p = region->map.base + off;
	memset(p, 0, bytes);
	return p;
}

void region_free(struct vio_region *region, void *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&region->lock);
	add_used(region, -extent_give(region->extents, (size_t)((char *)p - region->map.base)));
	pthread_mutex_unlock(&region->lock);
}
