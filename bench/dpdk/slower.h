/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_DPDK_SLOWER_H
#define BENCH_DPDK_SLOWER_H

#include <stdio.h>

#include "report.h"

/* What all figures of the pair come to: the ratio of packets per second by mode and direction, over
 * rings, frames and bursts, and where vio is slower beyond the spread: three quarters of the pairs
 * of slices said so. */

/* A table, and each figure that is slower. */
void slower_print(const struct figures *f);

/* A list "pair_summary", without anything behind it. */
void slower_json(FILE *file, const struct figures *f);

#endif
