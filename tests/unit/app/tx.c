/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../cases.h"

#include <string.h>
#include <vio/vio.h>

#include "../../../apps/vio/worker.h"

#define MS    UINT64_C(1000000)
#define TRIES 10 /* who is held up for 50 ms gives packets up, and begins again */

/* Two senders at 1000 packets per second each on one queue of a device that takes everything. */
static struct bed {
	struct vio_pool *pool;
	struct vio_port *port;
	struct stamp_clock clock;
	struct timetable times;
	struct path path;
	struct track_sender senders[2];
	struct frames frames;
	struct sizes sizes;
	struct tx_job jobs[2];
	struct tx_queue queue;
} bed;

static uint64_t ticks(uint64_t ns)
{
	return stamp_ns_to_ticks(&bed.clock, ns);
}

static int set_up(void **state)
{
	struct vio_pool_opts pool = VIO_OPTS(struct vio_pool_opts, .buf_bytes = 2048,
					     .buffers = 3072, .ring_bytes = 2 << 20);
	struct frame_spec spec = { .sizes = &bed.sizes,
				   .flow = { .sport = FIELD_ONE(1),
					     .dport = FIELD_ONE(9),
					     .src_mac = FIELD_ONE(1),
					     .dst_mac = FIELD_ONE(2) } };
	struct why why;

	(void)state;
	stamp_clock_init(&bed.clock);
	assert_true(sizes_parse("64", &bed.sizes, &why));
	assert_true(field_read_ips("10.0.0.1", &spec.flow.src, &why));
	assert_true(field_read_ips("10.0.0.2", &spec.flow.dst, &why));
	assert_true(frames_init(&bed.frames, &spec, &why));
	assert_int_equal(vio_pool_open(&pool, &bed.pool), 0);
	assert_int_equal(vio_port_open("loop:sink", bed.pool, NULL, &bed.port), 0);
	assert_int_equal(vio_cache_open(bed.pool, &bed.queue.cache), 0);
	bed.path.senders = bed.senders;
	bed.queue.q = vio_port_txq(bed.port, 0);
	bed.queue.jobs = bed.jobs;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	tx_queue_fini(&bed.queue);
	vio_cache_close(bed.queue.cache);
	vio_port_close(bed.port);
	vio_pool_close(bed.pool);
	frames_fini(&bed.frames);
	sizes_free(&bed.sizes);
	return 0;
}

/* A measurement that began @ago_ms ago and ended @over_ms ago, with @n senders that have sent
 * nothing yet. */
static void begin(unsigned int n, uint64_t ago_ms, int64_t over_ms)
{
	uint64_t now = vio_ticks();

	bed.times = (struct timetable){ .start = now - ticks(ago_ms * MS),
					.measure = now - ticks(ago_ms * MS),
					.grace = ticks(10000 * MS),
					.go = true };
	bed.times.end = over_ms < 0 ? now + TIMETABLE_NEVER : now - ticks((uint64_t)over_ms * MS);
	bed.queue.n_jobs = n;
	for (unsigned int i = 0; i < n; i++) {
		bed.senders[i] = (struct track_sender){ TRACK_ORIGIN, UINT64_MAX };
		bed.jobs[i] =
			(struct tx_job){ .at = &bed.queue,
					 .path = &bed.path,
					 .frames = &bed.frames,
					 .times = &bed.times,
					 .clock = &bed.clock,
					 .pace = { .rate = { .unit = RATE_PPS, .value = 1000 },
						   .mean_size = 64,
						   .burst = 32,
						   .hz = bed.clock.hz },
					 .count = UINT64_MAX,
					 .lane = i,
					 .weight = 1 };
		tx_job_init(&bed.jobs[i]);
	}
}

/* Late by 2 ms at the end of 48, it sends the 48 packets of these, and none of the 2. */
static void test_end(void **state)
{
	uint64_t sent = 0;

	(void)state;
	for (int i = 0; i < TRIES && sent != 48; i++) {
		begin(1, 50, 2);
		while (bed.jobs[0].phase != TX_DONE)
			tx_queue_poll(&bed.queue);
		sent = bed.jobs[0].stats.sent;
		assert_true(sent <= 48);
		assert_int_equal(bed.jobs[0].seq - TRACK_ORIGIN, sent);
	}
	assert_int_equal(sent, 48);
}

/* Both are behind, and the second has the older packets. */
static void test_turn(void **state)
{
	bool first = false;

	(void)state;
	for (int i = 0; i < TRIES && !first; i++) {
		begin(2, 40, -1);
		tx_queue_poll(&bed.queue);
		tx_queue_poll(&bed.queue);
		pacer_skip(&bed.jobs[0].pacer, vio_ticks() - ticks(20 * MS));
		bed.jobs[0].stats.sent = bed.jobs[1].stats.sent = 0;
		pacer_skip(&bed.jobs[1].pacer, vio_ticks() - ticks(30 * MS));
		tx_queue_poll(&bed.queue);
		first = bed.jobs[1].stats.sent && !bed.jobs[0].stats.sent;
	}
	assert_true(first);
}

/* Whoever is done is asked no more, and the other goes on. */
static void test_done(void **state)
{
	(void)state;
	begin(2, 40, -1);
	bed.jobs[1].count = 3;
	for (int i = 0; i < 1000; i++)
		tx_queue_poll(&bed.queue);
	assert_int_equal(bed.jobs[1].phase, TX_DONE);
	assert_int_equal(bed.jobs[1].stats.sent, 3);
	assert_true(bed.jobs[0].stats.sent >= 40);
	assert_int_equal(bed.jobs[0].phase, TX_MEASURE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ .name = "nothing is sent that is due after the end", .test_func = test_end },
		{ .name = "the sender that is most behind has its turn", .test_func = test_turn },
		{ .name = "a sender that is done leaves the queue to others",
		  .test_func = test_done },
	};

	return cmocka_run_group_tests_name("tx", tests, set_up, tear_down);
}
