/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_SAMPLES_H
#define BENCH_SAMPLES_H

#include <stddef.h>

/* Ticks that a reading of the clock itself costs: the least of many tries. */
double samples_clock_cost(void);

/* Of @n values, at least one, which it sorts. */
double samples_median(double *values, size_t n);

#endif
