/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_RUNCMD_H
#define APP_RUNCMD_H

#include "host.h"

/**
 * runcmd - run a command of the system and wait for its end
 * @argv: the name first, which is looked up in the system's own folders and not in PATH; ends with
 * NULL
 *
 * What it prints goes to stderr. It has 30 seconds.
 *
 * Return: its exit code, 128 + N if signal N ended it, or a negative errno: -ENOENT not installed,
 * -ETIMEDOUT.
 */
int runcmd(const struct host *h, const char *const *argv);

#endif
