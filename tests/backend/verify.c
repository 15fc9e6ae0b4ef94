/* SPDX-License-Identifier: BSD-3-Clause */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verify.h"

enum { EXIT_OK, EXIT_ERROR, EXIT_USAGE, EXIT_WRONG };

#define CHECK_NS    5000000u
#define LOOP_BUDGET 64u

static const char usage[] =
	"Usage: verify [OPTION...] MODE ADDRESS [ADDRESS]\n"
	"Send and check frames through vio ports, and print what came of it as JSON.\n"
	"\n"
	"  open  only open the ports and close them\n"
	"  tx    send, and wait until the device has taken everything\n"
	"  rx    check what dpdk-testpmd sends: until the count is reached (says so) and then "
	"silence\n"
	"  echo  check each byte of what a port, or the other of two ports, gives back\n"
	"  sleep the same, with a sleep until frames come (wait=on in the address)\n"
	"\n"
	"  -n COUNT    frames in all [100000]\n"
	"  -s SIZES    lengths, each frame takes the next one: 64,60-9000 [64]\n"
	"  -m N        segments of a sent frame, up to [1]\n"
	"  -w N        echo: buffers on their way in each flow, up to [512]\n"
	"  -b BYTES    size of a buffer [2048]\n"
	"  -B N        buffers [8192]\n"
	"  -R BYTES    room for rings [the library's default]\n"
	"  -k KIND     rx: txonly or flowgen [txonly]\n"
	"  -f N        flowgen's flows [1024]\n"
	"  -t SECONDS  deadline [60]\n"
	"  -q MS       rx: how long silence is [500]\n"
	"  -S          begin when small frames come through\n"
	"  -W          send every buffer once, say so, and go on when a line comes in\n"
	"\n"
	"Exit codes: 0 all right, 1 vio reports an error, 2 usage, 3 something was not right.\n";

/* Print why the command line can't be used. */
static int bad_usage(const char *what, const char *value)
{
	fprintf(stderr, "verify: %s: %s\n%s", what, value, usage);
	return EXIT_USAGE;
}

static bool parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	char *end;

	*out = strtoull(text, &end, 0);
	return *text >= '0' && *text <= '9' && !*end && *out >= min && *out <= max;
}

/* Lengths "64,60-9000": one of each range in turn; within a range in steps that reach all of it. */
static bool parse_sizes(char *text, struct options *opt)
{
	uint32_t lo[64], hi[64], n = 0;

	for (char *s = strtok(text, ","); s; s = strtok(NULL, ","), n++) {
		if (n == 64)
			return false;
		int got = sscanf(s, "%" SCNu32 "-%" SCNu32, &lo[n], &hi[n]);
		if (got == 1)
			hi[n] = lo[n];
		if (got < 1 || lo[n] < 42 || hi[n] < lo[n] || hi[n] > LEN_MAX)
			return false;
	}
	if (!n)
		return false;
	for (uint32_t i = 0; i < LENS; i++) {
		uint32_t k = i % n;

		opt->lens[i] = (uint16_t)(lo[k] + i / n * 7919 % (hi[k] - lo[k] + 1));
		opt->len_wanted[opt->lens[i]] = true;
	}
	return true;
}

static bool parse_traffic(const char *text, struct options *opt)
{
	opt->traffic = strcmp(text, "flowgen") ? TRAFFIC_TXONLY : TRAFFIC_FLOWGEN;
	return !strcmp(text, "flowgen") || !strcmp(text, "txonly");
}

/* One option with its value. */
static bool parse_option(int letter, char *value, struct options *opt)
{
	uint64_t v = 0;
	const struct {
		char letter;
		uint64_t min, max;
		uint32_t *out;
	} numbers[] = {
		{ 'm', 1, 32, &opt->segments },        { 'w', 1, 65536, &opt->window },
		{ 'b', 256, 131072, &opt->buf_bytes }, { 'B', 64, 1 << 20, &opt->buffers },
		{ 'R', 1, 1 << 30, &opt->ring_bytes }, { 'f', 1, 65536, &opt->traffic_flows },
		{ 't', 1, 3600, &opt->seconds },       { 'q', 1, 60000, &opt->silence_ms },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i].letter == letter) {
			bool ok = parse_number(value, numbers[i].min, numbers[i].max, &v);

			*numbers[i].out = (uint32_t)v;
			return ok;
		}
	if (letter == 'n')
		return parse_number(value, 1, UINT64_MAX, &opt->count);
	if (letter == 's')
		return parse_sizes(value, opt);
	if (letter == 'k')
		return parse_traffic(value, opt);
	opt->settle |= letter == 'S';
	opt->warm |= letter == 'W';
	return letter == 'S' || letter == 'W';
}

