/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_MEMORY_H
#define APP_MEMORY_H

#include <vio/vio.h>

/*
 * Make a pool, in memory as the ports at these @n addresses need it. Return: 0, or a negative
 * errno: vio_error_last() tells more.
 */
int memory_open(const struct vio_pool_opts *opts, const char *const *address, unsigned int n,
		struct vio_pool **out);

#endif
