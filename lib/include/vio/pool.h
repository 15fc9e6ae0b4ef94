/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIO_POOL_H
#define VIO_POOL_H

#include <vio/pkt.h>
#include <vio/region.h>
#include <vio/types.h>

VIO_EXTERN_C_BEGIN

/**
 * struct vio_pool_opts - how to make a pool of packet buffers
 * @size: sizeof(struct vio_pool_opts), see VIO_OPTS()
 * @buffers: how many; default 4096; at most what fits into 128 GiB
 * @buf_bytes: size of each, a power of two from 256 to 65536 (131072 for receive offload without
 * mergeable buffers); default 2048. A frame has buf_bytes - VIO_PKT_HEADROOM of it.
 * @region: lay the buffers into this region, which must outlive the pool, and have room for one
 * buffer more, and one for each 2 MiB of them; NULL: the pool makes one of its own
 * @region_opts: for a region of its own: pages, node, hugetlbfs; bytes is reckoned and must be 0.
 * NULL: defaults
 * @ring_bytes: for a region of its own: room for the rings of the ports; default 1 MiB, enough for
 * a port with 4 queue pairs of 1024
 */
struct vio_pool_opts {
	size_t size;
	uint32_t buffers;
	uint32_t buf_bytes;
	struct vio_region *region;
	const struct vio_region_opts *region_opts;
	size_t ring_bytes;
};

/**
 * struct vio_pool_info - a pool, and where each of its buffers is
 * @region: the region it lies in
 * @base: where the buffers begin
 * @buffers: all; always depot + cached + out
 * @buf_bytes: size of each
 * @buf_stride: bytes from one to the next, buf_bytes and a cache line; twice that where the one
 * between them would lie in two huge pages, and so is left out
 * @depot: free, in the depot
 * @cached: free, in the magazines of caches (of queues and of workers)
 * @out: in rings or with the application
 * @foreign_puts: puts refused since the address is no buffer of this pool
 * @double_puts: puts refused since the buffer was free already. Debug builds (-Dpool_debug=true)
 * notice each one; others only when more buffers have come back than there are
 * Exact while nobody moves buffers, otherwise a snapshot.
 */
struct vio_pool_info {
	struct vio_region *region;
	void *base;
	uint32_t buffers;
	uint32_t buf_bytes;
	uint32_t buf_stride;
	uint32_t depot;
	uint32_t cached;
	uint32_t out;
	uint64_t foreign_puts;
	uint64_t double_puts;
};

/**
 * vio_pool_open - make a pool
 * @opts: NULL: all defaults
 * @out: receives the pool; untouched on failure
 *
 * Return: 0, -EINVAL @opts is malformed, -ENOMEM no memory (or the region is too small), or what
 * vio_region_open() gives. Ownership: the caller owns *@out and ends it with vio_pool_close(),
 * after all ports and caches on it. Thread safety: any thread.
 */
VIO_API int vio_pool_open(const struct vio_pool_opts *opts, struct vio_pool **out);

/**
 * vio_pool_close - end a pool
 * @pool: may be NULL
 *
 * Return: 0; -EBUSY if caches or ports are still open on it: then nothing has happened; -ENOTEMPTY
 * if the application still has buffers out: the pool is closed all the same, and the error says how
 * many were leaked.
 */
VIO_API int vio_pool_close(struct vio_pool *pool);

/* Fill @info. Thread safety: any thread. */
VIO_API void vio_pool_info(const struct vio_pool *pool, struct vio_pool_info *info);

/**
 * vio_cache_open - a worker's own store of buffers
 * @pool: must outlive the cache
 * @out: receives the cache; untouched on failure
 *
 * Buffers move between caches and the depot in magazines of 64: a get or put is a load or a store,
 * and one in 64 of them an atomic operation. A cache holds at most 128 free buffers.
 *
 * Return: 0, -ENOMEM.
 * Thread safety: a cache belongs to one thread at a time; any number of caches of a pool may be
 * used at once.
 */
VIO_API int vio_cache_open(struct vio_pool *pool, struct vio_cache **out);

/* Give the cache's buffers back to the depot and end it. NULL is allowed. */
VIO_API void vio_cache_close(struct vio_cache *cache);

/**
 * vio_buf_get - take buffers from the pool
 * @cache: the calling thread's
 * @bufs: receives @n addresses, each the first byte of a buffer
 *
 * Never blocks. Return: how many it was, 0..@n; fewer than @n when the pool has run out.
 */
VIO_API unsigned int vio_buf_get(struct vio_cache *cache, void **bufs, unsigned int n);

/**
 * vio_buf_put - give buffers back
 * @cache: the calling thread's; of the pool that the buffers are from
 * @bufs: any addresses inside the buffers
 *
 * Never blocks. An address that is no buffer of the pool is refused and counted (vio_pool_info), in
 * debug builds also one that is free already.
 */
VIO_API void vio_buf_put(struct vio_cache *cache, void *const *bufs, unsigned int n);

/**
 * vio_pkt_get - take buffers as empty packets
 * @pkts: receives @n packets: data behind VIO_PKT_HEADROOM, len 0, no flags
 *
 * Return: how many, as vio_buf_get().
 */
VIO_API uint16_t vio_pkt_get(struct vio_cache *cache, struct vio_pkt *pkts, uint16_t n);

/* Give the buffers of @n entries (packets or segments of them) back. As vio_buf_put(). */
VIO_API void vio_pkt_put(struct vio_cache *cache, const struct vio_pkt *pkts, uint16_t n);

VIO_EXTERN_C_END

#endif
