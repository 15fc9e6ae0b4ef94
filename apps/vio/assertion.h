/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_ASSERTION_H
#define APP_ASSERTION_H

#include <jansson.h>
#include <stdio.h>

#include "parse.h"

/* What somebody wants of a number in a JSON document. */
struct assertion {
	char path[128]; /* "rx.loss_ratio", "ports.0.rx.packets" */
	unsigned int op;
	double wanted;
};

#define ASSERTIONS_MAX 64u

struct assertion_list {
	unsigned int n;
	struct assertion a[ASSERTIONS_MAX];
};

/*
 * Read "PATH OP NUMBER", OP being < <= > >= == or !=, NUMBER such as 12, 1e-6, 10k or 0.5%, and add
 * it to @list. Return: true, or false with @why set.
 */
bool assertion_parse(const char *text, struct assertion_list *list, struct why *why);

/*
 * Judge them by @doc, where their names are found as json_find() does. What is not there, or no
 * number, does not hold.
 *
 * Return: for each an object with its text, ok, and what was measured or why nothing was.
 */
json_t *assertions_judge(const struct assertion_list *list, const json_t *doc);

/* Print a line for each of assertions_judge()'s. Return: how many do not hold. */
unsigned int assertions_print(const json_t *judged, FILE *out);

#endif
