/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "gen.h"
#include "replay_run.h"

/* What the result may be off by and still be what was asked for: packets of the schedule, and time.
 * A moment's delay at the very end makes a run longer, not emptier. */
#define RATE_TOLERANCE 0.001
#define TIME_TOLERANCE 0.005

const char *verdict_name(enum verdict v)
{
	static const char *const names[] = { "valid", "invalid", "failed" };

	return names[v];
}

static void add_tx(struct totals *t, const struct tx_stats *s)
{
	t->sent += counter_get(&s->sent);
	t->tx_bytes += counter_get(&s->bytes);
	t->unsent += counter_get(&s->unsent);
	t->bursts += counter_get(&s->bursts);
	t->late_bursts += counter_get(&s->late_bursts);
	t->ring_full += counter_get(&s->ring_full);
	t->no_buffers += counter_get(&s->no_buffers);
	t->skipped += counter_get(&s->skipped);
	t->tx_cost_packets += counter_get(&s->cost_packets);
	t->gen_ticks += counter_get(&s->gen_ticks);
	t->tx_ticks += counter_get(&s->tx_ticks);
}

static void add_rx(struct totals *t, const struct rx_job *j)
{
	const struct rx_stats *s = &j->stats;

	t->received += counter_get(&s->received);
	t->rx_bytes += counter_get(&s->bytes);
	t->rx_cost_packets += counter_get(&s->cost_packets);
	t->corrupt += counter_get(&s->corrupt);
	t->foreign += counter_get(&s->foreign);
	t->rx_ticks += counter_get(&s->rx_ticks);
	t->check_ticks += counter_get(&s->check_ticks);
	for (unsigned int i = 0; i < j->path->lanes; i++)
		t->reordered += counter_get(&j->order[i].reordered);
}

static void add_track(struct totals *t, const struct track *k)
{
	t->received += counter_get(&k->received);
	t->rx_bytes += counter_get(&k->bytes);
	t->duplicate += counter_get(&k->duplicate);
	t->late += counter_get(&k->late);
	t->early += counter_get(&k->early);
	t->missing += track_missing(k);
}

void gen_totals(const struct gen *g, struct totals *t)
{
	*t = (struct totals){ 0 };
	for (unsigned int i = 0; i < g->n_tx; i++)
		add_tx(t, &g->tx[i].stats);
	for (unsigned int i = 0; i < g->n_rx; i++)
		add_rx(t, &g->rx[i]);
	for (unsigned int d = 0; d < g->n_paths; d++)
		for (unsigned int i = 0; i < g->path[d].lanes; i++)
			add_track(t, &g->path[d].tracks[i]);
}

void totals_subtract(struct totals *d, const struct totals *now, const struct totals *before)
{
	const uint64_t *a = (const uint64_t *)now, *b = (const uint64_t *)before;
	uint64_t *out = (uint64_t *)d;

	/* All members are counters; what is missing may become less. */
	for (size_t i = 0; i < sizeof(*d) / sizeof(*out); i++)
		out[i] = a[i] > b[i] ? a[i] - b[i] : 0;
}

void gen_latency(const struct gen *g, struct hist *h)
{
	memset(h, 0, sizeof(*h));
	for (unsigned int i = 0; i < g->n_rx; i++)
		for (unsigned int s = 0; s < g->n_streams; s++)
			hist_merge(h, &g->rx[i].latency[s]);
}

