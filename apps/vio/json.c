/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "document.h"
#include "hdr.h"
#include "json.h"
#include "port_json.h"
#include "replay_json.h"
#include "stream_json.h"

/* What was not measured is absent. */
static json_t *tx_json(const struct gen *g)
{
	const struct result *r = &g->result;
	json_t *o = json_object();

	if (r->asked_pps > 0) {
		json_put_real(o, "offered_pps", r->asked_pps);
		/* How much a replay would still have had at its end, only its reader knows. */
		if (!g->replay)
			json_put_int(o, "offered", (uint64_t)(r->offered + 0.5));
	}
	json_put_int(o, "sent", r->t.sent);
	json_put_int(o, "unsent", r->t.unsent);
	json_put_int(o, "ring_full", r->t.ring_full);
	json_put_int(o, "no_buffers", r->t.no_buffers);
	json_put_int(o, "bytes_l2", r->t.tx_bytes);
	json_put_real(o, "rate_pps", r->rate_pps);
	if (r->asked_pps > 0)
		json_put_real(o, "rate_error", fabs(r->rate_pps - r->asked_pps) / r->asked_pps);
	json_put_real(o, "bits_l2_per_s", r->rate_bps);
	json_put_real(o, "duration_s", r->duration_s);
	return o;
}

static json_t *rx_json(const struct gen *g)
{
	const struct result *r = &g->result;
	json_t *o = json_object();

	json_put_int(o, "received", r->t.received);
	json_put_int(o, "lost", r->lost);
	if (r->lost + r->t.received)
		json_put_real(o, "loss_ratio", (double)r->lost / (double)(r->lost + r->t.received));
	json_put_int(o, "foreign", r->t.foreign);
	/* Frames of a replay have no number. */
	if (!g->replay) {
		json_put_int(o, "reordered", r->t.reordered);
		json_put_int(o, "duplicate", r->t.duplicate);
		json_put_int(o, "late", r->t.late);
		json_put_int(o, "corrupt", r->t.corrupt);
		json_put_int(o, "warmup", r->t.early);
	}
	json_put_int(o, "bytes_l2", r->t.rx_bytes);
	if (r->duration_s > 0)
		json_put_real(o, "rate_pps", (double)r->t.received / r->duration_s);
	return o;
}

/* The whole histogram. */
static void put_hist(json_t *o, const struct hist *h)
{
	char *text = hdr_encode(h);

	if (text)
		json_object_set_new(o, "hdr_v2", json_string(text));
	free(text);
}

static json_t *latency_json(const struct gen *g)
{
	static const struct {
		const char *name;
		double percent;
	} points[] = {
		{ "p50", 50 }, { "p90", 90 }, { "p99", 99 }, { "p99_9", 99.9 }, { "p99_99", 99.99 }
	};
	const struct hist *h = &g->result.latency;
	json_t *o = json_object();

	json_object_set_new(o, "unit", json_string("us"));
	json_put_int(o, "count", h->count);
	json_put_us(o, "min", h->min);
	json_put_real(o, "mean", hist_mean(h) / 1000);
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++)
		json_put_us(o, points[i].name, hist_percentile(h, points[i].percent));
	json_put_us(o, "max", h->max);
	if (g->floor_ns)
		json_put_int(o, "floor_ns", g->floor_ns);
	put_hist(o, h);
	return o;
}

static json_t *pacing_json(const struct gen *g)
{
	const struct result *r = &g->result;
	json_t *o = json_object();

	json_put_int(o, "burst", r->burst);
	json_put_us(o, "error_p50_us", hist_percentile(&r->pace, 50));
	json_put_us(o, "error_p99_us", hist_percentile(&r->pace, 99));
	json_put_int(o, "bursts", r->t.bursts);
	json_put_int(o, "late_bursts", r->t.late_bursts);
	json_put_int(o, "given_up", r->t.skipped);
	put_hist(o, &r->pace);
	json_object_set_new(o, "error_histogram", pace_json(&r->pace));
	return o;
}

