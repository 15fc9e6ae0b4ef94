/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "fail.h"
#include "version.h"

static const struct command *const commands[] = {
	&command_list,   &command_doctor, &command_bind, &command_unbind,
	&command_pktgen, &command_fwd,    &command_info,
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void help(void)
{
	printf("vio COMMAND ...\nDrives virtio network devices from user space.\n\ncommands:\n");
	for (size_t i = 0; i < N_COMMANDS; i++)
		printf("  %-8s %-24s %s\n", commands[i]->name, commands[i]->args,
		       commands[i]->summary);
	printf("\n`vio COMMAND --help` tells more; `vio --version` the version.\n"
	       "Try: vio pktgen loop:echo -r 1Mpps -s 64 -t 5s\n");
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	if (!strcmp(name, "--help") || !strcmp(name, "-h") || !strcmp(name, "help")) {
		help();
		return EXIT_OK;
	}
	if (!strcmp(name, "--version") || !strcmp(name, "-V")) {
		printf("vio %s\n", tool_version);
		return EXIT_OK;
	}
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (!strcmp(name, commands[i]->name))
			return commands[i]->run(commands[i], argc - 1, argv + 1);
	return fail(FAIL_COMMAND, NULL,
		    *name ? "vio: there is no command '%s'" : "vio: no command%s", name);
}
