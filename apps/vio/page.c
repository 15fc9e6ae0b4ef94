/* SPDX-License-Identifier: BSD-3-Clause */
#include "page.h"

#include <math.h>
#include <string.h>

#include "compare.h"
#include "figure.h"
#include "html.h"
#include "jsonpath.h"
#include "plots.h"
#include "version.h"

static void cell(const char *tag, const char *class, const char *text, FILE *f)
{
	fprintf(f, "<%s%s%s%s>", tag, class ? " class=\"" : "", class ? class : "",
		class ? "\"" : "");
	html_text(text, f);
	fprintf(f, "</%s>", tag);
}

static void number_cell(double value, FILE *f)
{
	char text[32];

	cell("td", NULL, figure_text(value, text), f);
}

static void verdict_cell(const char *tag, const struct record *r, FILE *f)
{
	const char *verdict = record_text(r, "verdict");

	cell(tag, r->valid ? "good" : "bad", *verdict ? verdict : "without verdict", f);
}

static void figure_heads(bool brief, FILE *f)
{
	for (const struct figure *d = run_figures; d->name; d++) {
		if (brief && !d->brief)
			continue;
		fputs("<th>", f);
		html_textf(f, "%s%s%s", d->name, *d->unit ? ", " : "", d->unit);
		fputs("</th>", f);
	}
}

/* A line for each run. */
static void summary(const struct records *rs, FILE *f)
{
	fputs("<h2>Runs</h2>\n<div class=\"wide\"><table>\n"
	      "<tr><th>run</th><th>verdict</th><th>frame, bytes</th>",
	      f);
	figure_heads(true, f);
	fputs("</tr>\n", f);
	for (unsigned int i = 0; i < rs->n; i++) {
		const struct record *r = &rs->r[i];

		if (r->search)
			continue;
		fputs("<tr><td>", f);
		fprintf(f, "<a href=\"#run%u\">", i + 1);
		html_textf(f, "%u %s", i + 1, r->label);
		fputs("</a></td>", f);
		verdict_cell("td", r, f);
		number_cell(record_size(r), f);
		for (const struct figure *d = run_figures; d->name; d++)
			if (d->brief)
				number_cell(figure_value(d, r), f);
		fputs("</tr>\n", f);
	}
	fputs("</table></div>\n", f);
}

/* Whatever it is, in a few words. */
static void json_cell(const json_t *v, FILE *f)
{
	if (json_is_string(v))
		cell("td", "text", json_string_value(v), f);
	else if (json_is_number(v))
		number_cell(json_number_value(v), f);
	else if (json_is_boolean(v))
		cell("td", NULL, json_is_true(v) ? "yes" : "no", f);
	else
		cell("td", NULL, "", f);
}

static bool is_plain(const json_t *v)
{
	return json_is_string(v) || json_is_number(v) || json_is_boolean(v);
}

/* A list of objects as a table: what the first has that is no list is a column. */
static void list_table(const char *title, const json_t *list, FILE *f)
{
	json_t *first = json_array_get(list, 0), *v;
	const json_t *o;
	const char *name;
	size_t i;

	if (!json_is_object(first))
		return;
	fprintf(f, "<h3>%s</h3>\n<div class=\"wide\"><table>\n<tr>", title);
	json_object_foreach(first, name, v) if (is_plain(v)) cell("th", NULL, name, f);
	fputs("</tr>\n", f);
	json_array_foreach(list, i, o)
	{
		fputs("<tr>", f);
		json_object_foreach(first, name, v) if (is_plain(v))
			json_cell(json_object_get(o, name), f);
		fputs("</tr>\n", f);
	}
	fputs("</table></div>\n", f);
}

static void reasons(const struct record *r, FILE *f)
{
	const json_t *o;
	size_t i;

	fputs("<p>", f);
	verdict_cell("span", r, f);
	json_array_foreach(json_object_get(r->doc, "reasons"), i, o)
	{
		fputs("<br>", f);
		html_text(json_is_string(o) ? json_string_value(o) : "", f);
	}
	if (*record_text(r, "reason")) {
		fputs("<br>", f);
		html_text(record_text(r, "reason"), f);
	}
	fputs("</p>\n", f);
}

static void ports(const struct record *r, FILE *f)
{
	const json_t *port;
	size_t i;

	json_array_foreach(json_object_get(r->doc, "ports"), i, port)
	{
		const char *uri = json_string_value(json_object_get(port, "uri"));
		const char *backend = json_string_value(json_object_get(port, "backend"));

		fputs("<p class=\"dim\">", f);
		html_textf(f, "port %zu: %s%s%s", i, uri ? uri : "", backend ? ", backend " : "",
			   backend ? backend : "");
		fputs("</p>\n", f);
	}
}

static void figures(const struct record *r, FILE *f)
{
	fputs("<div class=\"wide\"><table>\n", f);
	for (const struct figure *d = run_figures; d->name; d++) {
		double value = figure_value(d, r);

		if (isnan(value))
			continue;
		fputs("<tr>", f);
		cell("td", NULL, d->name, f);
		number_cell(value, f);
		cell("td", "text", d->unit, f);
		fputs("</tr>\n", f);
	}
	fputs("</table></div>\n", f);
}

static void search_tables(const struct record *r, FILE *f)
{
	const json_t *size;
	size_t i;

	json_array_foreach(json_object_get(r->doc, "sizes"), i, size)
	{
		const char *name = json_string_value(json_object_get(size, "size"));

		fputs("<h3>", f);
		html_textf(f, "frames of %s", name ? name : "?");
		fputs("</h3>\n", f);
		list_table("Found", json_object_get(size, "results"), f);
		fputs("<details><summary>trials</summary>\n", f);
		list_table("Trials", json_object_get(size, "trials"), f);
		fputs("</details>\n", f);
	}
}

static void details(const struct record *r, unsigned int number, FILE *f)
{
	const char *kernel = record_text(r, "environment.kernel");

	fprintf(f, "<h2 id=\"run%u\">", number);
	html_textf(f, "%u %s", number, r->label);
	fputs("</h2>\n<p class=\"dim\">", f);
	html_textf(f, "%s, started %s, vio %s", r->file, record_text(r, "started"),
		   record_text(r, "version"));
	if (*kernel)
		html_textf(f, ", kernel %s", kernel);
	fputs("</p>\n", f);
	reasons(r, f);
	ports(r, f);
	if (r->search) {
		search_tables(r, f);
		return;
	}
	figures(r, f);
	list_table("Streams", json_object_get(r->doc, "streams"), f);
	list_table("Assertions", json_object_get(r->doc, "assertions"), f);
	list_table("Workers", json_find(r->doc, "cpu.workers"), f);
	plots_of_run(r, f);
}

void page_write(const struct records *rs, bool compared, FILE *f)
{
	unsigned int runs = 0;

	for (unsigned int i = 0; i < rs->n; i++)
		runs += !rs->r[i].search;
	html_begin("vio report", f);
	fprintf(f,
		"<p class=\"dim\">Written by vio %s. Rates, losses and comparisons are of valid "
		"runs only.</p>\n",
		tool_version);
	if (compared)
		compare_html(rs, f);
	if (runs)
		summary(rs, f);
	plots_of_all(rs, f);
	for (unsigned int i = 0; i < rs->n; i++)
		details(&rs->r[i], i + 1, f);
	html_end(f);
}
