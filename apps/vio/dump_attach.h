/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_DUMP_ATTACH_H
#define APP_DUMP_ATTACH_H

#include <signal.h>

#include "capture.h"

/**
 * dump_attach - capture from a command that runs
 * @path: its control socket
 * @opts: as for capture_open(); the ring is the command's own
 * @time_ns: how long; 0: until the end
 * @stopped: set by a signal's handler: time to end
 * @stats: receives what came, and what the command tells of drops
 *
 * Return: 0, or an exit code with the error reported.
 */
int dump_attach(const char *path, const struct capture_opts *opts, uint64_t time_ns,
		const volatile sig_atomic_t *stopped, struct capture_stats *stats);

#endif
