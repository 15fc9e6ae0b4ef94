/* SPDX-License-Identifier: BSD-3-Clause */
#include "shim.h"

#include <benchmark/benchmark.h>

struct bench {
	benchmark::State &state;
};

void bench_register(const char *name, bench_fn fn, const void *arg, int n)
{
	benchmark::RegisterBenchmark(name, [fn, arg, n](benchmark::State &state) {
		bench b{ state };

		fn(&b, arg, n);
	});
}

bool bench_next(bench *b)
{
	return b->state.KeepRunning();
}

void bench_items(bench *b, int64_t n)
{
	b->state.SetItemsProcessed(n);
}

void bench_counter(bench *b, const char *name, double value)
{
	b->state.counters[name] = value;
}

void bench_skip(bench *b, const char *why)
{
	b->state.SkipWithError(why);
}

int bench_main(int argc, char **argv)
{
	benchmark::Initialize(&argc, argv);
	if (benchmark::ReportUnrecognizedArguments(argc, argv))
		return 2;
	benchmark::RunSpecifiedBenchmarks();
	benchmark::Shutdown();
	return 0;
}
