/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_REPLAY_JSON_H
#define APP_REPLAY_JSON_H

#include <jansson.h>

struct gen;

/* What was replayed, as an object of the result. */
json_t *replay_json(const struct gen *g);

#endif
