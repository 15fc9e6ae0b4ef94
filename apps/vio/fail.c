/* SPDX-License-Identifier: BSD-3-Clause */
#include "fail.h"

#include <stdarg.h>
#include <stdio.h>
#include <vio/error.h>

static const struct {
	const char *id;
	enum exit_code code;
	const char *why, *fix;
} table[] = {
#define X(name, id, code, why, fix) [FAIL_##name] = { id, code, why, fix },
	FAIL_TABLE(X)
#undef X
};

const char *fail_id(enum fail f)
{
	return table[f].id;
}

const char *fail_why(enum fail f)
{
	return table[f].why;
}

const char *fail_fix(enum fail f)
{
	return table[f].fix;
}

enum exit_code fail_code(enum fail f)
{
	return table[f].code;
}

int fail(enum fail f, const char *why, const char *what, ...)
{
	va_list ap;

	fprintf(stderr, "error[%s]: ", table[f].id);
	va_start(ap, what);
	vfprintf(stderr, what, ap);
	va_end(ap);
	fprintf(stderr, "\n  why   %s\n  fix   %s\n", why && *why ? why : table[f].why,
		table[f].fix);
	return table[f].code;
}

int fail_library(void)
{
	fputs(vio_error_text(), stderr);
	return EXIT_PREFLIGHT;
}
