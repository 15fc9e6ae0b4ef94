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

#define AT(field) offsetof(struct gen_config, field)

/* clang-format off */
static const struct option_def options[] = {
	{ "rate", 'r', "RATE", gen_read_rate, 0, "10Mpps, 250kpps, 3.2Gbps (bits on layer 2 with FCS), 3.2GbpsL1,\n50% (of --line-rate), ramp:1Mpps-20Mpps/10s or max,\nof each sending port; default max" },
	{ "line-rate", 0, "BITS", gen_read_line_rate, AT(line_bps), "what 100% is, in bits/s on layer 1: 10G, 2.5G" },
	{ "count-l1", 0, NULL, option_flag, AT(count_l1), "bits of a rate are of layer 1: with preamble and gap" },
	{ "pacing", 0, "KIND", gen_read_pacing, AT(pacing), "smooth | burst:N (N packets at once) | poisson[:SEED] |\nonoff:10ms/90ms (at the rate, then silent); default smooth" },
	{ "profile", 0, "FILE", option_text, AT(profile), "several streams, from a file of YAML or JSON: each has a name,\na rate or a weight (share of -r), and options as here" },
	{ "size", 's', "SPEC", gen_read_sizes, AT(sizes), "frame sizes with the 4 bytes of FCS, as RFC 2544: 64 |\n64,512,1518 | 64-1518 | imix | imix:64=7,570=4,1518=1 |\nimix:genome:aafg (RFC 6985) | random:64-1518[:SEED];\ndefault 64" },
	{ "count", 'n', "N", option_count, AT(count), "packets to send (with --rx-only: to receive)" },
	{ "time", 't', "TIME", gen_read_time, AT(time_ns), "how long to measure: 30s, 500ms, 2m; default 10s, or until\n--count is reached" },
	{ "warmup", 0, "TIME", option_duration, AT(warmup_ns), "send that long before anything counts; default 0" },
	{ "drain", 0, "TIME", option_duration, AT(drain_ns), "wait for what is under way at the end; default 200ms" },
	{ "proto", 0, "NAME", gen_read_proto, AT(proto), "udp | tcp | icmp (echo; ICMPv6 with --ipv6) | arp (requests);\ndefault udp" },
	{ "src-ip", 0, "LIST", gen_read_ips, AT(src_ip), "10.0.0.1 | 10.0.0.0/24 | 10.0.0.1-10.0.0.9 | a list of these,\nor IPv6; default 198.18.0.1 or 2001:2::1" },
	{ "dst-ip", 0, "LIST", gen_read_ips, AT(dst_ip), "the same; default 198.18.0.2 or 2001:2::2" },
	{ "src-port", 0, "LIST", gen_read_ports, AT(src_port), "ports: 1024-2047 or 53,80,8000-8080; of ICMP the identifier;\ndefault 1024" },
	{ "dst-port", 0, "LIST", gen_read_ports, AT(dst_port), "the same; default 9" },
	{ "flows", 0, "N", gen_read_flows, AT(flows), "how many combinations of the lists to use; default all.\nWithout lists: source ports, beyond these source addresses\n(of ARP: targets)" },
	{ "step", 0, "ORDER", gen_read_step, AT(step), "flows take values upwards, downwards or by chance:\ninc | dec | random[:SEED]; default inc" },
	{ "src-mac", 0, "LIST", gen_read_macs, AT(src_mac), "MAC addresses A, A-B or a list; default: the sending port's" },
	{ "dst-mac", 0, "LIST", gen_read_macs, AT(dst_mac), "default: the receiving port's, or 02:00:00:00:00:02;\nof ARP: broadcast" },
	{ "vlan", 0, "ID[,ID]", gen_read_vlans, AT(vlans), "one VLAN tag, or two (outer first); ranges: 100-199" },
	{ "vxlan", 0, "VNI[,...]", gen_read_vxlan, AT(style.vxlan), "wrap each frame; of the outer header src=IP, dst=IP, src-mac=MAC\nand dst-mac=MAC can be told: 5000,dst=10.0.0.9; the size is that\nof the whole frame" },
	{ "tos", 0, "N", gen_read_tos, AT(style.tos), "type of service or traffic class, 0 to 255 (DSCP * 4)" },
	{ "ttl", 0, "N", gen_read_ttl, AT(style.ttl), "time to live or hop limit, 1 to 255; default 64" },
	{ "payload", 0, "PATTERN", gen_read_payload, AT(style.payload), "behind the headers and our 18 bytes: inc | zero |\nrandom[:SEED] | 0xHEX | @FILE; default inc" },
	{ "ipv6", 0, NULL, option_flag, AT(ipv6), "send IPv6" },
	{ "pcap", 0, "FILE", option_text, AT(pcap), "send the frames of a capture, pcap or pcapng, instead" },
	{ "pcap-timing", 0, "HOW", gen_read_timing, AT(pcap_timing), "keep (the times of the file) | x2.0 (twice as fast) | rate\n(-r); default rate if -r is given, else keep" },
	{ "loop", 0, "N", gen_read_loops, AT(loops), "send the file N times, 0: until --time is over; default 1" },
	{ "flow-hash", 0, "[=WHAT]", gen_read_flow_hash, AT(flow_hash), "with --queues, what decides about a frame's queue: ports\n(with the addresses; default) | ip (addresses alone)" },
	{ "burst", 0, "N", gen_read_burst, AT(burst), "packets per burst at most, 1 to 64; default 32" },
	{ "queues", 0, "N", option_queues, AT(queues), "queue pairs to ask of each port; default 1" },
	{ "buffers", 0, "N", gen_read_buffers, AT(buffers), "packet buffers of each port; default by queues" },
	{ "cores", 0, "LIST", gen_read_cpus, AT(cpus), "processors to use: 2-5 | 0,2 | auto; default auto" },
	{ "wait", 0, "[=USEC]", option_wait, AT(wait), "threads that only receive sleep when nothing has come for so long; default 50" },
	{ "rx-only", 0, NULL, option_flag, AT(rx_only), "only receive, for instance what another vio sends" },
	{ "tx-only", 0, NULL, option_flag, AT(tx_only), "only send" },
	{ "bidir", 0, NULL, option_flag, AT(bidir), "with two ports: send from both" },
	{ "late-limit", 0, "PERCENT", gen_read_percent, AT(late_limit), "share of bursts that may leave late (more than a burst, and\n20 us) before a run is invalid; default 10%" },
	{ "json", 'o', "FILE", option_text, AT(json), "write the result as JSON; - is stdout" },
	{ "jsonl", 0, "FILE", option_text, AT(output.jsonl), "write a line of JSON for each interval, and one for the result" },
	{ "csv", 0, "FILE", option_text, AT(output.csv), "write a line for each interval; the first names the columns" },
	{ "histogram", 0, "FILE", gen_read_histogram, AT(output.histogram), "write the latency as an HdrHistogram: FILE.hlog, a log with a\nline per interval (ns), or FILE.hgrm, percentiles as text (us)" },
	{ "metrics", 0, "WHERE", gen_read_metrics, AT(output.metrics), "answer HTTP with OpenMetrics of the last interval: unix:PATH |\n127.0.0.1:PORT | [::1]:PORT" },
	{ "metrics-file", 0, "FILE", option_text, AT(output.metrics_file), "write them into a file with each interval" },
	{ "assert", 0, "EXPR", gen_read_assertion, AT(output.assertions), "what must hold of the result's JSON, or the exit code is 4;\nany number of times: 'rx.loss_ratio<=1e-6', 'latency.p99_us<50',\n'tx.rate_error<0.5%'" },
	{ "interval", 0, "TIME", gen_read_interval, AT(interval_ns), "between lines of progress; default 1s" },
	{ "quiet", 'q', NULL, option_flag, AT(quiet), "print the result only" },
	{ "no-tui", 0, NULL, option_flag, AT(no_tui), "lines of progress on a terminal, too, not a live screen" },
	{ "verbose", 'v', NULL, option_flag, AT(verbose), "print the library's log on stderr" },
	{ "respond", 0, "LIST", gen_read_respond, AT(respond), "answer for the source addresses: arp,icmp,nd" },
	{ "learn", 0, "[=N]", gen_read_learn, AT(learn), "before the run: gratuitous ARP or unsolicited neighbour\nadvertisements, and N packets of each stream; default 10" },
	CAPTURE_OPTIONS(struct gen_config, capture),
	{ "show", 0, "N", option_count, AT(show), "print the first N frames, bytes and what they are" },
	{ "write", 0, "FILE", option_text, AT(write), "write the frames that would be sent into a pcap file" },
	{ "dry-run", 0, NULL, option_flag, AT(dry_run), "check everything that needs no port, and send nothing" },
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

const struct option_def *gen_option(const char *name)
{
	for (const struct option_def *d = options; d->name; d++)
		if (!strcmp(d->name, name))
			return d;
	return NULL;
}

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
		rc = profile_read(cfg->profile, options, cfg, &cfg->streams);
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

int gen_config_init(struct gen_config *cfg)
{
	struct why why;

	*cfg = (struct gen_config){
		.burst = 32,
		.drain_ns = SECOND / 5,
		.interval_ns = SECOND,
		.src_port = FIELD_ONE(1024),
		.dst_port = FIELD_ONE(9),
		.late_limit = 10,
		.loops = 1,
	};
	if (!sizes_parse("64", &cfg->sizes, &why))
		return fail(FAIL_MEMORY, NULL, "no room for a frame size");
	return 0;
}

static int pktgen(const struct command *cmd, int argc, char **argv)
{
	struct gen_config cfg;
	int rc = gen_config_init(&cfg), first;

	if (rc)
		return rc;
	first = options_ports(cmd, argc, argv, &cfg);
	rc = -first;
	if (first > 0) {
		while (first < argc)
			cfg.port[cfg.n_ports++] = argv[first++];
		rc = run(&cfg);
	}
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
