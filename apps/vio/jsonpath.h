/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_JSONPATH_H
#define APP_JSONPATH_H

#include <jansson.h>

/*
 * What stands in @doc at @path: names behind points, elements of lists by their number, brackets
 * being points as well: "rx.loss_ratio", "ports.0.size", "intervals[2].sent". In an object with a
 * member "unit" a name may have that unit behind it: latency.p99_us is latency.p99.
 *
 * Return: NULL if there is nothing. Borrowed from @doc.
 */
const json_t *json_find(const json_t *doc, const char *path);

/* @v as a number. Return: NAN if it is none, or beyond 10^18, where nothing is measured. */
double json_measured(const json_t *v);

#endif
