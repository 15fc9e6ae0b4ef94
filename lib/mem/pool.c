/* SPDX-License-Identifier: BSD-3-Clause */
#include "pool.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "../base/err.h"
#include "../base/opts.h"

#define DEFAULT_BUFFERS    4096
#define DEFAULT_BUF_BYTES  2048
#define DEFAULT_RING_BYTES ((size_t)1 << 20)
#define MIN_BUF_BYTES      256
#define MAX_BUF_BYTES      131072

static void apply_defaults(struct vio_pool_opts *opts)
{
	if (!opts->buffers)
		opts->buffers = DEFAULT_BUFFERS;
	if (!opts->buf_bytes)
		opts->buf_bytes = DEFAULT_BUF_BYTES;
	if (!opts->ring_bytes)
		opts->ring_bytes = DEFAULT_RING_BYTES;
}

static int check_buffers(const struct vio_pool_opts *opts)
{
	const uint32_t n = opts->buf_bytes ? opts->buf_bytes : DEFAULT_BUF_BYTES;
	uint64_t most;

	if (!is_power_of_two(n) || n < MIN_BUF_BYTES || n > MAX_BUF_BYTES)
		return err_set(ERR_OPTS, -EINVAL,
			       "vio_pool_opts.buf_bytes is %u, not a power of two from %u to %u", n,
			       MIN_BUF_BYTES, MAX_BUF_BYTES);
	most = slots_buffers_max(n);
	if (opts->buffers > most)
		return err_set(ERR_OPTS, -EINVAL,
			       "vio_pool_opts.buffers is %u, above %" PRIu64
			       ", the most of %u bytes that a pool can have",
			       opts->buffers, most, n);
	return 0;
}

static int check_opts(const struct vio_pool_opts *opts)
{
	if (opts->region && (opts->region_opts || opts->ring_bytes))
		return err_set(ERR_OPTS, -EINVAL,
			       "vio_pool_opts has a region; region_opts and ring_bytes are for one "
			       "of the pool's own");
	return check_buffers(opts);
}

static int open_own_region(struct vio_pool *pool, const struct vio_pool_opts *opts)
{
	struct vio_region_opts region;
	int rc;

	rc = opts_copy(&region, sizeof(region), opts->region_opts, "vio_region_opts");
	if (rc < 0)
		return rc;
	if (region.bytes)
		return err_set(
			ERR_OPTS, -EINVAL,
			"vio_region_opts.bytes is %zu, but the pool reckons it: use ring_bytes",
			region.bytes);
	region.size = sizeof(region);
	if (__builtin_add_overflow(pool->bytes, opts->ring_bytes, &region.bytes))
		region.bytes = SIZE_MAX;
	rc = vio_region_open(&region, &pool->region);
	pool->own_region = rc == 0;
	return rc;
}

static int get_region(struct vio_pool *pool, const struct vio_pool_opts *opts)
{
	pool->region = opts->region;
	return opts->region ? 0 : open_own_region(pool, opts);
}

static void put_region(struct vio_pool *pool)
{
	if (pool->own_region)
		vio_region_close(pool->region);
}

/* The last buffers go in first, so that the first ones are taken first. */
static void fill_depot(struct vio_pool *pool)
{
	size_t off = pool->slots.bytes;

	for (uint32_t left = pool->buffers, n; left; left -= n) {
		struct magazine *m = depot_pop_empty(&pool->depot);

		n = left % MAGAZINE_BUFS ? left % MAGAZINE_BUFS : MAGAZINE_BUFS;
		for (uint32_t i = n; i--;) {
			off = slots_whole_before(&pool->slots, off);
			m->bufs[i] = (char *)pool->slots.base + off;
		}
		magazine_set_n(m, n);
		depot_push_any(&pool->depot, m);
	}
}

#ifdef VIO_DEBUG
static int marks_init(struct vio_pool *pool)
{
	pool->out = calloc(pool->slots.bytes / pool->slots.stride, sizeof(*pool->out));
	return pool->out ? 0 : -ENOMEM;
}

static void marks_fini(struct vio_pool *pool)
{
	free(pool->out);
}
#else
static int marks_init(struct vio_pool *pool)
{
	(void)pool;
	return 0;
}

static void marks_fini(struct vio_pool *pool)
{
	(void)pool;
}
#endif

/* What a pool keeps in private memory. */
static int book_keeping_init(struct vio_pool *pool)
{
	int rc = depot_init(&pool->depot, pool->buffers);

	if (rc < 0)
		goto fail;
	rc = marks_init(pool);
	if (rc < 0)
		goto fini_depot;
	pthread_mutex_init(&pool->lock, NULL);
	return 0;

fini_depot:
	depot_fini(&pool->depot);
fail:
	return err_set(ERR_NO_MEMORY, rc, "pool of %u buffers: no memory for its book-keeping",
		       pool->buffers);
}

