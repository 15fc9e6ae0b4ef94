/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>

#include "gen.h"
#include "units.h"

static void stream_queues(const struct gen *g, unsigned int stream)
{
	const struct gen_stream *s = &g->stream[stream];

	fprintf(g->out, "  stream %-12s on", s->name);
	for (unsigned int i = 0; i < g->n_txq; i++)
		for (unsigned int k = 0; k < g->txq[i].n_jobs; k++)
			if (g->txq[i].jobs[k].stream == stream)
				fprintf(g->out, " tx%u", i);
	if (s->rate.unit == RATE_MAX)
		fprintf(g->out, "  max\n");
	else
		fprintf(g->out, "  %s%.6g packets/s\n", s->rate.ramp_ns ? "from " : "",
			rate_pps(&s->rate, s->mean_size));
}

void report_stream_queues(const struct gen *g)
{
	for (unsigned int i = 0; g->n_txq && g->n_streams > 1 && i < g->n_streams; i++)
		stream_queues(g, i);
}

/* A lane without a receiver knows nothing of what became of it. */
static void stream_rx(const struct gen *g, const struct stream_result *s)
{
	const struct hist *h = &s->latency;

	fprintf(g->out,
		"  received %" PRIu64 "  lost %" PRId64 "  late %" PRIu64 "  reordered %" PRIu64
		"  duplicate %" PRIu64 "  corrupt %" PRIu64,
		s->received, s->lost, s->late, s->reordered, s->duplicate, s->corrupt);
	if (h->count)
		fprintf(g->out, "  p50/p99/p99.9 %.1f / %.1f / %.1f us", us(hist_percentile(h, 50)),
			us(hist_percentile(h, 99)), us(hist_percentile(h, 99.9)));
}

void report_streams(const struct gen *g)
{
	for (unsigned int i = 0; g->result.streams && g->n_streams > 1 && i < g->n_streams; i++) {
		const struct stream_result *s = &g->result.streams[i];

		fprintf(g->out, "  stream %-12s sent %" PRIu64 " (%.4f Mpps)  unsent %" PRIu64,
			s->name, s->sent, s->rate_pps / 1e6, s->unsent);
		if (gen_receives(g))
			stream_rx(g, s);
		fprintf(g->out, "\n");
	}
}
