/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../apps/vio/options.h"

#include "../../apps/vio/commands.h"
#include "../../apps/vio/size.h"
#include "app.h"

/* A command line: the first byte chooses the command, then each line is an argument. */

#define ARGS_MAX     32
#define CONFIG_BYTES 65536 /* more than any command's */

/* Sizes are the only thing that an option allocates; vio search has them as a text. */
static void free_sizes(const struct option_def *defs, char *config)
{
	for (const struct option_def *d = defs; d->name; d++)
		if (!strcmp(d->name, "size") && d->read != option_text)
			sizes_free((struct sizes *)(void *)(config + d->offset));
}

static int split(char *text, char *argv[ARGS_MAX + 1])
{
	char *rest = text;
	int n = 0;

	argv[n++] = (char *)(uintptr_t) "vio";
	while (n < ARGS_MAX && rest)
		argv[n++] = strsep(&rest, "\n");
	argv[n] = NULL;
	return n;
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	return freopen("/dev/null", "w", stdout) ? 0 : 1; /* --help */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char config[CONFIG_BYTES] __attribute__((aligned(64)));
	unsigned int n_commands = 0;
	const struct command *cmd;
	char text[TEXT_MAX + 1], *argv[ARGS_MAX + 1];
	int argc, first = 0;

	while (commands[n_commands])
		n_commands++;
	if (!size || !app_text(data + 1, size - 1, text))
		return 0;
	cmd = commands[data[0] % n_commands];
	argc = split(text, argv);
	memset(config, 0, sizeof(config));
	if (options_read(cmd, argc, argv, config, &first) == OPTIONS_OK)
		assert_true(first >= 1 && first <= argc);
	free_sizes(cmd->options, config);
	return 0;
}
