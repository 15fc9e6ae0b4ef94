/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../cases.h"

#include <stdlib.h>
#include <string.h>

#include "../../../apps/vio/frame.h"
#include "../../../apps/vio/painted.h"

#define BUFFERS 2048u /* more than lie in a huge page */

static struct bed {
	struct sizes sizes;
	struct frames plain, painted;
	struct vio_pool *pool;
	struct vio_cache *cache;
} bed;

static int set_up(void **state)
{
	static const struct vio_region_opts normal = { .size = sizeof(normal),
						       .page = VIO_PAGE_NORMAL };
	struct vio_pool_opts opts =
		VIO_OPTS(struct vio_pool_opts, .buffers = BUFFERS, .region_opts = &normal);
	struct frame_spec spec = { .flow = { .sport = FIELD_ONE(1),
					     .dport = FIELD_ONE(9),
					     .src_mac = FIELD_ONE(1),
					     .dst_mac = FIELD_ONE(2) },
				   .sizes = &bed.sizes };
	struct why why;

	(void)state;
	assert_true(sizes_parse("random:64-1518", &bed.sizes, &why));
	assert_true(field_read_ips("10.0.0.1", &spec.flow.src, &why));
	assert_true(field_read_ips("10.0.0.2", &spec.flow.dst, &why));
	assert_true(frames_init(&bed.plain, &spec, &why));
	assert_true(frames_init(&bed.painted, &spec, &why));
	assert_int_equal(vio_pool_open(&opts, &bed.pool), 0);
	assert_int_equal(vio_cache_open(bed.pool, &bed.cache), 0);
	bed.painted.painted = painted_new(bed.pool);
	assert_non_null(bed.painted.painted);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	painted_free(bed.painted.painted);
	vio_cache_close(bed.cache);
	vio_pool_close(bed.pool);
	frames_fini(&bed.plain);
	frames_fini(&bed.painted);
	sizes_free(&bed.sizes);
	return 0;
}

/* Frames in buffers that have held others are as those that are written whole. */
static void test_same(void **state)
{
	static uint8_t room[2048];
	static struct vio_pkt pkts[BUFFERS];
	struct frame_cursor a = { 0 }, b = { 0 };
	uint32_t seq = 0;

	(void)state;
	assert_int_equal(vio_pkt_get(bed.cache, pkts, BUFFERS), BUFFERS);
	srandom(1);
	for (unsigned int i = 0; i < 20 * BUFFERS; i++, seq++) {
		struct vio_pkt *pkt = &pkts[(unsigned int)random() % BUFFERS];
		struct vio_pkt whole = { .data = room };

		frames_build(&bed.painted, &a, pkt, 1, 3, seq, 1700000000987654321u);
		frames_build(&bed.plain, &b, &whole, 1, 3, seq, 1700000000987654321u);
		assert_int_equal(pkt->len, whole.len);
		assert_memory_equal(pkt->data, whole.data, whole.len);
	}
	vio_pkt_put(bed.cache, pkts, BUFFERS);
}

/* What is in the buffer already is not written again: that is the point. */
static void test_left_alone(void **state)
{
	struct frame_cursor cursor = { 0 };
	struct vio_pkt pkt;
	uint8_t *last;

	(void)state;
	assert_int_equal(vio_pkt_get(bed.cache, &pkt, 1), 1);
	do
		frames_build(&bed.painted, &cursor, &pkt, 1, 0, 0, 0);
	while (pkt.len + SIZE_FCS < sizes_largest(&bed.sizes));
	last = (uint8_t *)pkt.data + 900;
	*last ^= 0xff;
	for (int i = 0; i < 100; i++)
		frames_build(&bed.painted, &cursor, &pkt, 1, 0, 0, 0);
	assert_int_equal(*last ^ 0xff, bed.plain.pattern[900]);
	*last ^= 0xff;
	vio_pkt_put(bed.cache, &pkt, 1);
}

static void test_others(void **state)
{
	static uint8_t room[2][2048];
	struct frame_cursor a = { 0 }, b = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct vio_pkt pkt[2] = { { .data = room[0] }, { .data = room[1] } };

		memset(room, i, sizeof(room));
		frames_build(&bed.painted, &a, &pkt[0], 1, 0, 0, 0);
		frames_build(&bed.plain, &b, &pkt[1], 1, 0, 0, 0);
		assert_memory_equal(room[0], room[1], pkt[0].len);
	}
	assert_null(painted_mark(bed.painted.painted, room));
}

/* Each buffer has a mark of its own. */
static void test_marks(void **state)
{
	static struct vio_pkt pkts[BUFFERS];

	(void)state;
	assert_int_equal(vio_pkt_get(bed.cache, pkts, BUFFERS), BUFFERS);
	for (unsigned int i = 0; i < BUFFERS; i++)
		*painted_mark(bed.painted.painted, pkts[i].data) = 0;
	for (unsigned int i = 0; i < BUFFERS; i++) {
		uint16_t *mark = painted_mark(bed.painted.painted, pkts[i].data);

		assert_int_equal(*mark, 0);
		assert_ptr_equal(painted_mark(bed.painted.painted, (char *)pkts[i].data + 1900),
				 mark);
		*mark = 1;
	}
	for (unsigned int i = 0; i < BUFFERS; i++)
		*painted_mark(bed.painted.painted, pkts[i].data) = 0;
	vio_pkt_put(bed.cache, pkts, BUFFERS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "frames in buffers that held others are as those written whole", test_same, NULL,
		  NULL, NULL },
		{ "a pattern that is there is left alone", test_left_alone, NULL, NULL, NULL },
		{ "buffers of others are written whole", test_others, NULL, NULL, NULL },
		{ "each buffer has a mark of its own", test_marks, NULL, NULL, NULL },
	};

	return cmocka_run_group_tests_name("painted", tests, set_up, tear_down);
}
