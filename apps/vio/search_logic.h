/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_SEARCH_LOGIC_H
#define APP_SEARCH_LOGIC_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Which load to try next, and what the trials so far say. Nothing here sends, waits or prints, so
 * that tests can put simulated devices behind it. Loads are in packets per second, at least 1.
 *
 * The words are those of MLRsearch (RFC 9971): of a goal, the relevant upper bound is the smallest
 * load that is too much for it, the relevant lower bound the largest one below that suffices.
 */
struct search_goal {
	double loss_ratio;   /* of a trial that is good enough, 0..1 */
	double exceed_ratio; /* share of the time at a load that trials may lose more, 0..<1 */
	double initial_s;    /* shortest trial */
	double final_s;      /* trials of this length decide */
	double sum_s;        /* of trials at a load, to decide about it */
	double width;        /* (upper - lower) / upper at the end */
};

/* A trial that counts. */
struct search_point {
	double load, duration_s;
	double loss_ratio;
	bool limited; /* the load was beyond the generator: above every goal */
};

/* All trials of a search, in their order. */
struct search_book {
	const struct search_point *point;
	size_t n;
	double min_load, max_load;
};

enum search_class { SEARCH_UNDECIDED, SEARCH_LOWER, SEARCH_UPPER };

/* Is @load a lower or an upper bound of @goal, as load classification of RFC 9971 says? */
enum search_class search_classify(const struct search_book *b, const struct search_goal *goal,
				  double load);

/* The relevant bounds; 0: there is none. */
struct search_bounds {
	double lower, upper;
	bool limited; /* upper is where the generator ends, not the device */
};
void search_bounds(const struct search_book *b, const struct search_goal *goal,
		   struct search_bounds *out);

/* Are the bounds as near to each other as @goal wants? */
bool search_narrow(const struct search_bounds *bounds, const struct search_goal *goal);

/* What the device forwards at @load, a lower bound of @goal (RFC 9971, conditional throughput). */
double search_conditional(const struct search_book *b, const struct search_goal *goal, double load);

/* A trial to be made. */
struct search_next {
	double load, duration_s;
	unsigned int goal; /* that wants it */
	bool probe;        /* finds the neighbourhood; decides nothing */
};

#define SEARCH_GOALS_MAX 8

/* A search by MLRsearch for several goals. */
struct search_mlr {
	const struct search_goal *goals;
	unsigned int n_goals;
	double start;      /* load to begin at; 0: the most */
	bool repeat_final; /* try each result once more */

	unsigned int goal, phase;
	double step; /* widths to the next load, while one bound is missing */
	double pending;
	struct search_bounds hint;          /* of the phase before */
	double confirmed[SEARCH_GOALS_MAX]; /* lower bound that has been tried once more */
};

/**
 * search_mlr_next - choose the next trial
 * @m: begins as zero but for its first four members
 * @b: all trials so far
 *
 * Return: true with @next filled; false: the search is over, search_bounds() tells its results.
 */
bool search_mlr_next(struct search_mlr *m, const struct search_book *b, struct search_next *next);

/**
 * search_bisect_next - the same by bisection (RFC 2544, 26.1 "Throughput")
 * @goals, @n_goals: searched one after the other; all trials have the goal's final length
 */
bool search_bisect_next(const struct search_goal *goals, unsigned int n_goals,
			const struct search_book *b, struct search_next *next);

#endif
