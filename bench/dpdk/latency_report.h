/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_DPDK_LATENCY_REPORT_H
#define BENCH_DPDK_LATENCY_REPORT_H

#include <stdio.h>

#include "latency.h"

/* A table of @n results, and a list "latency" in JSON with nothing behind it. */
void latency_print(const struct latency *results, size_t n);
void latency_json(FILE *file, const struct latency *results, size_t n);

#endif
