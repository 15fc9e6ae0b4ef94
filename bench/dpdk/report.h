/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_DPDK_REPORT_H
#define BENCH_DPDK_REPORT_H

#include "cores.h"
#include "latency.h"
#include "measure.h"

/* The code that each driver has chosen for a mode. */
struct report_paths {
	bool wanted;
	const char *lacks;         /* why the mode was not measured */
	char text[N_SIDES][2][64]; /* by side and direction */
};

/* What one setting has given. */
struct figures {
	const char *unit, *name; /* of the array in JSON */
	bool more_is_better;
	bool has_work; /* cycles in the calls, and what they leave */
	struct result *results;
	size_t n_results;
};

struct report {
	struct figures alone, pair;
	struct latency *latencies;
	size_t n_latencies;
	const struct report_paths *paths; /* N_MODES */
	struct effort effort;
	struct cores cores;
	int core;
};

void report_note_paths(struct report_paths *paths, const struct pair *pair);

/* Tables for people, on standard output. */
void report_print(const struct report *report);

/* The same as JSON. Return: 0, or -1 after it has told why. */
int report_json(const struct report *report, const char *file);

#endif
