/* SPDX-License-Identifier: BSD-3-Clause */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fail.h"
#include "gen.h"
#include "live.h"
#include "replay_run.h"

#define MS UINT64_C(1000000)

#define LEAD_NS     (5 * MS) /* from "go" to the first packet */
#define NAP_NS      (20 * MS)
#define STALL_NS    (5000 * MS) /* without a packet sent, when nothing else ends the run */
#define OVERTIME_NS (2000 * MS) /* for senders to notice that it is over */
#define LEAST_GRACE 200000u     /* ns */

/* The only thing that a signal handler may touch. */
static volatile sig_atomic_t interrupted;

static void on_signal(int sig)
{
	(void)sig;
	interrupted = 1;
}

bool gen_interrupted(void)
{
	return interrupted;
}

static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

static void nap(uint64_t ns)
{
	struct timespec ts = { (time_t)(ns / 1000000000u), (long)(ns % 1000000000u) };

	nanosleep(&ts, NULL);
}

static uint64_t ticks_of(const struct gen *g, uint64_t ns)
{
	return stamp_ns_to_ticks(&g->clock, ns);
}

static int start_workers(struct gen *g)
{
	for (; g->n_started < g->plan.workers; g->n_started++) {
		struct worker *w = &g->workers[g->n_started];
		int rc = worker_start(w);

		if (rc)
			return fail(FAIL_MEMORY, strerror(rc), "no thread number %u",
				    g->n_started + 1);
		if (!w->pinned)
			fprintf(stderr, "note: worker %u could not be pinned to processor %d\n",
				g->n_started, w->cpu);
	}
	return 0;
}

static void stop_workers(struct gen *g)
{
	while (g->n_started)
		worker_stop(&g->workers[--g->n_started]);
}

static void set_times(struct gen *g)
{
	const struct gen_config *cfg = g->cfg;
	struct timetable *t = &g->times;
	uint64_t grace = cfg->time_ns / 250 > LEAST_GRACE ? cfg->time_ns / 250 : LEAST_GRACE;

	t->start = vio_ticks() + ticks_of(g, LEAD_NS);
	t->measure = t->start + ticks_of(g, cfg->warmup_ns);
	t->end = t->measure + (cfg->time_ns ? ticks_of(g, cfg->time_ns) : TIMETABLE_NEVER);
	t->grace = ticks_of(g, grace);
	/* Release: pairs with the senders' acquire. */
	__atomic_store_n(&t->go, true, __ATOMIC_RELEASE);
}

/* It is over, now. */
static void end_early(struct gen *g)
{
	uint64_t now = vio_ticks();

	if ((int64_t)(now - counter_get(&g->times.end)) < 0)
		counter_set(&g->times.end, now);
}

static bool senders_done(const struct gen *g)
{
	for (unsigned int i = 0; i < g->n_tx; i++)
		if (!counter_get(&g->tx[i].stats.ended))
			return false;
	return true;
}

/* Without senders the time or the count of received packets ends the run. */
static bool receivers_done(const struct gen *g)
{
	struct totals t;

	if (g->n_tx)
		return true;
	if ((int64_t)(vio_ticks() - counter_get(&g->times.end)) >= 0)
		return true;
	gen_totals(g, &t);
	return g->cfg->count && t.received >= g->cfg->count;
}

/* Return: false if a port has died; the reason is noted. */
static bool ports_alive(struct gen *g)
{
	for (unsigned int i = 0; i < g->cfg->n_ports; i++) {
		if (!look_after(g->port[i].port, &g->port[i].seen))
			continue;
		snprintf(g->failure, sizeof(g->failure), "%s", vio_error_last()->what);
		return false;
	}
	return true;
}

static void add_interval(struct gen *g, const struct interval *i)
{
	struct interval *list = realloc(g->intervals, (g->n_intervals + 1) * sizeof(*list));

	if (!list)
		return;
	g->intervals = list;
	list[g->n_intervals++] = *i;
}

static void interval_take(struct gen *g, uint64_t now)
{
	static struct hist latency; /* large; one run at a time */
	struct interval i = { 0 };
	struct totals t;

	gen_totals(g, &t);
	gen_latency(g, &latency);
	hist_since(&latency, &g->last_latency);
	i.from_s = g->n_intervals ? g->intervals[g->n_intervals - 1].to_s : 0;
	i.to_s = (double)(now - g->times.measure) / (double)g->clock.hz;
	totals_subtract(&i.d, &t, &g->last);
	g->last = t;
	i.p50 = hist_percentile(&latency, 50);
	i.p99 = hist_percentile(&latency, 99);
	i.p999 = hist_percentile(&latency, 99.9);
	add_interval(g, &i);
	if (!g->on_screen)
		report_interval(g, &i);
	output_interval(g, &i, &latency);
}

