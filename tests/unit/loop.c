/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>

#include "loop_rig.h"

/* ---- addresses ---- */

/* clang-format off */
static const struct address_case {
	const char *what;
	const char *address;
	int rc;
} address_cases[] = {
	{ "no behaviour means echo", "loop:", 0 },
	{ "a source has lengths", "loop:source,src_len=60-1514", 0 },
	{ "every number is taken", "loop:echo,max_queues=64,max_size=32768,max_mtu=65535,seed=0,batch=64,slow=1,distance=64", 0 },
	{ "a capacity is taken", "loop:echo,capacity=1000000000,buffer=1000000", 0 },
	{ "a capacity of 0 is refused", "loop:echo,capacity=0", -EINVAL },
	{ "a buffer for no frame is refused", "loop:echo,capacity=10,buffer=0", -EINVAL },
	{ "every chance is taken", "loop:echo,loss=1,dup=0.5,corrupt=1e-4,reorder=0", 0 },
	{ "a delay has a unit", "loop:echo,delay=2.5us", 0 },
	{ "switches are taken", "loop:sink,ooo,null", 0 },
	{ "features are taken out of the offer", "loop:echo,no=packed+mrg_rxbuf,refuse=in_order", 0 },
	{ "an unknown behaviour is refused", "loop:echos", -EINVAL },
	{ "0 queues are refused", "loop:echo,max_queues=0", -EINVAL },
	{ "65 queues are refused", "loop:echo,max_queues=65", -EINVAL },
	{ "a ring of 1 is refused", "loop:echo,max_size=1", -EINVAL },
	{ "a ring of 32769 is refused", "loop:echo,max_size=32769", -EINVAL },
	{ "an MTU of 67 is refused", "loop:echo,max_mtu=67", -EINVAL },
	{ "a batch of 0 is refused", "loop:echo,batch=0", -EINVAL },
	{ "a chance above 1 is refused", "loop:echo,loss=1.5", -EINVAL },
	{ "a chance below 0 is refused", "loop:echo,loss=-1", -EINVAL },
	{ "a chance with a tail is refused", "loop:echo,dup=0.1x", -EINVAL },
	{ "an empty chance is refused", "loop:echo,corrupt=", -EINVAL },
	{ "a delay without unit is refused", "loop:echo,delay=5", -EINVAL },
	{ "a delay beyond 10 s is refused", "loop:echo,delay=11s", -EINVAL },
	{ "a length below 60 is refused", "loop:source,src_len=59", -EINVAL },
	{ "a falling range of lengths is refused", "loop:source,src_len=100-60", -EINVAL },
	{ "an unknown feature is refused", "loop:echo,no=nothing", -EINVAL },
	{ "an empty feature is refused", "loop:echo,no=packed+", -EINVAL },
	{ "an unknown kind of kick is refused", "loop:echo,kick=maybe", -EINVAL },
	{ "null is refused with echo", "loop:echo,null", -EINVAL },
};
/* clang-format on */

static void addresses(void **state)
{
	const struct address_case *c = *state;
	struct transport *tp = NULL;
	struct address addr;

	assert_int_equal(address_parse(c->address, &addr), 0);
	assert_int_equal(loop_transport.open(&addr, 1000, &tp), c->rc);
	if (c->rc == 0) {
		assert_int_equal(address_finish(&addr), 0);
		loop_transport.close(tp);
	} else {
		assert_null(tp);
		assert_int_equal(vio_error_last()->code, c->rc);
	}
	address_free(&addr);
}

/* ---- features and life cycle ---- */

static const struct offer_case {
	const char *what;
	const char *address;
	uint8_t bit;
	bool offered;
} offer_cases[] = {
	{ "VERSION_1 is offered", "loop:", F_VERSION_1, true },
	{ "packed rings are offered", "loop:", F_RING_PACKED, true },
	{ "packed rings are taken out", "loop:echo,no=packed", F_RING_PACKED, false },
	{ "TSO goes with CSUM", "loop:echo,no=csum", NET_F_HOST_TSO4, false },
	{ "tunnels go with CSUM, three steps on", "loop:echo,no=csum",
	  NET_F_HOST_UDP_TUNNEL_GSO_CSUM, false },
	{ "MQ goes with CTRL_VQ", "loop:echo,no=ctrl_vq", NET_F_MQ, false },
	{ "ECN stays with one of two TSO", "loop:echo,no=guest_tso4", NET_F_GUEST_ECN, true },
	{ "ECN goes with both TSO", "loop:echo,no=guest_tso4+guest_tso6", NET_F_GUEST_ECN, false },
	{ "a bit above 63 is offered", "loop:", NET_F_HOST_UDP_TUNNEL_GSO, true },
	{ "ADMIN_VQ is not offered", "loop:", F_ADMIN_VQ, false },
};

