/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIO_LOG_H
#define VIO_LOG_H

#include <vio/types.h>

VIO_EXTERN_C_BEGIN

enum vio_log_level { VIO_LOG_ERROR, VIO_LOG_WARN, VIO_LOG_INFO, VIO_LOG_DEBUG };

typedef void (*vio_log_fn)(void *arg, enum vio_log_level level, const char *text);

/**
 * vio_log_set - say where log lines go; the library prints nothing by itself
 * @fn: called with one line without line feed, from whichever thread logs; NULL: nowhere (the
 * default)
 * @arg: handed to @fn
 * @level: the least urgent level wanted
 *
 * The one global of the library. Set it before the first port is opened. The data path never logs.
 */
VIO_API void vio_log_set(vio_log_fn fn, void *arg, enum vio_log_level level);

VIO_EXTERN_C_END

#endif
