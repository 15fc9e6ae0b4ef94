/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../cases.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../../apps/vio/tap.h"

#define RING CAPTURE_RING_MIN

static uint8_t frame[CAPTURE_SNAP_MAX];
static struct capture_mark marks[CAPTURE_BURST + 1];

static struct capture_ring *ring_of(uint32_t snap, const struct capture_filter *filter)
{
	static struct capture_ring ring;
	const struct pcapng_packet form = { .interface = 1, .queue = 2, .sent = true };

	assert_true(capture_ring_init(&ring, RING, snap, filter, &form));
	return &ring;
}

static void offer(struct capture_ring *r, uint32_t len, uint64_t ns)
{
	const struct vio_pkt pkt = { .data = frame, .len = len };

	capture_ring_stage(r, &pkt, 1, ns, marks);
	capture_ring_publish(r, &marks[1]);
}

/* Take one block. Return: false if there is none. */
static bool take(struct capture_ring *r, struct pcapng_packet *p, const uint8_t **data)
{
	const uint8_t *block;
	uint32_t len;

	capture_ring_look(r);
	block = capture_ring_peek(r, &len);
	if (!block)
		return false;
	assert_true(pcapng_packet_read(block, len, p));
	*data = pcapng_frame_of(block);
	capture_ring_pop(r, len);
	return true;
}

static const struct {
	const char *what;
	uint32_t len, snap;
	unsigned int offered, kept;
} overflow[] = {
	/* A block has 52 bytes more than the frame, which is rounded up to 4. */
	{ "a ring that is not full drops nothing", 60, 65535, 2340, 2340 },
	{ "one frame too many is dropped", 60, 65535, 2341, 2340 },
	{ "whatever comes to a full ring is dropped", 60, 65535, 10000, 2340 },
	{ "the snap length makes room for more", 1514, 12, 10000, 4096 },
	{ "the largest frames", 65535, 65535, 10, 3 },
	{ "frames of an odd length", 61, 65535, 10000, 2259 },
};

static void test_overflow(void **state)
{
	const struct {
		const char *what;
		uint32_t len, snap;
		unsigned int offered, kept;
	} *c = *state;
	struct capture_ring *r = ring_of(c->snap, NULL);
	struct pcapng_counts counts;
	struct pcapng_packet p;
	const uint8_t *data = NULL;
	unsigned int taken = 0;

	for (unsigned int i = 0; i < c->offered; i++)
		offer(r, c->len, i);
	for (; take(r, &p, &data); taken++) {
		assert_int_equal(p.ns, taken);
		assert_int_equal(p.len, c->len);
		assert_int_equal(p.kept, c->len < c->snap ? c->len : c->snap);
	}
	counts = capture_ring_counts(r);
	assert_int_equal(taken, c->kept);
	assert_int_equal(counts.seen, c->offered);
	assert_int_equal(counts.accepted, c->offered);
	assert_int_equal(counts.dropped, c->offered - c->kept);
	capture_ring_fini(r);
}

static void test_form(void **state)
{
	struct capture_ring *r = ring_of(65535, NULL);
	struct pcapng_packet p;
	const uint8_t *data = NULL;

	(void)state;
	memset(frame, 0xa5, sizeof(frame));
	offer(r, 77, UINT64_C(1795414594906822498));
	assert_true(take(r, &p, &data));
	assert_int_equal(p.interface, 1);
	assert_int_equal(p.queue, 2);
	assert_true(p.sent);
	assert_int_equal(p.ns, UINT64_C(1795414594906822498));
	assert_memory_equal(data, frame, 77);
	assert_false(take(r, &p, &data));
	capture_ring_fini(r);
}

