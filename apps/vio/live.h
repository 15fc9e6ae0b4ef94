/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_LIVE_H
#define APP_LIVE_H

#include "gen.h"

/* A run on the screen while it lasts: --tui, and by default where stdout is a terminal. */

/* Return: true if the screen is ours; lines of progress are not for it. */
bool live_begin(const struct gen *g);

/* Draw, if it is time to. Return: true if the user wants the end. */
bool live_poll(const struct gen *g);

/* Give the terminal back. Harmless without live_begin(). */
void live_end(void);

#endif
