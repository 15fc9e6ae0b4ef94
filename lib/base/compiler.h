/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BASE_COMPILER_H
#define BASE_COMPILER_H

#include <stddef.h>
#include <stdint.h>

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define NOINLINE      __attribute__((noinline))
#define COLD          __attribute__((cold, noinline))
#define PRINTF(f, a)  __attribute__((format(printf, f, a)))

/* Is this a build with ThreadSanitizer? */
#if defined(__SANITIZE_THREAD__)
#define THREAD_SANITIZER
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define THREAD_SANITIZER
#endif
#endif

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/*
 * Keep a pointer in one piece: where the compiler knows what it was added up from, it does so again
 * in each round of a loop when registers run short.
 */
#define ONE_PIECE(p) __asm__("" : "+r"(p))

/* In front of a loop: write its body down so many times. */
#define PRAGMA(x) _Pragma(#x)
#if defined(__clang__)
#define UNROLL(n) PRAGMA(unroll n)
#else
#define UNROLL(n) PRAGMA(GCC unroll n)
#endif

#define CACHE_LINE    64
#define CACHE_ALIGNED __attribute__((aligned(CACHE_LINE)))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define BIT64(n)      (UINT64_C(1) << (n))

#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

/* Stops compilation where @expr is not a constant after inlining; only optimised builds can tell.
 */
#if defined(__OPTIMIZE__) && !defined(__clang__)
#define REQUIRE_CONSTANT(expr) \
	do { \
		extern void mode_is_not_constant(void) \
			__attribute__((error("mode must be a constant"))); \
		if (!__builtin_constant_p(expr)) \
			mode_is_not_constant(); \
	} while (0)
#else
#define REQUIRE_CONSTANT(expr) ((void)0)
#endif

#define DEFINE_MIN(name, type) \
	ALWAYS_INLINE type name(type a, type b) \
	{ \
		return a < b ? a : b; \
	}
DEFINE_MIN(min_u16, uint16_t)
DEFINE_MIN(min_u32, uint32_t)
DEFINE_MIN(min_size, size_t)
#undef DEFINE_MIN

/* @align is a power of two. */
ALWAYS_INLINE size_t align_up(size_t n, size_t align)
{
	return (n + align - 1) & ~(align - 1);
}

ALWAYS_INLINE int is_power_of_two(uint64_t n)
{
	return n && !(n & (n - 1));
}

#endif
