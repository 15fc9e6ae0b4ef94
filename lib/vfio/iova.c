/* SPDX-License-Identifier: BSD-3-Clause */
#include "iova.h"

void iova_set_add(struct iova_set *set, uint64_t first, uint64_t last)
{
	if (first > last || set->n == IOVA_RANGES_MAX)
		return;
	if (set->n && first <= set->range[set->n - 1].last)
		return;
	set->range[set->n++] = (struct iova_range){ first, last };
}

void iova_set_cut(struct iova_set *set, uint64_t first, uint64_t last)
{
	const struct iova_set was = *set;

	if (first > last)
		return;
	set->n = 0;
	for (unsigned int i = 0; i < was.n; i++) {
		struct iova_range r = was.range[i];

		if (last < r.first || first > r.last) {
			iova_set_add(set, r.first, r.last);
			continue;
		}
		if (first > r.first)
			iova_set_add(set, r.first, first - 1);
		if (last < r.last)
			iova_set_add(set, last + 1, r.last);
	}
}

static bool range_has(const struct iova_range *r, uint64_t first, uint64_t bytes)
{
	return first >= r->first && first <= r->last && bytes - 1 <= r->last - first;
}

bool iova_set_has(const struct iova_set *set, uint64_t first, uint64_t bytes)
{
	for (unsigned int i = 0; i < set->n && bytes; i++)
		if (range_has(&set->range[i], first, bytes))
			return true;
	return false;
}

bool iova_set_find(const struct iova_set *set, uint64_t bytes, uint64_t align, uint64_t limit,
		   uint64_t *at)
{
	for (unsigned int i = 0; i < set->n && bytes; i++) {
		struct iova_range r = set->range[i];
		uint64_t first = r.first ? r.first : 1, up = -first & (align - 1);

		if (r.last > limit)
			r.last = limit;
		if (first > r.last || up > r.last - first || !range_has(&r, first + up, bytes))
			continue;
		*at = first + up;
		return true;
	}
	return false;
}

uint64_t iova_set_largest(const struct iova_set *set)
{
	uint64_t largest = 0;

	/* All 2^64 addresses count as one fewer. */
	for (unsigned int i = 0; i < set->n; i++)
		if (set->range[i].last - set->range[i].first > largest)
			largest = set->range[i].last - set->range[i].first;
	return set->n && largest < UINT64_MAX ? largest + 1 : largest;
}
