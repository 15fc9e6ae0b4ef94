/* SPDX-License-Identifier: BSD-3-Clause */
#include "rig.h"

#include <stdio.h>
#include <string.h>

#include "samples.h"

void rig_sample(struct rig *rig, uint64_t start, uint64_t packets)
{
	const uint64_t ticks = vio_ticks() - start;

	if (packets)
		rig->samples[rig->n_samples++ % RIG_SAMPLES] = (double)ticks / (double)packets;
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
	unsigned int n = rig->n_samples < RIG_SAMPLES ? rig->n_samples : RIG_SAMPLES;

	if (n) {
		bench_items(b, (int64_t)rig->packets);
		bench_counter(b, "cycles_per_pkt",
			      samples_median(rig->samples, n) - samples_clock_cost() / RIG_BATCH);
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
