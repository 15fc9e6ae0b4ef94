/* SPDX-License-Identifier: BSD-3-Clause */
#include <vio/pool.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <vio/error.h>

#include "../../lib/mem/cache.h"
#include "sentence.h"

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)

/* Built twice: against the library as it is, and with -DVIO_DEBUG. */

static const struct vio_region_opts normal = { .size = sizeof(normal), .page = VIO_PAGE_NORMAL };

static struct vio_pool *open_pool(uint32_t buffers)
{
	struct vio_pool_opts opts =
		VIO_OPTS(struct vio_pool_opts, .buffers = buffers, .buf_bytes = 256,
			 .region_opts = &normal, .ring_bytes = 64 * KIB);
	struct vio_pool *pool;

	assert_int_equal(vio_pool_open(&opts, &pool), 0);
	return pool;
}

static struct vio_cache *open_cache(struct vio_pool *pool)
{
	struct vio_cache *cache;

	assert_int_equal(vio_cache_open(pool, &cache), 0);
	return cache;
}

static void check_counts(struct vio_pool *pool, uint32_t out)
{
	struct vio_pool_info info;

	vio_pool_info(pool, &info);
	assert_int_equal(info.out, out);
	assert_int_equal(info.depot + info.cached + info.out, info.buffers);
}

/* ---- options ---- */

static const struct opts_case {
	const char *what;
	struct vio_pool_opts opts;
	int rc;
	const char *id;
} opts_cases[] = {
#define OPTS(...) \
	{ \
		.size = sizeof(struct vio_pool_opts), __VA_ARGS__ \
	}
	{ "size not filled in is refused", { .buffers = 1 }, -EINVAL, "VIO-ADDR-04" },
	{ "a size that is no power of two is refused", OPTS(.buf_bytes = 2000), -EINVAL,
	  "VIO-ADDR-04" },
	{ "buffers of 128 bytes are refused", OPTS(.buf_bytes = 128), -EINVAL, "VIO-ADDR-04" },
	{ "buffers whose distance does not fit into a number are refused",
	  OPTS(.buf_bytes = UINT32_MAX - 63), -EINVAL, "VIO-ADDR-04" },
	{ "buffers of 256 KiB are refused", OPTS(.buf_bytes = 262144), -EINVAL, "VIO-ADDR-04" },
	{ "a region and the options of another are refused",
	  OPTS(.region = (struct vio_region *)1, .region_opts = &normal), -EINVAL, "VIO-ADDR-04" },
	{ "a region and room for rings are refused",
	  OPTS(.region = (struct vio_region *)1, .ring_bytes = 4096), -EINVAL, "VIO-ADDR-04" },
	{ "bytes of the region are refused: they are reckoned",
	  OPTS(.region_opts = &(struct vio_region_opts){ .size = sizeof(normal), .bytes = 4096 }),
	  -EINVAL, "VIO-ADDR-04" },
	{ "malformed options of the region are refused",
	  OPTS(.region_opts = &(struct vio_region_opts){ 0 }), -EINVAL, "VIO-ADDR-04" },
	{ "all the buffers that a number can say are too much",
	  OPTS(.buffers = UINT32_MAX, .buf_bytes = 131072), -EINVAL, "VIO-ADDR-04" },
	{ "more room for rings than there are addresses is too much", OPTS(.ring_bytes = SIZE_MAX),
	  -ENOMEM, "VIO-MEM-02" },
	{ "a missing hugetlbfs is told",
	  OPTS(.region_opts = &(struct vio_region_opts){ .size = sizeof(normal),
							 .hugetlbfs = "/nowhere" }),
	  -ENOENT, "VIO-MEM-09" },
	{ "one buffer makes a pool", OPTS(.buffers = 1), 0, NULL },
	{ "the smallest buffers are allowed", OPTS(.buf_bytes = 256), 0, NULL },
	{ "the largest buffers are allowed", OPTS(.buffers = 16, .buf_bytes = 131072), 0, NULL },
#undef OPTS
};

static void options(void **state)
{
	const struct opts_case *c = *state;
	struct vio_pool *none = (struct vio_pool *)-1, *pool = none;

	assert_int_equal(vio_pool_open(&c->opts, &pool), c->rc);
	if (c->rc < 0) {
		assert_ptr_equal(pool, none);
		assert_int_equal(vio_error_last()->code, c->rc);
		assert_string_equal(vio_error_last()->id, c->id);
		return;
	}
	check_counts(pool, 0);
	assert_int_equal(vio_pool_close(pool), 0);
}

