/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <vio/clock.h>

/* A point in time by which something must have happened. Every wait has one. */
struct deadline {
	uint64_t ns;
};

static inline struct deadline deadline_in(uint32_t ms)
{
	return (struct deadline){ vio_clock_ns() + ms * UINT64_C(1000000) };
}

static inline bool deadline_passed(struct deadline d)
{
	return vio_clock_ns() >= d.ns;
}

/* Milliseconds left, rounded up, as poll(2) wants them; 0: passed. */
static inline int deadline_left_ms(struct deadline d)
{
	uint64_t now = vio_clock_ns();

	return now >= d.ns ? 0 : (int)((d.ns - now + 999999) / 1000000);
}

/* Sleep a little between two looks at something; grows from 10 us to 1 ms with @round. */
void clock_pause(unsigned int round);

#endif
