/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_PLOTS_H
#define APP_PLOTS_H

#include <stdio.h>

#include "record.h"

/* Draw what all records have to show together: throughput over frame size, loss over load, latency
 * and pacing error by percentile. Runs that are not valid are left out of the first two. */
void plots_of_all(const struct records *rs, FILE *f);

/* Draw the course of one run. */
void plots_of_run(const struct record *r, FILE *f);

#endif
