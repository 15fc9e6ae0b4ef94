/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "commands.h"
#include "fail.h"
#include "gen_options.h"
#include "log.h"
#include "profile.h"
#include "replay_run.h"
#include "show.h"

#define SECOND UINT64_C(1000000000)

/* clang-format off */
static const struct option_def options[] = {
	GEN_RATE, GEN_LINE_RATE, GEN_COUNT_L1, GEN_PACING,
	{ "profile", 0, "FILE", option_text, GEN_AT(profile), "several streams, from a file of YAML or JSON: each has a name,\na rate or a weight (share of -r), and options as here" },
	GEN_SIZE, GEN_COUNT,
	{ "time", 't', "TIME", gen_read_time, GEN_AT(time_ns), "how long to measure: 30s, 500ms, 2m; default 10s, or until\n--count is reached" },
	{ "warmup", 0, "TIME", option_duration, GEN_AT(warmup_ns), "send that long before anything counts; default 0" },
	GEN_DRAIN, GEN_PROTO, GEN_SRC_IP, GEN_DST_IP, GEN_SRC_PORT, GEN_DST_PORT, GEN_FLOWS,
	GEN_STEP, GEN_SRC_MAC, GEN_DST_MAC, GEN_VLAN, GEN_VXLAN, GEN_TOS, GEN_TTL, GEN_PAYLOAD,
	GEN_IPV6,
	{ "pcap", 0, "FILE", option_text, GEN_AT(pcap), "send the frames of a capture, pcap or pcapng, instead" },
	{ "pcap-timing", 0, "HOW", gen_read_timing, GEN_AT(pcap_timing), "keep (the times of the file) | x2.0 (twice as fast) | rate\n(-r); default rate if -r is given, else keep" },
	{ "loop", 0, "N", gen_read_loops, GEN_AT(loops), "send the file N times, 0: until --time is over; default 1" },
	{ "flow-hash", 0, "[=WHAT]", gen_read_flow_hash, GEN_AT(flow_hash), "with --queues, what decides about a frame's queue: ports\n(with the addresses; default) | ip (addresses alone)" },
	GEN_BURST, GEN_QUEUES, GEN_BUFFERS, GEN_CORES,
	{ "wait", 0, "[=USEC]", option_wait, GEN_AT(wait), "threads that only receive sleep when nothing has come for so long; default 50" },
	{ "rx-only", 0, NULL, option_flag, GEN_AT(rx_only), "only receive, for instance what another vio sends" },
	{ "tx-only", 0, NULL, option_flag, GEN_AT(tx_only), "only send" },
	GEN_BIDIR, GEN_LATE_LIMIT, GEN_JSON,
	{ "jsonl", 0, "FILE", option_text, GEN_AT(output.jsonl), "write a line of JSON for each interval, and one for the result" },
	{ "csv", 0, "FILE", option_text, GEN_AT(output.csv), "write a line for each interval; the first names the columns" },
	{ "histogram", 0, "FILE", gen_read_histogram, GEN_AT(output.histogram), "write the latency as an HdrHistogram: FILE.hlog, a log with a\nline per interval (ns), or FILE.hgrm, percentiles as text (us)" },
	{ "metrics", 0, "WHERE", gen_read_metrics, GEN_AT(output.metrics), "answer HTTP with OpenMetrics of the last interval: unix:PATH |\n127.0.0.1:PORT | [::1]:PORT" },
	{ "metrics-file", 0, "FILE", option_text, GEN_AT(output.metrics_file), "write them into a file with each interval" },
	{ "assert", 0, "EXPR", gen_read_assertion, GEN_AT(output.assertions), "what must hold of the result's JSON, or the exit code is 4;\nany number of times: 'rx.loss_ratio<=1e-6', 'latency.p99_us<50',\n'tx.rate_error<0.5%'" },
	{ "interval", 0, "TIME", gen_read_interval, GEN_AT(interval_ns), "between lines of progress; default 1s" },
	{ "quiet", 'q', NULL, option_flag, GEN_AT(quiet), "print the result only" },
	{ "no-tui", 0, NULL, option_flag, GEN_AT(no_tui), "lines of progress on a terminal, too, not a live screen" },
	GEN_VERBOSE, GEN_RESPOND, GEN_LEARN,
	CAPTURE_OPTIONS(struct gen_config, capture),
	{ "show", 0, "N", option_count, GEN_AT(show), "print the first N frames, bytes and what they are" },
	{ "write", 0, "FILE", option_text, GEN_AT(write), "write the frames that would be sent into a pcap file" },
	{ "dry-run", 0, NULL, option_flag, GEN_AT(dry_run), "check everything that needs no port, and send nothing" },
	{ 0 }
};

