/* SPDX-License-Identifier: BSD-3-Clause */
#include "replay_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "apart.h"
#include "fail.h"
#include "gen.h"

/* What a replay's time may be off by: of its length, and at least. */
#define TOLERANCE   0.005
#define TOLERANCE_S 0.001

static int conflict(const char *option)
{
	return fail(FAIL_CONFLICT, NULL, "pktgen: --pcap and %s", option);
}

/* What says how frames are made, where none are; but answers are, of addresses that it tells. */
static const char *making(const struct gen_config *c)
{
	const bool silent = !gen_responds(c);
	const struct {
		bool given;
		const char *option;
	} options[] = {
		{ silent && c->src_ip.count, "--src-ip without --respond" },
		{ silent && c->dst_ip.count, "--dst-ip without --respond" },
		{ c->flows, "--flows" },
		{ silent && c->src_mac.count, "--src-mac without --respond" },
		{ silent && c->dst_mac.count, "--dst-mac without --respond" },
		{ c->vlans.n, "--vlan" },
		{ silent && c->ipv6, "--ipv6 without --respond" },
		{ c->rx_only, "--rx-only" },
		{ c->bidir, "--bidir" },
		{ c->warmup_ns, "--warmup" },
		{ c->write, "--write" },
		{ c->show, "--show" },
		{ c->profile, "--profile" },
		{ c->learn, "--learn" },
		{ c->proto || c->style.vxlan.on, "--proto or --vxlan" },
		{ c->style.tos || c->style.ttl, "--tos or --ttl" },
		{ c->style.payload.kind, "--payload" },
		{ c->step.order, "--step" },
		{ c->rate_given && c->pcap_timing.pace == REPLAY_KEEP,
		  "its own timing (--pcap-timing) and --rate" },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (options[i].given)
			return options[i].option;
	return NULL;
}

int gen_replay_check(const struct gen_config *cfg)
{
	const char *option = making(cfg);

	if (cfg->pcap)
		return option ? conflict(option) : 0;
	if (cfg->loops != 1 || cfg->pcap_timing.pace != REPLAY_AUTO ||
	    cfg->flow_hash != REPLAY_FLOW_PORTS)
		return fail(FAIL_CONFLICT, "they tell how a file is replayed",
			    "pktgen: --loop, --pcap-timing or --flow-hash without --pcap");
	return 0;
}

static struct replay_timing timing_of(const struct gen_config *cfg)
{
	if (cfg->pcap_timing.pace != REPLAY_AUTO)
		return cfg->pcap_timing;
	return (struct replay_timing){ cfg->rate_given ? REPLAY_RATE : REPLAY_KEEP, 1 };
}

static int bad_file(const struct gen *g, const struct why *why)
{
	return fail(FAIL_PCAP, why->text, "%s: the capture can't be replayed", g->cfg->pcap);
}

int gen_replay_scan(struct gen *g)
{
	struct gen_replay *p = apart_calloc(1, sizeof(*p));
	struct why why = { "" };

	if (!p)
		return fail(FAIL_MEMORY, NULL, "no room for a replay");
	p->timing = timing_of(g->cfg);
	if (!pcapread_open(&p->r.in, g->cfg->pcap, &why)) {
		free(p);
		return bad_file(g, &why);
	}
	g->replay = p;
	if (!replay_scan(&p->r.in, &p->file, &why))
		return bad_file(g, &why);
	if (p->timing.pace == REPLAY_KEEP && g->cfg->loops != 1 && !replay_period_ns(&p->file))
		return fail(FAIL_CONFLICT,
			    "all its frames have one time, which says nothing about the next loop",
			    "%s: --loop needs --pcap-timing rate", g->cfg->pcap);
	return 0;
}

void gen_replay_close(struct gen *g)
{
	if (!g->replay)
		return;
	replay_stop(&g->replay->r);
	pcapread_close(&g->replay->r.in);
	free(g->replay);
	g->replay = NULL;
}

uint32_t gen_replay_largest(const struct gen *g)
{
	return g->replay->file.largest + SIZE_FCS;
}

static double mean_size(const struct gen_replay *p)
{
	return (double)p->sendable.bytes / (double)p->sendable.frames + SIZE_FCS;
}

uint64_t gen_replay_too_long(const struct gen_replay *p)
{
	return p->file.frames - p->sendable.frames - p->file.cut - p->file.short_;
}

static struct replay_plan plan_of(const struct gen *g)
{
	const struct gen_config *cfg = g->cfg;
	const struct gen_replay *p = g->replay;

	return (struct replay_plan){
		.timing = p->timing,
		.flow = cfg->flow_hash,
		.pace = { .rate = cfg->rate,
			  .pacing = cfg->pacing,
			  .mean_size = mean_size(p),
			  .burst = 1,
			  .hz = g->clock.hz },
		.queues = g->n_txq,
		.mtu = g->port[0].info.mtu,
		.passes = cfg->loops ? cfg->loops : UINT64_MAX,
		.frames = cfg->count ? cfg->count : UINT64_MAX,
		.hz = g->clock.hz,
		.first_ns = p->file.first_ns,
		.period_ns = replay_period_ns(&p->file),
	};
}

static int nothing_to_send(const struct gen *g)
{
	const struct replay_file *f = &g->replay->file;
	struct why why;

	why_set(&why,
		"of %llu frames %llu are cut off, %llu shorter than an Ethernet header, and the "
		"others longer than the MTU of %u allows",
		(unsigned long long)f->frames, (unsigned long long)f->cut,
		(unsigned long long)f->short_, g->port[0].info.mtu);
	return fail(FAIL_PCAP, why.text, "%s: there is nothing to send", g->cfg->pcap);
}

int gen_replay_open(struct gen *g)
{
	struct gen_replay *p = g->replay;
	struct replay_plan plan;
	int rc;

	p->sendable = replay_sendable(&p->file, g->port[0].info.mtu);
	if (!p->sendable.frames)
		return nothing_to_send(g);
	plan = plan_of(g);
	for (unsigned int i = 0; i < g->n_txq; i++) {
		g->txq[i].jobs->replay = &p->r;
		g->txq[i].jobs->queue = i;
		g->txq[i].jobs->count = UINT64_MAX; /* the reader counts */
	}
	for (unsigned int i = 0; i < g->n_rx; i++)
		g->rx[i].replay = &g->times;
	rc = replay_start(&p->r, &plan);
	return rc ? fail(FAIL_MEMORY, strerror(rc), "no thread to read %s", g->cfg->pcap) : 0;
}

bool gen_replay_held_up(const struct gen *g)
{
	for (unsigned int i = 0; i < g->n_tx; i++)
		if (counter_get(&g->tx[i].stats.held_up))
			return true;
	return false;
}

/* Packets per second that were to be sent; by its own time, what the file has on average. */
static double asked_pps(const struct gen_replay *p, const struct rate *rate)
{
	double period = (double)replay_period_ns(&p->file) / 1e9 / p->timing.speed;

	if (p->timing.pace == REPLAY_RATE)
		return rate_pps(rate, mean_size(p));
	return period > 0 ? (double)p->sendable.frames / period : 0;
}

void gen_replay_settle(struct gen *g)
{
	struct gen_replay *p = g->replay;
	struct result *r = &g->result;

	r->asked_pps = asked_pps(p, &g->cfg->rate);
	/* Nothing tells ours from others', but that there can't be more of ours than were sent. */
	if (r->t.received > r->t.sent) {
		r->t.foreign += r->t.received - r->t.sent;
		r->t.received = r->t.sent;
	}
	r->burst = 1;
	if (gen_receives(g))
		r->lost = r->t.sent - r->t.received;
	if (replay_failed(&p->r) && !g->failure[0])
		snprintf(g->failure, sizeof(g->failure), "%s: %s", g->cfg->pcap, p->r.why.text);
}

/* Seconds that a replay by the file's own time should have taken; 0: it did not come to its end. */
static double asked_s(const struct gen *g)
{
	uint64_t ticks;

	if (!g->n_txq || !replay_over(&g->replay->r, 0, &ticks))
		return 0;
	return (double)ticks / (double)g->clock.hz;
}

/* Packets that a replay at a rate should have sent until the time was over; 0: not known. */
static double scheduled(const struct gen *g)
{
	const struct replay_plan *plan = &g->replay->r.plan;
	double seconds = gen_seconds(g);
	struct schedule s;

	if (g->replay->timing.pace != REPLAY_RATE || plan->pace.rate.unit == RATE_MAX ||
	    !isfinite(seconds) || seconds <= 0)
		return 0;
	schedule_init(&s, &plan->pace.rate, &plan->pace.pacing, plan->pace.mean_size);
	return s.random ? 0 : schedule_packets(&s, seconds);
}

bool gen_replay_good(const struct gen *g, struct why *why)
{
	const struct result *r = &g->result;
	double asked = asked_s(g), off = r->duration_s - asked, should;

	if (asked > 0 && !r->interrupted && off > TOLERANCE_S && off > TOLERANCE * asked)
		return why_set(why, "the schedule has %.6g s, the replay took %.6g s", asked,
			       r->duration_s);
	should = asked > 0 ? 0 : scheduled(g);
	if ((double)r->t.sent < should * (1 - TOLERANCE) - BURST_MAX)
		return why_set(why, "the schedule had %.0f packets, sent were %llu", should,
			       (unsigned long long)r->t.sent);
	if (r->t.unsent && !r->interrupted)
		return why_set(why, "%llu frames that were due had not left at the end",
			       (unsigned long long)r->t.unsent);
	return true;
}

static void print_file(const struct gen *g, FILE *out)
{
	const struct replay_file *f = &g->replay->file;

	fprintf(out, "%s  %s, %llu frames in %.6g s", g->cfg->pcap, pcapfile_format_name(f->format),
		(unsigned long long)f->frames, (double)(f->last_ns - f->first_ns) / 1e9);
}

int gen_replay_dry_run(struct gen *g)
{
	int rc = gen_replay_scan(g);
	const struct replay_file *f;

	if (!rc) {
		f = &g->replay->file;
		print_file(g, stdout);
		printf("  cut off %llu  too short %llu  too long for any port %llu  largest %u\n",
		       (unsigned long long)f->cut, (unsigned long long)f->short_,
		       (unsigned long long)f->long_, f->largest ? f->largest + SIZE_FCS : 0);
	}
	gen_replay_close(g);
	return rc;
}

void report_replay_header(const struct gen *g)
{
	const struct gen_replay *p = g->replay;

	fprintf(g->out, "\n  replay ");
	print_file(g, g->out);
	if (p->timing.pace == REPLAY_RATE)
		fprintf(g->out, "  at a rate");
	else
		fprintf(g->out, "  speed x%.6g", p->timing.speed);
	if (g->n_txq > 1)
		fprintf(g->out, "  queues by %s",
			g->cfg->flow_hash == REPLAY_FLOW_IP ? "addresses" : "addresses and ports");
	fprintf(g->out, "\n");
}

void report_replay(const struct gen *g)
{
	const struct gen_replay *p = g->replay;
	const struct replay_file *f = &p->file;

	fprintf(g->out,
		"        replay      %.2f times %llu of %llu frames  "
		"(cut off %llu  too short %llu  too long %llu)\n",
		(double)g->result.t.sent / (double)p->sendable.frames,
		(unsigned long long)p->sendable.frames, (unsigned long long)f->frames,
		(unsigned long long)f->cut, (unsigned long long)f->short_,
		(unsigned long long)gen_replay_too_long(p));
}
