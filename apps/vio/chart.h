/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_CHART_H
#define APP_CHART_H

#include <stdbool.h>
#include <stdio.h>

enum axis_kind {
	AXIS_LINEAR, /* from 0, or from below it */
	AXIS_LOG,    /* what is 0 stands below the least decade */
	AXIS_TAIL,   /* percentiles: 90, 99, 99.9 % at equal distances */
};

struct axis_spec {
	const char *label;
	enum axis_kind kind;
};

struct point {
	double x, y;
};

struct series {
	char name[96];
	struct point *points; /* in the order in which they are joined */
	size_t n;
};

#define CHART_SERIES 8u /* that can be told apart */

struct chart {
	const char *title;
	struct axis_spec x, y;
	bool marks, lines;
	unsigned int n, left_out;
	struct series series[CHART_SERIES];
};

/* The series called @name, which is added where need be. Return: NULL: there are CHART_SERIES
 * others, and c->left_out grows with each further name. */
struct series *chart_series(struct chart *c, const char *name);

/* Have the points of each series from left to right. */
void chart_sort(struct chart *c);

/* Add a point to @s, NULL being nowhere. What is not finite, or finds no memory, is left out. */
void series_add(struct series *s, double x, double y);

/* Points of all series together. */
size_t chart_points(const struct chart *c);

void chart_fini(struct chart *c);

/* Draw @c as SVG that stands alone or in a page of html_begin(), which gives it its colours. */
void chart_write(const struct chart *c, FILE *f);

#endif