static void book_keeping_fini(struct vio_pool *pool)
{
	pthread_mutex_destroy(&pool->lock);
	marks_fini(pool);
	depot_fini(&pool->depot);
}

static struct vio_pool *pool_new(const struct vio_pool_opts *opts)
{
	struct vio_pool *pool = aligned_alloc(CACHE_LINE, sizeof(*pool));

	if (pool)
		*pool = (struct vio_pool){ .buffers = opts->buffers,
					   .bytes = slots_bytes(opts->buffers, opts->buf_bytes) };
	else
		err_set(ERR_NO_MEMORY, -ENOMEM, "pool: no memory");
	return pool;
}

static int alloc_buffers(struct vio_pool *pool, uint32_t buf_bytes)
{
	void *base = region_alloc(pool->region, pool->bytes, CACHE_LINE);

	pool->slots = slots_of(base, pool->buffers, buf_bytes);
	return base ? 0 : -ENOMEM;
}

int vio_pool_open(const struct vio_pool_opts *user_opts, struct vio_pool **out)
{
	struct vio_pool_opts opts;
	struct vio_pool *pool;
	int rc;

	rc = opts_copy(&opts, sizeof(opts), user_opts, "vio_pool_opts");
	if (rc < 0)
		return rc;
	rc = check_opts(&opts);
	if (rc < 0)
		return rc;
	apply_defaults(&opts);
	pool = pool_new(&opts);
	if (!pool)
		return -ENOMEM;
	rc = get_region(pool, &opts);
	if (rc < 0)
		goto free_pool;
	rc = alloc_buffers(pool, opts.buf_bytes);
	if (rc < 0)
		goto put_region;
	rc = book_keeping_init(pool);
	if (rc < 0)
		goto free_buffers;
	fill_depot(pool);
	*out = pool;
	return 0;

free_buffers:
	region_free(pool->region, (void *)pool->slots.base);
put_region:
	put_region(pool);
free_pool:
	free(pool);
	return rc;
}

/* Nobody may still be using the pool, nor a region that would go with it. */
static int check_unused(const struct vio_pool *pool)
{
	size_t others = pool->own_region ? region_used(pool->region) - pool->bytes : 0;

	if (pool->caches || pool->holds || others)
		return err_set(ERR_POOL_BUSY, -EBUSY,
			       "pool of %u buffers: %u caches and %u ports are open on it, %zu "
			       "bytes of rings in its region",
			       pool->buffers, pool->caches, pool->holds, others);
	return 0;
}

int vio_pool_close(struct vio_pool *pool)
{
	struct vio_pool_info info;
	int rc;

	if (!pool)
		return 0;
	pthread_mutex_lock(&pool->lock);
	rc = check_unused(pool);
	pthread_mutex_unlock(&pool->lock);
	if (rc < 0)
		return rc;
	vio_pool_info(pool, &info);
	book_keeping_fini(pool);
	region_free(pool->region, (void *)pool->slots.base);
	put_region(pool);
	free(pool);
	if (!info.out)
		return 0;
	return err_set(ERR_POOL_LEAK, -ENOTEMPTY, "pool of %u buffers: %u have not come back",
		       info.buffers, info.out);
}

/* Sum over magazines that others are using: each number is read once, and the sums are kept within
 * what the pool has. Under the lock. */
static void count_buffers(const struct vio_pool *pool, struct vio_pool_info *info)
{
	uint64_t free_bufs[2] = { 0 };

	for (uint32_t i = 0; i < pool->depot.magazines; i++) {
		const struct magazine *m = depot_at(&pool->depot, i);
		bool held = __atomic_load_n(&m->held, __ATOMIC_RELAXED);

		free_bufs[held] += __atomic_load_n(&m->n, __ATOMIC_RELAXED);
	}
	info->depot = free_bufs[false] < pool->buffers ? (uint32_t)free_bufs[false] : pool->buffers;
	info->cached = min_u32((uint32_t)free_bufs[true], pool->buffers - info->depot);
	info->out = pool->buffers - info->depot - info->cached;
}

void vio_pool_info(const struct vio_pool *pool, struct vio_pool_info *info)
{
	pthread_mutex_t *lock = (pthread_mutex_t *)&pool->lock;

	*info = (struct vio_pool_info){
		.region = pool->region,
		.base = (void *)pool->slots.base,
		.buffers = pool->buffers,
		.buf_bytes = pool->slots.room,
		.buf_stride = pool->slots.stride,
		.foreign_puts = __atomic_load_n(&pool->foreign_puts, __ATOMIC_RELAXED),
		.double_puts = __atomic_load_n(&pool->double_puts, __ATOMIC_RELAXED),
	};
	pthread_mutex_lock(lock);
	count_buffers(pool, info);
	pthread_mutex_unlock(lock);
}

void pool_hold(struct vio_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->holds++;
	pthread_mutex_unlock(&pool->lock);
}

void pool_release(struct vio_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->holds--;
	pthread_mutex_unlock(&pool->lock);
}
