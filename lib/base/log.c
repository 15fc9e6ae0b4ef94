/* SPDX-License-Identifier: BSD-3-Clause */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>

static struct {
	vio_log_fn fn;
	void *arg;
	enum vio_log_level level;
} sink;

void vio_log_set(vio_log_fn fn, void *arg, enum vio_log_level level)
{
	sink.fn = fn;
	sink.arg = arg;
	sink.level = level;
}

void log_line(enum vio_log_level level, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (!sink.fn || level > sink.level)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sink.fn(sink.arg, level, text);
}
