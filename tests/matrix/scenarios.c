/* SPDX-License-Identifier: BSD-3-Clause */
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "rig.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Large, and used by one test at a time. */
static struct rig rig, other;

/* What most scenarios differ in. */
struct plain {
	const char *address;
	uint32_t frames, burst;
	uint32_t buffers, buf_bytes;
	uint32_t (*len)(uint32_t seq);
	uint32_t segment, budget;
};

static void open_plain(const struct variant *v, const struct plain *p)
{
	rig_open(&rig, v,
		 &(struct rig_opts){ .address = p->address,
				     .buffers = p->buffers,
				     .buf_bytes = p->buf_bytes,
				     .ring_bytes = p->buffers > ENOUGH ? 4u << 20 : 0 });
	if (p->len)
		rig.len = p->len;
	if (p->budget)
		rig.budget = p->budget;
	rig.segment = p->segment;
}

static void runs(const struct variant *v, const void *arg)
{
	const struct plain *p = arg;

	open_plain(v, p);
	rig_run(&rig, 0, p->frames, p->burst);
	rig_close(&rig);
}

static void every_burst(const struct variant *v, const void *arg)
{
	open_plain(v, arg);
	for (uint32_t burst = 1; burst <= BURST_MAX; burst++)
		rig_run(&rig, 0, 4 * burst, burst);
	rig_close(&rig);
}

/* ---- segments: a frame of 14 bytes, cut at each set bit of its number ---- */

static uint16_t cut_frame(struct rig *r, uint32_t seq, uint32_t cuts, struct vio_pkt *pkts)
{
	uint16_t n = (uint16_t)(1 + __builtin_popcount(cuts));
	struct vio_pkt whole;
	uint32_t off = 0;

	assert_int_equal(frame_make(r, seq, 14, &whole), 1);
	assert_int_equal(vio_pkt_get(r->cache, pkts, n), n);
	for (uint16_t i = 0; i < n; i++) {
		uint32_t end = cuts ? (uint32_t)__builtin_ctz(cuts) + 1 : 14;

		cuts &= cuts - 1;
		memcpy(pkts[i].data, (uint8_t *)whole.data + off, end - off);
		pkts[i].len = end - off;
		pkts[i].flags = i + 1 < n ? VIO_PKT_MORE : 0;
		off = end;
	}
	vio_pkt_put(r->cache, &whole, 1);
	return n;
}

static uint32_t len_14(uint32_t seq)
{
	(void)seq;
	return 14;
}

static void every_cut(const struct variant *v, const void *arg)
{
	struct vio_pkt pkts[8];

	open_plain(v, arg);
	for (uint32_t cuts = 0; cuts < 1u << 13; cuts++) {
		uint16_t n;

		if (__builtin_popcount(cuts) > 7)
			continue;
		n = cut_frame(&rig, rig.flow[0].sent, cuts, pkts);
		assert_int_equal(vio_tx_burst(vio_port_txq(rig.port, 0), pkts, n), n);
		rig.flow[0].sent++;
		rig_step(&rig);
		assert_int_equal(rig_receive(&rig, 0, BURST_MAX), 1);
	}
	rig_close(&rig);
}

/* ---- occupancy ---- */

static void ring_always_full(const struct variant *v, const void *arg)
{
	const struct plain *p = arg;
	struct vio_queue_stats s;

	open_plain(v, p);
	while (rig.flow[0].sent < p->frames) {
		while (rig_send(&rig, 0, 16))
			continue;
		rig_step(&rig);
		rig_receive(&rig, 0, BURST_MAX);
	}
	vio_txq_stats(vio_port_txq(rig.port, 0), &s);
	assert_true(s.ring_full > 0);
	rig_drain(&rig, 0);
	assert_int_equal(rig.flow[0].got, rig.flow[0].sent);
	rig_close(&rig);
}

/* ---- small pools ---- */

#define HELD_MAX 1024