static void defaults(void **state)
{
	struct vio_region_info region;
	struct vio_pool_info info;
	struct vio_pool *pool;

	(void)state;
	assert_int_equal(vio_pool_open(NULL, &pool), 0);
	vio_pool_info(pool, &info);
	vio_region_info(info.region, &region);
	assert_int_equal(info.buffers, 4096);
	assert_int_equal(info.buf_bytes, 2048);
	assert_int_equal(info.buf_stride, 2048 + 64);
	assert_in_range(region.used, 4096 * info.buf_stride, 4102 * info.buf_stride);
	assert_in_range(region.bytes, 9 * MIB, 10 * MIB);
	assert_int_equal(vio_pool_close(pool), 0);
	assert_int_equal(vio_pool_close(NULL), 0);
	vio_cache_close(NULL);
}

/* Which buffer an address lies in, up to the last line of the largest pool. */
static void slots(void **state)
{
	(void)state;
	for (uint32_t room = 256; room <= 131072; room *= 2) {
		const struct slots s = slots_of(NULL, (uint32_t)slots_buffers_max(room), room);
		const uint32_t n = (uint32_t)(s.bytes / s.stride), step = n / 100003 + 1;

		assert_true(s.bytes <= SLOTS_BYTES_MAX);
		for (uint32_t i = 0; i<n; i += n - i> step ? step : 1) {
			const uint64_t off = (uint64_t)i * s.stride;

			assert_int_equal(slots_index(&s, off), i);
			assert_int_equal(slots_inside(&s, off), 0);
			assert_int_equal(slots_index(&s, off + s.stride - 1), i);
			assert_int_equal(slots_inside(&s, off + s.stride - 1), s.stride - 1);
		}
	}
}

static void check_pages(uintptr_t base, uint32_t n, uint32_t room)
{
	const struct slots s = slots_of((void *)base, n, room);
	size_t off = s.bytes;

	assert_true(s.bytes <= slots_bytes(n, room));
	for (uint32_t i = 0; i < n; i++) {
		off = slots_whole_before(&s, off);
		assert_true((base + off) % SLOTS_PAGE + room <= SLOTS_PAGE);
	}
	assert_true(off <= s.stride); /* at most the first is left out before them */
}

/* Wherever a pool begins, no buffer lies in two pages, there are as many as wanted, and they fit.
 */
static void slots_in_pages(void **state)
{
	(void)state;
	for (uint32_t room = 256; room <= 131072; room *= 2)
		for (size_t at = 0; at < SLOTS_PAGE; at += 64 * 61)
			for (uint32_t n = 1; n < 3 * SLOTS_PAGE / room; n = n * 2 + 1)
				check_pages(SLOTS_PAGE + at, n, room);
}

static void given_region(void **state)
{
	struct vio_region_opts ropts = normal;
	struct vio_pool_opts opts =
		VIO_OPTS(struct vio_pool_opts, .buffers = 15, .buf_bytes = 65536);
	struct vio_pool *pool, *none;
	struct vio_pool_info info;
	void *ring;

	(void)state;
	ropts.bytes = 2 * MIB;
	assert_int_equal(vio_region_open(&ropts, &opts.region), 0);
	ring = region_alloc(opts.region, 100, 64);
	assert_int_equal(vio_pool_open(&opts, &pool), 0);
	vio_pool_info(pool, &info);
	assert_ptr_equal(info.region, opts.region);
	assert_int_equal((uintptr_t)info.base % 64, 0);
	assert_int_equal(vio_pool_open(&opts, &none), -ENOMEM);
	assert_string_equal(vio_error_last()->id, "VIO-MEM-04");
	assert_int_equal(vio_region_close(opts.region), -EBUSY);
	assert_int_equal(vio_pool_close(pool), 0);
	region_free(opts.region, ring);
	assert_int_equal(vio_region_close(opts.region), 0);
}

/* ---- every pool, whatever its size ---- */

static const struct size_case {
	const char *what;
	uint32_t buffers;
} size_cases[] = {
	{ "a pool of 1 runs out and recovers", 1 },
	{ "a pool of 2 runs out and recovers", 2 },
	{ "a pool of 63 runs out and recovers", 63 },
	{ "a pool of 64 runs out and recovers", 64 },
	{ "a pool of 65 runs out and recovers", 65 },
	{ "a pool of 127 runs out and recovers", 127 },
	{ "a pool of 128 runs out and recovers", 128 },
	{ "a pool of 129 runs out and recovers", 129 },
	{ "a pool of 1000 runs out and recovers", 1000 },
	{ "a pool of 4096 runs out and recovers", 4096 },
};

