/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "gen.h"
#include "replay_run.h"
#include "units.h"

/* 1234567 as "1,234,567". Return: @out. */
static const char *grouped(uint64_t n, char out[32])
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n), k = 0;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			out[k++] = ',';
		out[k++] = digits[i];
	}
	out[k] = '\0';
	return out;
}

static double share(uint64_t part, uint64_t all)
{
	return all ? (double)part / (double)all : 0;
}

static const char *ring_name(const struct vio_port_info *info)
{
	int packed = vio_feature_bit("packed");

	return packed >= 0 && vio_feature_in(&info->taken, (unsigned int)packed) ? "packed"
										 : "split";
}

static void header_port(const struct gen *g, unsigned int i)
{
	const struct gen_port *p = &g->port[i];
	const struct vio_port_info *info = &p->info;
	struct vio_pool_info pool;
	struct vio_region_info region;

	vio_pool_info(p->pool, &pool);
	vio_region_info(pool.region, &region);
	fprintf(g->out, "port%u %s  backend %s\n", i, g->cfg->port[i],
		info->backend && *info->backend ? info->backend : "unknown");
	fprintf(g->out,
		"  rings %ux%u+%u %s  bodies %s %s  memory %.0f MiB (%zu KiB pages, %u buffers of "
		"%u)  "
		"MTU %u\n",
		info->queues, info->entries, info->entries, ring_name(info), info->rx_variant,
		info->tx_variant, (double)region.bytes / 1048576, region.page_bytes / 1024,
		pool.buffers, pool.buf_bytes, info->mtu);
	if (g->cfg->queues > info->queues)
		fprintf(g->out, "  hint  %llu queue pairs were asked for, the device has %u\n",
			(unsigned long long)g->cfg->queues, info->queues);
}

static void header_jobs(const struct gen *g, const char *name, unsigned int n,
			const uint16_t *worker)
{
	for (unsigned int i = 0; i < n; i++)
		fprintf(g->out, " %s%u=%u", name, i, g->plan.cpu[worker[i]]);
}

void report_header(const struct gen *g)
{
	if (g->cfg->quiet)
		return;
	for (unsigned int i = 0; i < g->cfg->n_ports; i++)
		header_port(g, i);
	fprintf(g->out, "  cores");
	header_jobs(g, "tx", g->n_txq, g->plan.tx);
	header_jobs(g, "rx", g->n_rx, g->plan.rx);
	if (g->plan.device)
		fprintf(g->out, " device=%u", g->plan.cpu[g->plan.device_worker]);
	fprintf(g->out, "   TSC %.3f GHz", (double)g->clock.hz / 1e9);
	if (g->replay) {
		report_replay_header(g);
	} else {
		fprintf(g->out, "   flows %u   sizes %u\n", g->path[0].frames[0].flows.n,
			g->cfg->sizes.n);
		report_stream_queues(g);
	}
	fprintf(g->out, "  time   tx Mpps   rx Mpps        loss   reorder       dup"
			"   lat p50/p99/p99.9 us        ring-full      late\n");
	fflush(g->out);
}

/* What needs the numbers in our frames. Return: @out. */
static const char *numbered(const struct gen *g, uint64_t n, char out[24])
{
	snprintf(out, 24, g->replay ? "-" : "%llu", (unsigned long long)n);
	return out;
}

void report_interval(const struct gen *g, const struct interval *i)
{
	double s = i->to_s - i->from_s;
	char lat[64] = "-", missing[24], reordered[24], duplicate[24];

	if (g->cfg->quiet || s <= 0)
		return;
	if (i->p999)
		snprintf(lat, sizeof(lat), "%.1f / %.1f / %.1f", us(i->p50), us(i->p99),
			 us(i->p999));
	fprintf(g->out, "%5.1fs %9.4f %9.4f %11s %9s %9s   %-26s %10llu %9llu\n", i->to_s,
		(double)i->d.sent / s / 1e6, (double)i->d.received / s / 1e6,
		numbered(g, i->d.missing, missing), numbered(g, i->d.reordered, reordered),
		numbered(g, i->d.duplicate, duplicate), lat, (unsigned long long)i->d.ring_full,
		(unsigned long long)i->d.late_bursts);
	fflush(g->out);
}

/* Only what is valid is called a result, so that nobody takes something else for one. */
static const char *label(const struct gen *g)
{
	static const char *const labels[] = { "RESULT ", "INVALID", "FAILED " };

	return labels[g->result.verdict];
}

