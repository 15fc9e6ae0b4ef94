/* SPDX-License-Identifier: BSD-3-Clause */
#include "stamp.h"

#include <time.h>
#include <vio/clock.h>

void stamp_clock_init(struct stamp_clock *c)
{
	struct timespec ts;

	c->hz = vio_ticks_hz();
	c->mult = (uint64_t)(1e9 * 4294967296.0 / (double)c->hz + 0.5);
	clock_gettime(CLOCK_REALTIME, &ts);
	c->ticks0 = vio_ticks();
	c->ns0 = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}
