/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_DPDK_FRAME_H
#define BENCH_DPDK_FRAME_H

#include "load.h"

/* A frame that is told from all others: its length comes from a mix, and the number stands behind
 * the addresses and at its end. */

/* Length of the frame with this number. */
static inline uint16_t frame_bytes(const struct mix *mix, uint64_t number)
{
	return mix->bytes[number % MIX_FRAMES];
}

/* Fill the frame with this number. */
void frame_make(void *frame, const struct mix *mix, uint64_t number);

/* The number that a frame of @len bytes says it has. */
uint64_t frame_number(const void *frame, uint32_t len);

/* Is it this very frame; @swapped: with its addresses swapped? */
bool frame_is(const void *frame, uint32_t len, const struct mix *mix, uint64_t number,
	      bool swapped);

#endif