static int parse_args(int argc, char **argv, struct options *opt)
{
	char sizes[] = "64";

	for (int c; (c = getopt(argc, argv, "n:s:m:w:b:B:R:k:f:t:q:SW")) != -1;)
		if (!parse_option(c, optarg, opt))
			return bad_usage("unusable option or value", optarg ? optarg : "");
	if (!opt->lens[0])
		parse_sizes(sizes, opt);
	if (argc - optind < 2 || argc - optind > 1 + (int)PORTS_MAX)
		return bad_usage("wanted", "MODE ADDRESS [ADDRESS]");
	for (opt->mode = modes; opt->mode->name; opt->mode++)
		if (!strcmp(opt->mode->name, argv[optind]))
			break;
	if (!opt->mode->name)
		return bad_usage("no such mode", argv[optind]);
	for (optind++; optind < argc; optind++)
		opt->address[opt->ports++] = argv[optind];
	return EXIT_OK;
}

/* What vio says went wrong. */
static int vio_failed(struct run *run)
{
	run->error = vio_error_last()->id;
	fputs(vio_error_text(), stderr);
	return EXIT_ERROR;
}

/* Resident memory of this process in KiB, huge pages too. */
static uint64_t rss_kib(void)
{
	char line[128];
	uint64_t sum = 0, kib;
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmRSS: %" SCNu64, &kib) == 1 ||
		    sscanf(line, "HugetlbPages: %" SCNu64, &kib) == 1)
			sum += kib;
	if (f)
		fclose(f);
	return sum;
}

static int open_pool(struct run *run)
{
	struct vio_region_opts region = VIO_OPTS(struct vio_region_opts);
	const struct options *opt = run->opt;

	run->rss_before = rss_kib();
	for (unsigned int p = 0; p < opt->ports; p++)
		if (vio_port_memory(opt->address[p], &region))
			return vio_failed(run);
	if (vio_pool_open(&VIO_OPTS(struct vio_pool_opts, .buffers = opt->buffers,
				    .buf_bytes = opt->buf_bytes, .ring_bytes = opt->ring_bytes,
				    .region_opts = &region),
			  &run->pool) ||
	    vio_cache_open(run->pool, &run->cache))
		return vio_failed(run);
	run->rss_pool = rss_kib();
	return EXIT_OK;
}

static int open_port(struct run *run, unsigned int p)
{
	struct port *port = &run->port[p];

	if (vio_port_open(run->opt->address[p], run->pool, NULL, &port->port))
		return vio_failed(run);
	port->loop = vio_port_loop(port->port);
	vio_port_info(port->port, &port->info);
	snprintf(port->rx_variant, sizeof(port->rx_variant), "%s", port->info.rx_variant);
	snprintf(port->tx_variant, sizeof(port->tx_variant), "%s", port->info.tx_variant);
	port->queues = port->info.queues < QUEUES_MAX ? port->info.queues : QUEUES_MAX;
	for (uint16_t q = 0; q < port->queues; q++)
		port->queue[q] = (struct queue){
			.rx = vio_port_rxq(port->port, q),
			.tx = vio_port_txq(port->port, q),
			.gen_next = UINT64_MAX,
		};
	return EXIT_OK;
}

/* Open everything, and deal the frames to the flows, one a queue. */
static int open_all(struct run *run)
{
	uint16_t flows = 0;
	int code = open_pool(run);

	run->start_ns = vio_clock_ns();
	for (unsigned int p = 0; !code && p < run->opt->ports; p++) {
		code = open_port(run, p);
		flows = (uint16_t)(flows + run->port[p].queues);
	}
	run->now_ns = run->open_ns = vio_clock_ns();
	run->rss_port = rss_kib();
	for (unsigned int p = 0; flows && p < run->opt->ports; p++)
		for (uint16_t q = 0; q < run->port[p].queues; q++)
			run->flow[p * QUEUES_MAX + q].count = (run->opt->count + flows - 1) / flows;
	return code;
}

static void count_queue(struct run *run, const struct queue *q)
{
	struct vio_queue_stats rx, tx;

	vio_rxq_stats(q->rx, &rx);
	vio_txq_stats(q->tx, &tx);
	run->result.rule_breaks += rx.bad_id + rx.bad_len + rx.bad_index + rx.bad_merge +
				   tx.bad_id + tx.bad_len + tx.bad_index;
	run->result.dropped += rx.drop_truncated + tx.drop_invalid + tx.drop_foreign;
}

static void close_ports(struct run *run)
{
	for (unsigned int p = 0; p < run->opt->ports && run->port[p].port; p++) {
		struct port *port = &run->port[p];

		for (uint16_t q = 0; q < port->queues; q++) {
			count_queue(run, &port->queue[q]);
			vio_pkt_put(run->cache, port->queue[q].pend, port->queue[q].n_pend);
		}
		if (port->loop)
			run->result.rule_breaks += vio_loop_violations(port->loop, NULL);
		vio_port_close(port->port);
	}
}

/* Close everything; what the pool has lost goes into the result. */
static void close_all(struct run *run)
{
	struct vio_pool_info info;

	close_ports(run);
	vio_cache_close(run->cache);
	if (!run->pool)
		return;
	vio_pool_info(run->pool, &info);
	run->result.leaked = info.out;
	run->result.bad_puts = info.foreign_puts + info.double_puts;
	if (vio_pool_close(run->pool))
		vio_failed(run);
}

