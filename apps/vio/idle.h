/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_IDLE_H
#define APP_IDLE_H

#include <stdbool.h>
#include <stdint.h>
#include <vio/clock.h>

/* --wait[=USEC]: poll so long without a packet before sleeping. */
struct idle_option {
	bool on;
	uint64_t spin_us;
};

#define IDLE_SPIN_US  50u
#define IDLE_SLEEP_MS 20u /* how late a sleeper may learn that it shall stop */

/* Empty polls between two looks at the clock. */
#define IDLE_POLLS 16u

/* A thread that polls, and sleeps when nothing has come for a while. */
struct idle {
	bool on;
	uint32_t polls;
	uint64_t spin_ns, since_ns; /* since_ns 0: the last poll found something */
};

static inline struct idle idle_init(const struct idle_option *o)
{
	return (struct idle){ .on = o->on, .spin_ns = o->spin_us * 1000 };
}

/* After each poll. Return: true when it is time to sleep; also after a sleep that ended with
 * nothing. */
static inline bool idle_enough(struct idle *i, bool worked)
{
	uint64_t now;

	if (worked)
		i->since_ns = 0;
	if (worked || !i->on || ++i->polls % IDLE_POLLS)
		return false;
	now = vio_clock_ns();
	if (!i->since_ns)
		i->since_ns = now;
	return now - i->since_ns >= i->spin_ns;
}

#endif