/* Of a burst the device takes a part: that alone is shown and counted. */
static void test_part_of_a_burst(void **state)
{
	static uint8_t first[60] = { 1 }, second[60] = { 2 }, third[60] = { 3 };
	const struct vio_pkt pkts[] = {
		{ .data = first, .len = 60 },
		{ .data = second, .len = 60 },
		{ .data = third, .len = 60 },
	};
	struct capture_ring *r = ring_of(65535, NULL);
	struct pcapng_packet p;
	const uint8_t *data = NULL;

	(void)state;
	capture_ring_stage(r, pkts, 3, 7, marks);
	assert_false(take(r, &p, &data));
	capture_ring_publish(r, &marks[2]);
	assert_true(take(r, &p, &data) && data[0] == 1);
	assert_true(take(r, &p, &data) && data[0] == 2);
	assert_false(take(r, &p, &data));
	assert_int_equal(capture_ring_counts(r).seen, 2);
	/* What was left over comes again. */
	capture_ring_stage(r, pkts + 2, 1, 8, marks);
	capture_ring_publish(r, &marks[1]);
	assert_true(take(r, &p, &data) && data[0] == 3);
	assert_int_equal(capture_ring_counts(r).seen, 3);
	capture_ring_fini(r);
}

static void test_segments(void **state)
{
	static uint8_t head[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x08 };
	static uint8_t rest[] = { 0x06, 'a', 'r', 'p' };
	const struct vio_pkt pkts[] = {
		{ .data = head, .len = sizeof(head), .flags = VIO_PKT_MORE },
		{ .data = rest, .len = sizeof(rest) },
		{ .data = head, .len = sizeof(head) },
	};
	struct capture_filter *arp;
	struct capture_ring *r;
	struct pcapng_packet p;
	const uint8_t *data = NULL;
	struct why why;

	(void)state;
	assert_true(capture_filter_make("arp", &arp, &why));
	r = ring_of(16, arp);
	capture_ring_stage(r, pkts, 3, 7, marks);
	assert_int_equal(marks[1].counts.seen, 0);
	capture_ring_publish(r, &marks[3]);
	assert_true(take(r, &p, &data));
	assert_int_equal(p.len, 17);
	assert_int_equal(p.kept, 16);
	assert_memory_equal(data + 12,
			    "\x08\x06"
			    "ar",
			    4);
	assert_false(take(r, &p, &data));
	assert_int_equal(capture_ring_counts(r).seen, 2);
	assert_int_equal(capture_ring_counts(r).accepted, 1);
	capture_ring_fini(r);
	capture_filter_free(arp);
}

#define MANY 200000u

static void *produce(void *arg)
{
	struct capture_ring *r = arg;
	uint32_t rng = 1;

	for (uint64_t i = 0; i < MANY; i++) {
		rng = rng * 1664525u + 1013904223u;
		offer(r, 14 + (rng >> 16) % 1500, i);
	}
	return NULL;
}

/* The lengths and numbers that arrive are those that were sent, less what was counted as dropped.
 */
static void test_threads(void **state)
{
	struct capture_ring *r = ring_of(65535, NULL);
	uint64_t taken = 0, next = 0;
	uint32_t rng = 1, len = 0;
	struct pcapng_counts c;
	struct pcapng_packet p;
	const uint8_t *data = NULL;
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, produce, r), 0);
	do {
		c = capture_ring_counts(r);
		while (take(r, &p, &data)) {
			assert_true(p.ns >= next);
			for (; next <= p.ns; next++) {
				rng = rng * 1664525u + 1013904223u;
				len = 14 + (rng >> 16) % 1500;
			}
			assert_int_equal(p.len, len);
			assert_int_equal(p.kept, len);
			taken++;
		}
	} while (c.seen < MANY);
	pthread_join(thread, NULL);
	assert_true(taken > 0);
	assert_int_equal(taken + capture_ring_counts(r).dropped, MANY);
	capture_ring_fini(r);
}

/* A queue that takes one packet less than it is given. */
static uint16_t all_but_one(struct vio_txq *q, const struct vio_pkt *pkts, uint16_t n)
{
	(void)q;
	(void)pkts;
	return (uint16_t)(n - 1);
}

static uint16_t three(struct vio_rxq *q, struct vio_pkt *pkts, uint16_t n)
{
	(void)q;
	assert_true(n >= 3);
	for (unsigned int i = 0; i < 3; i++)
		pkts[i] = (struct vio_pkt){ .data = frame, .len = 60 };
	return 3;
}

