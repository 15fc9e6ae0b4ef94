/* SPDX-License-Identifier: BSD-3-Clause */
#include "document.h"
#include "port_json.h"
#include "search.h"

/* What was not measured is absent. */
static void put_bool(json_t *o, const char *name, bool value)
{
	json_object_set_new(o, name, json_boolean(value));
}

static json_t *goal_json(const struct search *s, unsigned int i)
{
	const struct search_goal *g = &s->goals[i];
	json_t *o = json_object();

	json_text(o, "name", s->goal_names[i]);
	json_put_real(o, "loss_ratio", g->loss_ratio);
	json_put_real(o, "exceed_ratio", g->exceed_ratio);
	if (!s->cfg->bisection)
		json_put_real(o, "initial_trial_s", g->initial_s);
	json_put_real(o, "final_trial_s", g->final_s);
	json_put_real(o, "duration_sum_s", g->sum_s);
	json_put_real(o, "width", g->width);
	return o;
}

static json_t *latency_json(const struct search_trial *t)
{
	json_t *o = json_object();

	json_put_int(o, "count", t->latency_n);
	json_put_us(o, "min_us", t->latency_min);
	json_put_us(o, "p50_us", t->latency_p50);
	json_put_us(o, "p90_us", t->latency_p90);
	json_put_us(o, "p99_us", t->latency_p99);
	json_put_us(o, "max_us", t->latency_max);
	return o;
}

static void put_counts(json_t *o, const struct search_trial *t)
{
	json_put_int(o, "sent", t->t.sent);
	json_put_int(o, "unsent", t->t.unsent);
	json_put_int(o, "received", t->t.received);
	json_put_int(o, "lost", t->lost);
	json_put_int(o, "reordered", t->t.reordered);
	json_put_int(o, "duplicate", t->t.duplicate);
	json_put_int(o, "corrupt", t->t.corrupt);
	json_put_real(o, "rate_pps", t->rate_pps);
	json_put_real(o, "measured_s", t->measured_s);
}

static json_t *trial_json(const struct search *s, const struct search_trial *t)
{
	static const char *const kinds[] = { "warmup", "mrr", "search", "latency" };
	static const char *const classes[] = { "undecided", "lower_bound", "upper_bound" };
	json_t *o = json_object();

	json_text(o, "kind", kinds[t->kind]);
	if (t->kind == TRIAL_SEARCH || t->kind == TRIAL_LATENCY)
		json_text(o, "goal", s->goal_names[t->goal]);
	if (t->kind == TRIAL_SEARCH) {
		put_bool(o, "probe", t->probe);
		json_text(o, "load_is", classes[t->class]);
	}
	if (t->load > 0)
		json_put_real(o, "load_pps", t->load);
	json_put_real(o, "duration_s", t->duration_s);
	json_text(o, "verdict", verdict_name(t->verdict));
	json_text(o, "reason", t->reason);
	put_bool(o, "used", t->used);
	put_counts(o, t);
	if (t->t.sent)
		json_put_real(o, "loss_ratio", t->loss_ratio);
	if (t->latency_n)
		json_object_set_new(o, "latency", latency_json(t));
	return o;
}

/* What keeps the rate from being higher. */
static const char *limit_name(const struct search_item *item, const struct search_found *f)
{
	if (f->is.upper && !f->is.limited)
		return "device";
	return f->is.limited || item->max_found ? "generator" : "max_rate";
}

static json_t *found_json(const struct search *s, const struct search_item *item, unsigned int i)
{
	const struct search_found *f = &item->found[i];
	json_t *o = json_object();

	json_text(o, "goal", s->goal_names[i]);
	put_bool(o, "complete", f->complete);
	if (f->is.lower || f->is.upper)
		json_text(o, "limited_by", limit_name(item, f));
	if (f->is.lower) {
		json_put_real(o, "lower_pps", f->is.lower);
		json_put_real(o, "lower_bits_l2_per_s", 8 * f->is.lower * sizes_mean(&item->sizes));
		json_put_real(o, "conditional_throughput_pps", f->conditional);
	}
	if (f->is.upper)
		json_put_real(o, "upper_pps", f->is.upper);
	return o;
}

static json_t *rates_json(const double *rates, unsigned int n)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < n; i++)
		json_array_append_new(list, json_real(rates[i]));
	return list;
}

static json_t *item_json(const struct search *s, const struct search_item *item)
{
	json_t *o = json_object(), *found = json_array(), *trials = json_array();

	json_text(o, "size", item->name);
	json_put_real(o, "mean_bytes", sizes_mean(&item->sizes));
	put_bool(o, "complete", item->done);
	if (item->max_load > 0) {
		json_put_real(o, "min_load_pps", item->min_load);
		json_put_real(o, "max_load_pps", item->max_load);
	}
	if (item->ended_ns)
		json_put_real(o, "search_s", (double)(item->ended_ns - item->began_ns) / 1e9);
	if (s->cfg->mrr && item->n_mrr)
		json_object_set_new(o, "mrr_pps", rates_json(item->mrr, item->n_mrr));
	for (unsigned int i = 0; i < s->n_goals; i++)
		json_array_append_new(found, found_json(s, item, i));
	json_object_set_new(o, "results", found);
	for (size_t i = 0; i < item->n_trials; i++)
		json_array_append_new(trials, trial_json(s, &item->trials[i]));
	json_object_set_new(o, "trials", trials);
	return o;
}

static json_t *ports_json(const struct search *s)
{
	json_t *list = json_array();

	for (unsigned int i = 0; s->ports_open && i < s->cfg->gen.n_ports; i++)
		json_array_append_new(list, port_json(s->gen->port[i].port));
	return list;
}

int search_json_write(const struct search *s, const char *file)
{
	json_t *o = json_begin("vio.search/1"), *goals = json_array(), *items = json_array();

	json_text(o, "started", s->gen->started);
	json_text(o, "verdict", verdict_name(s->verdict));
	json_text(o, "reason", s->reason);
	json_text(o, "method", s->cfg->bisection ? "bisection" : "mlrsearch");
	json_put_int(o, "directions", search_directions(s));
	for (unsigned int i = 0; i < s->n_goals; i++)
		json_array_append_new(goals, goal_json(s, i));
	json_object_set_new(o, "goals", goals);
	json_object_set_new(o, "ports", ports_json(s));
	for (unsigned int i = 0; i < s->n_items; i++)
		if (s->items[i].begun)
			json_array_append_new(items, item_json(s, &s->items[i]));
	json_object_set_new(o, "sizes", items);
	return json_print(o, file);
}
