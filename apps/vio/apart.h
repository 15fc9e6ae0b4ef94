/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_APART_H
#define APP_APART_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* What threads write lies two processors' worth of lines apart, so that neighbours do not disturb
 * each other. */
#define APART_BYTES 128u
#define APART       __attribute__((aligned(APART_BYTES)))

/* Room for @n things of @size bytes, even for none; for free(). NULL: no memory. */
static inline void *apart_alloc(size_t n, size_t size)
{
	const size_t bytes = n && size ? n * size : 1;

	return aligned_alloc(APART_BYTES, (bytes + APART_BYTES - 1) / APART_BYTES * APART_BYTES);
}

/* The same, all zero. */
static inline void *apart_calloc(size_t n, size_t size)
{
	void *p = apart_alloc(n, size);

	return p ? memset(p, 0, n * size) : NULL;
}

#endif
