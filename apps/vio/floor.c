/* SPDX-License-Identifier: BSD-3-Clause */
#include "floor.h"

#include <stdlib.h>

#define TRIES 1001u

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

uint64_t floor_measure(struct rx_job *j)
{
	uint64_t took[TRIES];
	struct vio_pkt pkts[BURST_MAX];
	unsigned int n = 0;
	uint16_t got = 0;

	for (; n < TRIES && !got; n += !got) {
		uint64_t before = vio_ticks();

		got = vio_rx_burst(j->q, pkts, j->burst);
		took[n] = vio_ticks() - before;
	}
	if (got)
		vio_pkt_put(j->cache, pkts, got);
	qsort(took, n, sizeof(*took), compare);
	return n ? stamp_ticks_to_ns(j->clock, took[n / 2]) : 0;
}