static json_t *cpu_json(const struct gen *g)
{
	const struct totals *t = &g->result.t;
	json_t *o = json_object(), *workers = json_array();

	if (t->tx_cost_packets) {
		json_put_real(o, "gen_cycles_per_pkt",
			      (double)t->gen_ticks / (double)t->tx_cost_packets);
		json_put_real(o, "tx_cycles_per_pkt",
			      (double)t->tx_ticks / (double)t->tx_cost_packets);
	}
	if (t->rx_cost_packets) {
		json_put_real(o, "rx_cycles_per_pkt",
			      (double)t->rx_ticks / (double)t->rx_cost_packets);
		json_put_real(o, "check_cycles_per_pkt",
			      (double)t->check_ticks / (double)t->rx_cost_packets);
	}
	json_put_int(o, "tsc_hz", g->clock.hz);
	for (unsigned int i = 0; i < g->plan.workers; i++) {
		const struct worker *w = &g->workers[i];
		json_t *j = json_object();

		json_put_int(j, "cpu", (uint64_t)w->cpu);
		json_put_int(j, "tx_queues", w->n_tx);
		json_put_int(j, "rx_queues", w->n_rx);
		json_put_int(j, "devices", w->n_loops);
		if (w->all_ticks)
			json_put_real(j, "idle_ratio",
				      1 - (double)w->busy_ticks / (double)w->all_ticks);
		json_array_append_new(workers, j);
	}
	json_object_set_new(o, "workers", workers);
	return o;
}

json_t *interval_json(const struct gen *g, const struct interval *i)
{
	json_t *o = json_object();

	json_put_real(o, "from_s", i->from_s);
	json_put_real(o, "to_s", i->to_s);
	if (gen_sends(g))
		json_put_int(o, "sent", i->d.sent);
	if (gen_receives(g))
		json_put_int(o, "received", i->d.received);
	if (gen_receives(g) && !g->replay) {
		json_put_int(o, "missing", i->d.missing);
		json_put_int(o, "reordered", i->d.reordered);
		json_put_int(o, "duplicate", i->d.duplicate);
	}
	if (i->p999) {
		json_put_us(o, "latency_p50_us", i->p50);
		json_put_us(o, "latency_p99_us", i->p99);
		json_put_us(o, "latency_p99_9_us", i->p999);
	}
	return o;
}

static json_t *environment_json(const struct gen *g)
{
	json_t *o = json_object();
	struct utsname u;

	if (uname(&u) == 0) {
		json_object_set_new(o, "kernel", json_string(u.release));
		json_object_set_new(o, "machine", json_string(u.machine));
	}
	for (unsigned int i = 0; i < g->cfg->n_ports; i++) {
		struct vio_pool_info pool;
		struct vio_region_info region;

		vio_pool_info(g->port[i].pool, &pool);
		vio_region_info(pool.region, &region);
		json_put_int(o, "page_bytes", region.page_bytes);
		json_put_int(o, "memory_bytes", region.bytes);
	}
	return o;
}

static void put_verdict(json_t *o, const struct result *r)
{
	json_t *reasons = json_array();

	json_object_set_new(o, "verdict", json_string(verdict_name(r->verdict)));
	for (unsigned int i = 0; i < r->n_reasons; i++)
		json_array_append_new(reasons, json_any_text(r->reason[i]));
	json_object_set_new(o, "reasons", reasons);
	json_object_set_new(o, "interrupted", json_boolean(r->interrupted));
}

json_t *result_json(const struct gen *g)
{
	json_t *o = json_begin("vio.pktgen/1"), *ports = json_array(), *intervals = json_array();

	json_object_set_new(o, "started", json_string(g->started));
	put_verdict(o, &g->result);
	for (unsigned int i = 0; i < g->cfg->n_ports; i++)
		json_array_append_new(ports, port_json(g->port[i].port));
	json_object_set_new(o, "ports", ports);
	if (gen_sends(g))
		json_object_set_new(o, "tx", tx_json(g));
	if (gen_receives(g))
		json_object_set_new(o, "rx", rx_json(g));
	if (g->result.latency.count)
		json_object_set_new(o, "latency", latency_json(g));
	if (g->result.streams)
		json_object_set_new(o, "streams", streams_json(g));
	if (g->result.pace.count)
		json_object_set_new(o, "pacing", pacing_json(g));
	if (g->replay)
		json_object_set_new(o, "replay", replay_json(g));
	json_object_set_new(o, "cpu", cpu_json(g));
	gen_respond_json(g, o);
	capture_run_json(&g->capture, o);
	json_object_set_new(o, "environment", environment_json(g));
	for (size_t i = 0; i < g->n_intervals; i++)
		json_array_append_new(intervals, interval_json(g, &g->intervals[i]));
	json_object_set_new(o, "intervals", intervals);
	return o;
}
