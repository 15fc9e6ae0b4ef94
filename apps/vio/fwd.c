/* SPDX-License-Identifier: BSD-3-Clause */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "capture_run.h"
#include "commands.h"
#include "fail.h"
#include "forward.h"
#include "log.h"
#include "look.h"

/* The command around forward.c: options, rates, an end. */
struct fwd_config {
	uint64_t mode, time_ns, queues;
	struct idle_option wait;
	bool quiet, verbose;
	struct capture_config capture;
};

#define NAP_US 10000 /* between two looks at clock and signals */

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	(void)sig;
	stopped = 1;
}

static void print_rates(const struct forward *f, struct lane_stats *before, double seconds)
{
	for (unsigned int i = 0; i < f->n; i++) {
		const struct lane_stats now = forward_stats(f, i);

		printf("%s%u>%u  rx %.4f Mpps  tx %.4f Mpps  dropped %llu", i ? "   " : "", i,
		       f->n == 1 ? 0 : 1 - i,
		       (double)(now.received - before[i].received) / seconds / 1e6,
		       (double)(now.sent - before[i].sent) / seconds / 1e6,
		       (unsigned long long)(now.dropped - before[i].dropped));
		before[i] = now;
	}
	printf("\n");
	fflush(stdout);
}

static void print_totals(const struct forward *f, double seconds)
{
	for (unsigned int i = 0; i < f->n; i++) {
		const struct lane_stats s = forward_stats(f, i);

		printf("RESULT  port %u  received %llu  sent %llu  dropped %llu  in %.3f s\n", i,
		       (unsigned long long)s.received, (unsigned long long)s.sent,
		       (unsigned long long)s.dropped, seconds);
	}
}

/* Return: exit code; the error of a port that stays down has been told. */
static int check_ports(const struct forward *f, struct look *seen, uint64_t now_ns)
{
	int rc = EXIT_OK;

	for (unsigned int i = 0; i < f->n && !rc; i++)
		rc = look_on(f->ports[i], &seen[i], now_ns);
	return rc;
}

/* Watch until told to stop, the time is over or a port is lost. Return: exit code. */
static int watch(struct forward *f, const struct fwd_config *cfg)
{
	const uint64_t start = vio_clock_ns();
	struct lane_stats before[2] = { 0 };
	struct look seen[2] = { 0 };
	uint64_t printed = start, now = start;
	int rc = EXIT_OK;

	while (!stopped && !rc && (!cfg->time_ns || now - start < cfg->time_ns)) {
		usleep(NAP_US);
		now = vio_clock_ns();
		rc = check_ports(f, seen, now);
		if (cfg->quiet || now - printed < 1000000000u)
			continue;
		print_rates(f, before, (double)(now - printed) / 1e9);
		printed = now;
	}
	forward_stop(f);
	print_totals(f, (double)(now - start) / 1e9);
	return rc;
}

/* Forward, with captures around it. Return: exit code. */
static int forward_captured(struct forward *f, char *const *address, const struct fwd_config *cfg)
{
	static struct capture_point points[FORWARD_POINTS];
	struct capture_run run;
	struct stamp_clock clock;
	const struct capture_source src = { .points = points,
					    .n_points = forward_points(f, points),
					    .ports = (const char *const *)address,
					    .n_ports = f->n,
					    .clock = &clock };
	int rc, captured;

	stamp_clock_init(&clock);
	rc = capture_run_open(&run, &cfg->capture, &src);
	if (rc)
		return rc;
	if (forward_start(f))
		rc = fail(FAIL_MEMORY, NULL, "fwd: no thread for each of %u queue pairs",
			  f->queues);
	else
		rc = watch(f, cfg);
	forward_stop(f);
	captured = capture_run_close(&run);
	capture_run_report(&run, stdout);
	return rc ? rc : captured;
}

static int open_and_forward(char **address, unsigned int n, const struct fwd_config *cfg)
{
	const struct forward_opts opts = { .mode = (enum forward_mode)cfg->mode,
					   .queues = (uint16_t)cfg->queues,
					   .wait = cfg->wait };
	struct sigaction sa = { .sa_handler = on_signal };
	struct forward f;
	int rc;

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	if (forward_open(&f, &opts, address, n) < 0)
		rc = fail_library();
	else
		rc = forward_captured(&f, address, cfg);
	forward_close(&f);
	return rc;
}

static bool read_mode(const char *text, void *field, struct why *why)
{
	static const char *const names[] = { "io", "mac", "macswap" };
	int i = parse_name(text, names, sizeof(names) / sizeof(names[0]));

	if (i < 0)
		return why_set(why, "a mode is io, mac or macswap");
	*(uint64_t *)field = (uint64_t)i;
	return true;
}

#define AT(field) offsetof(struct fwd_config, field)

/* clang-format off */
static const struct option_def options[] = {
	{ "mode", 'm', "MODE", read_mode, AT(mode), "io: as it is; mac: from the sending port's address to\n02:00:00:00:00:02; macswap: both exchanged; default io" },
	{ "queues", 0, "N", option_queues, AT(queues), "queue pairs of each port, with a thread for each; default 1" },
	{ "wait", 0, "[=USEC]", option_wait, AT(wait), "sleep when nothing has come for so long; default 50" },
	{ "time", 't', "TIME", option_duration, AT(time_ns), "how long; default until interrupted" },
	CAPTURE_OPTIONS(struct fwd_config, capture),
	{ "quiet", 'q', NULL, option_flag, AT(quiet), "print totals only" },
	{ "verbose", 'v', NULL, option_flag, AT(verbose), "print the library's log on stderr" },
	{ 0 }
};
/* clang-format on */

static int fwd(const struct command *cmd, int argc, char **argv)
{
	struct fwd_config cfg = { 0 };
	int first = options_ports(cmd, argc, argv, &cfg), rc;

	if (first <= 0)
		return -first;
	rc = capture_check("fwd", &cfg.capture);
	if (rc)
		return rc;
	if (cfg.verbose)
		log_to_stderr();
	return open_and_forward(argv + first, (unsigned int)(argc - first), &cfg);
}

const struct command command_fwd = {
	.name = "fwd",
	.args = "PORT [PORT2] [options]",
	.summary = "Forward packets between two ports, or back to where they came from.",
	.options = options,
	.examples =
		"examples:\n"
		"  vio fwd vhost-user:/run/a.sock vhost-user:/run/b.sock\n"
		"  vio fwd vhost-user:/run/a.sock --mode macswap      an echo on one port\n"
		"  vio fwd vhost-user:/run/a.sock --queues 4 --wait   idle, it burns no processor\n"
		"  vio fwd loop:source loop:sink -t 3s                what one core can do\n",
	.ports_least = 1,
	.ports_most = 2,
	.run = fwd,
};
