/* SPDX-License-Identifier: BSD-3-Clause */
#include "figure.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "jsonpath.h"

/* clang-format off */
const struct figure run_figures[] = {
	{ .name = "offered", .unit = "Mpps", .path = "tx.offered_pps", .scale = 1e-6, .brief = true },
	{ .name = "sent", .unit = "Mpps", .path = "tx.rate_pps", .scale = 1e-6, .better = 1, .brief = true },
	{ .name = "sent, layer 2", .unit = "Gb/s", .path = "tx.bits_l2_per_s", .scale = 1e-9, .better = 1 },
	{ .name = "received", .unit = "Mpps", .path = "rx.rate_pps", .scale = 1e-6, .better = 1, .brief = true },
	{ .name = "loss ratio", .unit = "", .path = "rx.loss_ratio", .scale = 1, .better = -1, .brief = true },
	{ .name = "lost", .unit = "packets", .path = "rx.lost", .scale = 1, .better = -1 },
	{ .name = "unsent", .unit = "packets", .path = "tx.unsent", .scale = 1, .better = -1 },
	{ .name = "reordered", .unit = "packets", .path = "rx.reordered", .scale = 1, .better = -1 },
	{ .name = "duplicate", .unit = "packets", .path = "rx.duplicate", .scale = 1, .better = -1 },
	{ .name = "corrupt", .unit = "packets", .path = "rx.corrupt", .scale = 1, .better = -1 },
	{ .name = "latency p50", .unit = "us", .path = "latency.p50", .scale = 1, .better = -1, .brief = true },
	{ .name = "latency p90", .unit = "us", .path = "latency.p90", .scale = 1, .better = -1 },
	{ .name = "latency p99", .unit = "us", .path = "latency.p99", .scale = 1, .better = -1, .brief = true },
	{ .name = "latency p99.9", .unit = "us", .path = "latency.p99_9", .scale = 1, .better = -1, .brief = true },
	{ .name = "latency max", .unit = "us", .path = "latency.max", .scale = 1, .better = -1 },
	{ .name = "latency floor", .unit = "us", .path = "latency.floor_ns", .scale = 1e-3 },
	{ .name = "pacing error p99", .unit = "us", .path = "pacing.error_p99_us", .scale = 1, .better = -1 },
	{ .name = "late bursts", .unit = "bursts", .path = "pacing.late_bursts", .scale = 1, .better = -1 },
	{ .name = "cost of building", .unit = "cycles/packet", .path = "cpu.gen_cycles_per_pkt", .scale = 1, .better = -1 },
	{ .name = "cost of sending", .unit = "cycles/packet", .path = "cpu.tx_cycles_per_pkt", .scale = 1, .better = -1 },
	{ .name = "cost of receiving", .unit = "cycles/packet", .path = "cpu.rx_cycles_per_pkt", .scale = 1, .better = -1 },
	{ .name = "cost of checking", .unit = "cycles/packet", .path = "cpu.check_cycles_per_pkt", .scale = 1, .better = -1 },
	{ .name = "duration", .unit = "s", .path = "tx.duration_s", .scale = 1 },
	{ 0 }
};
/* clang-format on */

/* The element of @list whose member @name is @text. */
static const json_t *element_of(const json_t *list, const char *name, const char *text)
{
	const json_t *o;
	size_t i;

	json_array_foreach(list, i, o)
	{
		const char *is = json_string_value(json_object_get(o, name));

		if (is && !strcmp(is, text))
			return o;
	}
	return NULL;
}

double figure_value(const struct figure *f, const struct record *r)
{
	const json_t *o;

	if (f->path)
		return record_number(r, f->path) * f->scale;
	o = element_of(json_object_get(r->doc, "sizes"), "size", f->size);
	o = element_of(json_object_get(o, "results"), "goal", f->goal);
	return json_measured(json_object_get(o, "lower_pps")) * f->scale;
}

const char *figure_text(double value, char out[32])
{
	if (isnan(value))
		return "-";
	snprintf(out, 32, fabs(value) >= 1e5 && fabs(value) < 1e15 ? "%.0f" : "%.5g", value);
	return out;
}

static unsigned int search_figures(const struct record *r, struct figure out[FIGURES_MAX])
{
	const json_t *size, *result;
	unsigned int n = 0;
	size_t i, k;

	json_array_foreach(json_object_get(r->doc, "sizes"), i, size)
	{
		const char *s = json_string_value(json_object_get(size, "size"));

		json_array_foreach(json_object_get(size, "results"), k, result)
		{
			const char *goal = json_string_value(json_object_get(result, "goal"));

			if (!s || !goal || n == FIGURES_MAX)
				continue;
			out[n] = (struct figure){
				.name = "rate found", .unit = "Mpps", .scale = 1e-6, .better = 1
			};
			snprintf(out[n].size, sizeof(out[n].size), "%s", s);
			snprintf(out[n].goal, sizeof(out[n].goal), "%s", goal);
			n++;
		}
	}
	return n;
}

unsigned int figures_of(const struct record *r, struct figure out[FIGURES_MAX])
{
	unsigned int n = 0;

	if (r->search)
		return search_figures(r, out);
	for (const struct figure *f = run_figures; f->name; f++)
		out[n++] = *f;
	return n;
}
