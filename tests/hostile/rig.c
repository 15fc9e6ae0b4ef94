/* SPDX-License-Identifier: BSD-3-Clause */
#include "rig.h"

#include <string.h>
#include <sys/time.h>

#include "../../drivers/virtio/queue.h"
#include "../../lib/mem/mem.h"
#include "../cases.h"

#define CANARY 0xc5

#define BUFFERS 2048u

#define LIMIT_S 2

static void watch(long seconds)
{
	const struct itimerval limit = { .it_value.tv_sec = seconds };

	setitimer(ITIMER_PROF, &limit, NULL);
}

void watch_begin(void)
{
	watch(LIMIT_S);
}

void watch_end(void)
{
	watch(0);
}

static void bed_make(struct bed *bed)
{
	struct vio_region_opts region = VIO_OPTS(struct vio_region_opts, .page = VIO_PAGE_NORMAL);
	struct vio_pool_opts pool =
		VIO_OPTS(struct vio_pool_opts, .buffers = BUFFERS, .region_opts = &region);

	*bed = (struct bed){ 0 };
	assert_int_equal(vio_pool_open(&pool, &bed->pool), 0);
	assert_int_equal(vio_cache_open(bed->pool, &bed->cache), 0);
}

/* Nothing is out but what a cache of the bed's own keeps. */
static void bed_check(const struct bed *bed)
{
	struct vio_pool_info info;

	vio_pool_info(bed->pool, &info);
	assert_int_equal(info.out, 0);
	assert_int_equal(info.foreign_puts, 0);
	assert_int_equal(info.double_puts, 0);
}

void bed_close(struct bed *bed)
{
	vio_cache_close(bed->cache);
	assert_int_equal(vio_pool_close(bed->pool), 0);
}

/* Memory before and behind the port's rings. */
static void plant(struct rig *r, unsigned int i)
{
	struct vio_pool_info info;

	vio_pool_info(r->pool, &info);
	r->canary[i] = region_alloc(info.region, CANARY_LEN, 64);
	assert_non_null(r->canary[i]);
	memset(r->canary[i], CANARY, CANARY_LEN);
}

static void hold(struct rig *r)
{
	assert_int_equal(vio_pkt_get(r->cache, r->held, HELD), HELD);
	for (unsigned int i = 0; i < HELD; i++)
		memset(r->held[i].data, CANARY, FRAME_LEN);
}

/* Each byte is the first one, and that is as it was. */
static bool untouched(const uint8_t *p, size_t len)
{
	return p[0] == CANARY && !memcmp(p, p + 1, len - 1);
}

static void check_canaries(struct rig *r)
{
	struct vio_pool_info info;

	vio_pool_info(r->pool, &info);
	for (unsigned int i = 0; i < 2; i++) {
		assert_true(untouched(r->canary[i], CANARY_LEN));
		region_free(info.region, r->canary[i]);
	}
	for (unsigned int i = 0; i < HELD; i++)
		assert_true(untouched(r->held[i].data, FRAME_LEN));
	vio_pkt_put(r->cache, r->held, HELD);
}

int rig_open(struct rig *r, const char *address, struct bed *bed)
{
	int rc;

	if (!bed->pool || bed->taken)
		bed_make(bed);
	bed->taken = true;
	*r = (struct rig){ .bed = bed, .segments = 1, .burst = 8, .room = BURST_MAX };
	r->pool = bed->pool;
	r->cache = bed->cache;
	hold(r);
	plant(r, 0);
	rc = vio_port_open(address, r->pool, NULL, &r->port);
	plant(r, 1);
	if (rc < 0)
		return rc;
	r->loop = vio_port_loop(r->port);
	r->rxq = vio_port_rxq(r->port, 0);
	r->txq = vio_port_txq(r->port, 0);
	return 0;
}

void rig_close(struct rig *r)
{
	rig_drop_odd(r);
	vio_port_close(r->port);
	check_canaries(r);
	bed_check(r->bed);
	r->bed->taken = false;
}

struct vio_queue_stats rig_rx_stats(const struct rig *r)
{
	struct vio_queue_stats s;

	vio_rxq_stats(r->rxq, &s);
	return s;
}

struct vio_queue_stats rig_tx_stats(const struct rig *r)
{
	struct vio_queue_stats s;

	vio_txq_stats(r->txq, &s);
	return s;
}

/* Behind its number, the bytes of a frame count up from one that follows from it. */
static const uint8_t *pattern_of(uint32_t number)
{
	static uint8_t pattern[256 + FRAME_LEN];

	if (!pattern[1])
		for (uint32_t i = 0; i < sizeof(pattern); i++)
			pattern[i] = (uint8_t)i;
	return pattern + number * 7 % 256;
}

static uint32_t bytes_of_number(uint32_t len)
{
	return min_u32(len, sizeof(uint32_t));
}

static void fill(struct vio_pkt *pkt, uint32_t number, uint32_t from, uint32_t len)
{
	memcpy(pkt->data, pattern_of(number) + from, len);
	if (!from)
		memcpy(pkt->data, &number, bytes_of_number(len));
	pkt->len = len;
}

/* Return: entries; 0: the pool is empty. */
static uint16_t make(struct rig *r, uint32_t number, struct vio_pkt *pkts)
{
	const uint16_t n = r->segments, have = vio_pkt_get(r->cache, pkts, n);
	const uint32_t each = FRAME_LEN / n;

	if (have < n) {
		vio_pkt_put(r->cache, pkts, have);
		return 0;
	}
	for (uint16_t i = 0; i < n; i++) {
		fill(&pkts[i], number, i * each, each);
		pkts[i].flags = i + 1 < n ? VIO_PKT_MORE : 0;
	}
	return n;
}

