/* SPDX-License-Identifier: BSD-3-Clause */
#include "problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "document.h"

bool problem_set(struct problem *p, enum fail f, const char *what, ...)
{
	va_list ap;

	*p = (struct problem){ .fail = f };
	va_start(ap, what);
	vsnprintf(p->what, sizeof(p->what), what, ap);
	va_end(ap);
	return false;
}

static void append(char *text, size_t size, const char *between, const char *fmt, va_list ap)
{
	size_t n = strlen(text);

	if (n)
		n += (size_t)snprintf(text + n, size - n, "%s", between);
	if (n < size)
		vsnprintf(text + n, size - n, fmt, ap);
}

void problem_why(struct problem *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	append(p->why, sizeof(p->why), "; ", fmt, ap);
	va_end(ap);
}

void problem_fix(struct problem *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	append(p->fix, sizeof(p->fix), "\n", fmt, ap);
	va_end(ap);
}

int problem_print(const struct problem *p)
{
	const char *why = p->why[0] ? p->why : fail_why(p->fail), *end;
	const char *fix = p->fix[0] ? p->fix : fail_fix(p->fail);

	fprintf(stderr, "error[%s]: %s\n  why   %s\n  fix   ", fail_id(p->fail), p->what, why);
	for (; (end = strchr(fix, '\n')); fix = end + 1)
		fprintf(stderr, "%.*s\n        ", (int)(end - fix), fix);
	fprintf(stderr, "%s\n", fix);
	return fail_code(p->fail);
}

json_t *problem_json(const struct problem *p)
{
	return json_pack("{s:s, s:o, s:o, s:o}", "id", fail_id(p->fail), "what",
			 json_any_text(p->what), "why",
			 json_any_text(p->why[0] ? p->why : fail_why(p->fail)), "fix",
			 json_any_text(p->fix[0] ? p->fix : fail_fix(p->fail)));
}
