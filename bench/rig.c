/* SPDX-License-Identifier: BSD-3-Clause */
#include "rig.h"

#include <stdio.h>
#include <string.h>

/* What the clock itself costs: the least of many tries. */
static double clock_cost(void)
{
	static uint64_t least = UINT64_MAX;

	for (int i = 0; least == UINT64_MAX || i < 1000; i++) {
		uint64_t start = vio_ticks(), cost = vio_ticks() - start;

		least = cost < least ? cost : least;
	}
	return (double)least;
}

static void rig_fini(struct rig *rig)
{
	vio_port_close(rig->port);
	vio_cache_close(rig->cache);
	vio_pool_close(rig->pool);
}

bool rig_open_pool(struct rig *rig, struct bench *b)
{
	memset(rig, 0, sizeof(*rig));
	if (vio_pool_open(NULL, &rig->pool) == 0 && vio_cache_open(rig->pool, &rig->cache) == 0)
		return true;
	bench_skip(b, vio_error_last()->what);
	rig_fini(rig);
	return false;
}

bool rig_open(struct rig *rig, struct bench *b, const char *behaviour, const char *options)
{
	char address[256];

	if (!rig_open_pool(rig, b))
		return false;
	snprintf(address, sizeof(address), "loop:%s,null,size=%d,%s", behaviour, RIG_RING, options);
	if (vio_port_open(address, rig->pool, NULL, &rig->port) < 0) {
		bench_skip(b, vio_error_last()->what);
		rig_fini(rig);
		return false;
	}
	rig->loop = vio_port_loop(rig->port);
	return true;
}

void rig_close(struct rig *rig, struct bench *b)
{
	if (rig->packets) {
		double clock = clock_cost() * (double)rig->readings;

		bench_items(b, (int64_t)rig->packets);
		bench_counter(b, "cycles_per_pkt",
			      ((double)rig->ticks - clock) / (double)rig->packets);
	}
	rig_fini(rig);
}

bool rig_runs(struct bench *b, const char *found, const char *variant)
{
	/* Behind "rx_" or "tx_". */
	if (!strcmp(found + 3, variant))
		return true;
	bench_skip(b, found);
	return false;
}

void rig_register(const char *layer, const char *variant, bench_fn fn, const void *arg)
{
	static const int bursts[] = { 1, 4, 32, 64 };
	char name[128];

	for (size_t i = 0; i < sizeof(bursts) / sizeof(bursts[0]); i++) {
		snprintf(name, sizeof(name), "%s/%s/%d", layer, variant, bursts[i]);
		bench_register(name, fn, arg, bursts[i]);
	}
}
