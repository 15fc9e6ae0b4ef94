/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UNIT_FAIL_NTH_H
#define UNIT_FAIL_NTH_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Calls for memory, files and sockets that fail: the linker puts these functions in the place of
 * the C library's. Only the thread that has begun is counted.
 */

/* The @nth call from now, from 1, fails; 0: none does. */
void fail_nth(unsigned int nth);

/* No more. Return: name of the call that failed; NULL: there were not so many. */
const char *fail_nth_end(void);

#endif
