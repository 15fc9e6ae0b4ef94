/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_METRICS_H
#define APP_METRICS_H

#include "gen.h"

/* Write the counters of the run, its ports, queues and streams as OpenMetrics 1.0 text; @latency:
 * of the run so far. Workers may run. */
void metrics_write(const struct gen *g, const struct hist *latency, FILE *f);

#endif