/* Now and then: do all devices still work? */
static int check_ports(struct run *run)
{
	if (run->now_ns - run->checked_ns < CHECK_NS)
		return EXIT_OK;
	run->checked_ns = run->now_ns;
	for (unsigned int p = 0; p < run->opt->ports; p++)
		if (vio_port_check(run->port[p].port) != VIO_PORT_UP)
			return vio_failed(run);
	return EXIT_OK;
}

/* True when the first packet has gone all its way. */
static bool first_seen(const struct run *run)
{
	struct vio_queue_stats tx;

	vio_txq_stats(run->port[0].queue[0].tx, &tx);
	return run->result.rx || (!run->opt->mode->returns && tx.completed);
}

/* A device in this process works when it is told to. */
static void step_loops(const struct run *run)
{
	for (unsigned int p = 0; p < run->opt->ports; p++)
		if (run->port[p].loop)
			vio_loop_step(run->port[p].loop, LOOP_BUDGET);
}

static int drive(struct run *run, uint32_t (*step)(struct run *run, bool *done))
{
	int code = EXIT_OK;

	run->moved_ns = run->now_ns;
	for (bool done = false; !done && !code; code = check_ports(run)) {
		bool moved = step(run, &done);

		step_loops(run);
		run->now_ns = vio_clock_ns();
		if (moved)
			run->moved_ns = run->now_ns;
		if (!run->first_ns && first_seen(run))
			run->first_ns = run->now_ns;
		if (run->now_ns > run->deadline_ns) {
			fprintf(stderr, "verify: deadline of %" PRIu32 " s\n", run->opt->seconds);
			return EXIT_WRONG;
		}
	}
	return code;
}

static int warm_up(struct run *run)
{
	char line[8];
	int code = drive(run, warm_step);

	if (code)
		return code;
	puts("warm");
	fflush(stdout);
	return fgets(line, sizeof(line), stdin) ? code : EXIT_WRONG;
}

/* What only the whole can tell: frames that never came, flows of flowgen that got too few. */
static void judge(struct run *run)
{
	uint32_t most = 0, least = UINT32_MAX;

	for (unsigned int i = 0; i < FLOWS_MAX && run->opt->mode->returns; i++)
		if (run->flow[i].tx > run->flow[i].rx)
			run->result.lost += run->flow[i].tx - run->flow[i].rx;
	for (uint32_t i = 0; i < run->opt->traffic_flows; i++) {
		most = run->gen_seen[i] > most ? run->gen_seen[i] : most;
		least = run->gen_seen[i] < least ? run->gen_seen[i] : least;
	}
	if (most > least + 1)
		run->result.lost += most - least - 1;
}

static int verdict(const struct result *r)
{
	bool right = !(r->lost | r->reordered | r->corrupt | r->stray | r->rule_breaks |
		       r->slept_over | r->dropped | r->leaked | r->bad_puts);

	return right ? EXIT_OK : EXIT_WRONG;
}

static double ms(uint64_t from, uint64_t to)
{
	return to > from ? (double)(to - from) / 1e6 : 0;
}

static void print_result(const struct run *run, int code)
{
	const struct port *port = &run->port[0];

	printf("{\"mode\": \"%s\", \"code\": %d, \"error\": \"%s\"", run->opt->mode->name, code,
	       run->error ? run->error : "");
#define X(name, what) printf(", \"" #name "\": %" PRIu64, run->result.name);
	RESULT_COUNTERS(X)
#undef X
	printf(", \"open_ms\": %.3f, \"first_ms\": %.3f, \"run_ms\": %.3f",
	       ms(run->start_ns, run->open_ns), ms(run->start_ns, run->first_ns),
	       ms(run->begin_ns, run->end_ns));
	printf(", \"rss_pool_kib\": %" PRIu64 ", \"rss_port_kib\": %" PRIu64,
	       run->rss_pool - run->rss_before, run->rss_port - run->rss_pool);
	if (port->port)
		printf(", \"queues\": %u, \"entries\": %u, \"rx_variant\": \"%s\", "
		       "\"tx_variant\": \"%s\", \"ring_bytes\": %zu, \"private_bytes\": %zu",
		       port->info.queues, port->info.entries, port->rx_variant, port->tx_variant,
		       port->info.ring_bytes, port->info.private_bytes);
	puts("}");
}

int main(int argc, char **argv)
{
	static struct options opt = {
		.count = 100000,
		.segments = 1,
		.window = 512,
		.buf_bytes = 2048,
		.buffers = 8192,
		.seconds = 60,
		.silence_ms = 500,
		.traffic_flows = 1024,
	};
	static struct run run = { .opt = &opt };
	int code = parse_args(argc, argv, &opt);

	if (code)
		return code;
	code = open_all(&run);
	run.deadline_ns = run.now_ns + opt.seconds * UINT64_C(1000000000);
	if (!code && opt.warm)
		code = warm_up(&run);
	if (!code && opt.settle)
		code = drive(&run, settle_step);
	run.begin_ns = run.now_ns;
	if (!code)
		code = drive(&run, opt.mode->step);
	run.end_ns = run.moved_ns;
	judge(&run);
	close_all(&run);
	code = code ? code : verdict(&run.result);
	print_result(&run, code);
	return code;
}