static void reason(struct result *r, enum verdict v, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void reason(struct result *r, enum verdict v, const char *fmt, ...)
{
	va_list ap;

	if (v > r->verdict)
		r->verdict = v;
	if (r->n_reasons == REASONS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(r->reason[r->n_reasons++], sizeof(r->reason[0]), fmt, ap);
	va_end(ap);
}

/* From the first sender's beginning to the last one's end. */
static double tx_duration(const struct gen *g)
{
	uint64_t from = UINT64_MAX, to = 0;

	for (unsigned int i = 0; i < g->n_tx; i++) {
		uint64_t began = counter_get(&g->tx[i].stats.began);
		uint64_t ended = counter_get(&g->tx[i].stats.ended);

		if (!began)
			continue;
		from = began < from ? began : from;
		ended = ended ? ended : vio_ticks();
		to = ended > to ? ended : to;
	}
	return to > from ? (double)(to - from) / (double)g->clock.hz : 0;
}

static double rx_duration(const struct gen *g)
{
	uint64_t now = vio_ticks(), end = counter_get(&g->times.end);

	if ((int64_t)(now - end) < 0)
		end = now;
	return end > g->times.measure ? (double)(end - g->times.measure) / (double)g->clock.hz : 0;
}

static double off_by(double is, double should)
{
	return should > 0 ? fabs(is - should) / should : 0;
}

/* What the rate and the time may be off by. */
static double tolerance(const struct gen *g, double usual)
{
	return g->cfg->rate_tolerance > 0 ? g->cfg->rate_tolerance / 100 : usual;
}

/* What a stream was to send and what it did: bytes on the wire where the rate is one of bits. */
struct account {
	bool bytes;
	double should, is, slack;
};

/* A quantum more or less is no miss. Those that have sent what they had to are judged by time. */
static void account_lane(const struct gen *g, const struct tx_job *j, struct account *a)
{
	const struct pacer *p = &j->pacer;

	if (j->stats.sent >= j->count || p->unlimited)
		return;
	a->bytes = p->per_byte;
	if (p->per_byte) {
		a->should += j->pace.rate.value / 8 * gen_seconds(g);
		a->is += (double)(j->stats.bytes + j->stats.sent * p->extra);
		a->slack += p->quantum * (double)(sizes_largest(j->frames->sizes) + p->extra);
	} else {
		a->should += lane_offered(j, gen_seconds(g));
		a->is += (double)j->stats.sent;
		a->slack += p->quantum;
	}
}

/* Return: false if the stream did not send what its schedule had. */
static bool judge_stream(const struct gen *g, unsigned int stream, struct result *r)
{
	struct account a = { 0 };

	for (unsigned int i = 0; i < g->n_tx; i++)
		if (g->tx[i].stream == stream)
			account_lane(g, &g->tx[i], &a);
	if (fabs(a.is - a.should) <= a.slack ||
	    off_by(a.is, a.should) <= tolerance(g, RATE_TOLERANCE))
		return true;
	reason(r, VERDICT_INVALID, "%s%sthe schedule had %.0f %s, sent were %.0f (%+.2f %%)",
	       g->n_streams > 1 ? g->stream[stream].name : "", g->n_streams > 1 ? ": " : "",
	       a.should, a.bytes ? "bytes" : "packets", a.is, 100 * (a.is - a.should) / a.should);
	return false;
}

/* Why something was not sent. */
static void tell_causes(struct result *r)
{
	if (r->t.ring_full)
		reason(r, VERDICT_INVALID,
		       "the device's ring was full %llu times, %llu packets unsent",
		       (unsigned long long)r->t.ring_full, (unsigned long long)r->t.unsent);
	if (r->t.no_buffers)
		reason(r, VERDICT_INVALID, "the pool was empty %llu times: --buffers N takes more",
		       (unsigned long long)r->t.no_buffers);
	if (r->t.skipped)
		reason(r, VERDICT_INVALID,
		       "the schedule was given up %llu times after more than 100 ms behind",
		       (unsigned long long)r->t.skipped);
}

static void judge_rate(const struct gen *g, struct result *r)
{
	bool kept = true;

	for (unsigned int i = 0; i < g->n_streams; i++)
		kept &= judge_stream(g, i, r);
	if (!kept)
		tell_causes(r);
}

/* Longer than a lane's own packets took by its schedule: seconds above what is tolerated. */
static double lane_overtime(const struct gen *g, const struct tx_job *j)
{
	double hz = (double)g->clock.hz, is, should;

	if (j->pacer.unlimited || !j->stats.ended || j->stats.skipped || j->stats.sent < j->count)
		return 0;
	is = (double)(j->stats.ended - j->stats.began) / hz;
	should = (double)(j->pacer.due - j->stats.began) / hz;
	return is - should * (1 + tolerance(g, TIME_TOLERANCE)) -
	       (double)j->pacer.quantum_ticks / hz;
}

/* Have all packets that were asked for been sent? */
static bool all_sent(const struct gen *g)
{
	for (unsigned int i = 0; i < g->n_tx; i++)
		if (g->tx[i].stats.sent < g->tx[i].count)
			return false;
	return true;
}

static void judge_time(const struct gen *g, struct result *r)
{
	double asked = (double)g->cfg->time_ns / 1e9, over = 0, lane;

	for (unsigned int i = 0; i < g->n_tx; i++) {
		lane = lane_overtime(g, &g->tx[i]);
		over = lane > over ? lane : over;
	}
	if (over > 0 && g->cfg->late_limit < 100)
		reason(r, VERDICT_INVALID, "the last packets left %.6g s later than they may",
		       over);
	if (!g->cfg->time_ns || r->interrupted ||
	    ((all_sent(g) || g->replay) && r->duration_s < asked))
		return;
	if (off_by(r->duration_s, asked) > tolerance(g, TIME_TOLERANCE))
		reason(r, VERDICT_INVALID, "asked for %.6g s, took %.6g s", asked, r->duration_s);
}

static void judge_pace(const struct gen *g, struct result *r)
{
	double share = r->t.bursts ? 100.0 * (double)r->t.late_bursts / (double)r->t.bursts : 0;

	if (share > g->cfg->late_limit)
		reason(r, VERDICT_INVALID, "%.1f %% of the bursts left late (--late-limit %.1f%%)",
		       share, g->cfg->late_limit);
}

/*
 * Every packet is counted as it is sent, as one number, and as received or as a number that has not
 * come. If the sums disagree, the books are wrong, and nothing else in them can be believed.
 */
static void judge_books(const struct gen *g, struct result *r)
{
	for (unsigned int i = 0; i < g->n_streams; i++) {
		const struct stream_result *s = &r->streams[i];

		if (s->lost < 0 || s->sent != s->received + (uint64_t)s->lost)
			reason(r, VERDICT_FAILED,
			       "%s: sent %llu is not received %llu + lost %lld: the books are "
			       "wrong",
			       s->name, (unsigned long long)s->sent,
			       (unsigned long long)s->received, (long long)s->lost);
	}
}

static void judge_sender(const struct gen *g, struct result *r)
{
	struct why why;

	if (!g->replay)
		judge_rate(g, r);
	else if (!gen_replay_good(g, &why))
		reason(r, VERDICT_INVALID, "%s", why.text);
	judge_time(g, r);
	judge_pace(g, r);
	if (gen_receives(g) && !g->replay)
		judge_books(g, r);
	if (!r->t.sent)
		reason(r, VERDICT_FAILED, "nothing was sent");
}

void gen_result(struct gen *g)
{
	struct result *r = &g->result;

	gen_totals(g, &r->t);
	gen_latency(g, &r->latency);
	for (unsigned int i = 0; i < g->n_tx; i++)
		hist_merge(&r->pace, &g->tx[i].pace_error);
	r->duration_s = gen_sends(g) ? tx_duration(g) : rx_duration(g);
	if (r->duration_s > 0) {
		r->rate_pps = (double)r->t.sent / r->duration_s;
		r->rate_bps = 8 * (double)r->t.tx_bytes / r->duration_s;
	}
	/* What was damaged has no number that can be trusted, and counts as lost. */
	if (!gen_sends(g))
		r->lost = r->t.missing;
	else if (g->replay)
		gen_replay_settle(g);
	else if (!gen_stream_results(g))
		reason(r, VERDICT_FAILED, "no memory for the results of %u streams", g->n_streams);
	if (g->failure[0])
		reason(r, VERDICT_FAILED, "%s", g->failure);
	else if (g->replay || r->streams)
		judge_sender(g, r);
}