/* All of them, each once, each at the start of a buffer. */
static void check_all_there(const struct vio_pool_info *info, void **bufs)
{
	const uint32_t slots_most = info->buffers + 2; /* a pool of less than two huge pages */
	bool *seen = calloc(slots_most, sizeof(*seen));

	for (uint32_t i = 0; i < info->buffers; i++) {
		size_t off = (size_t)((char *)bufs[i] - (char *)info->base);

		assert_int_equal(off % info->buf_stride, 0);
		assert_true(off / info->buf_stride < slots_most);
		assert_false(seen[off / info->buf_stride]);
		seen[off / info->buf_stride] = true;
	}
	free(seen);
}

static void runs_out_and_recovers(void **state)
{
	const uint32_t n = ((const struct size_case *)*state)->buffers;
	struct vio_pool *pool = open_pool(n);
	struct vio_cache *cache = open_cache(pool), *other = open_cache(pool);
	void **bufs = calloc(n + 1, sizeof(*bufs));
	struct vio_pool_info info;

	vio_pool_info(pool, &info);
	for (int round = 0; round < 3; round++) {
		assert_int_equal(vio_buf_get(cache, bufs, n + 1), n);
		check_all_there(&info, bufs);
		check_counts(pool, n);
		assert_int_equal(vio_buf_get(cache, bufs, 1), 0);
		assert_int_equal(vio_buf_get(other, bufs, 1), 0);
		/* By ones and in one go, through one cache and through two. */
		for (uint32_t i = 0; round == 1 && i < n; i++)
			vio_buf_put(cache, &bufs[i], 1);
		if (round != 1)
			vio_buf_put(cache, bufs, n);
		check_counts(pool, 0);
	}
	vio_cache_close(cache);
	assert_int_equal(vio_buf_get(other, bufs, n), n);
	check_all_there(&info, bufs);
	vio_buf_put(other, bufs, n);
	vio_cache_close(other);
	check_counts(pool, 0);
	assert_int_equal(vio_pool_close(pool), 0);
	free(bufs);
}

/* A few buffers in each of many caches: closing them leaves many part-full magazines. */
static void nothing_stranded(void **state)
{
	enum { CACHES = 100, EACH = 37, ALL = CACHES * EACH };
	struct vio_pool *pool = open_pool(ALL);
	struct vio_cache *caches[CACHES], *last;
	static void *bufs[ALL];
	struct vio_pool_info info;

	(void)state;
	for (int i = 0; i < CACHES; i++)
		caches[i] = open_cache(pool);
	assert_int_equal(vio_buf_get(caches[0], bufs, ALL), ALL);
	for (int i = 0; i < CACHES; i++)
		vio_buf_put(caches[i], bufs + i * EACH, EACH);
	vio_pool_info(pool, &info);
	assert_int_equal(info.cached, ALL);
	assert_int_equal(info.depot, 0);
	for (int i = 0; i < CACHES; i++) {
		vio_cache_close(caches[i]);
		check_counts(pool, 0);
	}
	last = open_cache(pool);
	assert_int_equal(vio_buf_get(last, bufs, ALL), ALL);
	check_all_there(&info, bufs);
	vio_buf_put(last, bufs, ALL);
	vio_cache_close(last);
	assert_int_equal(vio_pool_close(pool), 0);
}

static void bounded_cache(void **state)
{
	struct vio_pool *pool = open_pool(1024);
	struct vio_cache *cache = open_cache(pool);
	static void *bufs[1024];
	struct vio_pool_info info;

	(void)state;
	assert_int_equal(vio_buf_get(cache, bufs, 1024), 1024);
	for (int i = 0; i < 1024; i++) {
		vio_buf_put(cache, &bufs[i], 1);
		vio_pool_info(pool, &info);
		assert_true(info.cached <= 2 * MAGAZINE_BUFS);
		assert_int_equal(info.out, 1023 - i);
	}
	vio_cache_close(cache);
	assert_int_equal(vio_pool_close(pool), 0);
}

static void last_in_first_out(void **state)
{
	struct vio_pool *pool = open_pool(256);
	struct vio_cache *cache = open_cache(pool);
	void *bufs[32], *again[32];

	(void)state;
	assert_int_equal(vio_buf_get(cache, bufs, 32), 32);
	vio_buf_put(cache, bufs, 32);
	assert_int_equal(vio_buf_get(cache, again, 32), 32);
	for (int i = 0; i < 32; i++)
		assert_ptr_equal(again[i], bufs[31 - i]);
	vio_buf_put(cache, again, 32);
	vio_cache_close(cache);
	assert_int_equal(vio_pool_close(pool), 0);
}