static void offers(void **state)
{
	const struct offer_case *c = *state;
	struct vio_features f;
	struct rig r;

	rig_open(&r, c->address, NONE, RIG_OPEN, 16);
	assert_int_equal(loop_transport.features(r.tp, &f), 0);
	assert_int_equal(features_have(&f, c->bit), c->offered);
	rig_close(&r);
}

static void refuses(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, "loop:echo,refuse=in_order", BITS(ORDER), RIG_DRIVER, 16);
	loop_transport.accept(r.tp, &r.taken);
	loop_transport.set_status(r.tp, 11);
	assert_int_equal(loop_transport.status(r.tp), 3);
	features_drop(&r.taken, F_IN_ORDER);
	loop_transport.accept(r.tp, &r.taken);
	loop_transport.set_status(r.tp, 11);
	assert_int_equal(loop_transport.status(r.tp), 11);
	rig_rules_kept(&r);
	rig_close(&r);
}

static void resets(void **state)
{
	uint16_t entries = 1;
	struct rig r;

	(void)state;
	rig_open(&r, "loop:", NONE, RIG_LIVE, 16);
	loop_transport.set_status(r.tp, 0);
	assert_int_equal(loop_transport.status(r.tp), 0);
	loop_transport.queue_size_max(r.tp, 0, &entries);
	assert_int_equal(entries, 0);
	assert_int_equal(vio_loop_step(r.loop, 32), 0);
	loop_transport.set_status(r.tp, 1);
	loop_transport.set_status(r.tp, 3);
	loop_transport.accept(r.tp, &r.taken);
	loop_transport.set_status(r.tp, 11);
	loop_transport.queue_size_max(r.tp, 0, &entries);
	assert_int_equal(entries, 1024);
	rig_rules_kept(&r);
	rig_close(&r);
}

static const struct queue_case {
	const char *what;
	const uint8_t *bits;
	uint16_t index, entries;
} queue_cases[] = {
	{ "the first pair is there", NONE, 1, 1024 },
	{ "without MQ there is one pair", NONE, 3, 0 },
	{ "without CTRL_VQ there is no queue 2", NONE, 2, 0 },
	{ "without MQ the control queue is queue 2", (const uint8_t[]){ NET_F_CTRL_VQ + 1, 0 }, 2,
	  64 },
	{ "with MQ there are as many pairs as the device has",
	  (const uint8_t[]){ NET_F_CTRL_VQ + 1, NET_F_MQ + 1, 0 }, 7, 1024 },
	{ "with MQ the control queue stands behind them",
	  (const uint8_t[]){ NET_F_CTRL_VQ + 1, NET_F_MQ + 1, 0 }, 8, 64 },
	{ "behind the control queue is nothing",
	  (const uint8_t[]){ NET_F_CTRL_VQ + 1, NET_F_MQ + 1, 0 }, 9, 0 },
};

static void queues(void **state)
{
	const struct queue_case *c = *state;
	uint16_t entries = 1;
	struct rig r;

	rig_open(&r, "loop:echo,max_queues=4", c->bits, RIG_FEATURES, 16);
	assert_int_equal(loop_transport.queue_size_max(r.tp, c->index, &entries), 0);
	assert_int_equal(entries, c->entries);
	rig_rules_kept(&r);
	rig_close(&r);
}

