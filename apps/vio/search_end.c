/* SPDX-License-Identifier: BSD-3-Clause */
#include "search_end.h"

#include <stdarg.h>
#include <stdio.h>

static void note(struct search *s, enum verdict verdict, const char *fmt, va_list ap)
{
	s->verdict = verdict;
	vsnprintf(s->reason, sizeof(s->reason), fmt, ap);
}

int search_end(struct search *s, int code, enum verdict verdict, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note(s, verdict, fmt, ap);
	va_end(ap);
	return code;
}

int search_fail(struct search *s, enum fail f, const char *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note(s, VERDICT_FAILED, fmt, ap);
	va_end(ap);
	return fail(f, why, "search: %s", s->reason);
}
