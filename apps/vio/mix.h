/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_MIX_H
#define APP_MIX_H

#include <stdint.h>

/*
 * A number that looks like chance and is the same in every run: the output of SplitMix64 for state
 * @x. Different @x give different numbers.
 */
static inline uint64_t mix64(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

#endif
