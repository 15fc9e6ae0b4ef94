/* SPDX-License-Identifier: BSD-3-Clause */
#include "csv.h"

#include "counters.h"
#include "units.h"

#define LINE_END "\r\n"

void csv_header(const struct gen *g, FILE *f)
{
	fprintf(f, "from_s,to_s,sent_per_s,received_per_s");
	for (const struct counter_def *d = counter_defs; d->name; d++)
		if (counter_measured(g, d))
			fprintf(f, ",%s", d->name);
	fprintf(f, ",latency_p50_us,latency_p99_us,latency_p99_9_us" LINE_END);
}

static void put_rate(bool measured, uint64_t n, double s, FILE *f)
{
	if (measured && s > 0)
		fprintf(f, ",%.3f", (double)n / s);
	else
		fprintf(f, ",");
}

static void put_us(const struct interval *i, uint64_t ns, FILE *f)
{
	if (i->p999)
		fprintf(f, ",%.3f", us(ns));
	else
		fprintf(f, ",");
}

void csv_interval(const struct gen *g, const struct interval *i, FILE *f)
{
	double s = i->to_s - i->from_s;

	fprintf(f, "%.6f,%.6f", i->from_s, i->to_s);
	put_rate(gen_sends(g), i->d.sent, s, f);
	put_rate(gen_receives(g), i->d.received, s, f);
	for (const struct counter_def *d = counter_defs; d->name; d++)
		if (counter_measured(g, d))
			fprintf(f, ",%llu", (unsigned long long)counter_of(&i->d, d));
	put_us(i, i->p50, f);
	put_us(i, i->p99, f);
	put_us(i, i->p999, f);
	fprintf(f, LINE_END);
}
