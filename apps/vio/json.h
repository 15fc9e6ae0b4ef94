/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_JSON_H
#define APP_JSON_H

#include <jansson.h>

#include "gen.h"

/* The result of a run as docs/schema/pktgen-1.json describes it. */
json_t *result_json(const struct gen *g);

/* One of its intervals. */
json_t *interval_json(const struct gen *g, const struct interval *i);

#endif
