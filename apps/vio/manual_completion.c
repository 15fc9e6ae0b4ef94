/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "commands.h"
#include "manual.h"

/* Ports are named by `vio list`; of options whose argument is a file, files are offered. */
static const char head[] =
	"# bash completion for vio; written by `vio --completion`\n"
	"_vio_ports()\n"
	"{\n"
	"\tprintf '%s\\n' loop:echo loop:sink loop:source\n"
	"\tvio list 2>/dev/null | awk 'NR > 1 { print $1 }'\n"
	"}\n"
	"\n"
	"_vio()\n"
	"{\n"
	"\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} options= "
	"files=\n"
	"\tlocal line=${COMP_LINE:0:COMP_POINT}\n"
	"\n"
	"\tword=${line##*[[:space:]]}\n"
	"\tif ((COMP_CWORD == 1)); then\n"
	"\t\tCOMPREPLY=($(compgen -W \"$_vio_commands --help --version\" -- \"$word\"))\n"
	"\t\treturn\n"
	"\tfi\n"
	"\tcase ${COMP_WORDS[1]} in\n";

/* What a colon splits is put together again: bash takes it for the end of a word. */
static const char tail[] =
	"\tesac\n"
	"\tif [[ $word == -* ]]; then\n"
	"\t\tCOMPREPLY=($(compgen -W \"$options --help\" -- \"$word\"))\n"
	"\telif [[ \" $files \" == *\" $before \"* ]]; then\n"
	"\t\tCOMPREPLY=($(compgen -f -- \"$word\"))\n"
	"\telif [[ ${COMP_WORDS[1]} == explain ]]; then\n"
	"\t\tCOMPREPLY=($(compgen -W \"$(vio explain | awk '{ print $1 }')\" -- \"$word\"))\n"
	"\telse\n"
	"\t\tCOMPREPLY=($(compgen -W \"$(_vio_ports)\" -- \"$word\"))\n"
	"\tfi\n"
	"\tif [[ $word == *:* && $COMP_WORDBREAKS == *:* ]]; then\n"
	"\t\tCOMPREPLY=(\"${COMPREPLY[@]#\"${word%:*}:\"}\")\n"
	"\tfi\n"
	"}\n"
	"complete -o nosort -F _vio vio\n";

static bool takes_file(const struct option_def *d)
{
	return d->arg && strstr(d->arg, "FILE");
}

static void put_options(FILE *out, const struct command *c)
{
	fprintf(out, "\t%s)\n\t\toptions='", c->name);
	for (const struct option_def *d = c->options; d->name; d++)
		fprintf(out, "%s--%s", d == c->options ? "" : " ", d->name);
	fputs("'\n\t\tfiles='", out);
	for (const struct option_def *d = c->options; d->name; d++) {
		if (takes_file(d) && d->letter)
			fprintf(out, "-%c ", d->letter);
		if (takes_file(d))
			fprintf(out, "--%s ", d->name);
	}
	fputs("'\n\t\t;;\n", out);
}

void manual_completion(FILE *out)
{
	fputs(head, out);
	for (const struct command *const *c = commands; *c; c++)
		put_options(out, *c);
	fputs(tail, out);
	fputs("_vio_commands='", out);
	for (const struct command *const *c = commands; *c; c++)
		fprintf(out, "%s%s", c == commands ? "" : " ", (*c)->name);
	fputs("'\n", out);
}
