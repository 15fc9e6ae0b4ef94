/* SPDX-License-Identifier: BSD-3-Clause */
#include "clock.h"

#include "compiler.h"

#define CALIBRATE_NS UINT64_C(20000000)

void clock_pause(unsigned int round)
{
	struct timespec ts = { .tv_nsec = round < 7 ? 10000L << round : 1000000L };

	nanosleep(&ts, NULL);
}

struct moment {
	uint64_t ticks, ns;
};

/* Read both clocks at one point: the try with the shortest way round counts. */
static struct moment moment_now(void)
{
	struct moment m = { 0 };
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < 16; i++) {
		uint64_t before = vio_ticks();
		uint64_t ns = vio_clock_ns();
		uint64_t took = vio_ticks() - before;

		if (took < best) {
			best = took;
			m = (struct moment){ before + took / 2, ns };
		}
	}
	return m;
}

static uint64_t measure_hz(void)
{
	struct moment from = moment_now(), to;

	do
		clock_pause(7);
	while (vio_clock_ns() - from.ns < CALIBRATE_NS);
	to = moment_now();
	return (uint64_t)((double)(to.ticks - from.ticks) * 1e9 / (double)(to.ns - from.ns) + 0.5);
}

uint64_t vio_ticks_hz(void)
{
	/* A property of the machine, not state: threads that race here measure the same. */
	static uint64_t hz;
	uint64_t known = __atomic_load_n(&hz, __ATOMIC_RELAXED);

	if (!known) {
		known = measure_hz();
		__atomic_store_n(&hz, known, __ATOMIC_RELAXED);
	}
	return known;
}
