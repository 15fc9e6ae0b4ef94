/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_RELAXED_H
#define APP_RELAXED_H

#include <stdint.h>

/*
 * Counters that one thread writes and others read while it runs. Plain loads and stores for the
 * processor; whole and free of races for the language.
 */
static inline uint64_t counter_get(const uint64_t *c)
{
	return __atomic_load_n(c, __ATOMIC_RELAXED);
}

static inline void counter_set(uint64_t *c, uint64_t value)
{
	__atomic_store_n(c, value, __ATOMIC_RELAXED);
}

static inline void counter_add(uint64_t *c, uint64_t n)
{
	counter_set(c, counter_get(c) + n);
}

#endif