/* Take every buffer away, watch the receive ring run dry, give them back: traffic goes on. */
static void starve(uint32_t round)
{
	static struct vio_pkt held[HELD_MAX];
	struct vio_pkt pkts[BURST_MAX];
	struct vio_queue_stats s;
	uint16_t n = 0, got;

	rig_run(&rig, 0, 100, 8);
	rig.loose = true;
	/* Frames come in and are kept until no more do. */
	for (uint32_t idle = 0; idle < IDLE_STEPS; idle++) {
		rig_send(&rig, 0, 8);
		rig_step(&rig);
		got = vio_rx_burst(vio_port_rxq(rig.port, 0), pkts, BURST_MAX);
		for (uint16_t i = 0; i < got; i++, n++) {
			assert_true(n < HELD_MAX);
			held[n] = pkts[i];
			idle = 0;
		}
	}
	vio_rxq_stats(vio_port_rxq(rig.port, 0), &s);
	assert_true(s.refill_short > round);
	for (uint16_t i = 0; i < n; i++)
		frame_check(&rig, &rig.flow[0], &held[i], 1);
	vio_pkt_put(rig.cache, held, n);
	rig_drain(&rig, 0);
	/* From here on each frame comes back again. */
	rig.flow[0].got = 0;
}

static void pool_runs_out(const struct variant *v, const void *arg)
{
	uint32_t got = 0, sent = 0;

	open_plain(v, arg);
	for (uint32_t round = 0; round < 4; round++) {
		struct vio_queue_stats rx;

		rig.loose = true;
		starve(round);
		rig.loose = true;
		sent = rig.flow[0].sent;
		vio_rxq_stats(vio_port_rxq(rig.port, 0), &rx);
		got = (uint32_t)rx.packets;
		rig_run(&rig, 0, 200, 8);
		assert_int_equal(rig.flow[0].sent - sent, 200);
		assert_int_equal(rig.flow[0].got, 200);
		rig.flow[0].got = got + 200;
	}
	rig_close(&rig);
}

/* ---- a device that loses, doubles and delays ---- */

static void impaired(const struct variant *v, const void *arg)
{
	const struct plain *p = arg;
	struct vio_loop_stats s;

	open_plain(v, p);
	rig.loose = true;
	rig_run(&rig, 0, p->frames, p->burst);
	/* What is delayed comes in the end. */
	for (uint64_t end = vio_clock_ns() + 2000000000u; vio_clock_ns() < end;) {
		rig_step(&rig);
		rig_receive(&rig, 0, BURST_MAX);
		vio_loop_stats(rig.loop, &s);
		if (s.in == p->frames && s.out + s.no_buffer == s.in - s.lost + s.duplicated)
			break;
	}
	rig_drain(&rig, 0);
	vio_loop_stats(rig.loop, &s);
	assert_int_equal(s.in, rig.flow[0].sent);
	assert_int_equal(s.out, rig.flow[0].got);
	assert_int_equal(s.out + s.no_buffer, s.in - s.lost + s.duplicated);
	assert_int_equal(s.no_buffer, 0);
	rig_close(&rig);
}

/* ---- several queue pairs ---- */

static void pairs(const struct variant *v, const void *arg)
{
	const struct plain *p = arg;

	rig_open(&rig, v,
		 &(struct rig_opts){ .address = p->address,
				     .buffers = p->buffers,
				     .buf_bytes = p->buf_bytes,
				     .ring_bytes = 8u << 20 });
	assert_int_equal(rig.info.queues, p->segment);
	for (uint32_t round = 0; round < 3; round++)
		for (uint32_t i = 0; i < rig.info.queues; i++)
			rig_send(&rig, i, p->burst);
	for (uint32_t i = 0; i < rig.info.queues; i++)
		rig_run(&rig, i, p->frames, p->burst);
	rig_close(&rig);
}

/* ---- header sizes ---- */

static void header(const struct variant *v, const void *arg)
{
	const struct plain *p = arg;

	open_plain(v, p);
	assert_int_equal(rig.info.net_hdr_len, p->budget);
	rig.budget = BURST_MAX;
	rig_run(&rig, 0, p->frames, p->burst);
	rig_close(&rig);
}

/* ---- frame lengths ---- */

static uint32_t len_any(uint32_t seq)
{
	return 14 + seq % 187 + (seq % 5 ? 0 : seq * 37 % 1300);
}

static uint32_t len_jumbo(uint32_t seq)
{
	return 14 + seq * 61 % 9001;
}

static uint32_t len_huge(uint32_t seq)
{
	return seq % 2 ? 65000 : 14 + seq * 523 % 65000;
}

/* ---- two ports ---- */

