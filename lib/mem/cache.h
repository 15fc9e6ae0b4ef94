/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MEM_CACHE_H
#define MEM_CACHE_H

#include "mem.h"
#include "slots.h"

/*
 * The hot half of the pool. A cache works on the loaded magazine; what is behind it (the spare one,
 * the depot) is cold. Bursts take and put whole runs of buffers in place, so that each buffer costs
 * one load or one store.
 */
struct vio_cache {
	struct magazine *loaded; /* never NULL */
	struct magazine *spare;  /* never NULL */
	struct slots slots;      /* the pool's */
	struct vio_pool *pool;
};

/* Cold: make the loaded magazine one that has buffers. Return: how many it has now; 0: the pool has
 * run out. */
uint32_t cache_load_full(struct vio_cache *cache);

/* Cold: make the loaded magazine one that has room: at least one slot. */
void cache_load_empty(struct vio_cache *cache);

#ifdef VIO_DEBUG
/* Mark buffers as out. */
void cache_check_get(struct vio_cache *cache, void *const *bufs, uint32_t n);
/* Take the buffers out of @bufs that are free already, and count them. Return: how many are left.
 */
uint32_t cache_check_put(struct vio_cache *cache, void **bufs, uint32_t n);
#else
ALWAYS_INLINE void cache_check_get(struct vio_cache *cache, void *const *bufs, uint32_t n)
{
	(void)cache, (void)bufs, (void)n;
}
ALWAYS_INLINE uint32_t cache_check_put(struct vio_cache *cache, void **bufs, uint32_t n)
{
	(void)cache, (void)bufs;
	return n;
}
#endif

/*
 * Take, in two steps: find how many of @want buffers there are at hand, use them from @top[-1]
 * downwards, and say with cache_take_end() how many it were. Return: how many, at least 1 unless
 * the pool has run out; fewer than @want where the magazine ends.
 */
ALWAYS_INLINE uint32_t cache_take_begin(struct vio_cache *cache, uint32_t want, void *const **top)
{
	uint32_t have = cache->loaded->n;

	if (unlikely(!have))
		have = cache_load_full(cache);
	*top = cache->loaded->bufs + have;
	return min_u32(want, have);
}

ALWAYS_INLINE void cache_take_end(struct vio_cache *cache, uint32_t n)
{
	struct magazine *m = cache->loaded;

	magazine_set_n(m, m->n - n);
	cache_check_get(cache, m->bufs + m->n, n);
}

/*
 * Put back, in two steps: find @slots for up to @want addresses, store the first bytes of the
 * buffers there, and say with cache_put_end() how many it were. Return: how many slots, at least 1;
 * fewer than @want where the magazine ends.
 */
ALWAYS_INLINE uint32_t cache_put_begin(struct vio_cache *cache, uint32_t want, void ***slots)
{
	if (unlikely(cache->loaded->n == MAGAZINE_BUFS))
		cache_load_empty(cache);
	*slots = cache->loaded->bufs + cache->loaded->n;
	return min_u32(want, MAGAZINE_BUFS - cache->loaded->n);
}

ALWAYS_INLINE void cache_put_end(struct vio_cache *cache, uint32_t n)
{
	struct magazine *m = cache->loaded;

	n = cache_check_put(cache, m->bufs + m->n, n);
	magazine_set_n(m, m->n + n);
}

/* First byte of the buffer that @p points into; NULL: @p is not in the pool. */
ALWAYS_INLINE void *cache_buf_of(const struct vio_cache *cache, const void *p)
{
	const struct slots *s = &cache->slots;
	const uint64_t off = (uintptr_t)p - s->base;

	return likely(off < s->bytes) ? (void *)((uintptr_t)p - slots_inside(s, off)) : NULL;
}

#endif
