/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIO_CLOCK_H
#define VIO_CLOCK_H

#include <time.h>
#include <vio/types.h>

VIO_EXTERN_C_BEGIN

/* Monotonic time in nanoseconds; some 20 ns a call. */
static inline uint64_t vio_clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* The processor's own counter: the cheapest clock there is. Its unit is a tick; vio_ticks_hz() says
 * how long that is. */
static inline uint64_t vio_ticks(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
	uint64_t t;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(t));
	return t;
#else
	return vio_clock_ns();
#endif
}

/**
 * vio_ticks_hz - ticks of vio_ticks() in a second
 *
 * Measured against CLOCK_MONOTONIC for about 20 ms at the first call, exact to some 10 ppm.
 * Thread safety: any thread, any time.
 */
VIO_API uint64_t vio_ticks_hz(void);

VIO_EXTERN_C_END

#endif
