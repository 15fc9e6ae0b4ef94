/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands.h"

#include <string.h>

/* clang-format off */
const struct command *const commands[] = {
	&command_list,
	&command_doctor,
	&command_bind,
	&command_unbind,
	&command_pktgen,
	&command_search,
	&command_report,
	&command_fwd,
	&command_dump,
	&command_extcap,
	&command_info,
	&command_explain,
	NULL,
};
/* clang-format on */

const struct command *command_find(const char *name)
{
	for (const struct command *const *c = commands; *c; c++)
		if (!strcmp(name, (*c)->name))
			return *c;
	return NULL;
}
