/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_SEARCH_END_H
#define APP_SEARCH_END_H

#include "fail.h"
#include "search.h"

/* End the search: note the reason. Return: @code. */
int search_end(struct search *s, int code, enum verdict verdict, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* End it as failed, and report the error with the same reason. @why: as of fail(). Return: the
 * error's exit code. */
int search_fail(struct search *s, enum fail f, const char *why, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
