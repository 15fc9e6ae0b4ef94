/* SPDX-License-Identifier: BSD-3-Clause */
#include "search_logic.h"

/* Durations are sums of decimal fractions. */
#define ALMOST (1 - 1e-9)

/* Seconds of trials at a load: long ones of the goal's final duration or more, and short ones. */
struct tally {
	double good_long, bad_long, good_short, bad_short;
	bool limited;
};

static bool is_long(const struct search_point *p, const struct search_goal *goal)
{
	return p->duration_s >= goal->final_s * ALMOST;
}

static void tally_load(const struct search_book *b, const struct search_goal *goal, double load,
		       struct tally *t)
{
	*t = (struct tally){ 0 };
	for (size_t i = 0; i < b->n; i++) {
		const struct search_point *p = &b->point[i];
		bool good = p->loss_ratio <= goal->loss_ratio;

		if (p->load != load)
			continue;
		t->limited |= p->limited;
		if (is_long(p, goal))
			*(good ? &t->good_long : &t->bad_long) += p->duration_s;
		else
			*(good ? &t->good_short : &t->bad_short) += p->duration_s;
	}
}

/*
 * Short trials can only speak against a load, by as much as the good ones among them do not
 * outweigh. The load is decided on when trials that are still missing could not change it.
 */
static enum search_class classify(const struct tally *t, const struct search_goal *goal)
{
	double weight = goal->exceed_ratio / (1 - goal->exceed_ratio);
	double excess = t->bad_short - t->good_short * weight;
	double bad = t->bad_long + (excess > 0 ? excess : 0);
	double known = t->good_long + bad;
	double whole = known > goal->sum_s ? known : goal->sum_s;
	double allowed = whole * goal->exceed_ratio, worst = whole - t->good_long;
	double rounding = whole * (1 - ALMOST);

	if (t->limited || bad > allowed + rounding)
		return SEARCH_UPPER;
	return worst <= allowed + rounding ? SEARCH_LOWER : SEARCH_UNDECIDED;
}

enum search_class search_classify(const struct search_book *b, const struct search_goal *goal,
				  double load)
{
	struct tally t;

	tally_load(b, goal, load, &t);
	return classify(&t, goal);
}

static bool load_limited(const struct search_book *b, double load)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->point[i].load == load && b->point[i].limited)
			return true;
	return false;
}

void search_bounds(const struct search_book *b, const struct search_goal *goal,
		   struct search_bounds *out)
{
	*out = (struct search_bounds){ 0 };
	for (size_t i = 0; i < b->n; i++) {
		double load = b->point[i].load;

		if ((!out->upper || load < out->upper) &&
		    search_classify(b, goal, load) == SEARCH_UPPER)
			out->upper = load;
	}
	for (size_t i = 0; i < b->n; i++) {
		double load = b->point[i].load;

		if (load > out->lower && (!out->upper || load < out->upper) &&
		    search_classify(b, goal, load) == SEARCH_LOWER)
			out->lower = load;
	}
	out->limited = out->upper && load_limited(b, out->upper);
}

bool search_narrow(const struct search_bounds *bounds, const struct search_goal *goal)
{
	return bounds->lower && bounds->upper &&
	       bounds->upper - bounds->lower <= goal->width * bounds->upper * (2 - ALMOST);
}

/* The smallest loss ratio above @floor among the long trials at @load, and how long they took. */
static bool next_loss(const struct search_book *b, const struct search_goal *goal, double load,
		      double floor, double *loss, double *seconds)
{
	bool found = false;

	for (size_t i = 0; i < b->n; i++) {
		const struct search_point *p = &b->point[i];

		if (p->load != load || !is_long(p, goal) || p->loss_ratio <= floor)
			continue;
		if (!found || p->loss_ratio < *loss) {
			*loss = p->loss_ratio;
			*seconds = 0;
			found = true;
		}
		if (p->loss_ratio == *loss)
			*seconds += p->duration_s;
	}
	return found;
}

/* The loss ratio that the best trials, but for the share that may exceed, do not exceed. */
double search_conditional(const struct search_book *b, const struct search_goal *goal, double load)
{
	struct tally t;
	double whole, left, loss = -1, seconds = 0;
	bool first = true;

	tally_load(b, goal, load, &t);
	whole = t.good_long + t.bad_long;
	left = (whole > goal->sum_s ? whole : goal->sum_s) * (1 - goal->exceed_ratio);
	for (double floor = -1; first || left > whole * (1 - ALMOST); floor = loss) {
		if (!next_loss(b, goal, load, floor, &loss, &seconds))
			return 0;
		left -= seconds;
		first = false;
	}
	return load * (1 - loss);
}