static void test_tap(void **state)
{
	static struct capture_ring rings[TAP_CAPTURES + 1];
	struct stamp_clock clock = { .hz = 1000000000, .mult = UINT64_C(1) << 32 };
	const struct pcapng_packet form = { 0 };
	struct vio_pkt pkts[4] = { 0 };
	struct vio_txq txq = { .burst = all_but_one };
	struct vio_rxq rxq = { .burst = three };
	struct tap tap = { 0 };

	(void)state;
	for (unsigned int i = 0; i <= TAP_CAPTURES; i++) {
		assert_true(capture_ring_init(&rings[i], RING, 64, NULL, &form));
		rings[i].clock = &clock;
	}
	assert_int_equal(tap_rx_burst(&tap, &rxq, pkts, 4), 3);
	for (unsigned int i = 0; i < TAP_CAPTURES; i++)
		assert_true(tap_add(&tap, &rings[i]));
	assert_false(tap_add(&tap, &rings[TAP_CAPTURES]));
	assert_int_equal(tap_rx_burst(&tap, &rxq, pkts, 4), 3);
	assert_true(tap_remove(&tap, &rings[1]));
	assert_int_equal(tap_tx_burst(&tap, &txq, pkts, 3), 2);
	for (unsigned int i = 0; i <= TAP_CAPTURES; i++) {
		unsigned int want = i == TAP_CAPTURES ? 0 : i == 1 ? 3 : 5;

		assert_int_equal(capture_ring_counts(&rings[i]).seen, want);
		tap_remove(&tap, &rings[i]);
	}
	assert_int_equal(tap.active, 0);
	assert_int_equal(tap_rx_burst(&tap, &rxq, pkts, 4), 3);
	for (unsigned int i = 0; i <= TAP_CAPTURES; i++)
		capture_ring_fini(&rings[i]);
}

static void *leave_later(void *arg)
{
	struct tap *tap = arg;

	nanosleep(&(struct timespec){ 0, 20000000 }, NULL);
	__atomic_store_n(&tap->inside, 0, __ATOMIC_RELEASE);
	return NULL;
}

static void test_remove_waits(void **state)
{
	struct tap tap = { .inside = 1 };
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, leave_later, &tap), 0);
	assert_true(tap_remove(&tap, NULL));
	assert_int_equal(tap.inside, 0);
	pthread_join(thread, NULL);
	tap.inside = 1;
	assert_false(tap_remove(&tap, NULL)); /* not for ever */
}

static bool worker_stops;

static void *work(void *arg)
{
	struct vio_pkt pkts[8];
	struct vio_rxq rxq = { .burst = three };

	while (!__atomic_load_n(&worker_stops, __ATOMIC_RELAXED))
		tap_rx_burst(arg, &rxq, pkts, 8);
	return NULL;
}

/* Rings vanish at once when they are removed. */
static void test_come_and_go(void **state)
{
	static struct capture_ring ring;
	struct stamp_clock clock = { .hz = 1000000000, .mult = UINT64_C(1) << 32 };
	const struct pcapng_packet form = { 0 };
	struct tap tap = { 0 };
	uint64_t seen = 0;
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, work, &tap), 0);
	for (unsigned int i = 0; i < 300; i++) {
		assert_true(capture_ring_init(&ring, RING, 64, NULL, &form));
		ring.clock = &clock;
		assert_true(tap_add(&tap, &ring));
		nanosleep(&(struct timespec){ 0, 20000 }, NULL);
		assert_true(tap_remove(&tap, &ring));
		seen += capture_ring_counts(&ring).seen;
		capture_ring_fini(&ring);
		memset(&ring, 0xee, sizeof(ring));
	}
	__atomic_store_n(&worker_stops, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	assert_true(seen > 0);
}

int main(void)
{
	struct case_list list = { 0 };

	CASES_ADD(&list, overflow, test_overflow);
	case_add(&list, "a frame arrives with time, queue and direction", test_form, NULL);
	case_add(&list, "of a burst, what was taken is shown", test_part_of_a_burst, NULL);
	case_add(&list, "a frame of several segments is one, for the filter too", test_segments,
		 NULL);
	case_add(&list, "between two threads nothing is lost but what is counted", test_threads,
		 NULL);
	case_add(&list, "a tap serves several captures, and any number of bursts", test_tap, NULL);
	case_add(&list, "a ring is removed when its worker has done with it", test_remove_waits,
		 NULL);
	case_add(&list, "rings come and go while the worker works", test_come_and_go, NULL);
	return case_run("capture_ring", &list);
}