static void configuration(void **state)
{
	struct net_config config;
	struct rig r;
	le16 mtu;

	(void)state;
	rig_open(&r, "loop:echo,max_mtu=9000,max_queues=3,no=hash_report+speed_duplex", NONE,
		 RIG_DRIVER, 16);
	assert_int_equal(loop_transport.config_read(r.tp, 0, &config, 12), 0);
	assert_int_equal(config.mac[0] & 3, 2);
	assert_int_equal(le16_to(config.status), NET_STATUS_LINK_UP);
	assert_int_equal(le16_to(config.max_virtqueue_pairs), 3);
	assert_int_equal(loop_transport.config_read(r.tp, 10, &mtu, 2), 0);
	assert_int_equal(le16_to(mtu), 9000);
	assert_int_equal(loop_transport.config_read(r.tp, 12, &config, 1), -ENODATA);
	assert_int_equal(loop_transport.config_read(r.tp, SIZE_MAX, &config, 2), -ENODATA);
	rig_close(&r);
	rig_open(&r, "loop:echo,speed=25000,no=hash_report", NONE, RIG_DRIVER, 16);
	assert_int_equal(loop_transport.config_read(r.tp, 0, &config, 17), 0);
	assert_int_equal(le32_to(config.speed), 25000);
	assert_int_equal(config.duplex, NET_DUPLEX_FULL);
	assert_int_equal(loop_transport.config_read(r.tp, 17, &config, 1), -ENODATA);
	rig_close(&r);
}

/* ---- rings ---- */

static const struct layout {
	const char *name;
	const uint8_t *bits;
} layouts[] = {
	{ "split", NONE },
	{ "split in order", (const uint8_t[]){ ORDER, 0 } },
	{ "split with event index", (const uint8_t[]){ EVENT, 0 } },
	{ "split mergeable", (const uint8_t[]){ MRG, 0 } },
	{ "packed", (const uint8_t[]){ PACKED, 0 } },
	{ "packed in order", (const uint8_t[]){ PACKED, ORDER, 0 } },
	{ "packed with event index", (const uint8_t[]){ PACKED, EVENT, 0 } },
	{ "packed mergeable", (const uint8_t[]){ PACKED, MRG, 0 } },
};

/* Post receive buffer @i, and send a frame with mark @mark out of buffer 256 + @i. */
static void post_and_send(struct rig *r, unsigned int i, uint32_t mark)
{
	rig_post(r, RX, i, RIG_BUF_BYTES, true);
	rig_frame(r, 256 + i, FRAME, mark);
	rig_post(r, TX, 256 + i, rig_frame_room(r), false);
}

/* 70000 frames, so that every index and wrap counter turns. */
static void echoes(void **state)
{
	const struct layout *l = *state;
	uint32_t id, len;
	struct rig r;

	rig_open(&r, "loop:echo", l->bits, RIG_LIVE, 16);
	for (uint32_t i = 0; i < 70000; i++) {
		unsigned int at = i % 16;

		post_and_send(&r, at, i);
		assert_int_equal(vio_loop_step(r.loop, 32), 2);
		assert_true(rig_used(&r, TX, &id, &len));
		assert_int_equal(id, at);
		assert_int_equal(len, 0);
		assert_true(rig_used(&r, RX, &id, &len));
		assert_int_equal(id, at);
		assert_int_equal(len, rig_frame_room(&r));
		assert_int_equal(rig_mark(&r, at), i);
		assert_int_equal(rig_buf(&r, at)[10], 1);
		assert_false(rig_used(&r, RX, &id, &len));
	}
	rig_rules_kept(&r);
	rig_close(&r);
}

/* A header of its own, and the frame in three pieces. */
static void gathers(void **state)
{
	const struct layout *l = *state;
	uint32_t id, len;
	struct rig r;

	rig_open(&r, "loop:echo", l->bits, RIG_LIVE, 16);
	rig_post(&r, RX, 0, RIG_BUF_BYTES, true);
	rig_frame(&r, 1, FRAME, 77);
	for (uint16_t i = 4; i-- > 0;) {
		const uint16_t cut[] = { 0, r.hdr_len, (uint16_t)(r.hdr_len + 1),
					 (uint16_t)(r.hdr_len + 40), (uint16_t)rig_frame_room(&r) };

		rig_desc(&r, TX, i, rig_addr(&r, 1) + cut[i], cut[i + 1] - cut[i],
			 i < 3 ? DESC_NEXT : 0, r.packed ? 5 : (uint16_t)(i + 1));
	}
	rig_avail(&r, TX, 0);
	assert_int_equal(vio_loop_step(r.loop, 32), 2);
	assert_true(rig_used(&r, TX, &id, &len));
	assert_int_equal(id, r.packed ? 5 : 0);
	assert_true(rig_used(&r, RX, &id, &len));
	assert_int_equal(len, rig_frame_room(&r));
	assert_memory_equal(rig_buf(&r, 0) + r.hdr_len, rig_buf(&r, 1) + r.hdr_len, FRAME);
	rig_rules_kept(&r);
	rig_close(&r);
}

