/* SPDX-License-Identifier: BSD-3-Clause */
#include "log.h"

#include <stdio.h>
#include <vio/log.h>

static void print_line(void *arg, enum vio_log_level level, const char *text)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };

	(void)arg;
	fprintf(stderr, "%s: %s\n", names[level], text);
}

void log_to_stderr(void)
{
	vio_log_set(print_line, NULL, VIO_LOG_DEBUG);
}
