/* SPDX-License-Identifier: BSD-3-Clause */
#include <vio/clock.h>

#include "search_end.h"

#define LEAST_RATE 100.0 /* packets per second, unless another is asked for */

static int limited(struct search *s, const struct search_trial *t)
{
	int rc = fail(FAIL_SEARCH_LIMITED, t->reason,
		      "search: the generator did not keep %.6g Mpps in %llu trials",
		      (t->load > 0 ? t->load : t->rate_pps) / 1e6,
		      (unsigned long long)s->cfg->retries + 1);

	return search_end(s, rc, VERDICT_INVALID, "the generator did not keep up: %s", t->reason);
}

static bool may_use(const struct search *s, const struct search_trial *t)
{
	return t->verdict == VERDICT_VALID || s->cfg->on_limited == LIMITED_IGNORE;
}

static int warm_up(struct search *s, struct search_item *item)
{
	struct trial_order order = { TRIAL_WARMUP,
				     { .load = rate_pps(&s->cfg->max_rate,
							sizes_mean(&item->sizes)),
				       .duration_s = (double)s->cfg->warmup_ns / 1e9 } };
	struct search_trial *t;
	int rc;

	if (!s->cfg->warmup_ns)
		return 0;
	rc = search_trial(s, item, &order, &t);
	if (!rc)
		search_text_end(s, t);
	return rc;
}

/* What comes back of as much as can be, or may be, sent. */
static int measure_mrr(struct search *s, struct search_item *item, unsigned int times)
{
	struct trial_order order = { TRIAL_MRR,
				     { .load = rate_pps(&s->cfg->max_rate,
							sizes_mean(&item->sizes)),
				       .duration_s = (double)s->cfg->trial_min_ns / 1e9 } };

	for (unsigned int i = 0; i < times; i++) {
		struct search_trial *t;
		int rc = search_trial(s, item, &order, &t);

		if (rc)
			return rc;
		t->used = may_use(s, t);
		search_text_end(s, t);
		if (!t->used)
			return limited(s, t);
		item->start = (double)t->t.received / t->measured_s / search_directions(s);
		item->mrr[item->n_mrr++] = item->start;
		if (!order.next.load && t->rate_pps / search_directions(s) > item->max_load)
			item->max_load = t->rate_pps / search_directions(s);
	}
	return 0;
}

/* Between which loads to search. */
static int find_limits(struct search *s, struct search_item *item)
{
	const struct search_config *cfg = s->cfg;
	double mean = sizes_mean(&item->sizes), least = rate_pps(&cfg->min_rate, mean);
	bool given = cfg->max_rate.unit != RATE_MAX;
	int rc;

	item->max_load = rate_pps(&cfg->max_rate, mean);
	item->max_found = !given;
	rc = measure_mrr(s, item, cfg->mrr ? SEARCH_MRR_REPEATS : !given);
	item->min_load = least > 0 ? least : LEAST_RATE;
	if (item->min_load > item->max_load)
		item->min_load = item->max_load;
	return rc;
}

/* Take a trial into the book. */
static int use_trial(struct search *s, struct search_item *item, struct search_trial *t)
{
	struct search_book book;

	t->used = may_use(s, t);
	if (!t->used && s->cfg->on_limited == LIMITED_FAIL) {
		search_text_end(s, t);
		return limited(s, t);
	}
	item->points[item->n_points++] =
		(struct search_point){ t->load, t->duration_s, t->loss_ratio, !t->used };
	book = search_item_book(item);
	t->class = search_classify(&book, &s->goals[t->goal], t->load);
	search_text_end(s, t);
	return 0;
}

static int search_item(struct search *s, struct search_item *item)
{
	struct search_mlr m = { .goals = s->goals,
				.n_goals = s->n_goals,
				.start = item->start,
				.repeat_final = s->cfg->repeat_final };
	struct trial_order order = { .kind = TRIAL_SEARCH };

	while (item->n_trials < SEARCH_TRIALS_MAX) {
		struct search_book book = search_item_book(item);
		struct search_trial *t;
		int rc;

		if (s->cfg->bisection
			    ? !search_bisect_next(s->goals, s->n_goals, &book, &order.next)
			    : !search_mlr_next(&m, &book, &order.next))
			return 0;
		rc = search_trial(s, item, &order, &t);
		if (!rc)
			rc = use_trial(s, item, t);
		if (rc)
			return rc;
	}
	return search_fail(s, FAIL_SEARCH_ENDLESS, NULL, "%s: no result after %u trials",
			   item->name, SEARCH_TRIALS_MAX);
}

static void note_found(struct search *s, struct search_item *item, bool complete)
{
	struct search_book book = search_item_book(item);

	for (unsigned int i = 0; i < s->n_goals; i++) {
		struct search_found *f = &item->found[i];

		search_bounds(&book, &s->goals[i], &f->is);
		f->complete = complete || search_narrow(&f->is, &s->goals[i]);
		if (f->is.lower)
			f->conditional = search_conditional(&book, &s->goals[i], f->is.lower);
	}
}

/* At 90, 50 and 10 % of what was found. */
static int measure_latency(struct search *s, struct search_item *item)
{
	static const double shares[SEARCH_LATENCIES] = { 0.9, 0.5, 0.1 };
	unsigned int goal = search_main_goal(s);
	struct trial_order order = { TRIAL_LATENCY,
				     { .duration_s = s->goals[goal].final_s, .goal = goal } };

	for (unsigned int i = 0; i < SEARCH_LATENCIES; i++) {
		struct search_trial *t;
		int rc;

		order.next.load = shares[i] * item->found[goal].is.lower;
		if (order.next.load < 1)
			continue;
		rc = search_trial(s, item, &order, &t);
		if (rc)
			return rc;
		t->used = may_use(s, t);
		search_text_end(s, t);
	}
	return 0;
}

static int run_item(struct search *s, struct search_item *item)
{
	int rc;

	item->begun = true;
	item->began_ns = vio_clock_ns();
	rc = warm_up(s, item);
	if (!rc)
		rc = find_limits(s, item);
	if (!rc)
		rc = search_item(s, item);
	note_found(s, item, !rc);
	if (!rc && s->n_goals && !s->cfg->no_latency)
		rc = measure_latency(s, item);
	item->ended_ns = vio_clock_ns();
	item->done = !rc;
	return rc;
}

/* Buffers are made for the largest frames of all. */
static const struct sizes *largest(const struct search *s)
{
	const struct sizes *most = &s->items[0].sizes;

	for (unsigned int i = 1; i < s->n_items; i++)
		if (sizes_largest(&s->items[i].sizes) > sizes_largest(most))
			most = &s->items[i].sizes;
	return most;
}

int search_run(struct search *s)
{
	int rc;

	s->began_ns = vio_clock_ns();
	s->run = s->cfg->gen;
	s->run.quiet = true;
	s->run.sizes = *largest(s);
	rc = gen_open_ports(s->gen, &s->run);
	s->out = s->gen->out;
	if (rc)
		return search_end(s, rc, VERDICT_FAILED, "a port could not be opened");
	s->ports_open = true;
	search_text_header(s);
	for (unsigned int i = 0; i < s->n_items && !rc; i++)
		rc = run_item(s, &s->items[i]);
	return rc;
}

void search_close(struct search *s)
{
	gen_close(s->gen);
}