/* The same through an indirect table. */
static void gathers_indirect(void **state)
{
	const bool packed = *state != NULL;
	struct split_desc *table;
	uint32_t id, len;
	struct rig r;

	rig_open(&r, "loop:echo", packed ? BITS(PACKED, INDIRECT) : BITS(INDIRECT), RIG_LIVE, 16);
	rig_post(&r, RX, 0, RIG_BUF_BYTES, true);
	rig_frame(&r, 1, FRAME, 78);
	table = (struct split_desc *)(void *)rig_buf(&r, 2);
	table[0] =
		(struct split_desc){ le64_from(rig_addr(&r, 1)), le32_from(r.hdr_len),
				     le16_from(packed ? 0 : DESC_NEXT), le16_from(packed ? 0 : 1) };
	table[1] = (struct split_desc){ le64_from(rig_addr(&r, 1) + r.hdr_len), le32_from(FRAME), 0,
					0 };
	rig_desc(&r, TX, 0, rig_addr(&r, 2), 32, DESC_INDIRECT, 0);
	rig_avail(&r, TX, 0);
	assert_int_equal(vio_loop_step(r.loop, 32), 2);
	assert_true(rig_used(&r, RX, &id, &len));
	assert_memory_equal(rig_buf(&r, 0) + r.hdr_len, rig_buf(&r, 1) + r.hdr_len, FRAME);
	rig_rules_kept(&r);
	rig_close(&r);
}

/* A frame of 500 bytes into mergeable buffers of 256. */
static void merges(void **state)
{
	const bool packed = *state != NULL;
	uint32_t id, len;
	struct rig r;

	rig_open(&r, "loop:echo", packed ? BITS(PACKED, MRG) : BITS(MRG), RIG_LIVE, 16);
	for (unsigned int i = 0; i < 4; i++)
		rig_post(&r, RX, i, 256, true);
	rig_frame(&r, 8, 500, 5);
	rig_post(&r, TX, 8, r.hdr_len + 500u, false);
	vio_loop_step(r.loop, 32);
	assert_true(rig_used(&r, RX, &id, &len));
	assert_int_equal(len, 256);
	assert_int_equal(rig_buf(&r, 0)[10], 2);
	assert_true(rig_used(&r, RX, &id, &len));
	assert_int_equal(len, 500 + 12 - 256);
	assert_false(rig_used(&r, RX, &id, &len));
	assert_memory_equal(rig_buf(&r, 0) + 12, rig_buf(&r, 8) + 12, 244);
	assert_memory_equal(rig_buf(&r, 1), rig_buf(&r, 8) + 256, 256);
	rig_rules_kept(&r);
	rig_close(&r);
}

/* With IN_ORDER eight frames come back by two entries: the fourth and the eighth. */
static void batches(void **state)
{
	const bool packed = *state != NULL;
	uint32_t id, len;
	struct rig r;

	rig_open(&r, "loop:sink,batch=4", packed ? BITS(PACKED, ORDER) : BITS(ORDER), RIG_LIVE, 16);
	for (unsigned int i = 0; i < 8; i++) {
		rig_frame(&r, i, FRAME, i);
		rig_post(&r, TX, i, rig_frame_room(&r), false);
	}
	assert_int_equal(vio_loop_step(r.loop, 32), 8);
	for (uint32_t want = 3; want < 8; want += 4) {
		assert_true(rig_used(&r, TX, &id, &len));
		assert_int_equal(id, want);
		r.q[TX].used_next = (uint16_t)(want + 1);
	}
	assert_false(rig_used(&r, TX, &id, &len));
	rig_rules_kept(&r);
	rig_close(&r);
}

