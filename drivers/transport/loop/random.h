/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LOOP_RANDOM_H
#define LOOP_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

/* xorshift64*: small, fast, and the same on every machine, so that a seed repeats a run. */
static inline uint32_t random_next(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return (uint32_t)((x * UINT64_C(0x2545f4914f6cdd1d)) >> 32);
}

/* 0 to @n - 1. */
static inline uint32_t random_below(uint64_t *state, uint32_t n)
{
	return (uint32_t)(((uint64_t)random_next(state) * n) >> 32);
}

/* True with a chance of @chance in 2^32; draws nothing where there is none. */
static inline bool random_chance(uint64_t *state, uint64_t chance)
{
	return chance && random_next(state) < chance;
}

#endif
