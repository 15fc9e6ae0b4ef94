/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <vio/clock.h>

#include "../../drivers/transport/loop/device.h"
#include "loop_rig.h"

/* ---- impairments ---- */

/* Send @n frames, numbered from 0; @seen receives the marks that come back, and @differ counts the
 * frames that are not those that were sent, in that order. */
static uint32_t run(struct rig *r, uint32_t n, uint32_t *seen, uint32_t *differ)
{
	uint32_t id, len, got = 0, posted = 0;

	for (uint32_t i = 0; i < n + 64; i++) {
		for (; posted < got + 16; posted++)
			rig_post(r, RX, posted % 16, RIG_BUF_BYTES, true);
		if (i < n) {
			rig_frame(r, 256 + i % 16, FRAME, i);
			rig_post(r, TX, 256 + i % 16, rig_frame_room(r), false);
		}
		vio_loop_step(r->loop, 32);
		while (rig_used(r, TX, &id, &len))
			continue;
		while (rig_used(r, RX, &id, &len)) {
			uint32_t mark = rig_mark(r, id);

			rig_frame(r, 400, FRAME, got);
			*differ += memcmp(rig_buf(r, 400), rig_buf(r, id), 10) ||
				   memcmp(rig_buf(r, 400) + 12, rig_buf(r, id) + 12, FRAME);
			seen[got++] = mark;
		}
	}
	return got;
}

static const struct impair_case {
	const char *what;
	const char *address;
	struct vio_loop_stats s; /* of 1000 frames, exactly, since the seed is the same */
} impair_cases[] = {
	{ "nothing is lost by default", "loop:echo", { .out = 1000 } },
	{ "everything is lost", "loop:echo,loss=1", { .lost = 1000 } },
	{ "everything comes twice", "loop:echo,dup=1", { .out = 2000, .duplicated = 1000 } },
	{ "everything is corrupted", "loop:echo,corrupt=1", { .out = 1000, .corrupted = 1000 } },
	{ "a quarter is held back",
	  "loop:echo,reorder=1,distance=3",
	  { .out = 1000, .reordered = 250 } },
	{ "all is delayed", "loop:echo,delay=100ns", { .out = 1000 } },
	{ "a half is lost", "loop:echo,loss=0.5,seed=7", { .lost = UINT64_MAX } },
	{ "a tenth comes twice", "loop:echo,dup=0.1", { .duplicated = UINT64_MAX } },
	{ "a hundredth is corrupted", "loop:echo,corrupt=1e-2", { .corrupted = UINT64_MAX } },
	{ "all at once", "loop:echo,loss=0.1,dup=0.1,corrupt=0.1,reorder=0.1", { .in = 1 } },
};

static void impairs(void **state)
{
	const struct impair_case *c = *state;
	static uint32_t seen[2100], again[2100];
	uint32_t got, differ = 0, ignored = 0;
	struct vio_loop_stats s, t;
	struct rig r;

	rig_open(&r, c->address, NONE, RIG_LIVE, 16);
	got = run(&r, 1000, seen, &differ);
	vio_loop_stats(r.loop, &s);
	rig_rules_kept(&r);
	rig_close(&r);
	assert_int_equal(s.in, 1000);
	assert_int_equal(s.out, s.in - s.lost + s.duplicated - s.no_buffer);
	assert_int_equal(got, s.out);
	assert_int_equal(s.no_buffer, 0);
	if (c->s.out || c->s.lost == 1000) {
		assert_int_equal(s.out, c->s.out);
		assert_int_equal(s.lost, c->s.lost);
		assert_int_equal(s.duplicated, c->s.duplicated);
		assert_int_equal(s.reordered, c->s.reordered);
		assert_int_equal(s.corrupted, c->s.corrupted);
	} else {
		assert_true(!c->s.lost || (s.lost > 400 && s.lost < 600));
		assert_true(!c->s.duplicated || (s.duplicated > 60 && s.duplicated < 140));
		assert_true(!c->s.corrupted || (s.corrupted > 2 && s.corrupted < 25));
	}
	/* The same seed gives the same run. */
	rig_open(&r, c->address, NONE, RIG_LIVE, 16);
	assert_int_equal(run(&r, 1000, again, &ignored), got);
	vio_loop_stats(r.loop, &t);
	assert_memory_equal(&s, &t, sizeof(s));
	assert_memory_equal(seen, again, got * sizeof(*seen));
	rig_close(&r);
}