static void send(struct rig *r)
{
	struct vio_pkt pkts[BURST_MAX];
	uint16_t n = 0, took;

	for (uint16_t i = 0; i < r->burst; i++)
		n = (uint16_t)(n + make(r, r->sent + i, pkts + n));
	took = vio_tx_burst(r->txq, pkts, n);
	assert_true(took <= n && took % r->segments == 0);
	vio_pkt_put(r->cache, pkts + took, (uint16_t)(n - took));
	r->sent += took / r->segments;
}

/* What of it the packet is long enough for. */
static uint32_t number_of(const struct vio_pkt *pkt)
{
	uint32_t number = 0;

	memcpy(&number, pkt->data, bytes_of_number(pkt->len));
	return number;
}

/* Every byte is read, whatever it is: so a sanitizer sees a length that goes too far. */
static void touch(struct rig *r, const struct vio_pkt *pkts, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++)
		for (uint32_t b = 0; b < pkts[i].len; b++)
			r->touched += ((const uint8_t *)pkts[i].data)[b];
}

static bool as_sent(const struct vio_pkt *pkt, uint32_t number)
{
	const uint32_t from = bytes_of_number(pkt->len), len = min_u32(pkt->len, FRAME_LEN);

	return !memcmp((const char *)pkt->data + from, pattern_of(number) + from, len - from);
}

/* Frames come in order; what is missing was dropped, which the counters must tell. */
static bool check(struct rig *r, const struct vio_pkt *pkts, uint16_t segs)
{
	const uint32_t number = number_of(pkts);
	struct vio_offload off = { 0 };
	const bool sound = vio_offload_get(pkts, pkts[0].len, &off) == 0;
	const bool plain = segs == 1 && pkts[0].len == FRAME_LEN && sound &&
			   !(pkts[0].flags & VIO_PKT_OFFLOAD);

	r->got++;
	touch(r, pkts, segs);
	if (r->forged)
		return false;
	assert_true(number >= r->next && number < r->sent);
	assert_true(as_sent(pkts, number));
	r->next = number + 1;
	r->odd += !plain;
	return !plain;
}

static void keep(struct rig *r, const struct vio_pkt *pkts, uint16_t segs)
{
	rig_drop_odd(r);
	vio_pkt_put(r->cache, pkts + 1, (uint16_t)(segs - 1));
	r->last_odd = pkts[0];
	r->last_odd_segments = segs;
}

void rig_drop_odd(struct rig *r)
{
	if (r->last_odd_segments)
		vio_pkt_put(r->cache, &r->last_odd, 1);
	r->last_odd_segments = 0;
}

/* Return: entries. */
static uint16_t receive(struct rig *r)
{
	struct vio_pkt pkts[BURST_MAX];
	const uint16_t n = vio_rx_burst(r->rxq, pkts, r->room);

	assert_true(n <= r->room);
	for (uint16_t at = 0, segs; at < n; at = (uint16_t)(at + segs)) {
		segs = vio_pkt_segments(pkts + at, (uint16_t)(n - at));
		assert_true(segs > 0);
		if (check(r, pkts + at, segs) && r->keep_odd)
			keep(r, pkts + at, segs);
		else
			vio_pkt_put(r->cache, pkts + at, segs);
	}
	return n;
}

/* All that has come, in calls each of which ends: no more than the ring and a call can hold. */
static void take_all(struct rig *r)
{
	for (unsigned int i = 0; i < 2 * SPLIT_SIZE; i++)
		if (!receive(r))
			break;
	assert_int_equal(vio_tx_burst(r->txq, NULL, 0), 0);
}

static void step_and_take(struct rig *r)
{
	bool bent;

	vio_loop_step(r->loop, BURST_MAX);
	bent = mischief_begin(r->loop, false);
	take_all(r);
	if (bent)
		mischief_end(r->loop);
	if (!mischief_begin(r->loop, true))
		return;
	take_all(r);
	mischief_end(r->loop);
}

void rig_round(struct rig *r)
{
	send(r);
	step_and_take(r);
}

void rig_drain(struct rig *r)
{
	for (unsigned int i = 0; i < 4; i++)
		step_and_take(r);
}

static void wind_ring(struct ring *ring, struct queue *q, uint16_t by)
{
	struct split_avail *avail = ring->driver.avail;
	struct split_used *used = ring->device.used;

	ring->post.idx += by;
	ring->post.shown += by;
	ring->take.idx += by;
	ring->take.seen += by;
	q->avail_next = (uint16_t)(q->avail_next + by);
	q->avail_seen = (uint16_t)(q->avail_seen + by);
	q->used_next = (uint16_t)(q->used_next + by);
	q->told = (uint16_t)(q->told + by);
	avail->idx = le16_from((uint16_t)(le16_to(avail->idx) + by));
	used->idx = le16_from((uint16_t)(le16_to(used->idx) + by));
	*q->avail_event = le16_from((uint16_t)(le16_to(*q->avail_event) + by));
}

void rig_wind(struct rig *r, uint16_t left)
{
	const uint16_t by = (uint16_t)-left;

	wind_ring(&container_of(r->rxq, struct rxq, pub)->ring, r->loop->queue[QUEUE_RX(0)], by);
	wind_ring(&container_of(r->txq, struct txq, pub)->ring, r->loop->queue[QUEUE_TX(0)], by);
}