/* Each buffer comes back once, but not in order. */
static void shuffles(void **state)
{
	const bool packed = *state != NULL;
	uint32_t id, len, turns = 0, last = 0;
	bool back[2][16] = { { false } };
	struct rig r;

	rig_open(&r, "loop:echo,ooo", packed ? BITS(PACKED) : NONE, RIG_LIVE, 16);
	for (unsigned int i = 0; i < 16; i++)
		post_and_send(&r, i, i);
	assert_int_equal(vio_loop_step(r.loop, 32), 32);
	for (uint32_t i = 0; i < 16; i++) {
		assert_true(rig_used(&r, TX, &id, &len));
		turns += id < last;
		last = id;
		assert_false(back[0][id]);
		back[0][id] = true;
		assert_true(rig_used(&r, RX, &id, &len));
		assert_false(back[1][id]);
		back[1][id] = true;
		/* Frames stay in order, whatever buffers they are in. */
		assert_int_equal(rig_mark(&r, id), i);
	}
	assert_true(turns > 2);
	rig_rules_kept(&r);
	rig_close(&r);
}

static void slow_device(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, "loop:sink,slow=3", NONE, RIG_LIVE, 16);
	for (unsigned int i = 0; i < 8; i++) {
		rig_frame(&r, i, FRAME, i);
		rig_post(&r, TX, i, rig_frame_room(&r), false);
	}
	assert_int_equal(vio_loop_step(r.loop, 32), 3);
	assert_int_equal(vio_loop_step(r.loop, 2), 2);
	assert_int_equal(vio_loop_step(r.loop, 32), 3);
	assert_int_equal(vio_loop_step(r.loop, 32), 0);
	rig_close(&r);
}

static void needs_buffers(void **state)
{
	struct vio_loop_stats s;
	struct rig r;

	(void)state;
	rig_open(&r, "loop:echo", NONE, RIG_LIVE, 16);
	rig_frame(&r, 300, FRAME, 1);
	rig_post(&r, TX, 300, rig_frame_room(&r), false);
	vio_loop_step(r.loop, 32);
	vio_loop_stats(r.loop, &s);
	assert_int_equal(s.in, 1);
	assert_int_equal(s.out, 0);
	assert_int_equal(s.no_buffer, 1);
	rig_close(&r);
}

/* A frame that is larger than a buffer goes, the buffer stays. */
static void drops_large(void **state)
{
	struct vio_loop_stats s;
	uint32_t id, len;
	struct rig r;

	(void)state;
	rig_open(&r, "loop:echo", NONE, RIG_LIVE, 16);
	rig_post(&r, RX, 0, 1526, true);
	rig_frame(&r, 300, 1600, 1);
	rig_post(&r, TX, 300, r.hdr_len + 1600u, false);
	vio_loop_step(r.loop, 32);
	vio_loop_stats(r.loop, &s);
	assert_int_equal(s.no_buffer, 1);
	rig_frame(&r, 301, FRAME, 9);
	rig_post(&r, TX, 301, rig_frame_room(&r), false);
	vio_loop_step(r.loop, 32);
	assert_true(rig_used(&r, RX, &id, &len));
	assert_int_equal(id, 0);
	assert_int_equal(rig_mark(&r, 0), 9);
	rig_rules_kept(&r);
	rig_close(&r);
}

static void makes_frames(void **state)
{
	uint32_t id, len;
	struct rig r;

	(void)state;
	rig_open(&r, "loop:source,src_len=60-62", NONE, RIG_LIVE, 16);
	for (unsigned int i = 0; i < 4; i++)
		rig_post(&r, RX, i, RIG_BUF_BYTES, true);
	assert_int_equal(vio_loop_step(r.loop, 32), 4);
	for (uint32_t i = 0; i < 4; i++) {
		assert_true(rig_used(&r, RX, &id, &len));
		assert_int_equal(len, 12 + 60 + i % 3);
		assert_int_equal(rig_buf(&r, id)[12 + 21], i);
	}
	rig_rules_kept(&r);
	rig_close(&r);
}

/* ---- notifications ---- */

static const struct kick_case {
	const char *what;
	const char *address;
	const uint8_t *bits;
} kick_cases[] = {
	{ "split sleeps until a kick", "loop:sink,kick=event", NONE },
	{ "split sleeps until the event", "loop:sink,kick=event", (const uint8_t[]){ EVENT, 0 } },
	{ "packed sleeps until a kick", "loop:sink,kick=event", (const uint8_t[]){ PACKED, 0 } },
	{ "packed sleeps until the event", "loop:sink,kick=event",
	  (const uint8_t[]){ PACKED, EVENT, 0 } },
	{ "split always wants kicks", "loop:sink,kick=always", NONE },
	{ "packed always wants kicks", "loop:sink,kick=always", (const uint8_t[]){ PACKED, 0 } },
};