/* Held frames come back the distance later. */
static void reorders(void **state)
{
	static uint32_t seen[2100];
	uint32_t differ = 0;
	struct rig r;

	(void)state;
	rig_open(&r, "loop:echo,reorder=1,distance=3", NONE, RIG_LIVE, 16);
	assert_int_equal(run(&r, 16, seen, &differ), 16);
	for (uint32_t i = 0; i < 16; i++)
		assert_int_equal(seen[i], i % 4 == 3 ? i - 3 : i + 1);
	rig_close(&r);
}

/* A frame a second comes on top of what the buffer takes. */
static void exceeds(void **state)
{
	static uint32_t seen[2100];
	uint64_t began = vio_clock_ns(), most;
	struct vio_loop_stats s;
	uint32_t differ = 0;
	struct rig r;

	(void)state;
	rig_open(&r, "loop:echo,capacity=1,buffer=100", NONE, RIG_LIVE, 16);
	run(&r, 1000, seen, &differ);
	most = 101 + (vio_clock_ns() - began) / 1000000000u;
	vio_loop_stats(r.loop, &s);
	assert_true(s.out >= 100 && s.out <= most);
	assert_int_equal(s.lost, 1000 - s.out);
	assert_int_equal(seen[99], 99);
	rig_close(&r);
}

/* A frame each nanosecond is more than anybody sends. */
static void suffices(void **state)
{
	static uint32_t seen[2100];
	uint32_t differ = 0;
	struct rig r;

	(void)state;
	rig_open(&r, "loop:echo,capacity=1000000000,buffer=1", NONE, RIG_LIVE, 16);
	assert_int_equal(run(&r, 1000, seen, &differ), 1000);
	rig_close(&r);
}

static void corrupts(void **state)
{
	static uint32_t seen[2100];
	uint32_t differ = 0;
	struct rig r;

	(void)state;
	rig_open(&r, "loop:echo", NONE, RIG_LIVE, 16);
	run(&r, 100, seen, &differ);
	assert_int_equal(differ, 0);
	rig_close(&r);
	rig_open(&r, "loop:echo,corrupt=1", NONE, RIG_LIVE, 16);
	run(&r, 100, seen, &differ);
	assert_int_equal(differ, 100);
	rig_close(&r);
}

/* ---- offloads ---- */

static void put_be(uint8_t *p, uint32_t v, int bytes)
{
	while (bytes--) {
		p[bytes] = (uint8_t)v;
		v >>= 8;
	}
}

static uint32_t sum(const uint8_t *p, uint32_t len, uint32_t start)
{
	for (uint32_t i = 0; i < len; i++)
		start += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (start >> 16)
		start = (start & 0xffff) + (start >> 16);
	return start;
}

/* An IPv4 TCP packet with @payload bytes; the checksum holds the pseudo header's sum. */
static uint32_t make_tcp(uint8_t *f, uint32_t payload)
{
	uint32_t len = 14 + 20 + 20 + payload;

	memset(f, 0, len);
	put_be(f + 12, 0x0800, 2);
	f[14] = 0x45;
	put_be(f + 16, len - 14, 2);
	put_be(f + 18, 0x1000, 2);
	f[22] = 64;
	f[23] = 6;
	put_be(f + 26, 0x0a000001, 4);
	put_be(f + 30, 0x0a000002, 4);
	put_be(f + 24, ~sum(f + 14, 20, 0), 2);
	put_be(f + 38, 1000, 4);
	f[46] = 0x50;
	f[47] = 0x19; /* FIN, PSH, ACK */
	for (uint32_t i = 0; i < payload; i++)
		f[54 + i] = (uint8_t)i;
	put_be(f + 50, sum(f + 26, 8, 6 + 20 + payload), 2);
	return len;
}

static bool tcp_ok(const uint8_t *f, uint32_t len)
{
	return sum(f + 14, 20, 0) == 0xffff &&
	       sum(f + 34, len - 34, sum(f + 26, 8, 6 + len - 34)) == 0xffff;
}

