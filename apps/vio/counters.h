/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_COUNTERS_H
#define APP_COUNTERS_H

#include "gen.h"

enum counter_side {
	SIDE_TX,
	SIDE_RX,
	SIDE_NUMBERS, /* of receivers, by the numbers in our frames: not of a replay's */
};

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
	if (d->side == SIDE_TX)
		return gen_sends(g);
	return gen_receives(g) && (d->side == SIDE_RX || !g->replay);
}

static inline uint64_t counter_of(const struct totals *t, const struct counter_def *d)
{
	return *(const uint64_t *)((const char *)t + d->offset);
}

#endif
