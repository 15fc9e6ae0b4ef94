/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "fail.h"
#include "idle.h"

#define HELP_VALUE  1000
#define HELP_COLUMN 30

struct tables {
	struct option longs[OPTIONS_MAX + 2];
	char shorts[2 * OPTIONS_MAX + 4];
};

static int arg_kind(const struct option_def *def)
{
	if (!def->arg)
		return no_argument;
	return *def->arg == '[' ? optional_argument : required_argument;
}

/* What getopt_long() wants to know. It returns 1 + the index in the command's table. */
static void tables_make(struct tables *t, const struct option_def *defs)
{
	size_t n = 0, s = 0;

	t->shorts[s++] = ':'; /* tell missing arguments from unknown options */
	for (; n < OPTIONS_MAX && defs[n].name; n++) {
		t->longs[n] = (struct option){
			.name = defs[n].name,
			.has_arg = arg_kind(&defs[n]),
			.val = (int)n + 1 + HELP_VALUE,
		};
		if (!defs[n].letter)
			continue;
		t->shorts[s++] = defs[n].letter;
		if (defs[n].arg)
			t->shorts[s++] = ':';
	}
	t->longs[n] = (struct option){ .name = "help", .val = HELP_VALUE };
	t->longs[n + 1] = (struct option){ 0 };
	t->shorts[s++] = 'h';
	t->shorts[s] = '\0';
}

const struct option_def *option_find(const struct option_def *defs, const char *name)
{
	for (; defs->name; defs++)
		if (!strcmp(defs->name, name))
			return defs;
	return NULL;
}

static const struct option_def *find_letter(const struct option_def *defs, int letter)
{
	for (; defs->name; defs++)
		if (defs->letter && defs->letter == letter)
			return defs;
	return NULL;
}

static bool read_one(const struct command *cmd, const struct option_def *def, const char *text,
		     void *config)
{
	struct why why = { "" };

	if (def->read(text, (char *)config + def->offset, &why))
		return true;
	fail(FAIL_VALUE, why.text, "%s: --%s '%s' is not valid", cmd->name, def->name,
	     text ? text : "");
	return false;
}

static enum options_result complain(const struct command *cmd, int c, char **argv)
{
	if (c == ':')
		fail(FAIL_OPTION, NULL, "%s: %s needs a value", cmd->name, argv[optind - 1]);
	else if (optopt && optopt < HELP_VALUE)
		fail(FAIL_OPTION, NULL, "%s: there is no option -%c", cmd->name, optopt);
	else
		fail(FAIL_OPTION, NULL, "%s: %s is not understood", cmd->name, argv[optind - 1]);
	return OPTIONS_BAD;
}

enum options_result options_read(const struct command *cmd, int argc, char **argv, void *config,
				 int *first)
{
	struct tables t;
	int c;

	tables_make(&t, cmd->options);
	opterr = 0;
	optind = 0; /* makes getopt_long() forget an earlier command line */
	while ((c = getopt_long(argc, argv, t.shorts, t.longs, NULL)) != -1) {
		const struct option_def *def;

		if (c == 'h' || c == HELP_VALUE) {
			options_help(cmd);
			return OPTIONS_HELP;
		}
		if (c == ':' || c == '?')
			return complain(cmd, c, argv);
		def = c > HELP_VALUE ? &cmd->options[c - HELP_VALUE - 1]
				     : find_letter(cmd->options, c);
		if (!def || !read_one(cmd, def, optarg, config))
			return OPTIONS_BAD;
	}
	*first = optind;
	return OPTIONS_OK;
}

int options_ports(const struct command *cmd, int argc, char **argv, void *config)
{
	enum options_result read;
	int first = 0;

	read = options_read(cmd, argc, argv, config, &first);
	if (read != OPTIONS_OK)
		return read == OPTIONS_HELP ? 0 : -EXIT_USAGE;
	if (argc - first < cmd->ports_least)
		return -fail(FAIL_PORTS, NULL, "%s: no port", cmd->name);
	if (cmd->ports_most && argc - first > cmd->ports_most)
		return -fail(FAIL_CONFLICT, NULL, "%s: more than %s", cmd->name,
			     cmd->ports_most == 1 ? "one port" : "two ports");
	return first;
}

/* Help text may have several lines; those that follow are indented as the first. */
static void help_option(const struct option_def *d)
{
	char left[64];
	const char *text = d->help, *end;

	snprintf(left, sizeof(left), "  %c%c%s--%s%s%s", d->letter ? '-' : ' ',
		 d->letter ? d->letter : ' ', d->letter ? ", " : "  ", d->name,
		 arg_kind(d) == required_argument ? " " : "", d->arg ? d->arg : "");
	printf("%-*s ", HELP_COLUMN - 1, left);
	if (strlen(left) >= HELP_COLUMN)
		printf("\n%*s", HELP_COLUMN, "");
	for (; (end = strchr(text, '\n')); text = end + 1)
		printf("%.*s\n%*s", (int)(end - text), text, HELP_COLUMN, "");
	printf("%s\n", text);
}

void options_help(const struct command *cmd)
{
	static const struct option_def help = { "help", 'h', NULL, NULL, 0, "show this text" };

	printf("vio %s %s\n%s\n\noptions:\n", cmd->name, cmd->args, cmd->summary);
	for (const struct option_def *d = cmd->options; d->name; d++)
		help_option(d);
	help_option(&help);
	printf("\n%s", cmd->examples);
}

bool option_flag(const char *text, void *field, struct why *why)
{
	(void)text;
	(void)why;
	*(bool *)field = true;
	return true;
}

bool option_text(const char *text, void *field, struct why *why)
{
	if (!*text)
		return why_set(why, "the value is empty");
	*(const char **)field = text;
	return true;
}

bool option_duration(const char *text, void *field, struct why *why)
{
	return parse_duration_ns(text, field, why);
}

bool option_count(const char *text, void *field, struct why *why)
{
	return parse_count(text, 1, UINT64_C(1) << 53, field, why);
}

bool option_queues(const char *text, void *field, struct why *why)
{
	return parse_count(text, 1, 64, field, why);
}

bool option_wait(const char *text, void *field, struct why *why)
{
	struct idle_option *wait = field;

	*wait = (struct idle_option){ .on = true, .spin_us = IDLE_SPIN_US };
	return !text || parse_count(text, 0, 1000000, &wait->spin_us, why);
}
