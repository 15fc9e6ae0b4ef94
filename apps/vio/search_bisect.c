/* SPDX-License-Identifier: BSD-3-Clause */
#include "search_logic.h"

/* Half-way between what suffices, or the least, and what does not. Return: 0: the goal is reached.
 */
static double middle(const struct search_book *b, const struct search_goal *goal,
		     const struct search_bounds *bounds)
{
	if (!bounds->upper)
		return bounds->lower < b->max_load ? b->max_load : 0;
	if (bounds->lower)
		return search_narrow(bounds, goal) ? 0 : (bounds->lower + bounds->upper) / 2;
	if (bounds->upper <= b->min_load)
		return 0;
	if (bounds->upper - b->min_load <= goal->width * bounds->upper)
		return b->min_load;
	return (b->min_load + bounds->upper) / 2;
}

bool search_bisect_next(const struct search_goal *goals, unsigned int n_goals,
			const struct search_book *b, struct search_next *next)
{
	for (unsigned int i = 0; i < n_goals; i++) {
		struct search_bounds bounds;
		double load;

		search_bounds(b, &goals[i], &bounds);
		load = middle(b, &goals[i], &bounds);
		if (!load)
			continue;
		*next = (struct search_next){ load, goals[i].final_s, i, false };
		return true;
	}
	return false;
}
