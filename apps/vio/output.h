/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_OUTPUT_H
#define APP_OUTPUT_H

#include "assertion.h"
#include "metrics_server.h"

struct gen;
struct hist;
struct interval;

/* What a run writes beside its report and the JSON. NULL: not asked for. */
struct output_config {
	const char *jsonl, *csv, *histogram, *metrics_file;
	struct metrics_address metrics;
	struct assertion_list assertions;
};

/* The files of a run that are open. */
struct output;

/*
 * Open what is asked for, say where people read, and measure the floor of the latency. After
 * gen_open(). Return: 0, or an exit code with the error reported; then too, end with
 * output_close().
 */
int output_open(struct gen *g);

/* An interval is over; @latency: of the packets in it. A file that fails is reported and given up.
 */
void output_interval(struct gen *g, const struct interval *i, const struct hist *latency);

/*
 * Write the result wherever it was asked for, and a line for each assertion.
 *
 * Return: 0; the exit code of the first file that failed; otherwise, of a valid run,
 * EXIT_ASSERTION if an assertion does not hold.
 */
int output_result(struct gen *g);

void output_close(struct gen *g);

#endif