/* Does the device ask for a kick after slot @at of the first lap was published? */
static bool wanted(const struct rig *r, uint16_t at)
{
	const struct rig_ring *q = &r->q[TX];
	const le16 *avail_event = (const le16 *)(const void *)&q->used->ring[q->n];

	if (r->packed && le16_to(q->device->flags) == PACKED_EVENT_DESC)
		return le16_to(q->device->off_wrap) == (at | 0x8000);
	if (r->packed)
		return le16_to(q->device->flags) == PACKED_EVENT_ENABLE;
	if (features_have(&r->taken, F_EVENT_IDX))
		return le16_to(*avail_event) == at;
	return le16_to(q->used->flags) == 0;
}

static void sleeps(void **state)
{
	const struct kick_case *c = *state;
	struct vio_loop_stats s;
	struct rig r;

	rig_open(&r, c->address, c->bits, RIG_LIVE, 16);
	for (unsigned int i = 0; i < 8; i++) {
		rig_frame(&r, i, FRAME, i);
		rig_post(&r, TX, i, rig_frame_room(&r), false);
		assert_int_equal(vio_loop_step(r.loop, 32), 0);
		assert_true(wanted(&r, (uint16_t)i));
		r.q[TX].db.ring(&r.q[TX].db);
		assert_int_equal(vio_loop_step(r.loop, 32), 1);
	}
	vio_loop_stats(r.loop, &s);
	assert_int_equal(s.kicks, 8);
	rig_rules_kept(&r);
	rig_close(&r);
}

/* ---- control queue ---- */

