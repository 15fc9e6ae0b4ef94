/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BASE_OPTS_H
#define BASE_OPTS_H

#include <stddef.h>

/**
 * opts_copy - read the caller's options struct, whichever version it was compiled with
 * @dst: receives the options; what the caller's struct does not have is 0, "default"
 * @known: sizeof(*dst)
 * @src: the caller's struct, its size first; NULL: all defaults
 * @name: of the struct, for the error
 *
 * A caller newer than the library may leave the fields that the library does not know at 0.
 *
 * Return: 0, or -EINVAL with the error set.
 */
int opts_copy(void *dst, size_t known, const void *src, const char *name);

#endif