/* Send a TCP packet of 100 bytes of payload with this header; return what comes back first. */
static uint32_t offload(struct rig *r, const uint8_t *bits, struct net_hdr h)
{
	uint32_t id, len;

	rig_open(r, "loop:echo", bits, RIG_LIVE, 16);
	for (unsigned int i = 0; i < 4; i++)
		rig_post(r, RX, i, RIG_BUF_BYTES, true);
	memcpy(rig_buf(r, 300), &h, 12);
	len = make_tcp(rig_buf(r, 300) + 12, 100);
	rig_post(r, TX, 300, 12 + len, false);
	vio_loop_step(r->loop, 32);
	assert_true(rig_used(r, RX, &id, &len));
	assert_int_equal(id, 0);
	rig_rules_kept(r);
	return len - 12;
}

#define CSUM_HDR \
	.flags = NET_HDR_NEEDS_CSUM, .csum_start = le16_from(34), .csum_offset = le16_from(16)
#define TSO_HDR \
	CSUM_HDR, .gso_type = NET_GSO_TCPV4, .gso_size = le16_from(40), .hdr_len = le16_from(54)

static void completes_checksum(void **state)
{
	struct rig r;
	uint32_t len;

	(void)state;
	len = offload(&r, BITS(NET_F_CSUM + 1), (struct net_hdr){ CSUM_HDR });
	assert_int_equal(rig_buf(&r, 0)[0], 0);
	assert_true(tcp_ok(rig_buf(&r, 0) + 12, len));
	rig_close(&r);
}

static void passes_checksum(void **state)
{
	struct rig r;
	uint32_t len;

	(void)state;
	len = offload(&r, BITS(NET_F_CSUM + 1, NET_F_GUEST_CSUM + 1), (struct net_hdr){ CSUM_HDR });
	assert_int_equal(rig_buf(&r, 0)[0], NET_HDR_NEEDS_CSUM);
	assert_int_equal(rig_buf(&r, 0)[6], 34);
	assert_false(tcp_ok(rig_buf(&r, 0) + 12, len));
	rig_close(&r);
}

static void segments(void **state)
{
	uint32_t id, len, done = 0, seg;
	struct rig r;

	(void)state;
	len = offload(&r, BITS(NET_F_CSUM + 1, NET_F_HOST_TSO4 + 1), (struct net_hdr){ TSO_HDR });
	for (seg = 0; seg < 3; seg++) {
		const uint8_t *f = rig_buf(&r, seg) + 12;

		assert_int_equal(len, 54 + (seg < 2 ? 40 : 20));
		assert_true(tcp_ok(f, len));
		assert_int_equal(f[41], (1000 + done) & 0xff);
		assert_int_equal(f[47], seg < 2 ? 0x10 : 0x19);
		assert_int_equal(f[54], done);
		done += len - 54;
		if (seg < 2)
			assert_true(rig_used(&r, RX, &id, &len));
		len -= seg < 2 ? 12 : 0;
	}
	assert_int_equal(done, 100);
	rig_close(&r);
}

static void passes_segments(void **state)
{
	struct rig r;
	uint32_t len;

	(void)state;
	len = offload(&r,
		      BITS(NET_F_CSUM + 1, NET_F_HOST_TSO4 + 1, MRG, NET_F_GUEST_CSUM + 1,
			   NET_F_GUEST_TSO4 + 1),
		      (struct net_hdr){ TSO_HDR });
	assert_int_equal(len, 154);
	assert_int_equal(rig_buf(&r, 0)[1], NET_GSO_TCPV4);
	assert_int_equal(rig_buf(&r, 0)[4], 40);
	rig_close(&r);
}

/* ---- pairs ---- */

static void pairs_up(void **state)
{
	struct rig a, b;
	uint32_t id, len;

	(void)state;
	rig_open(&a, "loop:pair,seed=1", NONE, RIG_LIVE, 16);
	rig_open(&b, "loop:pair,seed=2", BITS(PACKED), RIG_LIVE, 16);
	assert_int_equal(vio_loop_connect(a.loop, b.loop), 0);
	assert_int_equal(vio_loop_connect(a.loop, b.loop), -EINVAL);
	rig_post(&b, RX, 0, RIG_BUF_BYTES, true);
	rig_frame(&a, 1, FRAME, 42);
	rig_post(&a, TX, 1, rig_frame_room(&a), false);
	assert_int_equal(vio_loop_step(a.loop, 32), 1);
	assert_int_equal(vio_loop_step(b.loop, 32), 1);
	assert_true(rig_used(&b, RX, &id, &len));
	assert_int_equal(rig_mark(&b, 0), 42);
	rig_close(&b);
	/* Nobody is there any more: the frame is taken all the same. */
	rig_frame(&a, 1, FRAME, 43);
	rig_post(&a, TX, 1, rig_frame_room(&a), false);
	assert_int_equal(vio_loop_step(a.loop, 32), 1);
	rig_rules_kept(&a);
	rig_close(&a);
}