static void result_tx(const struct gen *g)
{
	const struct result *r = &g->result;
	char sent[32], unsent[32], asked[48] = "max";

	if (r->asked_pps > 0)
		snprintf(asked, sizeof(asked), "%.6g Mpps", r->asked_pps / 1e6);
	fprintf(g->out,
		"%s offered %s  sent %s (%.4f Mpps, %.3f Gb/s L2)  unsent %s  duration %.3f "
		"s\n",
		label(g), asked, grouped(r->t.sent, sent), r->rate_pps / 1e6, r->rate_bps / 1e9,
		grouped(r->t.unsent, unsent), r->duration_s);
}

static void result_rx(const struct gen *g)
{
	const struct result *r = &g->result;
	const struct totals *t = &r->t;
	char received[32], lost[32];

	fprintf(g->out, "%s received %s", gen_sends(g) ? "       " : label(g),
		grouped(t->received, received));
	if (!gen_sends(g) && r->duration_s > 0)
		fprintf(g->out, " (%.4f Mpps) in %.3f s", (double)t->received / r->duration_s / 1e6,
			r->duration_s);
	fprintf(g->out, "  lost %s (%.3g)", grouped(r->lost, lost),
		share(r->lost, t->received + r->lost));
	/* Frames of a replay have no number. */
	if (!g->replay)
		fprintf(g->out, "  late %llu  reordered %llu  duplicate %llu  corrupt %llu",
			(unsigned long long)t->late, (unsigned long long)t->reordered,
			(unsigned long long)t->duplicate, (unsigned long long)t->corrupt);
	fprintf(g->out, "  foreign %llu\n", (unsigned long long)t->foreign);
}

static void result_latency(const struct gen *g)
{
	const struct hist *h = &g->result.latency;
	char n[32], least[40] = "";

	if (!h->count)
		return;
	if (g->floor_ns)
		snprintf(least, sizeof(least), ", floor %.2g us", us(g->floor_ns));
	fprintf(g->out,
		"        latency us  min %.1f  mean %.1f  p50 %.1f  p90 %.1f  p99 %.1f  p99.9 %.1f "
		" "
		"p99.99 %.1f  max %.1f   (n=%s%s)\n",
		us(h->min), hist_mean(h) / 1000, us(hist_percentile(h, 50)),
		us(hist_percentile(h, 90)), us(hist_percentile(h, 99)),
		us(hist_percentile(h, 99.9)), us(hist_percentile(h, 99.99)), us(h->max),
		grouped(h->count, n), least);
}

static void result_pacing(const struct gen *g)
{
	const struct result *r = &g->result;

	if (!r->pace.count || r->asked_pps <= 0)
		return;
	fprintf(g->out,
		"        pacing      asked gap %.1f ns/pkt (burst %u)  error p50 %.2f us  p99 %.2f "
		"us  "
		"late bursts %llu of %llu\n",
		1e9 / r->asked_pps * g->n_paths, r->burst, us(hist_percentile(&r->pace, 50)),
		us(hist_percentile(&r->pace, 99)), (unsigned long long)r->t.late_bursts,
		(unsigned long long)r->t.bursts);
}

static void result_cost(const struct gen *g)
{
	const struct totals *t = &g->result.t;

	fprintf(g->out, "        cost       ");
	if (t->tx_cost_packets)
		fprintf(g->out, " gen %.1f  tx %.1f cycles/pkt",
			share(t->gen_ticks, t->tx_cost_packets),
			share(t->tx_ticks, t->tx_cost_packets));
	if (t->rx_cost_packets)
		fprintf(g->out, "  rx %.1f  check %.1f cycles/pkt",
			share(t->rx_ticks, t->rx_cost_packets),
			share(t->check_ticks, t->rx_cost_packets));
	fprintf(g->out, "   idle");
	for (unsigned int i = 0; i < g->plan.workers; i++)
		fprintf(g->out, " cpu%d %.0f %%", g->workers[i].cpu,
			100 - 100 * share(g->workers[i].busy_ticks, g->workers[i].all_ticks));
	fprintf(g->out, "\n");
}

void report_result(const struct gen *g)
{
	static const char *const verdicts[] = { "VALID", "INVALID: not a result",
						"FAILED: not a result" };
	const struct result *r = &g->result;

	if (gen_sends(g))
		result_tx(g);
	if (gen_receives(g))
		result_rx(g);
	report_streams(g);
	result_latency(g);
	if (gen_sends(g))
		result_pacing(g);
	if (g->replay)
		report_replay(g);
	result_cost(g);
	gen_respond_report(g);
	capture_run_report(&g->capture, g->out);
	fprintf(g->out, "        verdict     %s%s\n", verdicts[r->verdict],
		r->interrupted ? " (interrupted)" : "");
	for (unsigned int i = 0; i < r->n_reasons; i++)
		fprintf(g->out, "  why   %s\n", r->reason[i]);
	fflush(g->out);
}
