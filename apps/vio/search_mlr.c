/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>

#include "search_logic.h"

#define PHASES_MAX 3

/* Short trials find the neighbourhood; each phase doubles the precision. */
static unsigned int count_phases(const struct search_goal *goal)
{
	if (goal->initial_s >= goal->final_s)
		return 1;
	return goal->final_s > 4 * goal->initial_s ? PHASES_MAX : PHASES_MAX - 1;
}

/* What the present phase is after: in all but the last, one trial decides about a load. */
static bool phase_goal(const struct search_mlr *m, struct search_goal *out)
{
	const struct search_goal *goal = &m->goals[m->goal];
	unsigned int phases = count_phases(goal), left = phases - 1 - m->phase;

	*out = *goal;
	if (!left)
		return true;
	out->final_s = goal->initial_s *
		       pow(goal->final_s / goal->initial_s, (double)m->phase / (phases - 1));
	out->sum_s = out->final_s;
	out->width = fmin(goal->width * (double)(1u << left), 0.5);
	return false;
}

static double loss_at(const struct search_book *b, double load)
{
	double least = 1;

	for (size_t i = 0; i < b->n; i++)
		if (b->point[i].load == load && !b->point[i].limited)
			least = fmin(least, b->point[i].loss_ratio);
	return least;
}

/* Below an upper bound: what the device forwarded there is a good guess, if it is far below. */
static double descend(struct search_mlr *m, const struct search_book *b,
		      const struct search_goal *goal, double upper)
{
	double forwarded = upper * (1 - loss_at(b, upper)) / (1 - goal->loss_ratio);
	double load = upper / (1 + goal->width * m->step);

	if (loss_at(b, upper) < 1)
		load = fmin(load, forwarded * (1 - goal->width / 2));
	m->step *= 2;
	return fmax(load, b->min_load);
}

static double ascend(struct search_mlr *m, const struct search_book *b,
		     const struct search_goal *goal, double lower)
{
	double load = lower * (1 + goal->width * m->step);

	m->step *= 2;
	return fmin(load, b->max_load);
}

static bool between(double load, double low, double high)
{
	return load > low && load < high;
}

/* Between both bounds: where the phase before had its own, then half-way as ratios go. */
static double split(const struct search_mlr *m, const struct search_bounds *is)
{
	if (between(m->hint.lower, is->lower, is->upper))
		return m->hint.lower;
	if (between(m->hint.upper, is->lower, is->upper))
		return m->hint.upper;
	return sqrt(is->lower * is->upper);
}

/* A load that says more about @goal. Return: 0: no load does. */
static double pick(struct search_mlr *m, const struct search_book *b,
		   const struct search_goal *goal, const struct search_bounds *is)
{
	if (is->lower && is->upper)
		return search_narrow(is, goal) ? 0 : split(m, is);
	if (is->lower) {
		if (is->lower >= b->max_load)
			return 0;
		return m->hint.upper > is->lower ? m->hint.upper : ascend(m, b, goal, is->lower);
	}
	if (is->upper) {
		if (is->upper <= b->min_load)
			return 0;
		return between(m->hint.lower, 0, is->upper) ? m->hint.lower
							    : descend(m, b, goal, is->upper);
	}
	if (m->hint.lower || m->hint.upper)
		return m->hint.lower ? m->hint.lower : m->hint.upper;
	return m->start ? fmax(fmin(m->start, b->max_load), b->min_load) : b->max_load;
}

static void next_phase(struct search_mlr *m, const struct search_bounds *found)
{
	m->step = 1;
	m->hint = *found;
	if (++m->phase < count_phases(&m->goals[m->goal]))
		return;
	m->phase = 0;
	m->goal++;
	m->hint = (struct search_bounds){ 0 };
}

/* A goal's trials may have moved the bounds of one before. Return: true if one is to go on. */
static bool go_back(struct search_mlr *m, const struct search_book *b)
{
	for (m->goal = 0; m->goal < m->n_goals; m->goal++) {
		const struct search_goal *goal = &m->goals[m->goal];
		struct search_bounds is;

		m->phase = count_phases(goal) - 1;
		m->hint = (struct search_bounds){ 0 };
		search_bounds(b, goal, &is);
		if (pick(m, b, goal, &is)) {
			m->step = 1;
			return true;
		}
	}
	return false;
}

/* A load that is a result already is tried once more. */
static bool repeat(struct search_mlr *m, const struct search_bounds *is)
{
	if (!m->repeat_final || !is->lower || m->confirmed[m->goal] == is->lower)
		return false;
	m->confirmed[m->goal] = is->lower;
	return true;
}

bool search_mlr_next(struct search_mlr *m, const struct search_book *b, struct search_next *next)
{
	if (!m->step)
		m->step = 1;
	while (m->goal < m->n_goals || go_back(m, b)) {
		struct search_goal goal;
		struct search_bounds is = { 0 };
		bool final = phase_goal(m, &goal);
		double load = m->pending;

		if (!load || search_classify(b, &goal, load) != SEARCH_UNDECIDED) {
			search_bounds(b, &goal, &is);
			load = pick(m, b, &goal, &is);
			m->pending = load;
		}
		if (!load && final && repeat(m, &is))
			load = is.lower;
		if (!load) {
			next_phase(m, &is);
			continue;
		}
		*next = (struct search_next){ load, goal.final_s, m->goal, !final };
		return true;
	}
	return false;
}
