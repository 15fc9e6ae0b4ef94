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
	"Compare vio with DPDK's virtio driver: alone, and against librte_vhost.\n"
	"  --json FILE    write every figure to FILE\n"
	"  --only TEXT    only modes with TEXT in their name\n"
	"  --alone        only the driver alone\n"
	"  --pair         only with librte_vhost on another processor\n"
	"  --rounds N     pairs of slices for each figure, 1 to 1001; default 31\n"
	"  --slice US     length of a slice in microseconds; default 2000\n"
	"  --core N       processor to run on; default: the last one allowed\n"
	"  --check        measure nothing: see that every mode moves packets (TAP)\n";

struct options {
	const char *json, *only;
	struct effort effort;
	int core;
	bool check, only_alone, only_pair;
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
			o->only_alone = true;
			break;
		case 'p':
			o->only_pair = true;
			break;
		default:
			return false;
		}
	return optind == argc && o->effort.rounds >= 1 && o->effort.rounds <= ROUNDS_MAX &&
	       o->effort.slice_us >= 1;
}

/* Where the figures of a setting go, and what they are made with. */
struct setting {
	bool vhost;
	const struct effort *effort;
	const char *folder;
	struct figures *figures;
	struct report_paths *paths; /* N_MODES */
};

static void figures_alone(const struct setting *s, struct pair *pair)
{
	for (int dir = RX; dir <= TX; dir++)
		for (size_t i = 0; i < COUNT(bursts); i++)
			measure_alone(pair, dir, bursts[i], s->effort,
				      &s->figures->results[s->figures->n_results++]);
}

static void figures_pair(const struct setting *s, struct pair *pair)
{
	for (int traffic = 0; traffic < N_TRAFFICS; traffic++)
		for (size_t mix = 0; mix < N_MIXES; mix++)
			for (size_t i = 0; i < COUNT(bursts); i++) {
				const struct load load = { .traffic = traffic,
							   .burst = bursts[i],
							   .mix = &mixes[mix] };

				measure_pair(pair, &load, s->effort,
					     &s->figures->results[s->figures->n_results++]);
			}
}

static int measure_mode(const struct setting *s, const struct mode *mode, uint16_t entries)
{
	struct pair pair;

	if (pair_open(&pair, s->vhost, mode, entries, s->folder) < 0)
		return -1;
	report_note_paths(&s->paths[mode - modes], &pair);
	(s->vhost ? figures_pair : figures_alone)(s, &pair);
	pair_close(&pair);
	return 0;
}

static int measure_setting(const struct setting *s, const char *only)
{
	for (size_t ring = 0; ring < N_RINGS; ring++)
		for (size_t i = 0; i < N_MODES; i++) {
			if (only && !strstr(modes[i].name, only))
				continue;
			s->paths[i].wanted = true;
			s->paths[i].lacks = dpdk_lacks(&modes[i]);
			if (!s->paths[i].lacks && measure_mode(s, &modes[i], rings[ring]) < 0)
				return -1;
		}
	return 0;
}

static int measure_all(const struct options *o, const char *folder)
{
	static struct result alone[N_ALONE], pair[N_PAIR];
	static struct report_paths paths[N_MODES];
	struct report report = {
		.alone = { .unit = "cycles", .name = "driver_alone", .results = alone },
		.pair = { .unit = "mpps",
			  .name = "pair",
			  .more_is_better = true,
			  .has_work = true,
			  .results = pair },
		.paths = paths,
		.effort = o->effort,
		.core = o->core,
		.cores = cores_measure(o->core),
	};
	struct setting setting = { false, &o->effort, folder, &report.alone, paths };
	int rc = 0;

	if (!o->only_pair)
		rc = measure_setting(&setting, o->only);
	if (rc == 0 && !o->only_alone && report.cores.other >= 0) {
		setting.vhost = true;
		setting.figures = &report.pair;
		rc = vhost_start(report.cores.other);
		if (rc == 0) {
			rc = measure_setting(&setting, o->only);
			vhost_stop();
		}
	}
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