static void refuses_pair(void **state)
{
	struct rig a, b;

	(void)state;
	rig_open(&a, "loop:pair", NONE, RIG_LIVE, 16);
	rig_open(&b, "loop:echo", NONE, RIG_LIVE, 16);
	assert_int_equal(vio_loop_connect(a.loop, b.loop), -EINVAL);
	assert_int_equal(vio_loop_connect(a.loop, a.loop), -EINVAL);
	assert_int_equal(vio_loop_connect(a.loop, NULL), -EINVAL);
	rig_close(&a);
	rig_close(&b);
}

/* ---- the place for hostile behaviours ---- */

struct seen {
	uint32_t words[WORDS];
	size_t bytes;
};

static uint32_t see_word(void *arg, struct queue *q, enum word word, uint32_t value)
{
	struct seen *seen = arg;

	(void)q;
	seen->words[word]++;
	/* An id that does not exist. */
	return word == WORD_USED_ID ? 9999 : value;
}

static void see_bytes(void *arg, struct queue *q, uint8_t *at, size_t len)
{
	struct seen *seen = arg;

	(void)q;
	seen->bytes += len;
	memset(at, 0xee, len);
}

static void every_word_passes(void **state)
{
	const bool packed = *state != NULL;
	struct seen seen = { .bytes = 0 };
	const struct loop_fault fault = { see_word, see_bytes, &seen };
	uint32_t id, len;
	struct rig r;

	rig_open(&r, "loop:echo", packed ? BITS(PACKED) : NONE, RIG_LIVE, 16);
	r.loop->fault = &fault;
	rig_post(&r, RX, 0, RIG_BUF_BYTES, true);
	rig_frame(&r, 1, FRAME, 1);
	rig_post(&r, TX, 1, rig_frame_room(&r), false);
	assert_int_equal(vio_loop_step(r.loop, 32), 2);
	assert_true(rig_used(&r, RX, &id, &len));
	assert_int_equal(id, 9999);
	assert_int_equal(rig_buf(&r, 0)[0], 0xee);
	assert_int_equal(seen.bytes, rig_frame_room(&r));
	assert_int_equal(seen.words[WORD_USED_ID], 2);
	assert_int_equal(seen.words[WORD_USED_LEN], 2);
	/* The index of each queue; with packed rings the flags of each entry. */
	assert_int_equal(seen.words[packed ? WORD_USED_FLAGS : WORD_USED_INDEX], 2);
	rig_close(&r);
}

int main(void)
{
	static const struct {
		const char *what;
		CMUnitTestFunction fn;
	} others[] = {
		{ "reordered frames come the distance later", reorders },
		{ "what exceeds the capacity is lost", exceeds },
		{ "a capacity that suffices loses nothing", suffices },
		{ "corrupted frames differ, others never", corrupts },
		{ "a checksum is completed for a driver without GUEST_CSUM", completes_checksum },
		{ "a checksum is left to a driver with GUEST_CSUM", passes_checksum },
		{ "a large packet is segmented for a driver without GUEST_TSO4", segments },
		{ "a large packet is left to a driver with GUEST_TSO4", passes_segments },
		{ "a pair passes frames from one port to the other", pairs_up },
		{ "only two pairs can be connected", refuses_pair },
	};
	static struct rig_list l;

	ADD_TABLE(&l, impair_cases, impairs);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		rig_add(&l, others[i].what, others[i].fn, NULL);
	rig_add(&l, "split: every word passes the hook for faults", every_word_passes, NULL);
	rig_add(&l, "packed: every word passes the hook for faults", every_word_passes, "packed");
	return rig_run(&l, "loop traffic");
}