static void packets(void **state)
{
	struct vio_pool *pool = open_pool(100);
	struct vio_cache *cache = open_cache(pool);
	struct vio_pkt pkts[128];
	struct vio_pool_info info;

	(void)state;
	memset(pkts, 0xff, sizeof(pkts));
	vio_pool_info(pool, &info);
	assert_int_equal(vio_pkt_get(cache, pkts, 128), 100);
	for (int i = 0; i < 100; i++) {
		size_t off = (size_t)((char *)pkts[i].data - (char *)info.base);

		assert_int_equal(off % info.buf_stride, VIO_PKT_HEADROOM);
		assert_int_equal(pkts[i].len, 0);
		assert_int_equal(pkts[i].flags, 0);
		assert_int_equal(pkts[i].net_hdr_len, 0);
		/* Wherever data has moved inside its buffer, the buffer is found. */
		pkts[i].data = (char *)pkts[i].data - VIO_PKT_HEADROOM + (i * 31) % 256;
	}
	vio_pkt_put(cache, pkts, 100);
	check_counts(pool, 0);
	vio_cache_close(cache);
	assert_int_equal(vio_pool_close(pool), 0);
}

/* ---- programs that misbehave ---- */

static void foreign(void **state)
{
	struct vio_pool *pool = open_pool(100);
	struct vio_cache *cache = open_cache(pool);
	struct vio_pool_info info;
	void *bufs[6];
	int local;

	(void)state;
	vio_pool_info(pool, &info);
	assert_int_equal(vio_buf_get(cache, bufs, 1), 1);
	bufs[1] = NULL;
	bufs[2] = &local;
	bufs[3] = (char *)info.base - 1;
	bufs[4] = (char *)info.base + 100 * info.buf_stride;
	bufs[5] = (void *)UINTPTR_MAX;
	vio_buf_put(cache, bufs, 6);
	vio_pool_info(pool, &info);
	assert_int_equal(info.foreign_puts, 5);
	check_counts(pool, 0);
	vio_pkt_put(cache, &(struct vio_pkt){ .data = &local }, 1);
	vio_pool_info(pool, &info);
	assert_int_equal(info.foreign_puts, 6);
	vio_cache_close(cache);
	assert_int_equal(vio_pool_close(pool), 0);
}

#ifdef VIO_DEBUG
static void put_twice(void **state)
{
	struct vio_pool *pool = open_pool(100);
	struct vio_cache *cache = open_cache(pool);
	struct vio_pool_info info;
	void *bufs[4];

	(void)state;
	assert_int_equal(vio_buf_get(cache, bufs, 3), 3);
	bufs[3] = (char *)bufs[0] + 5;
	vio_buf_put(cache, bufs, 4);
	vio_buf_put(cache, bufs, 3);
	vio_pool_info(pool, &info);
	assert_int_equal(info.double_puts, 4);
	check_counts(pool, 0);
	assert_int_equal(vio_buf_get(cache, bufs, 3), 3);
	vio_buf_put(cache, bufs, 3);
	vio_pool_info(pool, &info);
	assert_int_equal(info.double_puts, 4);
	vio_cache_close(cache);
	assert_int_equal(vio_pool_close(pool), 0);
}
#endif

/* Whatever the build: it is noticed at some point, and nothing is written beyond a magazine. */
static void put_a_thousand_times(void **state)
{
	struct vio_pool *pool = open_pool(10);
	struct vio_cache *cache = open_cache(pool);
	struct vio_pool_info info;
	void *buf;

	(void)state;
	assert_int_equal(vio_buf_get(cache, &buf, 1), 1);
	for (int i = 0; i < 1000; i++)
		vio_buf_put(cache, &buf, 1);
	vio_pool_info(pool, &info);
	assert_true(info.double_puts > 0);
	assert_int_equal(info.depot + info.cached + info.out, info.buffers);
	vio_cache_close(cache);
	assert_int_equal(vio_pool_close(pool), 0);
}

