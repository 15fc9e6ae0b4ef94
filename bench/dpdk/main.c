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

static const uint16_t rings[] = { 256, 1024 };
static const uint16_t bursts[] = { 1, 4, 32, 64 };

#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define N_RESULTS (N_MODES * COUNT(rings) * COUNT(bursts) * 2)

static const char usage[] =
	"usage: vio-bench-dpdk [options]\n"
	"Compare vio with DPDK's virtio driver, on a device that only turns descriptors round.\n"
	"  --json FILE    write every figure to FILE\n"
	"  --only TEXT    only modes with TEXT in their name\n"
	"  --rounds N     pairs of slices for each figure, 1 to 1001; default 31\n"
	"  --slice US     length of a slice in microseconds; default 2000\n"
	"  --core N       processor to run on; default: the last one allowed\n"
	"  --check        measure nothing: see that every mode moves packets (TAP)\n";

struct options {
	const char *json, *only;
	struct effort effort;
	int core;
	bool check;
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
		default:
			return false;
		}
	return optind == argc && o->effort.rounds >= 1 && o->effort.rounds <= ROUNDS_MAX &&
	       o->effort.slice_us >= 1;
}

/* Every figure of a mode and a ring. Return: how many, or -1. */
static int measure_mode(const struct mode *mode, uint16_t entries, const char *folder,
			const struct effort *effort, struct result *results,
			struct report_paths *paths)
{
	struct pair pair;
	int n = 0;

	if (pair_open(&pair, mode, entries, folder) < 0)
		return -1;
	report_note_paths(paths, &pair);
	for (int dir = RX; dir <= TX; dir++)
		for (size_t i = 0; i < COUNT(bursts); i++)
			measure(&pair, dir, bursts[i], effort, &results[n++]);
	pair_close(&pair);
	return n;
}

static int measure_all(const struct options *o, const char *folder)
{
	static struct result results[N_RESULTS];
	static struct report_paths paths[N_MODES];
	struct report report = { .results = results, .paths = paths, .effort = o->effort };

	report.core = o->core;
	report.cores = cores_measure(o->core);
	for (size_t ring = 0; ring < COUNT(rings); ring++)
		for (size_t i = 0; i < N_MODES; i++) {
			int n;

			if (o->only && !strstr(modes[i].name, o->only))
				continue;
			paths[i].lacks = dpdk_lacks(&modes[i]);
			paths[i].wanted = true;
			if (paths[i].lacks)
				continue;
			n = measure_mode(&modes[i], rings[ring], folder, &o->effort,
					 results + report.n_results, &paths[i]);
			if (n < 0)
				return 1;
			report.n_results += (size_t)n;
		}
	report_print(&report);
	return o->json && report_json(&report, o->json) < 0;
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
		code = o.check ? check(folder) : measure_all(&o, folder);
		drivers_stop();
	}
	rmdir(folder);
	return code;
}
