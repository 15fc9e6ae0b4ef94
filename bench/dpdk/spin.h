/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_DPDK_SPIN_H
#define BENCH_DPDK_SPIN_H

#include <stdbool.h>
#include <stdint.h>
#include <vio/clock.h>

#define SPINS_A_LOOK 65536    /* at the clock: rare, so that the answer to a change comes at once */
#define LOOK_NS      10000000 /* that a look counts at most: longer, and this thread stood still */

/* Wait until *@word, which another thread stores, is @value. Return: false when that took longer
 * than @limit_ns of running: the other one does not run. Acquire: pairs with its release. */
static inline bool spin_until(const uint32_t *word, uint32_t value, uint64_t limit_ns)
{
	uint64_t last = 0, spent = 0;

	for (unsigned int i = 1; __atomic_load_n(word, __ATOMIC_ACQUIRE) != value; i++)
		if (i % SPINS_A_LOOK == 0) {
			const uint64_t now = vio_clock_ns(), took = last ? now - last : 0;

			spent += took < LOOK_NS ? took : LOOK_NS;
			if (spent > limit_ns)
				return false;
			last = now;
		}
	return true;
}

#endif
