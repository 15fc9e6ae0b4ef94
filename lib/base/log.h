/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <vio/log.h>

#include "compiler.h"

/* One line, control path only. */
void log_line(enum vio_log_level level, const char *fmt, ...) PRINTF(2, 3);

#define log_err(...)   log_line(VIO_LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  log_line(VIO_LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_line(VIO_LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(VIO_LOG_DEBUG, __VA_ARGS__)

#endif
