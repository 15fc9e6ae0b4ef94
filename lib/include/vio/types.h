/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIO_TYPES_H
#define VIO_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define VIO_EXTERN_C_BEGIN extern "C" {
#define VIO_EXTERN_C_END   }
#else
#define VIO_EXTERN_C_BEGIN
#define VIO_EXTERN_C_END
#endif

/* Marks what the shared library exports; everything else is hidden. */
#define VIO_API __attribute__((visibility("default")))

/**
 * VIO_OPTS - write an options struct with its size filled in
 *
 *     struct vio_pool_opts opts = VIO_OPTS(struct vio_pool_opts, .buffers = 8192);
 *
 * Every options struct starts with a field size, the size that the caller was compiled with. Fields
 * are only ever appended, and 0 always means "default", so programs and library may be of different
 * versions.
 */
#ifndef __cplusplus
#define VIO_OPTS(type, ...) ((type){ .size = sizeof(type), ##__VA_ARGS__ })
#endif

struct vio_region;
struct vio_pool;
struct vio_cache;
struct vio_port;

#endif
