/* SPDX-License-Identifier: BSD-3-Clause */
#include "mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <numaif.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../base/compiler.h"
#include "../base/log.h"
#include "contiguous.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* Linux 6.3; since then the kernel complains without it */
#endif
#ifndef MFD_HUGE_SHIFT
#define MFD_HUGE_SHIFT 26
#endif

/* Every region begins at a multiple of this, so that buffers of any size can be aligned to it. */
#define BASE_ALIGN ((size_t)2 << 20)
#define MAX_NODES  1024
#define WORD_BITS  (8 * sizeof(unsigned long))

static int memfd_open(const struct mapping_want *want)
{
	unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd;

	if (want->huge)
		flags |= MFD_HUGETLB | (unsigned int)__builtin_ctzll(want->page_bytes)
					       << MFD_HUGE_SHIFT;
	fd = memfd_create("vio", flags | MFD_NOEXEC_SEAL);
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("vio", flags);
	if (fd >= 0)
		return fd;
	/* The kernel's way to say that it has no huge pages of this size at all. */
	return want->huge && (errno == ENODEV || errno == EINVAL || errno == ENOSYS) ? -ENOMEM
										     : -errno;
}

static int hugetlbfs_open(const char *folder)
{
	char *path;
	int fd;

	if (asprintf(&path, "%s/vio-XXXXXX", folder) < 0)
		return -ENOMEM;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	else
		unlink(path);
	free(path);
	return fd;
}

/* The kernel answers a file above ulimit -f with a signal that ends the process. */
static int check_file_limit(size_t bytes)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_FSIZE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
		return 0;
	return bytes > limit.rlim_cur ? -ENOMEM : 0;
}

static int file_size(int fd, size_t bytes)
{
	int rc = check_file_limit(bytes);

	if (rc < 0)
		return rc;
	return ftruncate(fd, (off_t)bytes) < 0 ? -errno : 0;
}

/* From here on nobody who is given the file can change its size under us. */
static int file_seal(int fd, const struct mapping_want *want)
{
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
		return 0;
	if (!want->hugetlbfs)
		return -errno;
	log_warn("files in %s can't be sealed: a backend could truncate the region",
		 want->hugetlbfs);
	return 0;
}

/*
 * Find room in the address space first, aligned, and lay the file over it then: a failure leaves
 * no half of it behind. NULL: errno says why.
 */
static char *map_at_reserved(int fd, const struct mapping_want *want)
{
	size_t align = want->page_bytes > BASE_ALIGN ? want->page_bytes : BASE_ALIGN;
	int prot = PROT_READ | PROT_WRITE, flags = MAP_SHARED | MAP_FIXED, error;
	char *reserved, *base;
	size_t head;

	reserved = mmap(NULL, want->bytes + align, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (reserved == MAP_FAILED)
		return NULL;
	head = -(uintptr_t)reserved & (align - 1);
	base = reserved + head;
	if (head)
		munmap(reserved, head);
	munmap(base + want->bytes, align - head);
	/* Pages that are moved over can't be promised twice. */
	if (want->contiguous != CONTIGUOUS_NO)
		flags |= MAP_NORESERVE;
	if (mmap(base, want->bytes, prot, flags, fd, 0) != MAP_FAILED)
		return base;
	error = errno;
	munmap(base, want->bytes);
	errno = error;
	return NULL;
}

/*
 * Set the file's policy, so that the pages come from the node whoever touches them first. Where
 * the kernel has no NUMA (ENOSYS), or a sandbox forbids the call (EPERM), memory of the wrong node
 * is better than none; vio_region_info() tells where it lies.
 */
static int bind_to_node(char *base, size_t bytes, int node)
{
	unsigned long mask[MAX_NODES / WORD_BITS] = { 0 };

	if (node < 0)
		return 0;
	if (node >= MAX_NODES)
		return -ENODEV;
	mask[(size_t)node / WORD_BITS] = 1UL << (size_t)node % WORD_BITS;
	if (mbind(base, bytes, MPOL_BIND, mask, MAX_NODES, 0) == 0)
		return 0;
	if (errno != ENOSYS && errno != EPERM)
		return -ENODEV;
	log_warn("the kernel does not let this process choose a NUMA node: %s", strerror(errno));
	return 0;
}

/* Before Linux 5.14: have the pages made, where that can fail in an orderly way, then map them. */
static int populate_by_hand(const struct mapping *m, size_t off, size_t len, size_t page_bytes)
{
	if (fallocate(m->fd, 0, (off_t)off, (off_t)len) < 0)
		return -errno;
	for (size_t i = 0; i < len; i += page_bytes)
		__atomic_store_n(m->base + off + i, 0, __ATOMIC_RELAXED);
	return 0;
}

int mapping_populate(const struct mapping *m, size_t off, size_t len, size_t page_bytes)
{
	int rc;

	do
		rc = madvise(m->base + off, len, MADV_POPULATE_WRITE);
	while (rc < 0 && errno == EINTR);
	if (rc == 0)
		return 0;
	return errno == EINVAL ? populate_by_hand(m, off, len, page_bytes) : -errno;
}

static int have_pages(const struct mapping *m, const struct mapping_want *want)
{
	int rc = want->contiguous == CONTIGUOUS_NO ? -EADDRNOTAVAIL : contiguous_populate(m, want);

	if (rc == 0 || want->contiguous == CONTIGUOUS_YES)
		return rc;
	return mapping_populate(m, 0, want->bytes, want->page_bytes);
}

/* EFAULT and EHWPOISON are what would have been a SIGBUS. */
static int as_no_memory(int rc)
{
	static const int means_no_memory[] = {
		ENOSPC, EFAULT, EHWPOISON, EFBIG, EAGAIN, EOVERFLOW
	};

	for (size_t i = 0; i < ARRAY_SIZE(means_no_memory); i++)
		if (rc == -means_no_memory[i])
			return -ENOMEM;
	return rc;
}

int mapping_open(struct mapping *m, const struct mapping_want *want, const char **step)
{
	char *base;
	int fd, rc;

	*step = "make its file";
	rc = fd = want->hugetlbfs ? hugetlbfs_open(want->hugetlbfs) : memfd_open(want);
	if (fd < 0)
		return as_no_memory(rc);
	*step = "give its file that size";
	rc = file_size(fd, want->bytes);
	if (rc < 0)
		goto close_file;
	*step = "seal its file";
	rc = file_seal(fd, want);
	if (rc < 0)
		goto close_file;
	*step = "map it";
	base = map_at_reserved(fd, want);
	if (!base) {
		rc = -errno;
		goto close_file;
	}
	*step = "keep it from children";
	if (madvise(base, want->bytes, MADV_DONTFORK) < 0) {
		rc = -errno;
		goto unmap;
	}
	*step = "bind it to its NUMA node";
	rc = bind_to_node(base, want->bytes, want->node);
	if (rc < 0)
		goto unmap;
	*step = "have its pages";
	rc = have_pages(&(struct mapping){ base, fd }, want);
	if (rc < 0)
		goto unmap;
	*m = (struct mapping){ base, fd };
	return 0;

unmap:
	munmap(base, want->bytes);
close_file:
	close(fd);
	return as_no_memory(rc);
}

void mapping_close(struct mapping *m, size_t bytes)
{
	munmap(m->base, bytes);
	close(m->fd);
}
