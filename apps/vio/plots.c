/* SPDX-License-Identifier: BSD-3-Clause */
#include "plots.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "chart.h"
#include "hdr.h"
#include "jsonpath.h"
#include "units.h"

/* Write @c as a figure if it has points enough to show something; it is used up. */
static void put_chart(struct chart *c, size_t least, FILE *f)
{
	if (chart_points(c) >= least) {
		fputs("<figure>\n", f);
		chart_write(c, f);
		if (c->left_out)
			fprintf(f,
				"<figcaption class=\"dim\">Only the first %u series are drawn."
				"</figcaption>\n",
				CHART_SERIES);
		fputs("</figure>\n", f);
	}
	chart_fini(c);
}

static double number(const json_t *o, const char *name)
{
	return json_measured(json_find(o, name));
}

static const char *text(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s ? s : "";
}

static struct series *named(struct chart *c, const struct record *r, const char *more)
{
	char name[sizeof(c->series[0].name)];

	snprintf(name, sizeof(name), "%s%s%s", r->label, *more ? ": " : "", more);
	return chart_series(c, name);
}

/* --- throughput over frame size -------------------------------------------------------------- */

struct throughput {
	struct chart packets, bits;
};

static void add_throughput(struct throughput *t, const struct record *r, const char *goal,
			   double size, double pps)
{
	series_add(named(&t->packets, r, goal), size, pps / 1e6);
	series_add(named(&t->bits, r, goal), size, pps * size * 8 / 1e9);
}

static void throughput_of_search(struct throughput *t, const struct record *r)
{
	const json_t *size, *result;
	size_t i, k;

	json_array_foreach(json_object_get(r->doc, "sizes"), i, size)
	{
		json_array_foreach(json_object_get(size, "results"), k, result)
		{
			add_throughput(t, r, text(result, "goal"), number(size, "mean_bytes"),
				       number(result, "lower_pps"));
		}
	}
}

static void throughput_of_run(struct throughput *t, const struct record *r)
{
	double pps = record_number(r, "rx.rate_pps");

	if (r->valid)
		add_throughput(t, r, "", record_size(r),
			       isnan(pps) ? record_number(r, "tx.rate_pps") : pps);
}

static void plot_throughput(const struct records *rs, FILE *f)
{
	static const struct axis_spec x = { "frame size, bytes with FCS", AXIS_LINEAR };
	struct throughput t = {
		.packets = { .title = "Throughput over frame size",
			     .x = x,
			     .y = { "Mpps", AXIS_LINEAR },
			     .marks = true,
			     .lines = true },
		.bits = { .title = "Throughput over frame size, layer 2",
			  .x = x,
			  .y = { "Gb/s", AXIS_LINEAR },
			  .marks = true,
			  .lines = true },
	};

	for (unsigned int i = 0; i < rs->n; i++)
		(rs->r[i].search ? throughput_of_search : throughput_of_run)(&t, &rs->r[i]);
	chart_sort(&t.packets);
	chart_sort(&t.bits);
	put_chart(&t.packets, 1, f);
	put_chart(&t.bits, 1, f);
}

/* --- loss over load -------------------------------------------------------------------------- */

/* Only what counted: no warm-up, no trial that is not valid. */
static bool trial_counts(const json_t *trial)
{
	return !strcmp(text(trial, "verdict"), "valid") && strcmp(text(trial, "kind"), "warmup");
}

static void loss_of_search(struct chart *c, const struct record *r)
{
	const json_t *size, *trial;
	size_t i, k;

	json_array_foreach(json_object_get(r->doc, "sizes"), i, size)
	{
		json_array_foreach(json_object_get(size, "trials"), k, trial)
		{
			if (trial_counts(trial))
				series_add(named(c, r, text(size, "size")),
					   number(trial, "rate_pps") / 1e6,
					   number(trial, "loss_ratio"));
		}
	}
}

static void plot_loss(const struct records *rs, FILE *f)
{
	struct chart c = { .title = "Loss over load",
			   .x = { "sent, Mpps", AXIS_LINEAR },
			   .y = { "loss ratio", AXIS_LOG },
			   .marks = true,
			   .lines = true };

	for (unsigned int i = 0; i < rs->n; i++) {
		const struct record *r = &rs->r[i];

		if (r->search)
			loss_of_search(&c, r);
		else if (r->valid)
			series_add(named(&c, r, ""), record_number(r, "tx.rate_pps") / 1e6,
				   record_number(r, "rx.loss_ratio"));
	}
	chart_sort(&c);
	put_chart(&c, 1, f);
}

