/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MEM_EXTENT_H
#define MEM_EXTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Which parts of a range are given out: a list of extents in order of address that covers the
 * range without gaps. No two free ones lie side by side. In private memory, so that nobody who
 * shares the range can touch the book-keeping.
 */
struct extent {
	size_t off, len;
	bool used;
	struct extent *next;
};

/* One free extent of @len bytes; NULL: no memory. */
struct extent *extent_list(size_t len);
void extent_list_free(struct extent *first);

/**
 * extent_take - first fit
 * @base: address of the range; what is aligned is base + off
 * @align: a power of two
 * @off: receives where the bytes lie
 *
 * Return: 0, -ENOSPC no free extent is large enough, -ENOMEM no memory for the list.
 */
int extent_take(struct extent *first, uintptr_t base, size_t len, size_t align, size_t *off);

/* Give back what begins at @off. Return: its length; 0: nothing does. */
size_t extent_give(struct extent *first, size_t off);

/* The largest free extent: for errors. */
size_t extent_largest(const struct extent *first);

#endif