static void leak(void **state)
{
	struct vio_pool *pool = open_pool(100);
	struct vio_cache *cache = open_cache(pool);
	void *bufs[7];

	(void)state;
	assert_int_equal(vio_buf_get(cache, bufs, 7), 7);
	vio_cache_close(cache);
	check_counts(pool, 7);
	assert_int_equal(vio_pool_close(pool), -ENOTEMPTY);
	assert_string_equal(vio_error_last()->id, "VIO-MEM-08");
	assert_non_null(strstr(vio_error_last()->what, ": 7 have"));
}

static void busy(void **state)
{
	struct vio_pool *pool = open_pool(100);
	struct vio_cache *cache = open_cache(pool);
	struct vio_pool_info info;
	void *buf, *ring;

	(void)state;
	assert_int_equal(vio_pool_close(pool), -EBUSY);
	assert_string_equal(vio_error_last()->id, "VIO-MEM-07");
	assert_int_equal(vio_buf_get(cache, &buf, 1), 1);
	vio_buf_put(cache, &buf, 1);
	vio_cache_close(cache);
	pool_hold(pool);
	assert_int_equal(vio_pool_close(pool), -EBUSY);
	pool_release(pool);
	vio_pool_info(pool, &info);
	ring = region_alloc(info.region, 64, 64);
	assert_int_equal(vio_pool_close(pool), -EBUSY);
	region_free(info.region, ring);
	assert_int_equal(vio_pool_close(pool), 0);
}

static void too_many_caches(void **state)
{
	enum { MOST = 8192 };
	static struct vio_cache *caches[MOST];
	struct vio_pool *pool = open_pool(100);
	struct vio_cache *one_more;

	(void)state;
	for (int i = 0; i < MOST; i++)
		caches[i] = open_cache(pool);
	assert_int_equal(vio_cache_open(pool, &one_more), -ENOMEM);
	for (int i = 0; i < MOST; i++)
		vio_cache_close(caches[i]);
	vio_cache_close(open_cache(pool));
	check_counts(pool, 0);
	assert_int_equal(vio_pool_close(pool), 0);
}

/* ---- many threads ---- */

#define THREADS 6
#define ROUNDS  3000
#define HOLD    96

/* A buffer's first word says who has it. */
struct worker {
	struct vio_pool *pool;
	uintptr_t id;
	bool reopen; /* the cache now and then */
	unsigned int seed;
	uint64_t got, stolen;
};

static void mark_taken(struct worker *w, void **bufs, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		w->stolen +=
			__atomic_exchange_n((uintptr_t *)bufs[i], w->id, __ATOMIC_RELAXED) != 0;
}

static void mark_free(struct worker *w, void **bufs, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		w->stolen +=
			__atomic_exchange_n((uintptr_t *)bufs[i], 0, __ATOMIC_RELAXED) != w->id;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct vio_cache *cache;
	unsigned int have = 0, n;
	void *bufs[HOLD];

	if (vio_cache_open(w->pool, &cache) < 0)
		return (void *)1;
	for (int i = 0; i < ROUNDS; i++) {
		n = vio_buf_get(cache, bufs + have,
				(unsigned int)rand_r(&w->seed) % (HOLD - have + 1));
		mark_taken(w, bufs + have, n);
		have += n;
		w->got += n;
		n = (unsigned int)rand_r(&w->seed) % (have + 1);
		have -= n;
		mark_free(w, bufs + have, n);
		vio_buf_put(cache, bufs + have, n);
		if (!w->reopen || i % 7)
			continue;
		vio_cache_close(cache);
		if (vio_cache_open(w->pool, &cache) < 0)
			return (void *)1;
	}
	mark_free(w, bufs, have);
	vio_buf_put(cache, bufs, have);
	vio_cache_close(cache);
	return NULL;
}

static const struct threads_case {
	const char *what;
	uint32_t buffers;
	bool reopen;
} threads_cases[] = {
	{ "threads share a pool that has plenty", 4096, false },
	{ "threads share a pool that is always empty", 200, false },
	{ "threads share a single buffer", 1, false },
	{ "threads share one magazine", 65, false },
	{ "threads open and close caches of a pool that has plenty", 4096, true },
	{ "threads open and close caches of a pool that is always empty", 300, true },
	{ "threads open and close caches of a tiny pool", 3, true },
};

