/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_REBIND_CHECKS_H
#define APP_REBIND_CHECKS_H

#include "rebind.h"

/* Is this one of the functions that @r is about? */
bool rebind_has(const struct rebind *r, const char *address);

/* Look at every function and note how it is. Return: false with the problem set. */
bool rebind_look(struct rebind *r);

/* What forbids to take them, or to give them back. Nothing is changed. The same return. */
bool rebind_may_take(struct rebind *r);
bool rebind_may_go_back(struct rebind *r);

/* Add a note for the user. */
void rebind_note(struct rebind *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
