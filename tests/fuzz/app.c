/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>

#include "../../apps/vio/fail.h"

/* After that, for cmocka has a fail() too. */
#include "app.h"

int __wrap_fail(enum fail f, const char *why, const char *what, ...)
	__attribute__((format(printf, 3, 4)));

int __wrap_fail(enum fail f, const char *why, const char *what, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, what);
	vsnprintf(text, sizeof(text), what, ap);
	va_end(ap);
	assert_true(!why || strlen(why) < 4096);
	return (int)fail_code(f);
}

bool app_text(const uint8_t *data, size_t size, char text[TEXT_MAX + 1])
{
	if (size > TEXT_MAX)
		return false;
	memcpy(text, data, size);
	text[size] = '\0';
	return true;
}

FILE *app_nowhere(void)
{
	static FILE *out;

	if (!out)
		out = fopen("/dev/null", "w");
	return out;
}
