/* SPDX-License-Identifier: BSD-3-Clause */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "capture_run.h"
#include "commands.h"
#include "dump.h"
#include "dump_attach.h"
#include "dump_print.h"
#include "fail.h"
#include "log.h"
#include "look.h"
#include "memory.h"

/* Of a port, the main thread receives and the capture's one writes. */
#define QUEUES_MAX   64u
#define BUFFERS      2560u /* for each queue, and once more */
#define STEP_BUDGET  64u
#define NAP_US       50
#define STANDARD_OUT "-"

struct dump {
	const struct dump_config *cfg;
	struct vio_pool *pool;
	struct vio_port *port;
	struct vio_cache *cache;
	uint16_t queues;
	struct vio_rxq *rxq[QUEUES_MAX];
	struct tap taps[QUEUES_MAX];
	struct idle idle;
	struct look seen;
};

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	(void)sig;
	stopped = 1;
}

static int open_port(struct dump *d, const char *address)
{
	const uint16_t wanted = (uint16_t)(d->cfg->queues ? d->cfg->queues : 1);
	const struct vio_pool_opts pool =
		VIO_OPTS(struct vio_pool_opts, .buffers = BUFFERS * (wanted + 1u),
			 .ring_bytes = (wanted + 1u) << 20);
	const struct vio_port_opts port =
		VIO_OPTS(struct vio_port_opts, .queues = wanted, .wait = d->cfg->wait.on);
	struct vio_port_info info;

	if (memory_open(&pool, &address, 1, &d->pool) < 0 ||
	    vio_port_open(address, d->pool, &port, &d->port) < 0 ||
	    vio_cache_open(d->pool, &d->cache) < 0)
		return fail_library();
	vio_port_info(d->port, &info);
	d->queues = info.queues;
	for (uint16_t q = 0; q < d->queues; q++)
		d->rxq[q] = vio_port_rxq(d->port, q);
	return 0;
}

static void close_port(struct dump *d)
{
	vio_port_close(d->port);
	if (d->cache)
		vio_cache_close(d->cache);
	vio_pool_close(d->pool);
}

/* Return: true if something came. */
static bool receive(struct dump *d)
{
	struct vio_loop *loop = vio_port_loop(d->port);
	struct vio_pkt pkts[CAPTURE_BURST];
	bool worked = loop && vio_loop_step(loop, STEP_BUDGET);

	for (uint16_t q = 0; q < d->queues; q++) {
		uint16_t n = tap_rx_burst(&d->taps[q], d->rxq[q], pkts, CAPTURE_BURST);

		vio_pkt_put(d->cache, pkts, n);
		worked |= n;
	}
	return worked;
}

/* Until a packet comes, or, where that can't be waited for, a moment. */
static void rest(struct dump *d)
{
	if (!d->cfg->wait.on || vio_port_loop(d->port) ||
	    vio_rx_wait_any(d->rxq, d->queues, IDLE_SLEEP_MS) < 0)
		usleep(NAP_US);
}

/* Return: exit code; the error of a port that stays down has been told. */
static int receive_until_end(struct dump *d, const struct capture *c)
{
	const uint64_t start = vio_clock_ns();
	uint64_t now = start;
	int rc = 0;

	while (!stopped && !rc && !capture_done(c) &&
	       (!d->cfg->time_ns || now - start < d->cfg->time_ns)) {
		if (idle_enough(&d->idle, receive(d)))
			rest(d);
		now = vio_clock_ns();
		rc = look_on(d->port, &d->seen, now);
	}
	return rc;
}

/* Text goes to no file. */
static bool is_path(const char *file)
{
	return file && strcmp(file, STANDARD_OUT);
}

/* Wireshark takes for an error whatever stands on stderr. */
static void print_end(const struct dump_config *cfg, const struct capture_stats *s)
{
	if (cfg->fifo)
		return;
	fprintf(stderr, "captured %llu  dropped %llu  seen %llu\n", (unsigned long long)s->written,
		(unsigned long long)s->counts.dropped, (unsigned long long)s->counts.seen);
}

/* Return: exit code; a reader of stdout may have gone. */
static int code_of(int rc, const struct capture_opts *opts, const struct capture_stats *stats)
{
	if (!rc && stats->error && opts->title)
		rc = fail_code(FAIL_FILE);
	return rc;
}

static int capture_port(struct dump *d, const char *address, const struct capture_opts *opts)
{
	struct capture_point points[QUEUES_MAX];
	struct stamp_clock clock;
	const struct capture_source src = { points, d->queues, &address, 1, &clock };
	struct capture_stats stats;
	struct capture *c;
	struct why why = { "" };
	int rc;

	stamp_clock_init(&clock);
	for (unsigned int q = 0; q < d->queues; q++)
		points[q] = (struct capture_point){ &d->taps[q], 0, q, false };
	if (!capture_open(&src, opts, &c, &why))
		return fail(FAIL_MEMORY, why.text, "%s: the capture can't begin", address);
	rc = receive_until_end(d, c);
	capture_close(c, &stats);
	print_end(d->cfg, &stats);
	return code_of(rc, opts, &stats);
}