static const char examples[] =
	"One port: what is sent should come back. Two ports: sent on the first, received on the second.\n"
	"Options of a port stand behind its address (`vio info --help` lists them).\n\n"
	"examples:\n"
	"  vio pktgen loop:echo -r 1Mpps -s 64 -t 5s          the built-in device: needs nothing\n"
	"  vio pktgen vhost-user:/run/vhost0.sock -r 5Mpps -s 64 -t 10s\n"
	"  vio pktgen vhost-user:/run/a.sock vhost-user:/run/b.sock -r 1Gbps -s imix --bidir\n"
	"  vio pktgen vhost-user:/run/a.sock,packed=off --tx-only -n 1M --flows 10k\n"
	"  vio pktgen loop:echo --profile streams.yaml -r 100kpps      several streams (docs/pktgen.md)\n"
	"  vio pktgen loop:echo,loss=1e-3 -n 1M -r 500kpps -q -o result.json\n"
	"  vio pktgen loop:echo -n 1M --assert 'rx.loss_ratio<=1e-6' --assert 'latency.p99_us<50'\n"
	"  vio pktgen vhost-user:/run/a.sock --pcap day.pcapng --pcap-timing x2.0 --queues 4\n"
	"  vio pktgen loop:echo --dry-run --write frames.pcap -n 5 && tshark -V -r frames.pcap\n"
	"  vio pktgen --dry-run --show 2 --proto tcp --vxlan 5000 --src-mac 02:00:00:00:01:00-02:00:00:00:01:ff -s 128\n\n"
	"exit codes: 0 valid; 1 the run failed; 2 usage; 3 a port or something else can't be had;\n"
	"            4 an assertion does not hold;\n"
	"            5 the generator did not keep rate or time: the result is invalid\n";
/* clang-format on */

static int check_conflicts(const struct gen_config *c)
{
	if (!c->n_ports && !c->dry_run)
		return fail(FAIL_PORTS, NULL, "pktgen: no port");
	if (c->rx_only && c->tx_only)
		return fail(FAIL_CONFLICT, NULL, "pktgen: --rx-only and --tx-only");
	if (c->wait.on && c->tx_only)
		return fail(FAIL_CONFLICT, NULL, "pktgen: --wait and --tx-only");
	if (c->bidir && (c->n_ports < 2 || c->rx_only || c->tx_only))
		return fail(FAIL_CONFLICT, NULL,
			    "pktgen: --bidir is for two ports that send and receive");
	if (c->n_ports == 2 && (c->rx_only || c->tx_only))
		return fail(FAIL_CONFLICT, NULL, "pktgen: --rx-only and --tx-only take one port");
	if (c->profile && c->rx_only)
		return fail(FAIL_CONFLICT, NULL, "pktgen: --profile and --rx-only");
	if (c->profile && c->write)
		return fail(FAIL_CONFLICT, NULL, "pktgen: --profile and --write");
	if (c->write && !c->dry_run)
		return fail(FAIL_CONFLICT, NULL, "pktgen: --write is for --dry-run");
	if (c->dry_run && (c->capture.file || c->capture.control))
		return fail(FAIL_CONFLICT, NULL,
			    "pktgen: --capture and --control are not for --dry-run");
	if (gen_replay_check(c))
		return EXIT_USAGE;
	return capture_check("pktgen", &c->capture);
}