static void threads(void **state)
{
	const struct threads_case *c = *state;
	struct vio_pool *pool = open_pool(c->buffers);
	void **bufs = calloc(c->buffers, sizeof(*bufs));
	struct worker workers[THREADS];
	pthread_t ids[THREADS];
	struct vio_pool_info info;
	struct vio_cache *cache;
	void *rc;

	for (unsigned int i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ pool, i + 1, c->reopen, i * 77 + 1, 0, 0 };
		assert_int_equal(pthread_create(&ids[i], NULL, work, &workers[i]), 0);
	}
	for (int i = 0; i < 50; i++) {
		vio_pool_info(pool, &info);
		assert_int_equal(info.depot + info.cached + info.out, info.buffers);
	}
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(ids[i], &rc), 0);
		assert_null(rc);
		assert_int_equal(workers[i].stolen, 0);
	}
	vio_pool_info(pool, &info);
	assert_int_equal(info.depot, c->buffers);
	assert_int_equal(info.foreign_puts + info.double_puts, 0);
	cache = open_cache(pool);
	assert_int_equal(vio_buf_get(cache, bufs, c->buffers), c->buffers);
	check_all_there(&info, bufs);
	vio_buf_put(cache, bufs, c->buffers);
	vio_cache_close(cache);
	assert_int_equal(vio_pool_close(pool), 0);
	free(bufs);
}

/* ---- one way: what one thread takes another gives back, as receive and transmit do ---- */

#define LANE 64
#define SENT 100000

struct lane {
	struct vio_pool *pool;
	void *slots[LANE];
	uint32_t head CACHE_ALIGNED;
	uint32_t tail CACHE_ALIGNED;
};

static void *taker(void *arg)
{
	struct lane *l = arg;
	struct vio_cache *cache;
	void *buf;

	if (vio_cache_open(l->pool, &cache) < 0)
		return (void *)1;
	for (uint32_t i = 0; i < SENT;) {
		if (i - __atomic_load_n(&l->tail, __ATOMIC_ACQUIRE) == LANE ||
		    !vio_buf_get(cache, &buf, 1)) {
			sched_yield();
			continue;
		}
		l->slots[i % LANE] = buf;
		__atomic_store_n(&l->head, ++i, __ATOMIC_RELEASE);
	}
	vio_cache_close(cache);
	return NULL;
}

static void one_way(void **state)
{
	struct lane l = { .pool = open_pool(300) };
	struct vio_cache *cache = open_cache(l.pool);
	pthread_t thread;
	void *rc;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, taker, &l), 0);
	for (uint32_t i = 0; i < SENT;) {
		if (__atomic_load_n(&l.head, __ATOMIC_ACQUIRE) == i) {
			sched_yield();
			continue;
		}
		vio_buf_put(cache, &l.slots[i % LANE], 1);
		__atomic_store_n(&l.tail, ++i, __ATOMIC_RELEASE);
	}
	assert_int_equal(pthread_join(thread, &rc), 0);
	assert_null(rc);
	check_counts(l.pool, 0);
	vio_cache_close(cache);
	assert_int_equal(vio_pool_close(l.pool), 0);
}

static const struct CMUnitTest fixed[] = {
	UNIT("by default 4096 buffers of 2048 bytes take 9 to 10 MiB", defaults),
	UNIT("a pool lies in the region that it is given", given_region),
	UNIT("caches that are closed part full strand no buffer", nothing_stranded),
	UNIT("a cache never holds more than 128 buffers", bounded_cache),
	UNIT("what was put last is taken first", last_in_first_out),
	UNIT("each address finds its buffer, in pools of all sizes", slots),
	UNIT("no buffer lies in two huge pages", slots_in_pages),
	UNIT("packets have their headroom and find their buffer", packets),
	UNIT("addresses outside the pool are refused and counted", foreign),
#ifdef VIO_DEBUG
	UNIT("each second put is refused and counted", put_twice),
#endif
	UNIT("a buffer put a thousand times does no harm", put_a_thousand_times),
	UNIT("buffers that are still out are told at the end", leak),
	UNIT("a pool in use is not closed", busy),
	UNIT("8192 caches are allowed and one more is an error", too_many_caches),
	UNIT("buffers go one way from thread to thread", one_way),
};

#define TABLE(cases, fn) \
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) \
		tests[n++] = (struct CMUnitTest)UNIT_CASE(cases[i].what, fn, &cases[i]);

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(fixed) + ARRAY_SIZE(opts_cases) +
				ARRAY_SIZE(size_cases) + ARRAY_SIZE(threads_cases)];
	size_t n = ARRAY_SIZE(fixed);

	memcpy(tests, fixed, sizeof(fixed));
	TABLE(opts_cases, options)
	TABLE(size_cases, runs_out_and_recovers)
	TABLE(threads_cases, threads)
	return cmocka_run_group_tests(tests, NULL, NULL);
}
