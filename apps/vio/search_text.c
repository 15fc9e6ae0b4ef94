/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "search.h"
#include "units.h"

static const char *seconds(double s, char out[24])
{
	snprintf(out, 24, s < 1 ? "%.4g ms" : "%.4g s", s < 1 ? s * 1e3 : s);
	return out;
}

void search_text_header(const struct search *s)
{
	const struct search_config *cfg = s->cfg;
	char min[24], max[24];

	if (cfg->quiet)
		return;
	for (unsigned int i = 0; i < cfg->gen.n_ports; i++) {
		const char *backend = s->gen->port[i].info.backend;

		fprintf(s->out, "port%u %s  backend %s\n", i, cfg->gen.port[i],
			backend && *backend ? backend : "unknown");
	}
	fprintf(s->out, "  search by %s  trials %s .. %s  width %g %%  goals",
		cfg->bisection ? "bisection (RFC 2544)" : "MLRsearch (RFC 9971)",
		seconds((double)cfg->trial_min_ns / 1e9, min),
		seconds((double)cfg->trial_max_ns / 1e9, max), cfg->width);
	if (cfg->mrr)
		fprintf(s->out, " MRR");
	for (unsigned int i = 0; i < s->n_goals; i++)
		fprintf(s->out, " %s", s->goal_names[i]);
	fprintf(s->out, "\nsize          trial      load Mpps    loss      verdict\n");
	fflush(s->out);
}

void search_text_begin(const struct search *s, const struct search_item *item,
		       const struct trial_order *order)
{
	char duration[24], load[24] = "max";

	if (s->cfg->quiet)
		return;
	if (order->next.load > 0)
		snprintf(load, sizeof(load), "%.6g", order->next.load / 1e6);
	fprintf(s->out, "%-12s  %-9s  %-11s", item->name, seconds(order->next.duration_s, duration),
		load);
	fflush(s->out);
}

static void put_kind(const struct search *s, const struct search_trial *t)
{
	static const char *const classes[] = { "undecided", "lower bound", "upper bound" };

	if (t->kind == TRIAL_MRR)
		fprintf(s->out, "MRR %.6g Mpps came back",
			(double)t->t.received / t->measured_s / search_directions(s) / 1e6);
	else if (t->kind == TRIAL_LATENCY)
		fprintf(s->out, "latency p50 %.1f  p99 %.1f us", us(t->latency_p50),
			us(t->latency_p99));
	else if (t->kind != TRIAL_SEARCH)
		fputs("warm-up", s->out);
	else if (t->probe)
		fprintf(s->out, "probe for %s", s->goal_names[t->goal]);
	else if (!t->used && t->class == SEARCH_UNDECIDED)
		fprintf(s->out, "%s trial", s->goal_names[t->goal]);
	else
		fprintf(s->out, "%s %s", s->goal_names[t->goal], classes[t->class]);
}

static void put_generator(const struct search *s, const struct search_trial *t)
{
	if (t->verdict != VERDICT_VALID)
		fprintf(s->out, "   [%s: %s]", t->used ? "used though not valid" : "not used",
			t->reason);
	else if (t->t.duplicate)
		fprintf(s->out, "   [%llu duplicates]", (unsigned long long)t->t.duplicate);
	else if (t->load > 0)
		fprintf(s->out, "   [generator ok, rate error %.2f %%]",
			100 * (t->rate_pps / search_directions(s) - t->load) / t->load);
}

void search_text_end(const struct search *s, const struct search_trial *t)
{
	if (s->cfg->quiet)
		return;
	if (!t) {
		fprintf(s->out, "  failed\n");
		return;
	}
	fprintf(s->out, "  %-8.2g  ", t->loss_ratio);
	put_kind(s, t);
	put_generator(s, t);
	fprintf(s->out, "\n");
	fflush(s->out);
}

static double gbps(const struct search_item *item, double pps)
{
	return pps * 8 * sizes_mean(&item->sizes) / 1e9;
}

static void put_found(const struct search *s, const struct search_item *item, unsigned int goal)
{
	const struct search_found *f = &item->found[goal];

	fprintf(s->out, "   %s ", s->goal_names[goal]);
	if (f->is.lower)
		fprintf(s->out, "%s%.6g Mpps (%.4g Gb/s L2)",
			f->is.upper && !f->is.limited ? "" : ">= ", f->is.lower / 1e6,
			gbps(item, f->is.lower));
	else if (f->is.upper)
		fprintf(s->out, "< %.6g Mpps", f->is.upper / 1e6);
	else
		fprintf(s->out, "unknown");
	if (f->is.limited)
		fprintf(s->out, " (the generator's limit)");
	else if (f->is.lower && !f->is.upper && f->complete)
		fprintf(s->out, item->max_found ? " (the generator's limit)" : " (--max-rate)");
	if (!f->complete)
		fprintf(s->out, " INCOMPLETE");
}

static void put_latency(const struct search *s, const struct search_item *item)
{
	unsigned int n = 0;

	for (size_t i = 0; i < item->n_trials; i++) {
		const struct search_trial *t = &item->trials[i];

		if (t->kind != TRIAL_LATENCY || !t->used || !t->latency_n)
			continue;
		fprintf(s->out, n++ ? ", %.0f %% %.1f" : "   latency p99 us at %.0f %% %.1f",
			100 * t->load / item->found[t->goal].is.lower, us(t->latency_p99));
	}
}

static void put_mrr(const struct search *s, const struct search_item *item)
{
	double sum = 0;

	for (unsigned int i = 0; i < item->n_mrr; i++)
		sum += item->mrr[i];
	if (s->cfg->mrr && item->n_mrr)
		fprintf(s->out, "   MRR %.6g Mpps", sum / item->n_mrr / 1e6);
}

static void put_item(const struct search *s, const struct search_item *item, const char *head)
{
	fprintf(s->out, "%-6s %-12s", head, item->name);
	put_mrr(s, item);
	for (unsigned int i = 0; i < s->n_goals; i++)
		put_found(s, item, i);
	put_latency(s, item);
	if (item->ended_ns)
		fprintf(s->out, "   search %.1f s, %zu trials",
			(double)(item->ended_ns - item->began_ns) / 1e9, item->n_trials);
	fprintf(s->out, "\n");
}

void search_text_result(const struct search *s)
{
	static const char *const verdicts[] = { "VALID", "INVALID", "FAILED" };

	for (unsigned int i = 0; i < s->n_items; i++)
		if (s->items[i].begun)
			put_item(s, &s->items[i], i ? "" : "RESULT");
	fprintf(s->out, "       verdict      %s\n", verdicts[s->verdict]);
	if (s->reason[0])
		fprintf(s->out, "  why  %s\n", s->reason);
	fflush(s->out);
}
