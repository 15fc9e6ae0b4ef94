/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_CSV_H
#define APP_CSV_H

#include "gen.h"

/* RFC 4180: a line of names, with units, and a line for each interval; what was not measured is
 * empty. */
void csv_header(const struct gen *g, FILE *f);
void csv_interval(const struct gen *g, const struct interval *i, FILE *f);

#endif
