/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <vio/clock.h>

#include "runcmd.h"
#include "search_end.h"

static int interrupted(struct search *s)
{
	return search_end(s, EXIT_FAILED, VERDICT_FAILED, "interrupted");
}

/* Would the trial end too late? */
static int check_time(struct search *s, double seconds)
{
	const struct search_config *cfg = s->cfg;
	double used = (double)(vio_clock_ns() - s->began_ns) / 1e9,
	       limit = (double)cfg->limit_ns / 1e9;

	if (gen_interrupted())
		return interrupted(s);
	if (used + seconds <= limit)
		return 0;
	fail(FAIL_SEARCH_TIME, NULL,
	     "search: %.1f s of %.6g s are over, and the next trial takes %.6g s", used, limit,
	     seconds);
	return search_end(s, EXIT_FAILED, VERDICT_FAILED, "the time limit of %.6g s is over",
			  limit);
}

static int pre_command(struct search *s)
{
	const char *const argv[] = { "sh", "-c", s->cfg->pre_cmd, NULL };
	struct host host;
	int rc;

	if (!s->cfg->pre_cmd)
		return 0;
	host_init(&host);
	rc = runcmd(&host, argv);
	if (!rc)
		return 0;
	if (gen_interrupted())
		return interrupted(s);
	fail(FAIL_SEARCH_CMD, rc < 0 ? strerror(-rc) : NULL, "search: '%s' failed (exit code %d)",
	     s->cfg->pre_cmd, rc);
	return search_end(s, EXIT_FAILED, VERDICT_FAILED, "the command before each trial failed");
}

/* The device comes to rest. A signal ends it early. */
static void rest(uint64_t ns)
{
	struct timespec ts = { (time_t)(ns / 1000000000u), (long)(ns % 1000000000u) };

	nanosleep(&ts, NULL);
}

static struct search_trial *add_trial(struct search_item *item)
{
	if (item->n_trials == item->trials_room) {
		size_t room = item->trials_room ? 2 * item->trials_room : 64;
		struct search_trial *trials = realloc(item->trials, room * sizeof(*trials));
		struct search_point *points;

		if (!trials)
			return NULL;
		item->trials = trials;
		points = realloc(item->points, room * sizeof(*points));
		if (!points)
			return NULL;
		item->points = points;
		item->trials_room = room;
	}
	return &item->trials[item->n_trials++];
}

static void note_latency(struct search_trial *t, const struct hist *h)
{
	t->latency_n = h->count;
	t->latency_min = h->min;
	t->latency_p50 = hist_percentile(h, 50);
	t->latency_p90 = hist_percentile(h, 90);
	t->latency_p99 = hist_percentile(h, 99);
	t->latency_max = h->max;
}

/*
 * A packet that comes twice may hide one that was lost: no loss ratio can be trusted then, and the
 * trial counts as one that lost everything.
 */
static void note_result(struct search_trial *t, const struct gen *g)
{
	const struct result *r = &g->result;

	/* A sender that was kept from its processor all the time is no dead port. */
	t->verdict = r->verdict == VERDICT_FAILED && !g->failure[0] ? VERDICT_INVALID : r->verdict;
	if (r->n_reasons)
		snprintf(t->reason, sizeof(t->reason), "%s", r->reason[0]);
	t->t = r->t;
	t->lost = r->lost;
	t->measured_s = r->duration_s;
	t->rate_pps = r->rate_pps;
	t->loss_ratio = r->t.sent ? (double)r->lost / (double)r->t.sent : 0;
	if (r->t.duplicate)
		t->loss_ratio = 1;
	note_latency(t, &r->latency);
}

static struct rate rate_of(double load)
{
	return load > 0 ? (struct rate){ .unit = RATE_PPS, .value = load }
			: (struct rate){ .unit = RATE_MAX };
}

static int no_room(struct search *s)
{
	int rc = fail(FAIL_MEMORY, NULL, "search: no room for another trial");

	return search_end(s, rc, VERDICT_FAILED, "no memory");
}

static int trial_failed(struct search *s, const struct search_item *item,
			const struct search_trial *t)
{
	int rc = fail(FAIL_SEARCH_TRIAL, t->reason, "search: trial %zu of %s failed",
		      item->n_trials, item->name);

	return search_end(s, rc, VERDICT_FAILED, "trial %zu of %s failed: %s", item->n_trials,
			  item->name, t->reason);
}

/* A device may be warming up, but not for good. */
static int check_silent(struct search *s, const struct search_item *item,
			const struct search_trial *t)
{
	if (!t->t.sent || t->t.received || t->kind == TRIAL_WARMUP)
		return 0;
	search_text_end(s, t);
	return search_fail(s, FAIL_SEARCH_SILENT, NULL, "none of %llu packets of %s came back",
			   (unsigned long long)t->t.sent, item->name);
}

/* One run of the generator. */
static int run_once(struct search *s, struct search_item *item, const struct trial_order *order,
		    struct search_trial **out)
{
	struct search_trial *t;
	int rc;

	s->run.rate = rate_of(order->next.load);
	s->run.time_ns = (uint64_t)(order->next.duration_s * 1e9 + 0.5);
	s->run.sizes = item->sizes;
	rc = gen_open_traffic(s->gen);
	if (!rc)
		rc = gen_respond_open(s->gen);
	if (!rc)
		rc = gen_learn(s->gen);
	if (!rc)
		rc = gen_run(s->gen);
	if (rc)
		return search_end(s, rc, VERDICT_FAILED, "a trial could not be run");
	t = add_trial(item);
	if (!t)
		return no_room(s);
	*out = t;
	*t = (struct search_trial){ .kind = order->kind,
				    .goal = order->next.goal,
				    .probe = order->next.probe,
				    .load = order->next.load,
				    .duration_s = order->next.duration_s };
	note_result(t, s->gen);
	if (s->gen->result.interrupted)
		return interrupted(s);
	return t->verdict == VERDICT_FAILED ? trial_failed(s, item, t) : 0;
}

static bool worth_retry(const struct search *s, const struct search_trial *t)
{
	return t->verdict != VERDICT_VALID && t->kind != TRIAL_WARMUP &&
	       s->cfg->on_limited != LIMITED_IGNORE;
}

int search_trial(struct search *s, struct search_item *item, const struct trial_order *order,
		 struct search_trial **out)
{
	for (uint64_t attempt = 0;; attempt++) {
		int rc = check_time(s, order->next.duration_s);

		if (!rc)
			rc = pre_command(s);
		if (rc)
			return rc;
		search_text_begin(s, item, order);
		rc = run_once(s, item, order, out);
		gen_respond_close(s->gen);
		gen_close_traffic(s->gen);
		if (rc) {
			search_text_end(s, NULL);
			return rc;
		}
		rest(s->cfg->gap_ns);
		if (attempt == s->cfg->retries || !worth_retry(s, *out))
			return check_silent(s, item, *out);
		search_text_end(s, *out);
	}
}
