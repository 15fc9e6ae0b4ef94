/* SPDX-License-Identifier: BSD-3-Clause */
#include "extent.h"

#include <errno.h>
#include <stdlib.h>

struct extent *extent_list(size_t len)
{
	struct extent *first = calloc(1, sizeof(*first));

	if (first)
		first->len = len;
	return first;
}

void extent_list_free(struct extent *first)
{
	while (first) {
		struct extent *next = first->next;

		free(first);
		first = next;
	}
}

/* Cut @e after @len bytes; the rest becomes an extent of its own. Return: the rest, NULL: no
 * memory. */
static struct extent *split(struct extent *e, size_t len)
{
	struct extent *rest = malloc(sizeof(*rest));

	if (!rest)
		return NULL;
	*rest = (struct extent){ e->off + len, e->len - len, e->used, e->next };
	e->len = len;
	e->next = rest;
	return rest;
}

/* Make one extent of @e and those free ones that follow it. */
static void join(struct extent *e)
{
	struct extent *next = e->next;

	if (e->used || !next || next->used)
		return;
	e->len += next->len;
	e->next = next->next;
	free(next);
}

/* Bytes to leave free at the start of @e so that what follows is aligned. */
static size_t gap_before(const struct extent *e, uintptr_t base, size_t align)
{
	return -(base + e->off) & (align - 1);
}

static bool fits(const struct extent *e, size_t gap, size_t len)
{
	return !e->used && gap <= e->len && len <= e->len - gap;
}

int extent_take(struct extent *first, uintptr_t base, size_t len, size_t align, size_t *off)
{
	struct extent *e = first, *gap = NULL;

	while (e && !fits(e, gap_before(e, base, align), len))
		e = e->next;
	if (!e)
		return -ENOSPC;
	if (gap_before(e, base, align)) {
		gap = e;
		e = split(gap, gap_before(gap, base, align));
		if (!e)
			return -ENOMEM;
	}
	if (len < e->len && !split(e, len))
		goto join_gap;
	e->used = true;
	*off = e->off;
	return 0;

join_gap:
	if (gap)
		join(gap);
	return -ENOMEM;
}

size_t extent_give(struct extent *first, size_t off)
{
	struct extent *e = first, *before = NULL;
	size_t len;

	while (e && e->off < off) {
		before = e;
		e = e->next;
	}
	if (!e || e->off != off || !e->used)
		return 0;
	len = e->len;
	e->used = false;
	join(e);
	if (before)
		join(before);
	return len;
}

size_t extent_largest(const struct extent *first)
{
	size_t largest = 0;

	for (; first; first = first->next)
		if (!first->used && first->len > largest)
			largest = first->len;
	return largest;
}
