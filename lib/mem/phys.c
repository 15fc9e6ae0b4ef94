/* SPDX-License-Identifier: BSD-3-Clause */
#include "phys.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "../base/compiler.h"

/* A word per page of ours (Documentation/admin-guide/mm/pagemap.rst). */
#define PAGEMAP_PFN     (BIT64(55) - 1)
#define PAGEMAP_PRESENT BIT64(63)

int phys_open(const char *pagemap)
{
	int fd = open(pagemap, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int phys_of(int fd, const void *va, uint64_t *phys)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t at = (uintptr_t)va, word;
	ssize_t n = pread(fd, &word, sizeof(word), (off_t)(at / page * sizeof(word)));

	if (n < 0)
		return -errno;
	if (n != sizeof(word) || !(word & PAGEMAP_PRESENT))
		return -EFAULT;
	/* No page is at 0: this is how the kernel keeps it from us. */
	if (!(word & PAGEMAP_PFN))
		return -EPERM;
	*phys = (word & PAGEMAP_PFN) * page + at % page;
	return 0;
}

int phys_run(const char *pagemap, const char *base, size_t bytes, size_t page_bytes, uint64_t *phys,
	     size_t *run)
{
	uint64_t first = 0, here = 0;
	int fd = phys_open(pagemap), rc;

	*run = 0;
	if (fd < 0)
		return fd;
	rc = phys_of(fd, base, &first);
	for (; rc == 0 && *run < bytes; *run += page_bytes) {
		rc = phys_of(fd, base + *run, &here);
		if (rc == 0 && here != first + *run)
			rc = -EADDRNOTAVAIL;
		if (rc < 0)
			break;
	}
	close(fd);
	if (rc == 0)
		*phys = first;
	return rc;
}
