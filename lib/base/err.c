/* SPDX-License-Identifier: BSD-3-Clause */
#include "err.h"

#include <stdarg.h>
#include <stdio.h>

static const struct err_entry {
	const char *id, *why, *fix;
} entries[] = {
#define X(name, id, why, fix) [ERR_##name] = { id, why, fix },
	ERR_TABLE(X)
#undef X
};

/* As errno: each thread has its own. */
static __thread struct vio_error last = { .id = "" };

int err_set(enum err err, int code, const char *what, ...)
{
	va_list ap;

	last.code = code;
	last.id = entries[err].id;
	va_start(ap, what);
	vsnprintf(last.what, sizeof(last.what), what, ap);
	va_end(ap);
	snprintf(last.why, sizeof(last.why), "%s", entries[err].why);
	snprintf(last.fix, sizeof(last.fix), "%s", entries[err].fix);
	return code;
}

void err_why(const char *why, ...)
{
	va_list ap;

	va_start(ap, why);
	vsnprintf(last.why, sizeof(last.why), why, ap);
	va_end(ap);
}

void err_fix(const char *fix, ...)
{
	va_list ap;

	va_start(ap, fix);
	vsnprintf(last.fix, sizeof(last.fix), fix, ap);
	va_end(ap);
}

void err_restore(const struct vio_error *error)
{
	last = *error;
}

const struct vio_error *vio_error_last(void)
{
	return &last;
}

const char *vio_error_text(void)
{
	static __thread char text[sizeof(struct vio_error) + 128];

	snprintf(text, sizeof(text), "error[%s]: %s\n  why   %s\n  fix   %s\n", last.id, last.what,
		 last.why, last.fix);
	return text;
}

bool vio_error_at(unsigned int i, const char **id, const char **why, const char **fix)
{
	if (i >= ARRAY_SIZE(entries))
		return false;
	*id = entries[i].id;
	*why = entries[i].why;
	*fix = entries[i].fix;
	return true;
}