/* --- percentiles ------------------------------------------------------------------------------ */

static void add_histogram(struct series *s, const struct hist *h)
{
	for (double p = 0;; p = hist_next_percent(p)) {
		uint64_t value = hist_percentile(h, p);

		series_add(s, p, us(value));
		if (hist_count_to(h, value) >= h->count || p > 99.99999)
			return;
	}
}

/* Of results without histogram. */
static void add_points(struct series *s, const json_t *o)
{
	static const struct {
		const char *name;
		double percent;
	} points[] = { { "min", 0 },  { "p50", 50 },     { "p90", 90 },
		       { "p99", 99 }, { "p99_9", 99.9 }, { "p99_99", 99.99 } };

	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++)
		series_add(s, points[i].percent, number(o, points[i].name));
}

static void plot_percentiles(const struct records *rs, const char *member, struct chart c, FILE *f)
{
	static struct hist h; /* large; one report at a time */

	c.x = (struct axis_spec){ "part of the whole that is at most so", AXIS_TAIL };
	c.lines = true;
	for (unsigned int i = 0; i < rs->n; i++) {
		const json_t *o = json_object_get(rs->r[i].doc, member);
		char name[sizeof(c.series[0].name)];
		struct series *s;

		if (!o)
			continue;
		/* Repetitions are lines of their own. */
		snprintf(name, sizeof(name), "%u %s%s", i + 1, rs->r[i].label,
			 rs->r[i].valid ? "" : " (not valid)");
		s = chart_series(&c, name);
		if (hdr_decode(text(o, "hdr_v2"), &h) && h.count)
			add_histogram(s, &h);
		else
			add_points(s, o);
	}
	put_chart(&c, 1, f);
}

void plots_of_all(const struct records *rs, FILE *f)
{
	fputs("<div class=\"plots\">\n", f);
	plot_throughput(rs, f);
	plot_loss(rs, f);
	plot_percentiles(
		rs, "latency",
		(struct chart){ .title = "Latency by percentile", .y = { "us", AXIS_LOG } }, f);
	plot_percentiles(
		rs, "pacing",
		(struct chart){ .title = "Pacing error by percentile: how late bursts left",
				.y = { "us", AXIS_LOG } },
		f);
	fputs("</div>\n", f);
}

/* --- the course of a run -----------------------------------------------------------------------
 */

/* Rates of an interval stand at its end. */
static void add_course(struct chart *c, const json_t *interval, const char *member,
		       const char *name, bool rate)
{
	double from = number(interval, "from_s"), to = number(interval, "to_s");
	double value = number(interval, member);

	if (isnan(value) || !(to > from))
		return;
	series_add(chart_series(c, name), to, rate ? value / (to - from) / 1e6 : value);
}

static void plot_course(const struct record *r, struct chart c, const char *const (*lines)[2],
			bool rate, FILE *f)
{
	const json_t *interval;
	size_t i;

	c.x = (struct axis_spec){ "seconds since the measurement began", AXIS_LINEAR };
	c.lines = true;
	json_array_foreach(json_object_get(r->doc, "intervals"), i,
			   interval) for (unsigned int k = 0; lines[k][0]; k++)
		add_course(&c, interval, lines[k][0], lines[k][1], rate);
	put_chart(&c, 2, f);
}

void plots_of_run(const struct record *r, FILE *f)
{
	static const char *const rates[][2] = {
		{ "sent", "sent" }, { "received", "received" }, { "missing", "missing" }, { NULL }
	};
	static const char *const latencies[][2] = { { "latency_p50_us", "p50" },
						    { "latency_p99_us", "p99" },
						    { "latency_p99_9_us", "p99.9" },
						    { NULL } };

	fputs("<div class=\"plots\">\n", f);
	plot_course(r, (struct chart){ .title = "Rates over time", .y = { "Mpps", AXIS_LINEAR } },
		    rates, true, f);
	plot_course(r, (struct chart){ .title = "Latency over time", .y = { "us", AXIS_LOG } },
		    latencies, false, f);
	fputs("</div>\n", f);
}
