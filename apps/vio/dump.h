/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_DUMP_H
#define APP_DUMP_H

#include "idle.h"

/* What `vio dump` was asked for. */
struct dump_config {
	const char *filter, *file; /* NULL: none */
	const char *attach;        /* control socket of a command that runs; NULL: a port */
	uint64_t snap, count, time_ns, queues;
	struct idle_option wait;
	bool verbose;
	bool fifo; /* file is one, whose reader may go at any time */
};

/* Capture, from the port at @address or, where that is NULL, from a command that runs.
 * Return: exit code, with any error reported. */
int dump_from(const char *address, const struct dump_config *cfg);

#endif
