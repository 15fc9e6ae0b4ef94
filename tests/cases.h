/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_CASES_H
#define TESTS_CASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
/* After those above. */
#include <cmocka.h>

/* Tests made from tables: each case is a test of its own, named by a sentence. */
#define CASES_MAX 512

struct case_list {
	size_t n;
	struct CMUnitTest test[CASES_MAX];
};

static inline void case_add(struct case_list *list, const char *what, CMUnitTestFunction fn,
			    const void *state)
{
	if (list->n == CASES_MAX)
		abort(); /* a case that silently vanished would be worse */
	list->test[list->n++] = (struct CMUnitTest){ .name = what,
						     .test_func = fn,
						     .initial_state = (void *)(uintptr_t)state };
}

static inline int case_run(const char *group, const struct case_list *list)
{
	return _cmocka_run_group_tests(group, list->test, list->n, NULL, NULL);
}

/* Each entry of @table, a struct with a member what, as a test of its own; the entry stands in
 * *state. */
#define CASES_ADD(list, table, fn) \
	for (size_t i_ = 0; i_ < sizeof(table) / sizeof((table)[0]); i_++) \
	case_add(list, (table)[i_].what, fn, &(table)[i_])

/* It answers for the kernel where address space and open files run out, and lays memory elsewhere.
 */
static inline bool under_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload && strstr(preload, "/vgpreload");
}

/*
 * For cases that need the kernel to make a region's pages at once, or to keep them from children:
 * qemu-user says yes to any advice, even to one that does not exist, and follows none of these.
 */
static inline void need_madvise(void)
{
	static char page[1];

	if (madvise((void *)((uintptr_t)page & ~UINT64_C(0xfff)), 1, 12345) < 0)
		return;
	print_message("# SKIPPED: madvise() has no effect here, as under qemu-user\n");
	skip();
}

#endif
