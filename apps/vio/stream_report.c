/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>

#include "gen.h"

/* A lane without a receiver knows nothing of what became of it. */
static void stream_rx(const struct gen *g, const struct stream_result *s)
{
	const struct hist *h = &s->latency;

	fprintf(g->out,
		"  received %" PRIu64 "  lost %" PRId64 "  late %" PRIu64 "  reordered %" PRIu64
		"  duplicate %" PRIu64 "  corrupt %" PRIu64,
		s->received, s->lost, s->late, s->reordered, s->duplicate, s->corrupt);
	if (h->count)
		fprintf(g->out, "  p50/p99/p99.9 %.1f / %.1f / %.1f us",
			(double)hist_percentile(h, 50) / 1000,
			(double)hist_percentile(h, 99) / 1000,
			(double)hist_percentile(h, 99.9) / 1000);
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