static void paired(const struct variant *v, const void *arg)
{
	const struct plain *p = arg;

	rig_open(&rig, v, &(struct rig_opts){ .address = "loop:pair,size=256,seed=1" });
	rig_open(&other, v,
		 &(struct rig_opts){ .address = "loop:pair,size=128,seed=2", .pool = rig.pool });
	assert_int_equal(vio_loop_connect(rig.loop, other.loop), 0);
	for (uint32_t n = 0; n < p->frames; n += p->burst) {
		rig_send(&rig, 0, p->burst);
		rig_send(&other, 0, p->burst / 2);
		rig_step(&rig);
		rig_step(&other);
		rig_step(&rig);
		/* What one has sent, the other checks. */
		rig.flow[1] = other.flow[0];
		other.flow[1] = rig.flow[0];
		for (uint32_t i = 0; i < 2; i++) {
			struct rig *to = i ? &other : &rig;
			struct vio_pkt pkts[BURST_MAX];
			uint16_t got = vio_rx_burst(vio_port_rxq(to->port, 0), pkts, BURST_MAX);

			to->flow[1].got = to->flow[0].got;
			for (uint16_t k = 0; k < got; k++)
				frame_check(to, &to->flow[1], &pkts[k], 1);
			to->flow[0].got = to->flow[1].got;
			vio_pkt_put(to->cache, pkts, got);
		}
	}
	assert_int_equal(rig.flow[0].got, other.flow[0].sent);
	assert_int_equal(other.flow[0].got, rig.flow[0].sent);
	rig_close_port(&other);
	rig_close(&rig);
}

/* ---- close ---- */

static void closed_in_flight(const struct variant *v, const void *arg)
{
	open_plain(v, arg);
	rig_run(&rig, 0, 300, 32);
	/* Some sent and not taken, some taken and not received, some of several segments. */
	rig_send(&rig, 0, 20);
	rig_step(&rig);
	rig.segment = 20;
	rig_send(&rig, 0, 13);
	rig_close(&rig);
}

/* ---- offloads ---- */

static void checksums(const struct variant *v, const void *arg)
{
	const struct vio_offload want = { .csum_needed = true,
					  .csum_start = 34,
					  .csum_offset = 16 };
	const struct plain *p = arg;

	open_plain(v, p);
	for (uint32_t i = 0; i < p->frames; i++) {
		struct vio_offload off;
		struct vio_pkt pkt;

		assert_int_equal(frame_make(&rig, i, 60, &pkt), 1);
		if (i % 3)
			assert_int_equal(vio_offload_set(&pkt, rig.info.net_hdr_len, 60, &want), 0);
		assert_int_equal(vio_tx_burst(vio_port_txq(rig.port, 0), &pkt, 1), 1);
		rig.flow[0].sent++;
		rig_step(&rig);
		assert_int_equal(vio_rx_burst(vio_port_rxq(rig.port, 0), &pkt, 1), 1);
		assert_int_equal(vio_offload_get(&pkt, 60, &off), 0);
		assert_int_equal(off.csum_needed, i % 3 != 0);
		if (i % 3)
			assert_int_equal(off.csum_start + off.csum_offset, 50);
		frame_check(&rig, &rig.flow[0], &pkt, 1);
		vio_pkt_put(rig.cache, &pkt, 1);
	}
	rig_close(&rig);
}

/* ---- a device in a thread of its own ---- */

struct device_thread {
	struct vio_loop *loop;
	bool stop;
};

static void *device_main(void *arg)
{
	struct device_thread *d = arg;

	while (!__atomic_load_n(&d->stop, __ATOMIC_ACQUIRE))
		if (!vio_loop_step(d->loop, 32))
			sched_yield(); /* the two may share a processor */
	return NULL;
}

