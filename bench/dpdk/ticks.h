/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_DPDK_TICKS_H
#define BENCH_DPDK_TICKS_H

#include <vio/clock.h>

/* The clock, with nothing of what stands around it moved across. */
static inline uint64_t fenced_ticks(void)
{
#if defined(__x86_64__)
	uint64_t t;

	__builtin_ia32_lfence();
	t = vio_ticks();
	__builtin_ia32_lfence();
	return t;
#elif defined(__aarch64__)
	__asm__ volatile("isb" ::: "memory");
	return vio_ticks();
#else
	return vio_ticks();
#endif
}

#endif