/* Frames without a port: can they be built, and what do they look like? */
static int dry_run_stream(struct gen *g, const struct gen_stream *s)
{
	const struct gen_config *cfg = g->cfg;
	struct frame_spec spec;
	struct frames f;
	struct why why = { "" };
	int rc;

	gen_frame_spec(g, s->cfg, 0, &spec);
	if (!frames_init(&f, &spec, &why))
		return fail(FAIL_FRAME, why.text,
			    "the traffic asked for can't be made (stream '%s')", s->name);
	rc = cfg->write ? pcap_write(cfg, &f, cfg->write) : 0;
	if (!rc) {
		FILE *out = cfg->write && !strcmp(cfg->write, "-") ? stderr : stdout;

		fprintf(out, "%s%sframes of %u to %u bytes (mean %.1f), %u flows\n",
			g->n_streams > 1 ? s->name : "", g->n_streams > 1 ? ": " : "",
			sizes_least(spec.sizes), sizes_largest(spec.sizes), sizes_mean(spec.sizes),
			f.flows.n);
		frames_show(&f, cfg->show, 0, (uint64_t)time(NULL) * SECOND, out);
	}
	frames_fini(&f);
	return rc;
}

static int dry_run(struct gen *g)
{
	int rc = gen_streams(g);

	if (!rc && g->cfg->pcap)
		return gen_replay_dry_run(g);
	for (unsigned int i = 0; i < g->n_streams && !rc; i++)
		rc = dry_run_stream(g, &g->stream[i]);
	return rc;
}

static int verdict_code(const struct result *r)
{
	static const int codes[] = { EXIT_OK, EXIT_LIMITED, EXIT_FAILED };

	return codes[r->verdict];
}

static int measure(struct gen *g, const struct gen_config *cfg)
{
	int rc = gen_open(g, cfg), captured;

	if (!rc)
		rc = output_open(g);
	if (rc)
		return rc;
	rc = gen_respond_open(g);
	if (!rc)
		rc = gen_capture_open(g);
	if (rc)
		return rc;
	for (unsigned int i = 0; gen_sends(g) && i < g->path[0].streams; i++)
		frames_show(&g->path[0].frames[i], cfg->show, 0, g->clock.ns0, g->out);
	report_header(g);
	rc = gen_learn(g);
	if (!rc)
		rc = gen_run(g);
	captured = gen_capture_close(g);
	if (rc)
		return rc;
	report_result(g);
	rc = output_result(g);
	rc = rc ? rc : captured;
	return rc ? rc : verdict_code(&g->result);
}

/* Is there a stream whose packets do not end? */
static bool endless(const struct gen_config *cfg)
{
	bool found = !cfg->streams && !cfg->count;

	for (unsigned int i = 0; cfg->streams && i < cfg->streams->n; i++)
		found |= !cfg->streams->stream[i].cfg.count;
	return found;
}

/* What can be wrong with the configuration as a whole. */
static int settle(struct gen_config *cfg)
{
	struct why why;
	int rc = check_conflicts(cfg);

	if (!rc && !rate_resolve(&cfg->rate, cfg->line_bps, cfg->count_l1, &why))
		rc = fail(FAIL_VALUE, why.text, "pktgen: --rate is not known");
	if (!rc && cfg->profile)
		rc = profile_read(cfg->profile, cfg, &cfg->streams);
	if (!rc && !cfg->time_ns && endless(cfg) && (!cfg->pcap || !cfg->loops))
		cfg->time_ns = 10 * SECOND;
	return rc;
}

static int run(struct gen_config *cfg)
{
	struct gen *g;
	int rc = settle(cfg);

	if (rc)
		return rc;
	g = calloc(1, sizeof(*g));
	if (!g)
		return fail(FAIL_MEMORY, NULL, "no room for a run");
	if (cfg->verbose)
		log_to_stderr();
	g->cfg = cfg;
	if (cfg->dry_run) {
		rc = dry_run(g);
	} else {
		rc = measure(g, cfg);
		output_close(g);
		gen_respond_close(g);
		gen_close(g);
	}
	free(g);
	return rc;
}

static int pktgen(const struct command *cmd, int argc, char **argv)
{
	struct gen_config cfg;
	int rc = gen_config_init(&cfg), first;

	if (rc)
		return rc;
	first = gen_config_read(&cfg, cmd, argc, argv);
	rc = first > 0 ? run(&cfg) : -first;
	profile_free(cfg.streams);
	sizes_free(&cfg.sizes);
	return rc;
}

const struct command command_pktgen = {
	.name = "pktgen",
	.args = "PORT [PORT2] [options]",
	.summary = "Send test traffic, take it back, and tell what became of it.",
	.options = options,
	.examples = examples,
	.ports_most = 2,
	.run = pktgen,
};
