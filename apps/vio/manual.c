/* SPDX-License-Identifier: BSD-3-Clause */
#include "manual.h"

#include <string.h>

#include "commands.h"
#include "version.h"

/* Text as troff takes it: no request at the beginning of a line, and each sign stands for itself.
 */
static void put_text(FILE *out, const char *text)
{
	bool line_begins = true;

	for (; *text; text++) {
		if (line_begins && (*text == '.' || *text == '\''))
			fputs("\\&", out);
		line_begins = *text == '\n';
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else if (*text == '`' || *text == '\'')
			fputs(*text == '`' ? "\\(ga" : "\\(aq", out);
		else
			fputc(*text, out);
	}
	fputc('\n', out);
}

/* A line of its own, if there is a text. */
static void put_below(FILE *out, const char *label, const char *text)
{
	if (!text)
		return;
	fprintf(out, ".br\n%s", label);
	put_text(out, text);
}

/* Lines that stay as they are. */
static void put_lines(FILE *out, const char *text)
{
	fputs(".nf\n", out);
	put_text(out, text);
	fputs(".fi\n", out);
}

static void put_title(FILE *out, const char *name, int section, const char *summary)
{
	fprintf(out, ".TH %s %d \"\" \"vio %s\" \"vio\"\n.SH NAME\n", name, section, tool_version);
	fprintf(out, "%s \\- ", name);
	put_text(out, summary);
}

static void put_option(FILE *out, const struct option_def *d)
{
	const bool optional = d->arg && *d->arg == '[';

	fputs(".TP\n.B ", out);
	if (d->letter)
		fprintf(out, "\\-%c\\fR,\\fB ", d->letter);
	fputs("\\-\\-", out);
	for (const char *c = d->name; *c; c++)
		fputs(*c == '-' ? "\\-" : (char[]){ *c, '\0' }, out);
	if (d->arg)
		fprintf(out, "%s\\fI%s\\fR", optional ? "" : " ", d->arg);
	fputc('\n', out);
	put_text(out, d->help);
}

static void put_see_also(FILE *out, const char *except)
{
	fputs(".SH SEE ALSO\n", out);
	if (strcmp(except, "vio"))
		fputs(".BR vio (1),\n", out);
	for (const struct command *const *c = commands; *c; c++)
		if (strcmp(except, (*c)->name))
			fprintf(out, ".BR vio\\-%s (1),\n", (*c)->name);
	fputs(".BR vio\\-errors (7)\n", out);
}

static void put_exit_codes(FILE *out)
{
	static const char *const codes[][2] = {
		{ "0", "it is done, and the result is valid" },
		{ "1", "the run failed" },
		{ "2", "the command line is wrong" },
		{ "3", "a port or something else that is needed can't be had" },
		{ "4", "an assertion does not hold" },
		{ "5", "the generator did not keep what was asked for: the result is invalid" },
	};

	fputs(".SH EXIT STATUS\n", out);
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		fprintf(out, ".TP\n.B %s\n%s\n", codes[i][0], codes[i][1]);
}

static void page_command(FILE *out, const struct command *c)
{
	char name[32];

	snprintf(name, sizeof(name), "vio-%s", c->name);
	put_title(out, name, 1, c->summary);
	fprintf(out, ".SH SYNOPSIS\n.B vio %s\n", c->name);
	put_text(out, c->args);
	fputs(".SH OPTIONS\n", out);
	for (const struct option_def *d = c->options; d->name; d++)
		put_option(out, d);
	fputs(".TP\n.B \\-h\\fR,\\fB \\-\\-help\nshow the options\n.SH EXAMPLES\n", out);
	put_lines(out, c->examples);
	put_exit_codes(out);
	put_see_also(out, c->name);
}

static void page_vio(FILE *out)
{
	put_title(out, "vio", 1, "drive virtio network devices from user space");
	fputs(".SH SYNOPSIS\n.B vio\n.I COMMAND\n[PORT...] [options]\n.SH COMMANDS\n", out);
	for (const struct command *const *c = commands; *c; c++) {
		fprintf(out, ".TP\n.BR vio\\-%s (1)\n", (*c)->name);
		put_text(out, (*c)->summary);
	}
	put_exit_codes(out);
	put_see_also(out, "vio");
}

static void page_errors(FILE *out)
{
	struct topic t;

	put_title(out, "vio-errors", 7, "what the ids of errors and checks mean");
	fputs(".SH DESCRIPTION\nEvery error has an id that never changes its meaning;\n"
	      ".BR vio\\-explain (1)\nprints the same texts.\n",
	      out);
	for (unsigned int i = 0; topic_at(i, &t); i++) {
		fprintf(out, ".TP\n.B %s\n", t.id);
		put_text(out, t.why ? t.why : "A check of vio doctor.");
		put_below(out, "To do: ", t.fix);
		put_below(out, "", t.more);
	}
	put_see_also(out, "errors");
}

bool manual_page(const char *name, FILE *out)
{
	const struct command *c = command_find(name);

	if (c)
		page_command(out, c);
	else if (!strcmp(name, "vio"))
		page_vio(out);
	else if (!strcmp(name, "errors"))
		page_errors(out);
	else
		return false;
	return true;
}
