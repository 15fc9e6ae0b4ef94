/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include <stdbool.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "atomics.h"
#include "endian.h"

/*
 * Two 64-bit numbers in one register, as every processor has them that vio runs on (SSE2, NEON): in
 * the compiler's own notation, so that there is one source, and nothing to choose at start.
 */
typedef uint64_t vec __attribute__((vector_size(16)));

/* Are the steps that use them compiled? ThreadSanitizer has to see each access by itself. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && !defined(THREAD_SANITIZER)
#define VEC_STEPS true
#else
#define VEC_STEPS false
#endif

/* As ONE_PIECE(); and what was loaded is not loaded again. */
#if defined(__x86_64__)
#define ONE_VEC(v) __asm__ volatile("" : "+x"(v))
#elif defined(__aarch64__)
#define ONE_VEC(v) __asm__ volatile("" : "+w"(v))
#else
#define ONE_VEC(v) ((void)(v))
#endif

typedef uint64_t vec_at __attribute__((vector_size(16), aligned(2), may_alias));

ALWAYS_INLINE vec vec_load(const void *p)
{
	return *(const vec_at *)p;
}

/* From memory that a peer writes: once (B9). */
ALWAYS_INLINE vec vec_load_shared(const void *p)
{
	return *(const volatile vec_at *)p;
}

ALWAYS_INLINE void vec_store(void *p, vec v)
{
	*(vec_at *)p = v;
}

ALWAYS_INLINE vec vec_both(uint64_t n)
{
	return (vec){ n, n };
}

/* The first numbers of both, and the second ones. */
ALWAYS_INLINE vec vec_firsts(vec a, vec b)
{
	return __builtin_shufflevector(a, b, 0, 2);
}

ALWAYS_INLINE vec vec_seconds(vec a, vec b)
{
	return __builtin_shufflevector(a, b, 1, 3);
}

/* Halves of the numbers: 32 bits. */
typedef uint32_t vec_halves __attribute__((vector_size(16)));

ALWAYS_INLINE vec vec_all_halves(uint32_t n)
{
	return (vec)(vec_halves){ n, n, n, n };
}

/* In each number, change them over. */
ALWAYS_INLINE vec vec_swap_halves(vec v)
{
	return (vec)__builtin_shufflevector((vec_halves)v, (vec_halves)v, 1, 0, 3, 2);
}

/* Of four numbers, the lower ones, and the upper ones. */
ALWAYS_INLINE vec vec_lower_halves(vec a, vec b)
{
	return (vec)__builtin_shufflevector((vec_halves)a, (vec_halves)b, 0, 2, 4, 6);
}

ALWAYS_INLINE vec vec_upper_halves(vec a, vec b)
{
	return (vec)__builtin_shufflevector((vec_halves)a, (vec_halves)b, 1, 3, 5, 7);
}

/* The products of the lower halves. */
ALWAYS_INLINE vec vec_mul(vec a, vec b)
{
#if defined(__SSE2__)
	return (vec)_mm_mul_epu32((__m128i)a, (__m128i)b);
#else
	return (vec){ (uint64_t)(uint32_t)a[0] * (uint32_t)b[0],
		      (uint64_t)(uint32_t)a[1] * (uint32_t)b[1] };
#endif
}

/* Has one of the numbers its highest bit set? */
ALWAYS_INLINE bool vec_top(vec v)
{
#if defined(__SSE2__)
	return _mm_movemask_pd((__m128d)v) != 0;
#else
	return (v[0] | v[1]) >> 63;
#endif
}

/* Has one of the numbers any bit set? */
ALWAYS_INLINE bool vec_any(vec v)
{
#if defined(__SSE2__)
	return _mm_movemask_epi8(_mm_cmpeq_epi32((__m128i)v, _mm_setzero_si128())) != 0xffff;
#else
	return v[0] | v[1];
#endif
}

/* Two numbers that a peer writes: each once (B9), in this order, before anything that follows. */
ALWAYS_INLINE vec vec_load_acquire(const le64 *a, const le64 *b)
{
#if defined(__SSE2__)
	__m128i v = _mm_loadl_epi64((const __m128i *)(const void *)a);

	ONE_VEC(v);
	v = (__m128i)_mm_loadh_pd((__m128d)v, (const double *)(const void *)b);
	ONE_VEC(v);
	return (vec)v;
#else
	const uint64_t first = le64_to(ring_load_acquire(a));

	return (vec){ first, le64_to(ring_load_acquire(b)) };
#endif
}

/* To two places in memory that a peer looks at later. */
ALWAYS_INLINE void vec_store_two(le64 *a, le64 *b, vec v)
{
#if defined(__SSE2__)
	_mm_storel_epi64((__m128i *)(void *)a, (__m128i)v);
	_mm_storeh_pd((double *)(void *)b, (__m128d)v);
#else
	ring_store(a, v[0]);
	ring_store(b, v[1]);
#endif
}

#endif
