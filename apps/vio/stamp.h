/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_STAMP_H
#define APP_STAMP_H

#include <stdint.h>

/*
 * The clock of a run: the ticks of the processor, as nanoseconds since 1970. Set once, so that it
 * never jumps; all workers share it.
 */
struct stamp_clock {
	uint64_t ticks0;
	uint64_t ns0;  /* wall-clock time at ticks0 */
	uint64_t hz;   /* ticks in a second */
	uint64_t mult; /* nanoseconds per tick, 32 bits of them behind the point */
};

void stamp_clock_init(struct stamp_clock *c);

/* @ticks as a duration. */
static inline uint64_t stamp_ticks_to_ns(const struct stamp_clock *c, uint64_t ticks)
{
	return (uint64_t)(((unsigned __int128)ticks * c->mult) >> 32);
}

static inline uint64_t stamp_ns_to_ticks(const struct stamp_clock *c, uint64_t ns)
{
	return (uint64_t)((unsigned __int128)ns * c->hz / 1000000000u);
}

/* The moment @ticks; it is not before the clock was set. */
static inline uint64_t stamp_ns(const struct stamp_clock *c, uint64_t ticks)
{
	return c->ns0 + stamp_ticks_to_ns(c, ticks - c->ticks0);
}

#endif
