/* SPDX-License-Identifier: BSD-3-Clause */
#include "document.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "fail.h"
#include "outfile.h"
#include "units.h"
#include "version.h"

json_t *json_begin(const char *schema)
{
	return json_pack("{s:s, s:s}", "schema", schema, "version", tool_version);
}

json_t *json_any_text(const char *text)
{
	json_t *s = json_string(text);
	char *plain = s ? NULL : strdup(text);

	if (!plain)
		return s;
	for (char *c = plain; *c; c++)
		if (*c & 0x80)
			*c = '?';
	s = json_string(plain);
	free(plain);
	return s;
}

void json_text(json_t *o, const char *name, const char *text)
{
	if (text[0])
		json_object_set_new(o, name, json_any_text(text));
}

void json_put_int(json_t *o, const char *name, uint64_t value)
{
	json_object_set_new(o, name, json_integer((json_int_t)value));
}

void json_put_real(json_t *o, const char *name, double value)
{
	json_object_set_new(o, name, json_real(value));
}

void json_put_us(json_t *o, const char *name, uint64_t ns)
{
	json_put_real(o, name, us(ns));
}

int json_send(json_t *o, int fd, int flags)
{
	char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
	int rc = text ? 0 : ENOMEM;

	if (text && (send(fd, text, strlen(text), flags | MSG_NOSIGNAL) < 0 ||
		     send(fd, "\n", 1, flags | MSG_NOSIGNAL) < 0))
		rc = errno;
	free(text);
	json_decref(o);
	return rc;
}

int json_print(json_t *o, const char *file)
{
	struct outfile out;
	int rc = outfile_begin(&out, file);

	if (!rc) {
		if (!json_dumpf(o, out.f, JSON_INDENT(1) | JSON_REAL_PRECISION(12)))
			fputc('\n', out.f);
		rc = outfile_commit(&out);
	}
	json_decref(o);
	return rc ? fail(FAIL_FILE, strerror(-rc), "%s: the JSON could not be written", file) : 0;
}
