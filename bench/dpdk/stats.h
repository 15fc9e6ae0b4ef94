/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_DPDK_STATS_H
#define BENCH_DPDK_STATS_H

/* Of several values: NAN where there were none. */
struct summary {
	double median;
	double lower, upper; /* quartiles */
	double least;
};

/* Sorts @values. */
struct summary stats_summary(double *values, unsigned int n);

/* Half of what lies between the quartiles. */
double stats_spread(const struct summary *s);

/* Ticks that fenced_ticks() adds to what is measured: of a measurement of nothing. */
double stats_clock_cost(void);

/* Times that any thread of this process was switched out: the backend counts as well. */
long stats_switches(void);

#endif
