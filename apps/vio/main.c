/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "fail.h"
#include "manual.h"
#include "version.h"

static void help(void)
{
	printf("vio COMMAND ...\nDrives virtio network devices from user space.\n\ncommands:\n");
	for (const struct command *const *c = commands; *c; c++)
		printf("  %-8s %-24s %s\n", (*c)->name, (*c)->args, (*c)->summary);
	printf("\n`vio COMMAND --help` tells more; `vio --version` the version. Completion for "
	       "bash:\n"
	       "source <(vio --completion)\n"
	       "Try: vio pktgen loop:echo -r 1Mpps -s 64 -t 5s\n");
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	const struct command *command;

	if (!strcmp(name, "--help") || !strcmp(name, "-h") || !strcmp(name, "help")) {
		help();
		return EXIT_OK;
	}
	if (!strcmp(name, "--version") || !strcmp(name, "-V")) {
		printf("vio %s\n", tool_version);
		return EXIT_OK;
	}
	if (!strcmp(name, "--man") && argc == 3)
		return manual_page(argv[2], stdout) ? EXIT_OK : EXIT_USAGE;
	if (!strcmp(name, "--completion")) {
		manual_completion(stdout);
		return EXIT_OK;
	}
	command = command_find(name);
	if (command)
		return command->run(command, argc - 1, argv + 1);
	return fail(FAIL_COMMAND, NULL,
		    *name ? "vio: there is no command '%s'" : "vio: no command%s", name);
}
