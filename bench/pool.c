/* SPDX-License-Identifier: BSD-3-Clause */
#include "rig.h"

/* Which caches a batch goes through. */
static const struct path {
	const char *name;
	bool two_caches;
} paths[] = {
	{ "one_cache", false }, /* get and put meet in the same magazines */
	{ "depot", true },      /* what one cache gets, another puts: a full magazine each 64 */
};

/* Get a batch, @n buffers at a time, and put it back the same way. Return: buffers moved. */
static unsigned int move(struct vio_cache *from, struct vio_cache *to, void **bufs, unsigned int n)
{
	unsigned int done = 0, got;

	do {
		got = vio_buf_get(from, bufs + done, n);
		done += got;
	} while (got == n && done < RIG_BATCH);
	for (unsigned int i = 0; i < done; i += n)
		vio_buf_put(to, bufs + i, n < done - i ? n : done - i);
	return done;
}

static void pool_get_put(struct bench *b, const void *arg, int n)
{
	const struct path *path = arg;
	struct vio_cache *other = NULL;
	void *bufs[RIG_BATCH];
	struct rig rig;

	if (!rig_open_pool(&rig, b))
		return;
	if (path->two_caches && vio_cache_open(rig.pool, &other) < 0) {
		bench_skip(b, vio_error_last()->what);
		rig_close(&rig, b);
		return;
	}
	while (bench_next(b)) {
		uint64_t start = vio_ticks();
		unsigned int moved =
			move(rig.cache, other ? other : rig.cache, bufs, (unsigned int)n);

		rig_sample(&rig, start, moved);
		rig.packets += moved;
	}
	vio_cache_close(other);
	rig_close(&rig, b);
}

void pool_register(void)
{
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		rig_register("pool", paths[i].name, pool_get_put, &paths[i]);
}
