/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MEM_PHYS_H
#define MEM_PHYS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Physical addresses of our own memory, from /proc/self/pagemap. They mean something only for huge
 * pages, which the kernel does not move behind our back. Functions return 0 or a negative errno
 * without an error set: -EPERM this process may not know (no CAP_SYS_ADMIN), -EFAULT the page is
 * not present, or as open(2), read(2).
 */

/* Open @pagemap. Return: a file descriptor, or a negative errno. */
int phys_open(const char *pagemap);

/* Physical address of the byte at @va, by the file of phys_open(). */
int phys_of(int fd, const void *va, uint64_t *phys);

/**
 * phys_run - physical address of memory that lies in one piece
 * @pagemap: "/proc/self/pagemap"
 * @base: first byte, page-aligned
 * @bytes: a multiple of @page_bytes
 * @page_bytes: size of the pages behind it
 * @phys: receives the address of the first byte
 * @run: receives how many bytes follow each other from @base on; equals @bytes on success
 *
 * Return: as above, and -EADDRNOTAVAIL where the pages do not follow each other.
 */
int phys_run(const char *pagemap, const char *base, size_t bytes, size_t page_bytes, uint64_t *phys,
	     size_t *run);

#endif
