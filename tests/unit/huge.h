/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UNIT_HUGE_H
#define UNIT_HUGE_H

#include "../cases.h"

/* Real huge pages for a test, as far as the machine and this user's rights give them. */
#define HUGE_PAGE ((size_t)2 << 20)

/*
 * As case_run(), with @pages huge pages more than the machine has reserved, which it takes back at
 * the end. Whoever else asks meanwhile waits, be it another run of all tests: these tests count.
 */
int huge_case_run(const char *group, const struct case_list *list, long pages);

/* Huge pages that are free; -1: the kernel has none. */
long huge_free(void);

/* Skip this test where fewer than @n are. */
void huge_need(long n);

#endif
