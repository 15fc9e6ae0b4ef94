/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_FIGURE_H
#define APP_FIGURE_H

#include "record.h"

/* One of the main numbers of a result, in the unit in which people read it. */
struct figure {
	const char *name, *unit;
	const char *path; /* of a run; NULL: of a search, as follows */
	double scale;
	int better;    /* 1: more is, -1: less is, 0: neither */
	bool brief;    /* in the table of all runs too */
	char size[40]; /* of the search: its frames, */
	char goal[40]; /* and what was searched for */
};

extern const struct figure run_figures[]; /* ends with name NULL */

/* Value of @f in @r; NAN: it was not measured. */
double figure_value(const struct figure *f, const struct record *r);

/* Write the value, or "-", into @out. Return: @out. */
const char *figure_text(double value, char out[32]);

#define FIGURES_MAX 256u

/* The figures that records like @r have, into @out. Return: how many. */
unsigned int figures_of(const struct record *r, struct figure out[FIGURES_MAX]);

#endif
