/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UNIT_APP_CASES_H
#define UNIT_APP_CASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Tests made from tables: each case is a test of its own, named by a sentence. */
#define CASES_MAX 256

struct case_list {
	size_t n;
	struct CMUnitTest test[CASES_MAX];
};

/* Static inline: a test program that has one table only need not use all of this. */
static inline void case_add(struct case_list *list, const char *what, CMUnitTestFunction fn,
			    const void *state)
{
	if (list->n == CASES_MAX)
		return;
	list->test[list->n++] = (struct CMUnitTest){ .name = what,
						     .test_func = fn,
						     .initial_state = (void *)(uintptr_t)state };
}

static inline int case_run(const char *group, const struct case_list *list)
{
	return _cmocka_run_group_tests(group, list->test, list->n, NULL, NULL);
}

#define ADD_CASES(list, cases, fn) \
	for (size_t i_ = 0; i_ < sizeof(cases) / sizeof((cases)[0]); i_++) \
	case_add(list, (cases)[i_].what, fn, &(cases)[i_])

#endif
