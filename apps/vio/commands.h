/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_COMMANDS_H
#define APP_COMMANDS_H

#include "options.h"

extern const struct command command_list;
extern const struct command command_doctor;
extern const struct command command_bind;
extern const struct command command_unbind;
extern const struct command command_pktgen;
extern const struct command command_search;
extern const struct command command_fwd;
extern const struct command command_dump;
extern const struct command command_extcap;
extern const struct command command_info;
extern const struct command command_report;
extern const struct command command_explain;

/* All of them, in the order of the help; ends with NULL. */
extern const struct command *const commands[];

/* Return: NULL if there is no such command. */
const struct command *command_find(const char *name);

#endif