/* What the main thread watches while the others work. */
struct watch {
	uint64_t interval, next_interval, next_check; /* ticks */
	uint64_t sent, progress;                      /* packets sent, and when that changed */
	uint64_t hard_end;                            /* when patience ends; 0: not yet */
};

static uint64_t sent_so_far(const struct gen *g)
{
	uint64_t sent = 0;

	for (unsigned int i = 0; i < g->n_tx; i++)
		sent += counter_get(&g->tx[i].stats.sent);
	return sent;
}

/* With a count only, a device that takes nothing would keep us for ever. */
static void watch_stall(struct gen *g, struct watch *w, uint64_t now)
{
	uint64_t sent = sent_so_far(g);

	if (sent != w->sent || (int64_t)(now - g->times.measure) < 0 ||
	    (g->replay && !gen_replay_held_up(g))) {
		w->sent = sent;
		w->progress = now;
	}
	if (!g->n_tx || g->cfg->time_ns || now - w->progress < ticks_of(g, STALL_NS) ||
	    g->failure[0])
		return;
	fail(FAIL_STALLED, NULL, "%s: %llu packets sent, and no more for %u s", g->cfg->port[0],
	     (unsigned long long)sent, (unsigned int)(STALL_NS / (1000 * MS)));
	snprintf(g->failure, sizeof(g->failure), "%s: takes no more packets", g->cfg->port[0]);
	end_early(g);
}

static void watch_once(struct gen *g, struct watch *w)
{
	uint64_t now = vio_ticks();

	if ((interrupted || live_poll(g)) && !g->result.interrupted) {
		g->result.interrupted = true;
		end_early(g);
	}
	if ((int64_t)(now - w->next_check) >= 0) {
		w->next_check = now + ticks_of(g, LOOK_NS);
		if (!g->failure[0] && !ports_alive(g))
			end_early(g);
		watch_stall(g, w, now);
	}
	if ((int64_t)(now - w->next_interval) >= 0) {
		interval_take(g, now);
		w->next_interval += w->interval;
	}
	if (!w->hard_end && (int64_t)(now - counter_get(&g->times.end)) >= 0)
		w->hard_end = now + ticks_of(g, OVERTIME_NS);
}

/* Time to sleep until something may be to do. */
static uint64_t nap_length(const struct gen *g, const struct watch *w)
{
	int64_t left = (int64_t)(w->next_interval - vio_ticks());
	uint64_t ns = left > 0 ? stamp_ticks_to_ns(&g->clock, (uint64_t)left) : 0;

	return ns < NAP_NS ? ns + 50000 : NAP_NS;
}

/* What is on its way gets some time to arrive, and so does what a device has fallen asleep over. */
static void drain(struct gen *g)
{
	uint64_t until = vio_ticks() + ticks_of(g, g->cfg->drain_ns);
	struct totals t;

	if (!g->n_tx || !g->n_rx)
		return;
	for (unsigned int ms = 1;; ms++) {
		nap(MS);
		gen_totals(g, &t);
		if (t.received >= t.sent || (int64_t)(vio_ticks() - until) >= 0)
			return;
		if (ms % 20 == 0 && !g->failure[0])
			ports_alive(g);
	}
}

int gen_run(struct gen *g)
{
	struct watch w = { .interval = ticks_of(g, g->cfg->interval_ns) };
	uint64_t now;
	int rc;

	catch_signals();
	rc = start_workers(g);
	if (rc) {
		stop_workers(g);
		return rc;
	}
	set_times(g);
	g->on_screen = live_begin(g);
	w.next_interval = g->times.measure + w.interval;
	w.progress = g->times.measure;
	do {
		nap(nap_length(g, &w));
		watch_once(g, &w);
	} while (!(senders_done(g) && receivers_done(g)) &&
		 !(w.hard_end && (int64_t)(vio_ticks() - w.hard_end) >= 0));
	now = vio_ticks();
	drain(g);
	if ((int64_t)(now + w.interval / 2 - w.next_interval) >= 0)
		interval_take(g, now);
	live_end();
	stop_workers(g);
	gen_result(g);
	return 0;
}
