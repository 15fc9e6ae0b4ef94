/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "gen.h"

/* What the result may be off by and still be what was asked for. */
#define TOLERANCE 0.005

static void add_tx(struct totals *t, const struct tx_stats *s)
{
	t->sent += counter_get(&s->sent);
	t->tx_bytes += counter_get(&s->bytes);
	t->unsent += counter_get(&s->unsent);
	t->bursts += counter_get(&s->bursts);
	t->late_bursts += counter_get(&s->late_bursts);
	t->ring_full += counter_get(&s->ring_full);
	t->no_buffers += counter_get(&s->no_buffers);
	t->skipped += counter_get(&s->skipped);
	t->tx_cost_packets += counter_get(&s->cost_packets);
	t->gen_ticks += counter_get(&s->gen_ticks);
	t->tx_ticks += counter_get(&s->tx_ticks);
}

static void add_rx(struct totals *t, const struct rx_job *j)
{
	const struct rx_stats *s = &j->stats;

	t->rx_cost_packets += counter_get(&s->cost_packets);
	t->corrupt += counter_get(&s->corrupt);
	t->foreign += counter_get(&s->foreign);
	t->rx_ticks += counter_get(&s->rx_ticks);
	t->check_ticks += counter_get(&s->check_ticks);
	for (unsigned int i = 0; i < j->path->streams; i++)
		t->reordered += counter_get(&j->order[i].reordered);
}

static void add_track(struct totals *t, const struct track *k)
{
	t->received += counter_get(&k->received);
	t->rx_bytes += counter_get(&k->bytes);
	t->duplicate += counter_get(&k->duplicate);
	t->late += counter_get(&k->late);
	t->early += counter_get(&k->early);
	t->missing += track_missing(k);
}

void gen_totals(const struct gen *g, struct totals *t)
{
	*t = (struct totals){ 0 };
	for (unsigned int i = 0; i < g->n_tx; i++)
		add_tx(t, &g->tx[i].stats);
	for (unsigned int i = 0; i < g->n_rx; i++)
		add_rx(t, &g->rx[i]);
	for (unsigned int d = 0; d < g->n_paths; d++)
		for (unsigned int i = 0; i < g->path[d].streams; i++)
			add_track(t, &g->path[d].tracks[i]);
}

void totals_subtract(struct totals *d, const struct totals *now, const struct totals *before)
{
	const uint64_t *a = (const uint64_t *)now, *b = (const uint64_t *)before;
	uint64_t *out = (uint64_t *)d;

	/* All members are counters; what is missing may become less. */
	for (size_t i = 0; i < sizeof(*d) / sizeof(*out); i++)
		out[i] = a[i] > b[i] ? a[i] - b[i] : 0;
}

void gen_latency(const struct gen *g, struct hist *h)
{
	memset(h, 0, sizeof(*h));
	for (unsigned int i = 0; i < g->n_rx; i++)
		hist_merge(h, &g->rx[i].latency);
}