static int dump_port(const char *address, const struct dump_config *cfg,
		     const struct capture_opts *opts)
{
	struct dump d = { .cfg = cfg,
			  .idle = idle_init(&(struct idle_option){
				  true, cfg->wait.on ? cfg->wait.spin_us : IDLE_SPIN_US }) };
	int rc = open_port(&d, address);

	if (!rc)
		rc = capture_port(&d, address, opts);
	close_port(&d);
	return rc;
}

static int dump_run(const char *socket, const struct dump_config *cfg,
		    const struct capture_opts *opts)
{
	struct capture_stats stats;
	int rc = dump_attach(socket, opts, cfg->time_ns, &stopped, &stats);

	if (!rc)
		print_end(cfg, &stats);
	return code_of(rc, opts, &stats);
}

int dump_from(const char *address, const struct dump_config *cfg)
{
	struct capture_opts opts = { .filter = cfg->filter,
				     .snap = (uint32_t)cfg->snap,
				     .count = cfg->count,
				     .put = cfg->file ? NULL : dump_print_block,
				     .title = is_path(cfg->file) && !cfg->fifo ? cfg->file : NULL };
	struct sigaction sa = { .sa_handler = on_signal };
	int rc;

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	opts.fd = is_path(cfg->file) ? capture_file_open(cfg->file) : STDOUT_FILENO;
	if (opts.fd < 0)
		return fail_code(FAIL_FILE);
	rc = address ? dump_port(address, cfg, &opts) : dump_run(cfg->attach, cfg, &opts);
	if (opts.fd != STDOUT_FILENO)
		close(opts.fd);
	return rc;
}

#define AT(field) offsetof(struct dump_config, field)

/* clang-format off */
static const struct option_def options[] = {
	{ "filter", 'f', "BPF", capture_read_filter, AT(filter), "only frames that match, in the language of tcpdump" },
	{ "write", 'w', "FILE", option_text, AT(file), "write pcapng instead of lines; - is stdout" },
	{ "snap", 's', "N", capture_read_snap, AT(snap), "bytes kept of each frame, 1 to 65535; default all" },
	{ "count", 'c', "N", option_count, AT(count), "frames, and then end" },
	{ "time", 't', "TIME", option_duration, AT(time_ns), "how long: 30s, 500ms, 2m; default until interrupted" },
	{ "attach", 0, "SOCKET", option_text, AT(attach), "capture from a vio that runs with --control SOCKET, and not\nfrom a port: what it receives and what it sends" },
	{ "queues", 0, "N", option_queues, AT(queues), "queue pairs to ask of the port; default 1" },
	{ "wait", 0, "[=USEC]", option_wait, AT(wait), "sleep until a packet comes when none has for so long;\ndefault 50" },
	{ "verbose", 'v', NULL, option_flag, AT(verbose), "print the library's log on stderr" },
	{ 0 }
};
/* clang-format on */

static int dump(const struct command *cmd, int argc, char **argv)
{
	struct dump_config cfg = { 0 };
	int first = options_ports(cmd, argc, argv, &cfg);
	bool port = first > 0 && first < argc;

	if (first <= 0)
		return -first;
	if (!port && !cfg.attach)
		return fail(FAIL_PORTS, NULL, "dump: no port");
	if (cfg.attach && (port || cfg.queues || cfg.wait.on))
		return fail(FAIL_CONFLICT, NULL,
			    "dump: a port, --queues and --wait are not for --attach");
	if (cfg.verbose)
		log_to_stderr();
	return dump_from(port ? argv[first] : NULL, &cfg);
}

const struct command command_dump = {
	.name = "dump",
	.args = "PORT|--attach SOCKET",
	.summary = "Print or write the packets that a port receives.",
	.options = options,
	.examples =
		"Each line: time, direction, length without FCS, MAC addresses, and what it is.\n"
		"The last line on stderr: frames captured, dropped since they came too fast, and "
		"seen.\n\n"
		"examples:\n"
		"  vio dump loop:source -c 10                              the built-in device\n"
		"  vio dump vhost-user:/run/vhost0.sock -f 'udp port 53'   as tcpdump writes "
		"filters\n"
		"  vio dump vhost-user:/run/vhost0.sock -w f.pcapng -t 10s -s 128\n"
		"  vio dump vhost-user:/run/vhost0.sock -w - | tshark -r -\n"
		"  vio pktgen loop:echo -r 1kpps --control /tmp/v.sock & vio dump --attach "
		"/tmp/v.sock\n",
	.ports_most = 1,
	.run = dump,
};
