/* SPDX-License-Identifier: BSD-3-Clause */
#include "contiguous.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "kernel.h"
#include "phys.h"

#define PAGEMAP "/proc/self/pagemap"

/* A page of the spare mapping. */
struct spare_page {
	uint64_t phys;
	size_t off;
};

static int by_address(const void *a, const void *b)
{
	const struct spare_page *x = a, *y = b;

	return x->phys < y->phys ? -1 : x->phys > y->phys;
}

/* Give pages of a file back to the kernel. */
static int drop(int fd, size_t off, size_t len)
{
	return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)off, (off_t)len) < 0
		       ? -errno
		       : 0;
}

static int is_contiguous(const struct mapping *m, const struct mapping_want *want)
{
	uint64_t phys;
	size_t run;

	return phys_run(PAGEMAP, m->base, want->bytes, want->page_bytes, &phys, &run);
}

/* Where all pages of @spare are, in order of address. */
static int list_pages(const struct mapping *spare, const struct mapping_want *want,
		      struct spare_page *list, size_t n)
{
	int fd = phys_open(PAGEMAP), rc = 0;

	if (fd < 0)
		return fd;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		list[i].off = i * want->page_bytes;
		rc = phys_of(fd, spare->base + list[i].off, &list[i].phys);
	}
	close(fd);
	qsort(list, n, sizeof(*list), by_address);
	return rc;
}

/* First of @wanted pages in the list that follow each other; NULL: there are none. */
static const struct spare_page *find_run(const struct spare_page *list, size_t n, size_t wanted,
					 size_t page_bytes)
{
	size_t first = 0;

	for (size_t i = 0; i < n; i++) {
		if (i > first && list[i].phys != list[i - 1].phys + page_bytes)
			first = i;
		if (i + 1 - first == wanted)
			return &list[first];
	}
	return NULL;
}

/*
 * The kernel hands out first what it got back last, so a page that is dropped here is the one that
 * comes there. Another process may come in between: the caller looks what came of it.
 */
static int move_pages_over(const struct mapping *m, const struct mapping_want *want,
			   const struct mapping *spare, const struct spare_page *run)
{
	int rc = 0;

	for (size_t off = 0; rc == 0 && off < want->bytes; off += want->page_bytes, run++) {
		rc = drop(spare->fd, run->off, want->page_bytes);
		if (rc == 0)
			rc = mapping_populate(m, off, want->page_bytes, want->page_bytes);
	}
	return rc;
}

/* Try with @n pages to choose from. */
static int try_with(const struct mapping *m, const struct mapping_want *want, size_t n)
{
	struct mapping_want more = *want;
	const struct spare_page *run;
	struct spare_page *list;
	struct mapping spare;
	const char *step;
	int rc;

	more.bytes = n * want->page_bytes;
	more.contiguous = CONTIGUOUS_NO;
	rc = mapping_open(&spare, &more, &step);
	if (rc < 0)
		return rc;
	list = calloc(n, sizeof(*list));
	rc = list ? list_pages(&spare, want, list, n) : -ENOMEM;
	if (rc < 0)
		goto close_spare;
	run = find_run(list, n, want->bytes / want->page_bytes, want->page_bytes);
	rc = run ? move_pages_over(m, want, &spare, run) : -EADDRNOTAVAIL;
	if (rc == 0)
		rc = is_contiguous(m, want);
	if (rc < 0)
		drop(m->fd, 0, want->bytes);

close_spare:
	free(list);
	mapping_close(&spare, more.bytes);
	return rc;
}

int contiguous_populate(const struct mapping *m, const struct mapping_want *want)
{
	const size_t pages = want->bytes / want->page_bytes;
	size_t free_pages, n;
	int rc;

	/* One page is, and several may be by chance. */
	rc = mapping_populate(m, 0, want->bytes, want->page_bytes);
	if (rc == 0)
		rc = is_contiguous(m, want);
	if (rc == 0)
		return 0;
	drop(m->fd, 0, want->bytes);
	free_pages = (size_t)kernel_huge_free(want->page_bytes, want->node);
	for (n = pages; rc == -EADDRNOTAVAIL && n <= free_pages; n *= 2)
		rc = try_with(m, want, n);
	if (rc == -EADDRNOTAVAIL && n / 2 < free_pages)
		rc = try_with(m, want, free_pages);
	return rc;
}