static void reason(struct result *r, enum verdict v, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void reason(struct result *r, enum verdict v, const char *fmt, ...)
{
	va_list ap;

	if (v > r->verdict)
		r->verdict = v;
	if (r->n_reasons == REASONS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(r->reason[r->n_reasons++], sizeof(r->reason[0]), fmt, ap);
	va_end(ap);
}

/* From the first sender's beginning to the last one's end. */
static double tx_duration(const struct gen *g)
{
	uint64_t from = UINT64_MAX, to = 0;

	for (unsigned int i = 0; i < g->n_tx; i++) {
		uint64_t began = counter_get(&g->tx[i].stats.began);
		uint64_t ended = counter_get(&g->tx[i].stats.ended);

		if (!began)
			continue;
		from = began < from ? began : from;
		ended = ended ? ended : vio_ticks();
		to = ended > to ? ended : to;
	}
	return to > from ? (double)(to - from) / (double)g->clock.hz : 0;
}

static double rx_duration(const struct gen *g)
{
	uint64_t now = vio_ticks(), end = (int64_t)(now - g->times.end) > 0 ? g->times.end : now;

	return end > g->times.measure ? (double)(end - g->times.measure) / (double)g->clock.hz : 0;
}

static double off_by(double is, double should)
{
	return should > 0 ? fabs(is - should) / should : 0;
}

static double tolerance(const struct gen *g)
{
	return g->cfg->rate_tolerance > 0 ? g->cfg->rate_tolerance / 100 : TOLERANCE;
}

/* The rate in the unit that it was asked in. A packet more or less is no miss. */
static void judge_rate(const struct gen *g, struct result *r)
{
	bool bits = g->cfg->rate.unit == RATE_BPS;
	double asked = g->cfg->rate.value * g->n_paths, is = bits ? r->rate_bps : r->rate_pps;
	double packet = r->t.sent ? is / (double)r->t.sent : 0;

	if (g->cfg->rate.unit == RATE_MAX || fabs(is - asked) <= packet ||
	    off_by(is, asked) <= tolerance(g))
		return;
	reason(r, VERDICT_INVALID, "asked for %.6g %s, sent %.6g (%+.2f %%)", asked,
	       bits ? "bit/s" : "packets/s", is, 100 * (is - asked) / asked);
	if (r->t.ring_full)
		reason(r, VERDICT_INVALID,
		       "the device's ring was full %llu times, %llu packets unsent",
		       (unsigned long long)r->t.ring_full, (unsigned long long)r->t.unsent);
	if (r->t.no_buffers)
		reason(r, VERDICT_INVALID, "the pool was empty %llu times: --buffers N takes more",
		       (unsigned long long)r->t.no_buffers);
	if (r->t.skipped)
		reason(r, VERDICT_INVALID,
		       "the schedule was given up %llu times after more than 100 ms behind",
		       (unsigned long long)r->t.skipped);
}

static void judge_time(const struct gen *g, struct result *r)
{
	double asked = (double)g->cfg->time_ns / 1e9;

	if (!g->cfg->time_ns || r->interrupted || (g->cfg->count && r->duration_s < asked))
		return;
	if (off_by(r->duration_s, asked) > tolerance(g))
		reason(r, VERDICT_INVALID, "asked for %.6g s, took %.6g s", asked, r->duration_s);
}

static void judge_pace(const struct gen *g, struct result *r)
{
	double share = r->t.bursts ? 100.0 * (double)r->t.late_bursts / (double)r->t.bursts : 0;

	if (g->cfg->rate.unit != RATE_MAX && share > g->cfg->late_limit)
		reason(r, VERDICT_INVALID, "%.1f %% of the bursts left late (--late-limit %.1f%%)",
		       share, g->cfg->late_limit);
}

static void judge_sender(const struct gen *g, struct result *r)
{
	judge_rate(g, r);
	judge_time(g, r);
	judge_pace(g, r);
	if (!r->t.sent)
		reason(r, VERDICT_FAILED, "nothing was sent");
}

void gen_result(struct gen *g)
{
	struct result *r = &g->result;

	gen_totals(g, &r->t);
	gen_latency(g, &r->latency);
	for (unsigned int i = 0; i < g->n_tx; i++)
		hist_merge(&r->pace, &g->tx[i].pace_error);
	r->duration_s = gen_sends(g) ? tx_duration(g) : rx_duration(g);
	if (r->duration_s > 0) {
		r->rate_pps = (double)r->t.sent / r->duration_s;
		r->rate_bps = 8 * (double)r->t.tx_bytes / r->duration_s;
	}
	r->asked_pps = rate_pps(&g->cfg->rate, sizes_mean(&g->cfg->sizes)) * g->n_paths;
	/* What was damaged has no number that can be trusted, and counts as lost. */
	r->lost = gen_sends(g) ? r->t.sent - r->t.received : r->t.missing;
	if (g->failure[0])
		reason(r, VERDICT_FAILED, "%s", g->failure);
	else if (gen_sends(g))
		judge_sender(g, r);
}
