/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_PROBLEM_H
#define APP_PROBLEM_H

#include <jansson.h>
#include <stdbool.h>

#include "fail.h"

/*
 * What is in the way, kept until somebody prints it: on stderr, as JSON, or both. Lines of @fix are
 * commands or sentences.
 */
struct problem {
	enum fail fail;
	char what[320];
	char why[480]; /* "": the general reason */
	char fix[720]; /* "": the general cure */
};

/* Begin anew. Return: false, so that "return problem_set(...)" reads well. */
bool problem_set(struct problem *p, enum fail f, const char *what, ...)
	__attribute__((format(printf, 3, 4)));

/* Add to the reason, or a line to the cure. */
void problem_why(struct problem *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void problem_fix(struct problem *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Return: the exit code. */
int problem_print(const struct problem *p);
json_t *problem_json(const struct problem *p);

#endif
