/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_DPDK_SPIN_H
#define BENCH_DPDK_SPIN_H

#include <stdbool.h>
#include <stdint.h>
#include <vio/clock.h>

#define SPINS_A_LOOK 65536 /* at the clock: rare, so that the answer to a change comes at once */

/* Wait until *@word, which another thread stores, is @value. Return: false when that took longer
 * than @limit_ns: the other one does not run. Acquire: pairs with its release. */
static inline bool spin_until(const uint32_t *word, uint32_t value, uint64_t limit_ns)
{
	uint64_t until = 0;

	for (unsigned int i = 1; __atomic_load_n(word, __ATOMIC_ACQUIRE) != value; i++)
		if (i % SPINS_A_LOOK == 0) {
			if (!until)
				until = vio_clock_ns() + limit_ns;
			if (vio_clock_ns() > until)
				return false;
		}
	return true;
}

#endif
