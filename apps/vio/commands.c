/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands.h"

#include <string.h>

const struct command *const commands[] = {
	&command_list, &command_doctor, &command_bind,    &command_unbind, &command_pktgen,
	&command_fwd,  &command_info,   &command_explain, &command_dump,   NULL,
};

const struct command *command_find(const char *name)
{
	for (const struct command *const *c = commands; *c; c++)
		if (!strcmp(name, (*c)->name))
			return *c;
	return NULL;
}
