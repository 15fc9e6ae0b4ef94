/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_STREAM_JSON_H
#define APP_STREAM_JSON_H

#include <jansson.h>

#include "gen.h"

/* What became of each stream. The caller owns the array. */
json_t *streams_json(const struct gen *g);

/* How many bursts left how late: pairs of a limit and those below it and above the last. The caller
 * owns the array. */
json_t *pace_json(const struct hist *pace);

#endif
