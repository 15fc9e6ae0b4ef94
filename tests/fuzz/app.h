/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FUZZ_APP_H
#define FUZZ_APP_H

#include <stdbool.h>
#include <stdio.h>

#include "../cases.h"
#include "input.h"

/*
 * What targets of the tool's parts share. fail() is replaced: its text is made, but not printed, as
 * that takes longer than a run.
 */

#define TEXT_MAX 4096

/* The whole input as a text. Return: false: it is too long. */
bool app_text(const uint8_t *data, size_t size, char text[TEXT_MAX + 1]);

/* Where output goes that nobody reads. */
FILE *app_nowhere(void);

#endif