static const struct ctrl_case {
	const char *what;
	uint8_t request[40];
	uint32_t len;
	uint8_t ack;
	uint32_t first; /* bytes of data in the first piece; 0: all */
} ctrl_cases[] = {
	{ "two pairs are granted", { 4, 0, 2, 0 }, 4, CTRL_OK, 0 },
	{ "0 pairs are refused", { 4, 0, 0, 0 }, 4, CTRL_ERR, 0 },
	{ "5 pairs of 4 are refused", { 4, 0, 5, 0 }, 4, CTRL_ERR, 0 },
	{ "a command cut short is refused", { 4, 0, 2 }, 3, CTRL_ERR, 0 },
	{ "a command with a tail is refused", { 4, 0, 2, 0, 0 }, 5, CTRL_ERR, 0 },
	{ "promiscuous is granted", { 0, 0, 1 }, 3, CTRL_OK, 0 },
	{ "a mode that was not negotiated is refused", { 0, 2, 1 }, 3, CTRL_ERR, 0 },
	{ "a MAC is granted", { 1, 1, 2, 0, 0, 0, 0, 9 }, 8, CTRL_OK, 0 },
	{ "a group MAC is refused", { 1, 1, 3, 0, 0, 0, 0, 9 }, 8, CTRL_ERR, 0 },
	{ "an empty MAC table is granted", { 1, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 10, CTRL_OK, 4 },
	{ "a MAC table in one piece is refused", { 1, 0 }, 10, CTRL_ERR, 0 },
	{ "a MAC table cut at the wrong place is refused", { 1, 0 }, 10, CTRL_ERR, 5 },
	{ "a MAC table beyond its data is refused", { 1, 0, 1 }, 10, CTRL_ERR, 4 },
	{ "a MAC table of one and one is granted",
	  { 1, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1 },
	  22,
	  CTRL_OK,
	  10 },
	{ "a multicast address among the unicast ones is refused",
	  { 1, 0, 1, 0, 0, 0, 3, 0, 0, 0, 0, 1, 0, 0, 0, 0 },
	  16,
	  CTRL_ERR,
	  10 },
	{ "an acknowledgement that nobody asked for is refused", { 3, 0 }, 2, CTRL_ERR, 0 },
	{ "a VLAN is granted", { 2, 0, 100, 0 }, 4, CTRL_OK, 0 },
	{ "VLAN 4096 is refused", { 2, 0, 0, 16 }, 4, CTRL_ERR, 0 },
	{ "an unknown class is refused", { 77, 0 }, 2, CTRL_ERR, 0 },
};

/* Header, @len bytes of data in one piece or two, acknowledgement; the head last. */
static void post_command(struct rig *r, uint32_t len, uint32_t first)
{
	const uint64_t data = rig_addr(r, 0) + 2;
	uint16_t at = (uint16_t)(1 + (len > 0) + (first > 0));

	rig_desc(r, CTRL, at--, rig_addr(r, 1), 1, DESC_WRITE, 0);
	if (first)
		rig_desc(r, CTRL, at--, data + first, len - first, DESC_NEXT, 0);
	if (len)
		rig_desc(r, CTRL, at--, data, first ? first : len, DESC_NEXT, 0);
	rig_desc(r, CTRL, at, rig_addr(r, 0), 2, DESC_NEXT, 0);
}

static void commands(void **state)
{
	const struct ctrl_case *c = *state;
	const uint8_t *bits =
		BITS(NET_F_CTRL_VQ + 1, NET_F_CTRL_RX + 1, NET_F_CTRL_VLAN + 1,
		     NET_F_CTRL_MAC_ADDR + 1, NET_F_GUEST_ANNOUNCE + 1, NET_F_MQ + 1, PACKED);
	struct rig r;

	rig_open(&r, "loop:echo,max_queues=1,no=mq", BITS(NET_F_CTRL_VQ + 1), RIG_LIVE, 16);
	rig_close(&r);
	rig_open(&r, "loop:echo,max_queues=4", bits, RIG_FEATURES, 16);
	rig_place(&r, CTRL, 16);
	r.q[CTRL].place.index = 8;
	assert_int_equal(loop_transport.queue_enable(r.tp, &r.q[CTRL].place, &r.q[CTRL].db), 0);
	loop_transport.set_status(r.tp, 15);
	memcpy(rig_buf(&r, 0), c->request, c->len);
	*rig_buf(&r, 1) = 0x55;
	post_command(&r, c->len - 2, c->first);
	r.q[CTRL].db.ring(&r.q[CTRL].db);
	assert_int_equal(*rig_buf(&r, 1), c->ack);
	rig_rules_kept(&r);
	rig_close(&r);
}

static void add_rings(struct rig_list *l)
{
	static const struct {
		const char *what;
		CMUnitTestFunction fn;
	} twice[] = {
		{ "gathers an indirect table", gathers_indirect },
		{ "fills mergeable buffers", merges },
		{ "completes batches in order", batches },
		{ "completes out of order", shuffles },
	};
	char name[96];

	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		snprintf(name, sizeof(name), "%s: 70000 frames are echoed", layouts[i].name);
		rig_add(l, name, echoes, &layouts[i]);
		snprintf(name, sizeof(name), "%s: a frame in pieces is gathered", layouts[i].name);
		rig_add(l, name, gathers, &layouts[i]);
	}
	for (size_t i = 0; i < 2 * ARRAY_SIZE(twice); i++) {
		snprintf(name, sizeof(name), "%s: the device %s", i % 2 ? "packed" : "split",
			 twice[i / 2].what);
		rig_add(l, name, twice[i / 2].fn, i % 2 ? "packed" : NULL);
	}
}

int main(void)
{
	static const struct {
		const char *what;
		CMUnitTestFunction fn;
	} others[] = {
		{ "a refused feature keeps FEATURES_OK away, until it is left out", refuses },
		{ "a reset forgets everything", resets },
		{ "the configuration space has what is offered", configuration },
		{ "a slow device takes a few packets a step", slow_device },
		{ "a frame without a buffer is dropped and counted", needs_buffers },
		{ "a frame larger than a buffer is dropped and counted", drops_large },
		{ "a source makes numbered frames of every length", makes_frames },
	};
	static struct rig_list l;

	ADD_TABLE(&l, address_cases, addresses);
	ADD_TABLE(&l, offer_cases, offers);
	ADD_TABLE(&l, queue_cases, queues);
	add_rings(&l);
	ADD_TABLE(&l, kick_cases, sleeps);
	ADD_TABLE(&l, ctrl_cases, commands);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		rig_add(&l, others[i].what, others[i].fn, NULL);
	return rig_run(&l, "loop");
}
