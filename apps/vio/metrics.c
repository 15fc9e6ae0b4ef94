/* SPDX-License-Identifier: BSD-3-Clause */
#include "metrics.h"

#include "counters.h"

/* OpenMetrics 1.0, "Escaping" of label values. */
static void put_escaped(const char *text, FILE *f)
{
	for (; *text; text++) {
		if (*text == '\n')
			fputs("\\n", f);
		else if (*text == '"' || *text == '\\')
			fprintf(f, "\\%c", *text);
		else
			fputc(*text, f);
	}
}

static void family(const char *name, const char *type, const char *help, FILE *f)
{
	fprintf(f, "# TYPE vio_%s %s\n# HELP vio_%s ", name, type, name);
	put_escaped(help, f);
	fputc('\n', f);
}

static void write_totals(const struct gen *g, FILE *f)
{
	struct totals t;

	gen_totals(g, &t);
	for (const struct counter_def *d = counter_defs; d->name; d++) {
		if (!counter_measured(g, d))
			continue;
		family(d->name, d->shrinks ? "gauge" : "counter", d->help, f);
		fprintf(f, "vio_%s%s %llu\n", d->name, d->shrinks ? "" : "_total",
			(unsigned long long)counter_of(&t, d));
	}
}

static void write_ports(const struct gen *g, FILE *f)
{
	family("port", "info", "what the ports are", f);
	for (unsigned int i = 0; i < g->cfg->n_ports; i++) {
		fprintf(f, "vio_port_info{port=\"%u\",address=\"", i);
		put_escaped(g->port[i].info.address, f);
		fputs("\",transport=\"", f);
		put_escaped(g->port[i].info.transport, f);
		fputs("\"} 1\n", f);
	}
	family("port_link_up", "gauge", "1: the port's link is up", f);
	for (unsigned int i = 0; i < g->cfg->n_ports; i++)
		fprintf(f, "vio_port_link_up{port=\"%u\"} %d\n", i, !g->port[i].seen.link_down);
}

static void queue_stats(const struct gen_port *p, bool rx, uint16_t q, struct vio_queue_stats *s)
{
	if (rx)
		vio_rxq_stats(vio_port_rxq(p->port, q), s);
	else
		vio_txq_stats(vio_port_txq(p->port, q), s);
}

static unsigned long long number_at(const void *of, size_t offset)
{
	return *(const uint64_t *)((const char *)of + offset);
}

static void write_queues(const struct gen *g, FILE *f)
{
	static const struct {
		const char *name, *help;
		size_t offset;
	} stats[] = {
#define X(name, what) { "queue_" #name, what, offsetof(struct vio_queue_stats, name) },
		VIO_QUEUE_STATS(X)
#undef X
	};

	for (size_t k = 0; k < sizeof(stats) / sizeof(stats[0]); k++) {
		family(stats[k].name, "counter", stats[k].help, f);
		for (unsigned int i = 0; i < 2 * g->cfg->n_ports; i++) {
			const struct gen_port *p = &g->port[i / 2];
			bool rx = i % 2;

			for (uint16_t q = 0; q < p->info.queues; q++) {
				struct vio_queue_stats s;

				queue_stats(p, rx, q, &s);
				fprintf(f,
					"vio_%s_total{port=\"%u\",direction=\"%s\",queue=\"%u\"} "
					"%llu\n",
					stats[k].name, i / 2, rx ? "rx" : "tx", q,
					number_at(&s, stats[k].offset));
			}
		}
	}
}

static void write_streams(const struct gen *g, FILE *f)
{
	static const struct {
		const char *name, *type, *help;
		enum counter_side side;
		size_t offset;
	} stats[] = {
		{ "stream_sent_packets", "counter", "packets of the stream that the device took",
		  SIDE_TX, offsetof(struct stream_sums, sent) },
		{ "stream_received_packets", "counter", "those that came back, each once", SIDE_RX,
		  offsetof(struct stream_sums, received) },
		{ "stream_duplicate_packets", "counter", "those that had come before", SIDE_RX,
		  offsetof(struct stream_sums, duplicate) },
		{ "stream_missing_packets", "gauge",
		  "those that have not come though later ones have", SIDE_RX,
		  offsetof(struct stream_sums, missing) },
	};
	struct stream_sums sums[PATHS_MAX][STREAMS_MAX] = { 0 };

	for (unsigned int p = 0; p < g->n_paths; p++)
		for (unsigned int s = 0; s < g->path[p].streams; s++)
			gen_stream_sums(g, p, s, &sums[p][s]);
	for (size_t k = 0; k < sizeof(stats) / sizeof(stats[0]); k++) {
		if (stats[k].side == SIDE_TX ? !gen_sends(g) : !gen_receives(g))
			continue;
		family(stats[k].name, stats[k].type, stats[k].help, f);
		for (unsigned int p = 0; p < g->n_paths; p++)
			for (unsigned int s = 0; s < g->path[p].streams; s++)
				fprintf(f, "vio_%s%s{from_port=\"%u\",stream=\"%u\"} %llu\n",
					stats[k].name, *stats[k].type == 'c' ? "_total" : "", p, s,
					number_at(&sums[p][s], stats[k].offset));
	}
}

static void write_latency(const struct hist *h, FILE *f)
{
	static const double quantiles[] = { 0.5, 0.9, 0.99, 0.999, 0.9999 };

	if (!h->count)
		return;
	fputs("# TYPE vio_latency_seconds summary\n# UNIT vio_latency_seconds seconds\n"
	      "# HELP vio_latency_seconds from before a packet is built to after it was taken\n",
	      f);
	for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++)
		fprintf(f, "vio_latency_seconds{quantile=\"%g\"} %.9f\n", quantiles[i],
			(double)hist_percentile(h, 100 * quantiles[i]) / 1e9);
	fprintf(f, "vio_latency_seconds_count %llu\nvio_latency_seconds_sum %.9f\n",
		(unsigned long long)h->count, (double)h->sum / 1e9);
}

void metrics_write(const struct gen *g, const struct hist *latency, FILE *f)
{
	write_totals(g, f);
	write_ports(g, f);
	write_queues(g, f);
	if (!g->replay)
		write_streams(g, f);
	write_latency(latency, f);
	fputs("# EOF\n", f);
}
