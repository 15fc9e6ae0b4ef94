/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>
#include <stdlib.h>

#include "gen.h"

void gen_stream_sums(const struct gen *g, unsigned int path, unsigned int stream,
		     struct stream_sums *s)
{
	const struct path *p = &g->path[path];

	for (unsigned int i = 0; i < g->n_tx; i++)
		if (g->tx[i].path == p && g->tx[i].stream == stream)
			s->sent += counter_get(&g->tx[i].stats.sent);
	for (unsigned int l = 0; l < p->lanes; l++) {
		if (p->lane[l].stream != stream)
			continue;
		s->received += counter_get(&p->tracks[l].received);
		s->duplicate += counter_get(&p->tracks[l].duplicate);
		s->missing += track_missing(&p->tracks[l]);
	}
}

double gen_seconds(const struct gen *g)
{
	uint64_t end = counter_get(&g->times.end), ticks = end - g->times.measure;

	if ((int64_t)ticks <= 0)
		return 0;
	return ticks >= TIMETABLE_NEVER ? INFINITY : (double)ticks / (double)g->clock.hz;
}

/* What random gaps have come to only the pacer knows. */
double lane_offered(const struct tx_job *j, double seconds)
{
	const struct tx_stats *s = &j->stats;
	double packets = INFINITY;
	struct schedule plan;

	schedule_init(&plan, &j->pace.rate, &j->pace.pacing, j->pace.mean_size);
	if (plan.random)
		packets = (double)(s->sent + s->unsent);
	else if (isfinite(seconds))
		packets = schedule_packets(&plan, seconds);
	return packets < (double)j->count ? packets : (double)j->count;
}

/* The rate that was asked for, on average over the time that it was to be kept. */
static double lane_asked_pps(const struct tx_job *j, double seconds)
{
	struct schedule plan;
	double t;

	schedule_init(&plan, &j->pace.rate, &j->pace.pacing, j->pace.mean_size);
	t = j->count < UINT64_MAX ? schedule_at(&plan, (double)j->count) : INFINITY;
	t = t < seconds ? t : seconds;
	return t > 0 && isfinite(t) ? schedule_units(&plan, t) / t : plan.first;
}

static double lane_seconds(const struct gen *g, const struct tx_job *j)
{
	uint64_t ended = j->stats.ended ? j->stats.ended : vio_ticks();

	return j->stats.began ? (double)(ended - j->stats.began) / (double)g->clock.hz : 0;
}

/* A lane is a part of its stream, which lasts as long as the longest. */
static void add_lane(struct gen *g, const struct tx_job *j, struct stream_result *s)
{
	struct result *r = &g->result;
	double seconds = lane_seconds(g, j), window = gen_seconds(g);

	s->duration_s = seconds > s->duration_s ? seconds : s->duration_s;
	s->sent += j->stats.sent;
	s->tx_bytes += j->stats.bytes;
	s->unsent += j->stats.unsent;
	s->bursts += j->stats.bursts;
	s->late_bursts += j->stats.late_bursts;
	s->paced = !j->pacer.unlimited;
	if (!s->paced)
		return;
	s->offered += lane_offered(j, window);
	s->asked_pps += lane_asked_pps(j, window);
	r->burst = j->pacer.quantum > r->burst ? j->pacer.quantum : r->burst;
}

static void add_books(const struct gen *g, const struct tx_job *j, struct stream_result *s)
{
	const struct track *t = &j->path->tracks[j->lane];

	s->received += t->received;
	s->rx_bytes += t->bytes;
	s->duplicate += t->duplicate;
	s->late += t->late;
	s->early += t->early;
	s->lost += track_lost(t, j->seq);
	for (unsigned int i = 0; i < g->n_rx; i++)
		if (g->rx[i].path == j->path)
			s->reordered += g->rx[i].order[j->lane].reordered;
}

static void add_receivers(const struct gen *g, unsigned int stream, struct stream_result *s)
{
	for (unsigned int i = 0; i < g->n_rx; i++) {
		s->corrupt += g->rx[i].corrupt[stream];
		hist_merge(&s->latency, &g->rx[i].latency[stream]);
	}
}

/* Without a schedule in one of the streams, there is none for the whole. */
static void sum_up(struct result *r, unsigned int n)
{
	bool paced = true;

	for (unsigned int i = 0; i < n; i++) {
		struct stream_result *s = &r->streams[i];

		if (s->duration_s > 0) {
			s->rate_pps = (double)s->sent / s->duration_s;
			s->rate_bps = 8 * (double)s->tx_bytes / s->duration_s;
		}
		r->lost += s->lost > 0 ? (uint64_t)s->lost : 0;
		r->offered += s->offered;
		r->asked_pps += s->asked_pps;
		paced &= s->paced;
	}
	if (!paced)
		r->offered = r->asked_pps = 0;
}

bool gen_stream_results(struct gen *g)
{
	struct result *r = &g->result;

	r->streams = calloc(g->n_streams, sizeof(*r->streams));
	if (!r->streams)
		return false;
	for (unsigned int i = 0; i < g->n_tx; i++) {
		struct tx_job *j = &g->tx[i];
		struct stream_result *s = &r->streams[j->stream];

		add_lane(g, j, s);
		if (gen_receives(g))
			add_books(g, j, s);
	}
	for (unsigned int i = 0; i < g->n_streams; i++) {
		r->streams[i].name = g->stream[i].name;
		add_receivers(g, i, &r->streams[i]);
	}
	sum_up(r, g->n_streams);
	return true;
}
