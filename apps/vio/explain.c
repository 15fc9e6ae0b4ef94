/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <strings.h>
#include <vio/error.h>

#include "commands.h"
#include "doctor.h"
#include "fail.h"
#include "manual.h"

static unsigned int n_library(void)
{
	const char *id, *why, *fix;
	unsigned int n = 0;

	while (vio_error_at(n, &id, &why, &fix))
		n++;
	return n;
}

bool topic_at(unsigned int i, struct topic *out)
{
	const unsigned int lib = n_library();

	*out = (struct topic){ 0 };
	if (i < lib) {
		vio_error_at(i, &out->id, &out->why, &out->fix);
	} else if (i < lib + FAILS) {
		out->id = fail_id((enum fail)(i - lib));
		out->why = fail_why((enum fail)(i - lib));
		out->fix = fail_fix((enum fail)(i - lib));
	} else {
		out->id = doctor_check_id(i - lib - FAILS);
	}
	if (out->id)
		out->more = topic_more(out->id);
	return out->id;
}

/* @text with "\n" between its lines, each indented by @indent. */
static void print_lines(const char *text, const char *first, const char *further)
{
	fputs(first, stdout);
	for (; *text; text++) {
		putchar(*text);
		if (*text == '\n')
			fputs(further, stdout);
	}
	putchar('\n');
}

static void print_topic(const struct topic *t)
{
	printf("%s%s\n", t->id, t->why ? "" : "  (a check of vio doctor)");
	if (t->why) {
		print_lines(t->why, "  why   ", "        ");
		print_lines(t->fix, "  fix   ", "        ");
	}
	if (t->more)
		print_lines(t->more, "  ", "  ");
}

static void list_topics(void)
{
	struct topic t;

	for (unsigned int i = 0; topic_at(i, &t); i++)
		printf("%-15s %s\n", t.id, t.why ? t.why : "a check of vio doctor");
}

static int explain_one(const char *id)
{
	struct topic t;

	for (unsigned int i = 0; topic_at(i, &t); i++)
		if (!strcasecmp(id, t.id)) {
			print_topic(&t);
			return EXIT_OK;
		}
	return fail(FAIL_TOPIC, NULL, "explain: nothing is called '%s'", id);
}

static const struct option_def options[] = { { 0 } };

static int explain(const struct command *cmd, int argc, char **argv)
{
	int first = options_ports(cmd, argc, argv, NULL), rc = EXIT_OK;

	if (first <= 0)
		return -first;
	if (first == argc)
		list_topics();
	for (; first < argc && rc == EXIT_OK; first++)
		rc = explain_one(argv[first]);
	return rc;
}

const struct command command_explain = {
	.name = "explain",
	.args = "[ID...]",
	.summary = "Tell more about an error or a check; without ID, list them.",
	.options = options,
	.examples = "examples:\n"
		    "  vio explain VIO-DMA-01\n"
		    "  vio explain MEMLOCK RING-SIZE\n",
	.run = explain,
};
