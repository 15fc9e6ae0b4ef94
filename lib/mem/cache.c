/* SPDX-License-Identifier: BSD-3-Clause */
#include "cache.h"

#include <errno.h>
#include <stdlib.h>

#include "../base/err.h"
#include "pool.h"

static void count_up(uint64_t *counter, uint64_t n)
{
	__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

static void swap_magazines(struct vio_cache *cache)
{
	struct magazine *m = cache->loaded;

	cache->loaded = cache->spare;
	cache->spare = m;
}

/*
 * The spare is full or empty, never between: it changes places with the loaded one only when that
 * is full or empty. So a cache that goes up and down around a magazine's end does not go to the
 * depot each time.
 */
COLD uint32_t cache_load_full(struct vio_cache *cache)
{
	struct depot *depot = &cache->pool->depot;
	struct magazine *m;

	if (cache->spare->n) {
		swap_magazines(cache);
		return cache->loaded->n;
	}
	m = depot_pop_buffers(depot);
	if (!m)
		return 0;
	depot_push_empty(depot, cache->loaded);
	cache->loaded = m;
	return m->n;
}

/* More buffers are free than there are: 64 of them have been put twice. Which ones only debug
 * builds know; here it matters that the magazine is not written beyond its end. */
static COLD void drop_doubles(struct vio_cache *cache)
{
	count_up(&cache->pool->double_puts, cache->loaded->n);
	magazine_set_n(cache->loaded, 0);
}

COLD void cache_load_empty(struct vio_cache *cache)
{
	struct depot *depot = &cache->pool->depot;
	struct magazine *m;

	if (!cache->spare->n) {
		swap_magazines(cache);
		return;
	}
	m = depot_pop_empty(depot);
	if (!m) {
		drop_doubles(cache);
		return;
	}
	depot_push_full(depot, cache->spare);
	cache->spare = cache->loaded;
	cache->loaded = m;
}

#ifdef VIO_DEBUG
static uint8_t *mark_of(const struct vio_pool *pool, const void *buf)
{
	return pool->out + slots_index(&pool->slots, (uintptr_t)buf - pool->slots.base);
}

void cache_check_get(struct vio_cache *cache, void *const *bufs, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		__atomic_store_n(mark_of(cache->pool, bufs[i]), 1, __ATOMIC_RELAXED);
}

uint32_t cache_check_put(struct vio_cache *cache, void **bufs, uint32_t n)
{
	uint32_t good = 0;

	for (uint32_t i = 0; i < n; i++) {
		bufs[good] = bufs[i];
		good += __atomic_exchange_n(mark_of(cache->pool, bufs[i]), 0, __ATOMIC_RELAXED);
	}
	if (good < n)
		count_up(&cache->pool->double_puts, n - good);
	return good;
}
#endif

unsigned int vio_buf_get(struct vio_cache *cache, void **bufs, unsigned int n)
{
	unsigned int got = 0;
	void *const *top;

	while (got < n) {
		uint32_t k = cache_take_begin(cache, n - got, &top);

		if (!k)
			break;
		for (uint32_t i = 0; i < k; i++)
			bufs[got + i] = top[-1 - (int32_t)i];
		cache_take_end(cache, k);
		got += k;
	}
	return got;
}

uint16_t vio_pkt_get(struct vio_cache *cache, struct vio_pkt *pkts, uint16_t n)
{
	uint32_t got = 0;
	void *const *top;

	while (got < n) {
		uint32_t k = cache_take_begin(cache, n - got, &top);

		if (!k)
			break;
		for (uint32_t i = 0; i < k; i++)
			pkts[got + i] =
				(struct vio_pkt){ (char *)top[-1 - (int32_t)i] + VIO_PKT_HEADROOM,
						  0, 0, 0 };
		cache_take_end(cache, k);
		got += k;
	}
	return (uint16_t)got;
}

/*
 * The one body of the two puts. @first is the address of the first pointer, @stride the bytes from
 * one to the next: both become constants in the instances.
 */
ALWAYS_INLINE void put_all(struct vio_cache *cache, const char *first, size_t stride, uint32_t n)
{
	uint32_t foreign = 0;
	void **slots;

	while (n) {
		uint32_t room = cache_put_begin(cache, n, &slots), k = 0;

		for (uint32_t i = 0; i < room; i++, first += stride) {
			slots[k] = cache_buf_of(cache, *(void *const *)first);
			k += slots[k] != NULL;
		}
		cache_put_end(cache, k);
		foreign += room - k;
		n -= room;
	}
	if (unlikely(foreign))
		count_up(&cache->pool->foreign_puts, foreign);
}

void vio_buf_put(struct vio_cache *cache, void *const *bufs, unsigned int n)
{
	put_all(cache, (const char *)bufs, sizeof(*bufs), n);
}

void vio_pkt_put(struct vio_cache *cache, const struct vio_pkt *pkts, uint16_t n)
{
	put_all(cache, (const char *)pkts + offsetof(struct vio_pkt, data), sizeof(*pkts), n);
}

/* Under the pool's lock. */
static int take_magazines(struct vio_pool *pool, struct vio_cache *cache)
{
	int rc = depot_serve(&pool->depot, pool->caches + 1);

	if (rc < 0)
		return rc;
	cache->loaded = depot_pop_empty(&pool->depot);
	cache->spare = depot_pop_empty(&pool->depot);
	if (!cache->loaded || !cache->spare)
		goto give_back;
	pool->caches++;
	return 0;

give_back:
	if (cache->loaded)
		depot_push_empty(&pool->depot, cache->loaded);
	return -ENOMEM;
}

int vio_cache_open(struct vio_pool *pool, struct vio_cache **out)
{
	struct vio_cache *cache;
	int rc;

	cache = aligned_alloc(CACHE_LINE, align_up(sizeof(*cache), CACHE_LINE));
	if (!cache)
		return err_set(ERR_NO_MEMORY, -ENOMEM, "cache: no memory");
	*cache = (struct vio_cache){
		.slots = pool->slots,
		.pool = pool,
	};
	pthread_mutex_lock(&pool->lock);
	rc = take_magazines(pool, cache);
	pthread_mutex_unlock(&pool->lock);
	if (rc < 0) {
		free(cache);
		return err_set(ERR_NO_MEMORY, rc,
			       "cache: no memory for its magazines (the most is %u caches)",
			       MAX_CACHES);
	}
	*out = cache;
	return 0;
}

void vio_cache_close(struct vio_cache *cache)
{
	struct vio_pool *pool;

	if (!cache)
		return;
	pool = cache->pool;
	depot_push_any(&pool->depot, cache->loaded);
	depot_push_any(&pool->depot, cache->spare);
	free(cache);
	/* Last: until here the magazines on our hands are counted as a cache's. */
	pthread_mutex_lock(&pool->lock);
	pool->caches--;
	pthread_mutex_unlock(&pool->lock);
}
