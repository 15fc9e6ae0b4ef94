/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_COMPARE_H
#define APP_COMPARE_H

#include <stdio.h>

#include "figure.h"

/* The values of a figure in repeated runs. */
struct sample {
	unsigned int n;
	double mean, deviation; /* of a single run, from n - 1; 0 if n is 1 */
};

/* One figure of two groups of runs. */
struct comparison {
	const struct figure *figure;
	struct sample a, b;
	double difference; /* b - a, of the means */
	double ratio;      /* b / a; NAN if a is 0 */
	bool has_interval; /* both were repeated: */
	double low, high;  /* 95 % confidence interval of the difference (Welch) */
};

/* What the figure says: the interval lies on one side of 0. */
enum change { CHANGE_UNKNOWN, CHANGE_NONE, CHANGE_BETTER, CHANGE_WORSE, CHANGE_OTHER };

void sample_add(struct sample *s, double value);

/* Compare @f of the valid records labelled @a with those labelled @b.
 * Return: false if one has none. */
bool compare(const struct records *rs, const char *a, const char *b, const struct figure *f,
	     struct comparison *out);

enum change comparison_change(const struct comparison *c);

/* Compare the two groups that @rs has, in text. */
void compare_print(const struct records *rs, FILE *f);

/* The same as a table of a page. */
void compare_html(const struct records *rs, FILE *f);

#endif
