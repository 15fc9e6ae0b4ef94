/* SPDX-License-Identifier: BSD-3-Clause */
#include "record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"
#include "jsonpath.h"

/* Of a major version the parts that we know stay as they are. */
static bool known_schema(const char *schema, bool *search)
{
	*search = !strcmp(schema, "vio.search/1");
	return *search || !strcmp(schema, "vio.pktgen/1");
}

/* Is the whole of @arg a file, or what follows a label? */
static void split_label(struct record *r, char *arg)
{
	char *mark = strchr(arg, '=');

	r->file = r->label = arg;
	if (!mark || mark == arg || access(arg, F_OK) == 0)
		return;
	*mark = '\0';
	r->file = mark + 1;
}

static int read_record(struct record *r, char *arg)
{
	json_error_t at;
	const char *schema;

	split_label(r, arg);
	r->doc = json_load_file(r->file, JSON_REJECT_DUPLICATES, &at);
	if (!r->doc && at.line < 0)
		return fail(FAIL_DOCUMENT, at.text, "%s can't be read", r->file);
	if (!r->doc)
		return fail(FAIL_DOCUMENT, at.text, "%s: line %d, column %d is no JSON", r->file,
			    at.line, at.column);
	schema = record_text(r, "schema");
	if (!known_schema(schema, &r->search))
		return fail(FAIL_DOCUMENT, NULL,
			    "%s: its schema is '%s', not vio.pktgen/1 or vio.search/1", r->file,
			    schema);
	r->valid = !strcmp(record_text(r, "verdict"), "valid");
	return 0;
}

static void add_group(struct records *rs, const char *label)
{
	for (unsigned int i = 0; i < rs->n_groups; i++)
		if (!strcmp(rs->group[i], label))
			return;
	rs->group[rs->n_groups++] = label;
}

int records_read(struct records *rs, char **args, unsigned int n)
{
	int rc = 0;

	*rs = (struct records){ .r = calloc(n, sizeof(*rs->r)),
				.group = calloc(n, sizeof(*rs->group)) };
	if (!rs->r || !rs->group)
		return fail(FAIL_MEMORY, NULL, "no room for %u results", n);
	for (; rs->n < n && !rc; rs->n++) {
		rc = read_record(&rs->r[rs->n], args[rs->n]);
		if (!rc)
			add_group(rs, rs->r[rs->n].label);
	}
	return rc;
}

void records_free(struct records *rs)
{
	for (unsigned int i = 0; i < rs->n; i++)
		json_decref(rs->r[i].doc);
	free(rs->r);
	free(rs->group);
}

double record_number(const struct record *r, const char *path)
{
	return json_measured(json_find(r->doc, path));
}

const char *record_text(const struct record *r, const char *path)
{
	const char *text = json_string_value(json_find(r->doc, path));

	return text ? text : "";
}

double record_size(const struct record *r)
{
	double sent = record_number(r, "tx.sent");

	return sent > 0 ? record_number(r, "tx.bytes_l2") / sent : NAN;
}
