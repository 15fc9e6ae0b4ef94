/* SPDX-License-Identifier: BSD-3-Clause */
#include "live.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "screen.h"

#define PICTURE_NS 250000000u

static struct live {
	uint64_t next, drawn; /* ticks */
	struct totals then;
	struct hist latency, latency_then;
	struct hist stream, *stream_then;
	uint64_t stream_sent[STREAMS_MAX];
	uint64_t queue[SCREEN_ROWS]; /* packets */
	struct screen_view view;
} * live; /* NULL: none is drawn */

static bool wanted(const struct gen *g)
{
	return !g->cfg->no_tui && !g->cfg->quiet && g->out == stdout;
}

static void free_live(struct live *l)
{
	free(l->stream_then);
	free(l);
}

bool live_begin(const struct gen *g)
{
	struct live *l;

	if (!wanted(g))
		return false;
	l = calloc(1, sizeof(*l));
	if (!l)
		return false;
	l->stream_then = calloc(g->n_streams, sizeof(*l->stream_then));
	if (l->stream_then && screen_begin()) {
		live = l;
		return true;
	}
	free_live(l);
	return false;
}

void live_end(void)
{
	if (!live)
		return;
	screen_end();
	free_live(live);
	live = NULL;
}

static double mpps(uint64_t packets, double s)
{
	return s > 0 ? (double)packets / s / 1e6 : 0;
}

static double gbps(uint64_t bytes, double s)
{
	return s > 0 ? 8 * (double)bytes / s / 1e9 : 0;
}

static int percent(uint64_t part, uint64_t all)
{
	return all ? (int)(100 * part / all) : 0;
}

/* Title, time and sums. @s: seconds since the last picture. */
static void fill_totals(const struct gen *g, struct live *l, double s)
{
	struct screen_view *v = &l->view;
	struct totals t, d;

	gen_totals(g, &t);
	totals_subtract(&d, &t, &l->then);
	l->then = t;
	snprintf(v->title, sizeof(v->title), "vio pktgen  %s%s%s", g->cfg->port[0],
		 g->cfg->n_ports > 1 ? "  " : "", g->cfg->n_ports > 1 ? g->cfg->port[1] : "");
	v->unnumbered = g->replay;
	v->of_s = (double)g->cfg->time_ns / 1e9;
	v->tx_mpps = mpps(d.sent, s);
	v->rx_mpps = mpps(d.received, s);
	v->tx_gbps = gbps(d.tx_bytes, s);
	v->rx_gbps = gbps(d.rx_bytes, s);
	v->sent = t.sent;
	v->received = t.received;
	v->unsent = t.unsent;
	v->lost = t.missing;
	v->reordered = t.reordered;
	v->duplicate = t.duplicate;
	v->corrupt = t.corrupt;
	v->late = t.late;
}

/* Percentiles of what has come since the last picture. */
static void fill_latency(const struct gen *g, struct live *l)
{
	struct screen_view *v = &l->view;

	gen_latency(g, &l->latency);
	hist_since(&l->latency, &l->latency_then);
	v->p50 = hist_percentile(&l->latency, 50);
	v->p99 = hist_percentile(&l->latency, 99);
	v->p999 = hist_percentile(&l->latency, 99.9);
	v->max = l->latency.count ? l->latency.max : 0;
}

/* A row for one queue, the next one of the picture. */
static void add_queue(struct live *l, const char *name, unsigned int i,
		      const struct vio_queue_stats *q, int fill, double s)
{
	const unsigned int n = l->view.n_queues;
	struct screen_row *r = &l->view.queue[n];

	if (n == SCREEN_ROWS)
		return;
	*r = (struct screen_row){ .mpps = mpps(q->packets - l->queue[n], s),
				  .fill = fill,
				  .full = q->ring_full };
	snprintf(r->name, sizeof(r->name), "%s%u", name, i);
	l->queue[n] = q->packets;
	l->view.n_queues++;
}

static void fill_queues(const struct gen *g, struct live *l, double s)
{
	const unsigned int entries = g->port[0].info.entries;
	struct vio_queue_stats q;

	l->view.n_queues = 0;
	for (unsigned int i = 0; i < g->n_txq; i++) {
		vio_txq_stats(g->txq[i].q, &q);
		add_queue(l, "tx", i, &q, percent(q.packets - q.completed, entries), s);
	}
	for (unsigned int i = 0; i < g->n_rx; i++) {
		vio_rxq_stats(g->rx[i].q, &q);
		add_queue(l, "rx", i, &q, -1, s);
	}
}

static void stream_latency(const struct gen *g, struct live *l, unsigned int stream,
			   struct screen_row *r)
{
	memset(&l->stream, 0, sizeof(l->stream));
	for (unsigned int i = 0; i < g->n_rx; i++)
		hist_merge(&l->stream, &g->rx[i].latency[stream]);
	hist_since(&l->stream, &l->stream_then[stream]);
	r->p50 = hist_percentile(&l->stream, 50);
	r->p99 = hist_percentile(&l->stream, 99);
}

static void fill_streams(const struct gen *g, struct live *l, double s)
{
	l->view.n_streams = g->n_streams > 1 && gen_sends(g) ? g->n_streams : 0;
	for (unsigned int i = 0; i < l->view.n_streams; i++) {
		struct screen_row *r = &l->view.stream[i];
		struct stream_sums sums = { 0 };

		*r = (struct screen_row){ .fill = -1 };
		for (unsigned int d = 0; d < g->n_paths; d++)
			gen_stream_sums(g, d, i, &sums);
		snprintf(r->name, sizeof(r->name), "%s", g->stream[i].name);
		r->lost = sums.missing;
		r->mpps = mpps(sums.sent - l->stream_sent[i], s);
		l->stream_sent[i] = sums.sent;
		if (gen_receives(g))
			stream_latency(g, l, i, r);
	}
}

bool live_poll(const struct gen *g)
{
	const uint64_t now = vio_ticks();
	double s;

	if (!live || (int64_t)(now - live->next) < 0)
		return false;
	s = live->drawn ? (double)(now - live->drawn) / (double)g->clock.hz : 0;
	live->next = now + stamp_ns_to_ticks(&g->clock, PICTURE_NS);
	live->drawn = now;
	live->view.at_s = fmax((double)(int64_t)(now - g->times.measure) / (double)g->clock.hz, 0);
	fill_totals(g, live, s);
	fill_latency(g, live);
	fill_queues(g, live, s);
	fill_streams(g, live, s);
	screen_draw(&live->view);
	return screen_quit();
}
