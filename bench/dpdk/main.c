/* SPDX-License-Identifier: BSD-3-Clause */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "cores.h"
#include "measure.h"
#include "report.h"

static const uint16_t bursts[] = { 1, 4, 32, 64 };

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define N_ALONE  (N_MODES * N_RINGS * COUNT(bursts) * 2)
#define N_PAIR   (N_MODES * N_RINGS * COUNT(bursts) * N_MIXES * N_TRAFFICS)

static const char usage[] =
	"usage: vio-bench-dpdk [options]\n"
	"Compare vio with DPDK's virtio driver: alone, and against librte_vhost on another\n"
	"processor: speed and latency. Without --alone, --pair or --latency all of it.\n"
	"  --json FILE    write every figure to FILE\n"
	"  --only TEXT    only modes with TEXT in their name\n"
	"  --alone        the driver alone: cycles per packet\n"
	"  --pair         with librte_vhost: packets per second, and cycles left\n"
	"  --latency      with librte_vhost: round trips of one packet\n"
	"  --rounds N     pairs of slices for each figure, 1 to 1001; default 31\n"
	"  --slice US     length of a slice in microseconds; default 2000\n"
	"  --core N       processor to run on; default: the last one allowed\n"
	"  --check        measure nothing: see that every mode moves packets (TAP)\n";

/* What is measured. */
struct parts {
	bool alone, pair, latency;
};

struct options {
	const char *json, *only;
	struct effort effort;
	int core;
	bool check;
	struct parts parts;
};

static bool parse(int argc, char **argv, struct options *o)
{
	static const struct option names[] = {
		{ "json", required_argument, NULL, 'j' },
		{ "only", required_argument, NULL, 'o' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "slice", required_argument, NULL, 's' },
		{ "core", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, 'k' },
		{ "alone", no_argument, NULL, 'a' },
		{ "pair", no_argument, NULL, 'p' },
		{ "latency", no_argument, NULL, 'l' },
		{ 0 },
	};
	int which;

	while ((which = getopt_long(argc, argv, "", names, NULL)) != -1)
		switch (which) {
		case 'j':
			o->json = optarg;
			break;
		case 'o':
			o->only = optarg;
			break;
		case 'r':
			o->effort.rounds = (unsigned int)atoi(optarg);
			break;
		case 's':
			o->effort.slice_us = (unsigned int)atoi(optarg);
			break;
		case 'c':
			o->core = atoi(optarg);
			break;
		case 'k':
			o->check = true;
			break;
		case 'a':
			o->parts.alone = true;
			break;
		case 'p':
			o->parts.pair = true;
			break;
		case 'l':
			o->parts.latency = true;
			break;
		default:
			return false;
		}
	if (!o->parts.alone && !o->parts.pair && !o->parts.latency)
		o->parts = (struct parts){ true, true, true };
	return optind == argc && o->effort.rounds >= 1 && o->effort.rounds <= ROUNDS_MAX &&
	       o->effort.slice_us >= 1;
}

/* Where the figures go, and what they are made with. */
struct run {
	const struct options *o;
	const char *folder;
	struct report *report;
	struct report_paths *paths; /* N_MODES */
};

static struct result *next_result(struct figures *figures)
{
	return &figures->results[figures->n_results++];
}

static void figures_alone(struct run *run, struct pair *pair)
{
	for (int dir = RX; dir <= TX; dir++)
		for (size_t i = 0; i < COUNT(bursts); i++)
			measure_alone(pair, dir, bursts[i], &run->o->effort,
				      next_result(&run->report->alone));
}

static void figures_pair(struct run *run, struct pair *pair)
{
	for (int traffic = 0; traffic < N_TRAFFICS; traffic++)
		for (size_t mix = 0; mix < N_MIXES; mix++)
			for (size_t i = 0; i < COUNT(bursts); i++) {
				const struct load load = { .traffic = traffic,
							   .burst = bursts[i],
							   .mix = &mixes[mix] };

				measure_pair(pair, &load, &run->o->effort,
					     next_result(&run->report->pair));
			}
}

/* With a backend of either kind. Latency comes first: nothing may be under way. */
static int measure_open(struct run *run, struct pair *pair)
{
	const struct parts *parts = &run->o->parts;
	struct report *report = run->report;
	int rc = 0;

	if (!pair->vhost)
		figures_alone(run, pair);
	if (pair->vhost && parts->latency)
		rc = latency_measure(pair, &report->latencies[report->n_latencies++]);
	if (rc == 0 && pair->vhost && parts->pair)
		figures_pair(run, pair);
	return rc;
}

static int measure_mode(struct run *run, bool vhost, const struct mode *mode, uint16_t entries)
{
	struct pair pair;
	int rc;

	if (pair_open(&pair, vhost, mode, entries, run->folder) < 0)
		return -1;
	report_note_paths(&run->paths[mode - modes], &pair);
	rc = measure_open(run, &pair);
	pair_close(&pair);
	return rc;
}

static int measure_modes(struct run *run, bool vhost)
{
	for (size_t ring = 0; ring < N_RINGS; ring++)
		for (size_t i = 0; i < N_MODES; i++) {
			if (run->o->only && !strstr(modes[i].name, run->o->only))
				continue;
			run->paths[i].wanted = true;
			run->paths[i].lacks = dpdk_lacks(&modes[i]);
			if (!run->paths[i].lacks &&
			    measure_mode(run, vhost, &modes[i], rings[ring]) < 0)
				return -1;
		}
	return 0;
}

static int measure_vhost(struct run *run)
{
	int rc = vhost_start(run->report->cores.other);

	if (rc == 0) {
		rc = measure_modes(run, true);
		vhost_stop();
	}
	return rc;
}

static int measure_all(const struct options *o, const char *folder)
{
	static struct result alone[N_ALONE], pair[N_PAIR];
	static struct latency latencies[N_MODES * N_RINGS];
	static struct report_paths paths[N_MODES];
	struct report report = {
		.alone = { .unit = "cycles", .name = "driver_alone", .results = alone },
		.pair = { .unit = "mpps",
			  .name = "pair",
			  .more_is_better = true,
			  .has_work = true,
			  .results = pair },
		.latencies = latencies,
		.paths = paths,
		.effort = o->effort,
		.core = o->core,
		.cores = cores_measure(o->core),
	};
	struct run run = { o, folder, &report, paths };
	int rc = 0;

	if (o->parts.alone)
		rc = measure_modes(&run, false);
	if (rc == 0 && (o->parts.pair || o->parts.latency) && report.cores.other >= 0)
		rc = measure_vhost(&run);
	if (rc < 0)
		return 1;
	report_print(&report);
	return o->json && report_json(&report, o->json) < 0;
}

/* One processor is enough to see that packets move. */
static int run_check(const struct options *o, const char *folder)
{
	const int other = cores_other(o->core);

	return check(folder, other < 0 ? o->core : other);
}

int main(int argc, char **argv)
{
	struct options o = { .effort = { .rounds = 31, .slice_us = 2000 }, .core = cores_last() };
	char folder[] = "/tmp/vio-bench.XXXXXX";
	int code = 1;

	if (!parse(argc, argv, &o)) {
		fputs(usage, stderr);
		return 2;
	}
	if (cores_pin(o.core) < 0)
		return 1;
	if (!mkdtemp(folder)) {
		perror(folder);
		return 1;
	}
	if (drivers_start() == 0) {
		code = o.check ? run_check(&o, folder) : measure_all(&o, folder);
		drivers_stop();
	}
	rmdir(folder);
	return code;
}