static void beside_driver(const struct variant *v, const void *arg)
{
	const struct plain *p = arg;
	struct device_thread d = { .stop = false };
	uint64_t deadline = vio_clock_ns() + UINT64_C(20000000000);
	pthread_t thread;

	open_plain(v, p);
	d.loop = rig.loop;
	assert_int_equal(pthread_create(&thread, NULL, device_main, &d), 0);
	while (rig.flow[0].got < p->frames && vio_clock_ns() < deadline) {
		uint32_t way = rig.flow[0].sent - rig.flow[0].got;

		/* No more on the way than there are receive buffers, so that none is dropped. */
		if (rig.flow[0].sent < p->frames && way + p->burst < 100)
			rig_send(&rig, 0, p->burst);
		if (!rig_receive(&rig, 0, BURST_MAX))
			sched_yield();
	}
	__atomic_store_n(&d.stop, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	assert_int_equal(rig.flow[0].got, rig.flow[0].sent);
	vio_tx_burst(vio_port_txq(rig.port, 0), NULL, 0);
	rig_close(&rig);
}

/* ---- the table ---- */

static bool is_packed(const struct variant *v)
{
	return v->packed;
}
static bool is_split(const struct variant *v)
{
	return !v->packed;
}
static bool is_in_order(const struct variant *v)
{
	return v->in_order;
}
static bool any_order(const struct variant *v)
{
	return !v->in_order;
}
static bool is_mergeable(const struct variant *v)
{
	return v->mrg;
}
static bool is_single(const struct variant *v)
{
	return !v->mrg;
}
static bool is_offload(const struct variant *v)
{
	return v->offload;
}

#define PLAIN(...) (&(const struct plain){ __VA_ARGS__ })
#define TUNNEL     "csum=on,host_tso4=on,host_tso6=on,host_uso=on,host_udp_tunnel_gso=on"

/* clang-format off */
const struct scenario scenarios[] = {
	{ "every burst from 1 to 64", every_burst, PLAIN(.address = "loop:echo,size=256"), NULL },
	{ "70000 frames turn every index", runs, PLAIN(.address = "loop:echo,size=256", .frames = 70000, .burst = 32), NULL },
	{ "rings of 2", runs, PLAIN(.address = "loop:echo,size=2", .frames = 3000, .burst = 2, .budget = 2), NULL },
	{ "rings of 4", runs, PLAIN(.address = "loop:echo,size=4", .frames = 3000, .burst = 3, .budget = 4), NULL },
	{ "rings of 256", runs, PLAIN(.address = "loop:echo,size=256", .frames = 3000, .burst = 64), NULL },
	{ "rings of 32768", runs, PLAIN(.address = "loop:echo,max_size=32768,size=32768,max_mtu=68", .frames = 34000, .burst = 64, .buffers = 36000, .buf_bytes = 256), is_split },
	{ "packed rings of 32768", runs, PLAIN(.address = "loop:echo,max_size=32768,size=32768,max_mtu=68", .frames = 34000, .burst = 64, .buffers = 36000, .buf_bytes = 256), is_packed },
	{ "rings of 3", runs, PLAIN(.address = "loop:echo,size=3", .frames = 3000, .burst = 2, .budget = 3), is_packed },
	{ "rings of 7", runs, PLAIN(.address = "loop:echo,size=7", .frames = 3000, .burst = 5, .budget = 7), is_packed },
	{ "rings of 255", runs, PLAIN(.address = "loop:echo,size=255", .frames = 3000, .burst = 64), is_packed },
	{ "rings of 257", runs, PLAIN(.address = "loop:echo,size=257", .frames = 3000, .burst = 64), is_packed },
	{ "every cut of a small frame into 1 to 8 segments", every_cut, PLAIN(.address = "loop:echo,size=256", .len = len_14), NULL },
	{ "segments in rings of 8", runs, PLAIN(.address = "loop:echo,size=8", .frames = 2000, .burst = 3, .segment = 9, .budget = 4), NULL },
	{ "a transmit ring that is nearly empty", runs, PLAIN(.address = "loop:echo,size=256", .frames = 3000, .burst = 1), NULL },
	{ "a transmit ring that is always full", ring_always_full, PLAIN(.address = "loop:echo,size=64,slow=5", .frames = 3000), NULL },
	{ "a pool that runs out", pool_runs_out, PLAIN(.address = "loop:echo,size=64", .buffers = 640), NULL },
	{ "completion out of order", runs, PLAIN(.address = "loop:echo,size=256,ooo", .frames = 10000, .burst = 32), any_order },
	{ "completion out of order, of segments", runs, PLAIN(.address = "loop:echo,size=256,ooo", .frames = 3000, .burst = 16, .segment = 13), any_order },
	{ "batches of up to 7 in order", runs, PLAIN(.address = "loop:echo,size=256,batch=7", .frames = 10000, .burst = 32), is_in_order },
	{ "batches of up to 64 in order, of segments", runs, PLAIN(.address = "loop:echo,size=256,batch=64", .frames = 3000, .burst = 16, .segment = 13), is_in_order },
	{ "a device that loses, doubles, reorders and delays", impaired, PLAIN(.address = "loop:echo,size=256,delay=20us,loss=0.01,dup=0.01,reorder=0.01", .frames = 4000, .burst = 16), NULL },
	{ "a slow device", runs, PLAIN(.address = "loop:echo,size=64,slow=3", .frames = 2000, .burst = 32), NULL },
	{ "two queue pairs", pairs, PLAIN(.address = "loop:echo,max_queues=2,queues=2,size=64", .frames = 300, .burst = 16, .segment = 2), NULL },
	{ "64 queue pairs", pairs, PLAIN(.address = "loop:echo,queues=64,size=32,max_mtu=68", .frames = 20, .burst = 7, .buffers = 24000, .buf_bytes = 256, .segment = 64), NULL },
	{ "headers of 12 bytes", header, PLAIN(.address = "loop:echo,size=256", .frames = 2000, .burst = 32, .budget = 12), NULL },
	{ "headers of 20 bytes", header, PLAIN(.address = "loop:echo,size=256,ctrl_vq=on,hash_report=on", .frames = 2000, .burst = 32, .budget = 20), NULL },
	{ "headers of 24 bytes", header, PLAIN(.address = "loop:echo,size=256," TUNNEL, .frames = 2000, .burst = 32, .budget = 24), is_offload },
	{ "frames of 14 to 1514 bytes", runs, PLAIN(.address = "loop:echo,size=256", .frames = 4000, .burst = 32, .len = len_any), NULL },
	{ "frames of 14 to 9014 bytes in large buffers", runs, PLAIN(.address = "loop:echo,size=64,max_mtu=9000", .frames = 1500, .burst = 8, .buffers = 1024, .buf_bytes = 16384, .len = len_jumbo), is_single },
	{ "frames of 14 to 9014 bytes in merged buffers", runs, PLAIN(.address = "loop:echo,size=256,max_mtu=9000", .frames = 1500, .burst = 4, .len = len_jumbo, .segment = 1900, .budget = 8), is_mergeable },
	{ "frames of 65000 bytes in merged buffers", runs, PLAIN(.address = "loop:echo,size=256,max_mtu=65500", .frames = 150, .burst = 2, .len = len_huge, .segment = 1900, .budget = 4), is_mergeable },
	{ "frames in merged buffers of 256 bytes", runs, PLAIN(.address = "loop:echo,size=256", .frames = 2000, .burst = 8, .buf_bytes = 256, .len = len_any, .segment = 100, .budget = 8), is_mergeable },
	{ "two ports that are a pair", paired, PLAIN(.address = NULL, .frames = 3000, .burst = 32), NULL },
	{ "close with frames in flight", closed_in_flight, PLAIN(.address = "loop:echo,size=256"), NULL },
	{ "a device that sleeps until it is kicked", runs, PLAIN(.address = "loop:echo,size=256,kick=event", .frames = 5000, .burst = 16), NULL },
	{ "a device that always wants to be kicked", runs, PLAIN(.address = "loop:echo,size=256,kick=always", .frames = 5000, .burst = 16), NULL },
	{ "checksums that are left to the receiver", checksums, PLAIN(.address = "loop:echo,size=256", .frames = 1000), is_offload },
	{ "a device in another thread", beside_driver, PLAIN(.address = "loop:echo,size=256", .frames = 10000, .burst = 16), NULL },
	{ "a device in another thread that sleeps", beside_driver, PLAIN(.address = "loop:echo,size=256,kick=event", .frames = 5000, .burst = 16), NULL },
	{ "control calls beside traffic", scenario_controls, "loop:echo,size=256,ctrl_vlan=on", NULL },
	{ "a receiver that sleeps", scenario_sleeps, "loop:echo,size=64,wait=on", NULL },
	{ "a receiver that sleeps, and a device that sleeps", scenario_sleeps, "loop:echo,size=64,wait=on,kick=event", NULL },
	{ "a receiver that sleeps for batches", scenario_sleeps, "loop:echo,size=64,wait=on,batch=7", is_in_order },
	{ "three queue pairs, each with a thread", scenario_thread_each, "loop:echo,size=64,wait=on,max_queues=3,queues=3", NULL },
};
/* clang-format on */
const size_t n_scenarios = COUNT(scenarios);
