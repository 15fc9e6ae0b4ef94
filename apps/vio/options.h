/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_OPTIONS_H
#define APP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "parse.h"

/* Read @text into the field at @field; false with @why set. Options without argument get NULL. */
typedef bool (*option_fn)(const char *text, void *field, struct why *why);

/* One option: everything the parser and --help know of it. A table ends with name NULL. */
struct option_def {
	const char *name;
	char letter;     /* '\0': none */
	const char *arg; /* name of the argument; "[=NAME]": may be left out; NULL: takes none */
	option_fn read;
	size_t offset; /* of the field in the command's configuration */
	const char *help;
};

struct command {
	const char *name, *args, *summary;
	const struct option_def *options;
	const char *examples;
	unsigned char ports_least, ports_most; /* most 0: any number */
	/* @args: what is left on the command line. Return: exit code. */
	int (*run)(const struct command *cmd, int argc, char **argv);
};

#define OPTIONS_MAX 128

enum options_result { OPTIONS_OK, OPTIONS_HELP, OPTIONS_BAD };

/**
 * options_read - fill a configuration from the command line
 * @argv: begins with the command's name
 * @config: struct that the offsets refer to, with its defaults
 * @first: receives the index of the first argument that is no option
 *
 * --help prints the help on stdout; an error is reported on stderr.
 */
enum options_result options_read(const struct command *cmd, int argc, char **argv, void *config,
				 int *first);

/**
 * options_ports - read the command line of a command that works on ports, or on files or ids
 * @argv, @config: as of options_read()
 *
 * Return: index of the first one, in @argv; or, where the command ends here, its exit code negated:
 * 0 after --help. Errors have been reported.
 */
int options_ports(const struct command *cmd, int argc, char **argv, void *config);

void options_help(const struct command *cmd);

/* The option of that name in a table; NULL: there is none. */
const struct option_def *option_find(const struct option_def *defs, const char *name);

/* Common readers. */
bool option_flag(const char *text, void *field, struct why *why);     /* bool */
bool option_text(const char *text, void *field, struct why *why);     /* const char * */
bool option_duration(const char *text, void *field, struct why *why); /* uint64_t, ns */
bool option_wait(const char *text, void *field, struct why *why);     /* struct idle_option */
bool option_count(const char *text, void *field, struct why *why);    /* uint64_t, 1 to 2^53 */
bool option_queues(const char *text, void *field, struct why *why);   /* uint64_t, 1 to 64 */

#endif
