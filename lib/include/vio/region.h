/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIO_REGION_H
#define VIO_REGION_H

#include <vio/types.h>

VIO_EXTERN_C_BEGIN

/* Pages that back a region. AUTO: the largest of which enough are free, otherwise ordinary ones. */
enum vio_page { VIO_PAGE_AUTO, VIO_PAGE_NORMAL, VIO_PAGE_2M, VIO_PAGE_1G };

/* A NUMA node in an options struct, where 0 means "no wish". */
#define VIO_NODE(n) ((n) + 1)

/**
 * struct vio_region_opts - how to make a region
 * @size: sizeof(struct vio_region_opts), see VIO_OPTS()
 * @bytes: room wanted; rounded up to whole pages
 * @page: pages wanted. With VIO_PAGE_2M or VIO_PAGE_1G it is an error if there are not enough
 * @node: VIO_NODE(n) to have the memory on NUMA node n; 0: wherever the kernel puts it
 * @hugetlbfs: folder of a hugetlbfs mount: the region becomes a file there, unlinked at once,
 * instead of a memfd; NULL: memfd. Such a file can't be sealed, so only for backends that are
 * trusted not to truncate it
 * @contiguous: the pages follow each other in physical memory: for devices without an IOMMU. Huge
 * pages only, and only CAP_SYS_ADMIN may know; with VIO_PAGE_AUTO it is an error if there are none.
 * Left out, huge pages of a machine that has no IOMMU are put in order where that is possible
 * @scattered: they may lie anywhere: no port will need them in order, as vio_port_memory() tells.
 * Saves the search for a run of pages, which may take tenths of a second. It excludes @contiguous
 */
struct vio_region_opts {
	size_t size;
	size_t bytes;
	enum vio_page page;
	int node;
	const char *hugetlbfs;
	bool contiguous;
	bool scattered;
};

/**
 * struct vio_region_info - what a region has become
 * @base: first byte; the whole region is one range of addresses
 * @bytes: its size
 * @page_bytes: size of the pages behind it
 * @node: NUMA node where its first page lies, -1 if the kernel does not tell
 * @used: bytes given out to pools and rings
 * @fd: file descriptor of the memory; belongs to the region
 */
struct vio_region_info {
	void *base;
	size_t bytes;
	size_t page_bytes;
	int node;
	size_t used;
	int fd;
};

/**
 * vio_region_open - make the memory that ports share with their devices
 * @opts: bytes is needed, the rest has defaults
 * @out: receives the region; untouched on failure
 *
 * One reserved address range over one memfd with F_SEAL_SHRINK, F_SEAL_GROW and F_SEAL_SEAL: no
 * device can pull memory away under us. Every page is present on return, so that missing memory is
 * an error here and never a SIGBUS later. The region is not inherited over fork, nor its file over
 * exec.
 *
 * Return: 0, or a negative errno: -EINVAL @opts is malformed, -ENOMEM not enough memory or huge
 * pages, or not in one piece, -EPERM physical addresses are not told, -ENOENT, -EACCES
 * @hugetlbfs can't be used, -ENODEV no such NUMA node, -EMFILE, -ENFILE too many open files.
 * Ownership: the caller owns *@out and ends it with vio_region_close(), after all pools and ports
 * in it. Thread safety: any thread.
 */
VIO_API int vio_region_open(const struct vio_region_opts *opts, struct vio_region **out);

/**
 * vio_region_close - give the memory back
 * @region: may be NULL
 *
 * Return: 0, or -EBUSY if pools or ports still use it; then nothing has happened.
 */
VIO_API int vio_region_close(struct vio_region *region);

/* Fill @info. Thread safety: any thread; used is a snapshot. */
VIO_API void vio_region_info(const struct vio_region *region, struct vio_region_info *info);

VIO_EXTERN_C_END

#endif
