/* SPDX-License-Identifier: BSD-3-Clause */
#include "fail.h"
#include "gen.h"
#include "profile.h"

/* Without a profile all traffic is one stream. */
static void only_stream(struct gen *g)
{
	g->n_streams = 1;
	g->stream[0] = (struct gen_stream){
		.name = "stream0", .cfg = g->cfg, .rate = g->cfg->rate, .weight = 1
	};
}

/* Streams without a rate of their own share the run's by their weights. */
static void profile_streams(struct gen *g, const struct profile *p)
{
	double weights = 0;

	for (unsigned int i = 0; i < p->n; i++)
		weights += p->stream[i].own_rate ? 0 : p->stream[i].weight;
	for (unsigned int i = 0; i < p->n; i++) {
		const struct profile_stream *s = &p->stream[i];

		g->stream[i] = (struct gen_stream){
			.name = s->name,
			.cfg = &s->cfg,
			.rate = s->own_rate ? s->cfg.rate
					    : rate_scaled(&g->cfg->rate, s->weight / weights),
			.weight = s->weight,
		};
	}
	g->n_streams = p->n;
}

int gen_streams(struct gen *g)
{
	struct why why;

	if (g->cfg->streams)
		profile_streams(g, g->cfg->streams);
	else
		only_stream(g);
	for (unsigned int i = 0; i < g->n_streams; i++) {
		struct gen_stream *s = &g->stream[i];

		s->mean_size = sizes_mean(&s->cfg->sizes);
		if (!rate_resolve(&s->rate, g->cfg->line_bps, s->cfg->count_l1, &why))
			return fail(FAIL_VALUE, why.text,
				    "pktgen: the rate of stream '%s' is not known", s->name);
		if (s->rate.unit == RATE_MAX && s->cfg->pacing.kind != PACING_SMOOTH)
			return fail(FAIL_CONFLICT,
				    "as fast as can be leaves no gaps to choose (--rate)",
				    "pktgen: --pacing without a rate (stream '%s')", s->name);
	}
	return 0;
}
