/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_COUNTERS_H
#define APP_COUNTERS_H

#include "gen.h"

enum counter_side { SIDE_TX, SIDE_RX };

/* A counter of struct totals that is shown outside: units are in the name. */
struct counter_def {
	const char *name, *help;
	size_t offset;
	enum counter_side side;
	bool shrinks; /* what is missing may come later */
};

extern const struct counter_def counter_defs[]; /* ends with name NULL */

/* Does this run have it? */
static inline bool counter_measured(const struct gen *g, const struct counter_def *d)
{
	return d->side == SIDE_TX ? gen_sends(g) : gen_receives(g);
}

static inline uint64_t counter_of(const struct totals *t, const struct counter_def *d)
{
	return *(const uint64_t *)((const char *)t + d->offset);
}

#endif
