/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>

#include "../../drivers/transport/loop/rules.h"
#include "loop_rig.h"

/*
 * The device holds the driver to every rule of its table: each case breaks one, and the device must
 * name it.
 */
static const struct {
	const char *sentence;
	bool breaks;
} rules[] = {
#define X(name, breaks, sentence) [RULE_##name] = { sentence, breaks },
	LOOP_RULES(X)
#undef X
};

static void status(struct rig *r, uint8_t bits)
{
	loop_transport.set_status(r->tp, bits);
}

static void features(struct rig *r, const uint8_t *bits)
{
	struct vio_features f = { 0 };

	for (; *bits; bits++)
		features_add(&f, *bits - 1u);
	loop_transport.accept(r->tp, &f);
	status(r, 11);
}

static void kick(struct rig *r, uint16_t q)
{
	r->q[q].db.ring(&r->q[q].db);
}

static void step(struct rig *r)
{
	vio_loop_step(r->loop, 32);
}

/* ---- life cycle ---- */

static void clears_status(struct rig *r)
{
	status(r, STATUS_ACKNOWLEDGE);
}
static void skips_acknowledge(struct rig *r)
{
	status(r, STATUS_DRIVER);
}
static void skips_driver(struct rig *r)
{
	status(r, STATUS_ACKNOWLEDGE);
	status(r, STATUS_ACKNOWLEDGE | STATUS_FEATURES_OK);
}
static void skips_features_ok(struct rig *r)
{
	status(r, 7);
}
static void sets_needs_reset(struct rig *r)
{
	status(r, STATUS_ACKNOWLEDGE | STATUS_NEEDS_RESET);
}
static void accepts_late(struct rig *r)
{
	loop_transport.accept(r->tp, &r->taken);
}
static void takes_rss(struct rig *r)
{
	features(r, BITS(F_VERSION_1 + 1, CTRL_VQ, RSS));
}
static void takes_tso_alone(struct rig *r)
{
	features(r, BITS(F_VERSION_1 + 1, TSO4));
}
static void takes_ecn_alone(struct rig *r)
{
	features(r, BITS(F_VERSION_1 + 1, CSUM, NET_F_HOST_ECN + 1));
}
static void takes_mq_alone(struct rig *r)
{
	features(r, BITS(F_VERSION_1 + 1, NET_F_MQ + 1));
}
static void takes_tunnel_without_uso(struct rig *r)
{
	features(r, BITS(F_VERSION_1 + 1, CSUM, TSO4, TSO6, TUNNEL));
}
static void takes_nothing(struct rig *r)
{
	features(r, BITS(CSUM));
}
static void enables_queue(struct rig *r)
{
	rig_enable(r, RX, 16);
}
static void enables_control(struct rig *r)
{
	rig_enable(r, CTRL, 16);
}
static void enables_twice(struct rig *r)
{
	loop_transport.queue_enable(r->tp, &r->q[RX].place, &r->q[RX].db);
}
static void place_other(struct rig *r, void (*change)(struct ring_place *place))
{
	rig_place(r, RX, 16);
	change(&r->q[RX].place);
	assert_int_equal(loop_transport.queue_enable(r->tp, &r->q[RX].place, &r->q[RX].db),
			 -EINVAL);
	assert_int_equal(vio_error_last()->code, -EINVAL);
}
static void turn_layout(struct ring_place *place)
{
	place->packed = !place->packed;
}
static void enables_other_layout(struct rig *r)
{
	place_other(r, turn_layout);
}
static void no_entries(struct ring_place *place)
{
	place->entries = 0;
}
static void enables_nothing(struct rig *r)
{
	place_other(r, no_entries);
}
static void odd_entries(struct ring_place *place)
{
	place->entries = 12;
}
static void enables_odd(struct rig *r)
{
	place_other(r, odd_entries);
}
static void many_entries(struct ring_place *place)
{
	place->entries = 2048;
}
static void enables_large(struct rig *r)
{
	place_other(r, many_entries);
}
/* What region_alloc() gave is freed by the rig, so the copy is moved and put back. */
static void place_moved(struct rig *r, ptrdiff_t desc, ptrdiff_t driver, ptrdiff_t device)
{
	struct ring_place moved;

	rig_place(r, RX, 16);
	moved = r->q[RX].place;
	moved.desc = (char *)moved.desc + desc;
	moved.driver = (char *)moved.driver + driver;
	moved.device = (char *)moved.device + device;
	assert_int_equal(loop_transport.queue_enable(r->tp, &moved, &r->q[RX].db), -EINVAL);
}
static void misaligns_desc(struct rig *r)
{
	place_moved(r, 8, 0, 0);
}
static void misaligns_avail(struct rig *r)
{
	place_moved(r, 0, 1, 0);
}
static void misaligns_used(struct rig *r)
{
	place_moved(r, 0, 0, 2);
}
static void leaves_region(struct rig *r)
{
	place_moved(r, -((ptrdiff_t)1 << 30), 0, 0);
}
static void leaves_region_used(struct rig *r)
{
	place_moved(r, 0, 0, (ptrdiff_t)1 << 30);
}
static void kicks(struct rig *r)
{
	kick(r, TX);
}
static void kicks_thrice(struct rig *r)
{
	for (int i = 0; i < 3; i++)
		kick(r, TX);
}

/* ---- split rings ---- */

/* Fill @buf with a legal frame of 60 bytes and make it descriptor @at. */
static void good_desc(struct rig *r, uint16_t at, uint16_t flags, uint16_t next)
{
	rig_frame(r, at, 60, 0);
	rig_desc(r, TX, at, rig_addr(r, at), 60u + r->hdr_len, flags, next);
}
static void index_jumps(struct rig *r)
{
	r->q[TX].avail->idx = le16_from(17);
	step(r);
}
static void index_goes_back(struct rig *r)
{
	r->q[TX].avail->idx = le16_from(0xffff);
	step(r);
}
static void avail_flags(struct rig *r)
{
	r->q[TX].avail->flags = le16_from(2);
	step(r);
}
static void avail_flags_event(struct rig *r)
{
	r->q[TX].avail->flags = le16_from(AVAIL_NO_INTERRUPT);
	step(r);
}
static void head_beyond(struct rig *r)
{
	rig_avail(r, TX, 16);
	step(r);
}
static void head_twice(struct rig *r)
{
	/* Receive buffers stay with the device. */
	rig_desc(r, RX, 0, rig_addr(r, 0), 2048, DESC_WRITE, 0);
	rig_avail(r, RX, 0);
	rig_avail(r, RX, 0);
	step(r);
}
static void next_beyond(struct rig *r)
{
	good_desc(r, 0, DESC_NEXT, 16);
	rig_avail(r, TX, 0);
	step(r);
}
static void loops(struct rig *r)
{
	good_desc(r, 0, DESC_NEXT, 1);
	good_desc(r, 1, DESC_NEXT, 0);
	rig_avail(r, TX, 0);
	step(r);
}
/* 17 descriptors through a table, in a ring of 16. */
static void table_too_long(struct rig *r)
{
	struct split_desc *table = (struct split_desc *)(void *)rig_buf(r, 1);

	for (uint16_t i = 0; i < 17; i++)
		table[i] = (struct split_desc){ le64_from(rig_addr(r, 0)), le32_from(60),
						le16_from(i < 16 ? DESC_NEXT : 0),
						le16_from((uint16_t)(i + 1)) };
	rig_desc(r, TX, 0, rig_addr(r, 1), 17 * 16, DESC_INDIRECT, 0);
	rig_avail(r, TX, 0);
	step(r);
}
static void order_head(struct rig *r)
{
	good_desc(r, 1, 0, 0);
	rig_avail(r, TX, 1);
	step(r);
}
static void order_next(struct rig *r)
{
	good_desc(r, 0, DESC_NEXT, 2);
	good_desc(r, 2, 0, 0);
	rig_avail(r, TX, 0);
	step(r);
}

/* ---- either layout: one descriptor ---- */

static void tx_one(struct rig *r, uint64_t addr, uint32_t len, uint16_t flags)
{
	rig_frame(r, 0, 60, 0);
	rig_desc(r, TX, 0, addr, len, flags, 0);
	rig_avail(r, TX, 0);
	step(r);
}
static void reserved_flags(struct rig *r)
{
	tx_one(r, rig_addr(r, 0), 72, 0x40);
}
static void empty_desc(struct rig *r)
{
	tx_one(r, rig_addr(r, 0), 0, 0);
}
static void outside(struct rig *r)
{
	tx_one(r, 0x1000, 72, 0);
}
static void runs_out(struct rig *r)
{
	tx_one(r, rig_addr(r, 0), 1u << 30, 0);
}
static void overflows(struct rig *r)
{
	tx_one(r, UINT64_MAX - 10, 72, 0);
}
static void wrong_order(struct rig *r)
{
	/* The first two of a chain, whichever the layout. */
	rig_desc(r, TX, 1, rig_addr(r, 1), 72, 0, 0);
	rig_desc(r, TX, 0, rig_addr(r, 0), 72, DESC_WRITE | DESC_NEXT, r->packed ? 0 : 1);
	rig_avail(r, TX, 0);
	step(r);
}
static void rx_readable(struct rig *r)
{
	rig_desc(r, RX, 0, rig_addr(r, 0), 2048, 0, 0);
	rig_avail(r, RX, 0);
	step(r);
}
static void tx_writable(struct rig *r)
{
	tx_one(r, rig_addr(r, 0), 72, DESC_WRITE);
}
static void refused_indirect(struct rig *r)
{
	tx_one(r, rig_addr(r, 0), 32, DESC_INDIRECT);
}
static void indirect_next(struct rig *r)
{
	tx_one(r, rig_addr(r, 0), 32, DESC_INDIRECT | DESC_NEXT);
}
static void indirect_odd(struct rig *r)
{
	tx_one(r, rig_addr(r, 0), 24, DESC_INDIRECT);
}
static void indirect_empty(struct rig *r)
{
	tx_one(r, rig_addr(r, 0), 0, DESC_INDIRECT);
}
static void indirect_outside(struct rig *r)
{
	tx_one(r, 0x1000, 32, DESC_INDIRECT);
}
/* A table of one descriptor with @flags. */
static void tx_table(struct rig *r, uint16_t flags)
{
	struct split_desc *table = (struct split_desc *)(void *)rig_buf(r, 1);

	rig_frame(r, 0, 60, 0);
	/* The flags of a packed descriptor stand where next does. */
	table[0] = (struct split_desc){ le64_from(rig_addr(r, 0)), le32_from(72),
					le16_from(r->packed ? 0 : flags),
					le16_from(r->packed ? flags : 0) };
	rig_desc(r, TX, 0, rig_addr(r, 1), 16, DESC_INDIRECT, 0);
	rig_avail(r, TX, 0);
	step(r);
}
static void nested(struct rig *r)
{
	tx_table(r, DESC_INDIRECT);
}
static void table_flags(struct rig *r)
{
	tx_table(r, DESC_NEXT);
}

/* ---- packed rings ---- */

static void lost_wrap(struct rig *r)
{
	/* As if it were the second lap. */
	good_desc(r, 0, PACKED_AVAIL | PACKED_USED, 0);
	step(r);
}
static void already_used(struct rig *r)
{
	good_desc(r, 0, PACKED_USED, 0);
	step(r);
}
static void half_chain(struct rig *r)
{
	good_desc(r, 0, DESC_NEXT, 0);
	step(r);
}
static void packed_loop(struct rig *r)
{
	for (uint16_t i = 1; i < 16; i++)
		good_desc(r, i, DESC_NEXT, 0);
	good_desc(r, 0, DESC_NEXT, 0);
	step(r);
}
static void id_beyond(struct rig *r)
{
	good_desc(r, 0, 0, 16);
	step(r);
}
static void id_twice(struct rig *r)
{
	rig_desc(r, RX, 0, rig_addr(r, 0), 2048, DESC_WRITE, 3);
	rig_desc(r, RX, 1, rig_addr(r, 1), 2048, DESC_WRITE, 3);
	step(r);
}
static void event(struct rig *r, uint16_t off_wrap, uint16_t flags)
{
	r->q[TX].driver->off_wrap = le16_from(off_wrap);
	r->q[TX].driver->flags = le16_from(flags);
	step(r);
}
static void event_reserved(struct rig *r)
{
	event(r, 0, 3);
}
static void event_refused(struct rig *r)
{
	event(r, 0, PACKED_EVENT_DESC);
}
static void event_beyond(struct rig *r)
{
	event(r, 16, PACKED_EVENT_DESC);
}

/* ---- frames ---- */

static void small_buffer(struct rig *r)
{
	rig_post(r, RX, 0, 1525, true);
	rig_post(r, TX, 1, 60, false);
	step(r);
}
static void tiny_buffer(struct rig *r)
{
	rig_post(r, RX, 0, 11, true);
	step(r);
}
static void small_for_mtu(struct rig *r)
{
	rig_post(r, RX, 0, 1526, true);
	step(r);
}
static void small_for_tso(struct rig *r)
{
	rig_post(r, RX, 0, 2048, true);
	step(r);
}
static void short_frame(struct rig *r)
{
	tx_one(r, rig_addr(r, 0), 12 + 13, 0);
}
static void above_mtu(struct rig *r)
{
	tx_one(r, rig_addr(r, 0), 12 + 1500 + 23, 0);
}
static void above_all(struct rig *r)
{
	tx_one(r, rig_addr(r, 0), 66000, 0);
}
/* A frame of 60 bytes with this header. */
static void tx_header(struct rig *r, struct net_hdr h)
{
	rig_frame(r, 0, 60, 0);
	memcpy(rig_buf(r, 0), &h, sizeof(h));
	rig_desc(r, TX, 0, rig_addr(r, 0), 60u + r->hdr_len, 0, 0);
	rig_avail(r, TX, 0);
	step(r);
}
#define HEADER(...) tx_header(r, (struct net_hdr){ __VA_ARGS__ })
static void data_valid(struct rig *r)
{
	HEADER(.flags = NET_HDR_DATA_VALID);
}
static void num_buffers(struct rig *r)
{
	HEADER(.num_buffers = le16_from(1));
}
static void csum_refused(struct rig *r)
{
	HEADER(.flags = NET_HDR_NEEDS_CSUM, .csum_start = le16_from(14));
}
static void csum_start_beyond(struct rig *r)
{
	HEADER(.flags = NET_HDR_NEEDS_CSUM, .csum_start = le16_from(60));
}
static void csum_offset_beyond(struct rig *r)
{
	HEADER(.flags = NET_HDR_NEEDS_CSUM, .csum_start = le16_from(34),
	       .csum_offset = le16_from(25));
}
static void gso_unknown(struct rig *r)
{
	HEADER(.flags = NET_HDR_NEEDS_CSUM, .csum_start = le16_from(34), .gso_type = 2);
}
static void gso_refused(struct rig *r)
{
	HEADER(.flags = NET_HDR_NEEDS_CSUM, .csum_start = le16_from(34), .gso_type = NET_GSO_TCPV4,
	       .gso_size = le16_from(10));
}
static void ecn_refused(struct rig *r)
{
	HEADER(.flags = NET_HDR_NEEDS_CSUM, .csum_start = le16_from(34),
	       .gso_type = NET_GSO_TCPV4 | NET_GSO_ECN, .gso_size = le16_from(10));
}
static void tunnel_refused(struct rig *r)
{
	HEADER(.flags = NET_HDR_NEEDS_CSUM, .csum_start = le16_from(34),
	       .gso_type = NET_GSO_TCPV4 | 0x20, .gso_size = le16_from(10));
}
static void gso_without_csum(struct rig *r)
{
	HEADER(.gso_type = NET_GSO_TCPV4, .gso_size = le16_from(10));
}
static void gso_size_0(struct rig *r)
{
	HEADER(.flags = NET_HDR_NEEDS_CSUM, .csum_start = le16_from(34), .gso_type = NET_GSO_TCPV4);
}
static void gso_hdr_len(struct rig *r)
{
	HEADER(.flags = NET_HDR_NEEDS_CSUM, .csum_start = le16_from(34), .gso_type = NET_GSO_TCPV4,
	       .gso_size = le16_from(10), .hdr_len = le16_from(61));
}
static void tunnel_offsets(struct rig *r)
{
	HEADER(.flags = NET_HDR_NEEDS_CSUM, .csum_start = le16_from(34),
	       .gso_type = NET_GSO_TCPV4 | 0x20, .gso_size = le16_from(10));
}
static void both_tunnels(struct rig *r)
{
	HEADER(.flags = NET_HDR_NEEDS_CSUM, .csum_start = le16_from(34),
	       .gso_type = NET_GSO_TCPV4 | 0x60, .gso_size = le16_from(10));
}
static void bare_command(struct rig *r)
{
	rig_post(r, CTRL, 0, 2, false);
	kick(r, CTRL);
}
static void short_command(struct rig *r)
{
	rig_command(r, CTRL, 1, 1);
}
static void command_in_one_piece(struct rig *r)
{
	rig_command(r, CTRL, 3, 1);
}
static void wide_ack(struct rig *r)
{
	rig_command(r, CTRL, 2, 2);
}

/* clang-format off */
static const struct rule_case {
	const char *what;
	enum rule rule;
	const char *address;
	const uint8_t *bits;
	enum rig_level level;
	void (*act)(struct rig *r);
} cases[] = {
	{ "status bits are cleared", RULE_STATUS_CLEARED, "loop:sink", NONE, RIG_LIVE, clears_status },
	{ "DRIVER comes before ACKNOWLEDGE", RULE_STATUS_ORDER, "loop:sink", NONE, RIG_OPEN, skips_acknowledge },
	{ "FEATURES_OK comes before DRIVER", RULE_STATUS_ORDER, "loop:sink", NONE, RIG_OPEN, skips_driver },
	{ "DRIVER_OK comes before FEATURES_OK", RULE_STATUS_ORDER, "loop:sink", NONE, RIG_DRIVER, skips_features_ok },
	{ "the driver sets NEEDS_RESET", RULE_STATUS_DEVICE_BIT, "loop:sink", NONE, RIG_OPEN, sets_needs_reset },
	{ "features are written after FEATURES_OK", RULE_FEATURES_LATE, "loop:sink", NONE, RIG_FEATURES, accepts_late },
	{ "features are written before DRIVER", RULE_FEATURES_LATE, "loop:sink", NONE, RIG_OPEN, accepts_late },
	{ "a feature is taken that is not offered", RULE_FEATURES_NOT_OFFERED, "loop:sink", NONE, RIG_DRIVER, takes_rss },
	{ "TSO is taken without CSUM", RULE_FEATURES_UNMET, "loop:sink", NONE, RIG_DRIVER, takes_tso_alone },
	{ "ECN is taken without TSO", RULE_FEATURES_UNMET, "loop:sink", NONE, RIG_DRIVER, takes_ecn_alone },
	{ "MQ is taken without CTRL_VQ", RULE_FEATURES_UNMET, "loop:sink", NONE, RIG_DRIVER, takes_mq_alone },
	{ "tunnels are taken without USO", RULE_FEATURES_UNMET, "loop:sink", NONE, RIG_DRIVER, takes_tunnel_without_uso },
	{ "VERSION_1 is not taken", RULE_FEATURES_VERSION, "loop:sink", NONE, RIG_DRIVER, takes_nothing },
	{ "a queue is set up before FEATURES_OK", RULE_QUEUE_TIME, "loop:sink", NONE, RIG_DRIVER, enables_queue },
	{ "a queue is set up after DRIVER_OK", RULE_QUEUE_TIME, "loop:sink", NONE, RIG_LIVE, enables_twice },
	{ "a control queue is set up that is not negotiated", RULE_QUEUE_NONE, "loop:sink", NONE, RIG_FEATURES, enables_control },
	{ "a queue is set up twice", RULE_QUEUE_TWICE, "loop:sink", NONE, RIG_QUEUED, enables_twice },
	{ "a packed ring is set up though split is negotiated", RULE_QUEUE_LAYOUT, "loop:sink", NONE, RIG_FEATURES, enables_other_layout },
	{ "a split ring is set up though packed is negotiated", RULE_QUEUE_LAYOUT, "loop:sink", BITS(PACKED), RIG_FEATURES, enables_other_layout },
	{ "a ring has no entries", RULE_RING_SIZE, "loop:sink", NONE, RIG_FEATURES, enables_nothing },
	{ "a split ring has 12 entries", RULE_RING_SIZE, "loop:sink", NONE, RIG_FEATURES, enables_odd },
	{ "a ring is larger than the device allows", RULE_RING_SIZE, "loop:sink", NONE, RIG_FEATURES, enables_large },
	{ "a descriptor table is misaligned", RULE_RING_ALIGN, "loop:sink", NONE, RIG_FEATURES, misaligns_desc },
	{ "an available ring is misaligned", RULE_RING_ALIGN, "loop:sink", NONE, RIG_FEATURES, misaligns_avail },
	{ "a used ring is misaligned", RULE_RING_ALIGN, "loop:sink", NONE, RIG_FEATURES, misaligns_used },
	{ "a packed ring is misaligned", RULE_RING_ALIGN, "loop:sink", BITS(PACKED), RIG_FEATURES, misaligns_desc },
	{ "a packed event word is misaligned", RULE_RING_ALIGN, "loop:sink", BITS(PACKED), RIG_FEATURES, misaligns_used },
	{ "a descriptor table lies outside the region", RULE_RING_OUTSIDE, "loop:sink", NONE, RIG_FEATURES, leaves_region },
	{ "a used ring lies outside the region", RULE_RING_OUTSIDE, "loop:sink", NONE, RIG_FEATURES, leaves_region_used },
	{ "a queue is kicked before DRIVER_OK", RULE_KICK_EARLY, "loop:sink,kick=always", NONE, RIG_QUEUED, kicks },
	{ "a queue is kicked though flags say no", RULE_KICK_UNWANTED, "loop:sink", NONE, RIG_LIVE, kicks },
	{ "a queue is kicked though the event is out of reach", RULE_KICK_UNWANTED, "loop:sink", BITS(EVENT), RIG_LIVE, kicks },
	{ "a packed queue is kicked though flags say no", RULE_KICK_UNWANTED, "loop:sink", BITS(PACKED), RIG_LIVE, kicks },
	{ "a queue is kicked thrice for one event", RULE_KICK_UNWANTED, "loop:sink,kick=event", BITS(EVENT), RIG_LIVE, kicks_thrice },
	{ "the available index jumps", RULE_AVAIL_JUMP, "loop:sink", NONE, RIG_LIVE, index_jumps },
	{ "the available index goes back", RULE_AVAIL_JUMP, "loop:sink", NONE, RIG_LIVE, index_goes_back },
	{ "the available flags have reserved bits", RULE_AVAIL_FLAGS, "loop:sink", NONE, RIG_LIVE, avail_flags },
	{ "the available flags are used beside EVENT_IDX", RULE_AVAIL_FLAGS_EVENT, "loop:sink", BITS(EVENT), RIG_LIVE, avail_flags_event },
	{ "a head is beyond the table", RULE_HEAD_RANGE, "loop:sink", NONE, RIG_LIVE, head_beyond },
	{ "a head is made available twice", RULE_HEAD_IN_FLIGHT, "loop:source,src_len=2000", BITS(MRG), RIG_LIVE, head_twice },
	{ "a next is beyond the table", RULE_NEXT_RANGE, "loop:sink", NONE, RIG_LIVE, next_beyond },
	{ "a chain loops", RULE_CHAIN_LOOP, "loop:sink", NONE, RIG_LIVE, loops },
	{ "a chain through a table is longer than the ring", RULE_CHAIN_LONG, "loop:sink", BITS(INDIRECT), RIG_LIVE, table_too_long },
	{ "a chain begins out of order", RULE_ORDER_HEAD, "loop:sink", BITS(ORDER), RIG_LIVE, order_head },
	{ "a chain goes on out of order", RULE_ORDER_NEXT, "loop:sink", BITS(ORDER), RIG_LIVE, order_next },
	{ "a descriptor has reserved flags", RULE_DESC_FLAGS, "loop:sink", NONE, RIG_LIVE, reserved_flags },
	{ "a packed descriptor has reserved flags", RULE_DESC_FLAGS, "loop:sink", BITS(PACKED), RIG_LIVE, reserved_flags },
	{ "a descriptor is empty", RULE_DESC_EMPTY, "loop:sink", NONE, RIG_LIVE, empty_desc },
	{ "a packed descriptor is empty", RULE_DESC_EMPTY, "loop:sink", BITS(PACKED), RIG_LIVE, empty_desc },
	{ "a buffer lies outside the region", RULE_DESC_OUTSIDE, "loop:sink", NONE, RIG_LIVE, outside },
	{ "a buffer runs out of the region", RULE_DESC_OUTSIDE, "loop:sink", NONE, RIG_LIVE, runs_out },
	{ "a buffer's address overflows", RULE_DESC_OUTSIDE, "loop:sink", BITS(PACKED), RIG_LIVE, overflows },
	{ "an indirect table lies outside the region", RULE_DESC_OUTSIDE, "loop:sink", BITS(INDIRECT), RIG_LIVE, indirect_outside },
	{ "a readable buffer follows a writable one", RULE_DESC_ORDER, "loop:sink", NONE, RIG_LIVE, wrong_order },
	{ "a packed readable buffer follows a writable one", RULE_DESC_ORDER, "loop:sink", BITS(PACKED), RIG_LIVE, wrong_order },
	{ "a receive buffer is readable", RULE_RX_READABLE, "loop:source", NONE, RIG_LIVE, rx_readable },
	{ "a packed receive buffer is readable", RULE_RX_READABLE, "loop:source", BITS(PACKED), RIG_LIVE, rx_readable },
	{ "a transmit buffer is writable", RULE_TX_WRITABLE, "loop:sink", NONE, RIG_LIVE, tx_writable },
	{ "a packed transmit buffer is writable", RULE_TX_WRITABLE, "loop:sink", BITS(PACKED), RIG_LIVE, tx_writable },
	{ "an indirect table is not negotiated", RULE_INDIRECT_REFUSED, "loop:sink", NONE, RIG_LIVE, refused_indirect },
	{ "a packed indirect table is not negotiated", RULE_INDIRECT_REFUSED, "loop:sink", BITS(PACKED), RIG_LIVE, refused_indirect },
	{ "INDIRECT and NEXT are set", RULE_INDIRECT_NEXT, "loop:sink", BITS(INDIRECT), RIG_LIVE, indirect_next },
	{ "INDIRECT and NEXT are set in a packed ring", RULE_INDIRECT_NEXT, "loop:sink", BITS(INDIRECT, PACKED), RIG_LIVE, indirect_next },
	{ "an indirect table has an odd length", RULE_INDIRECT_LEN, "loop:sink", BITS(INDIRECT), RIG_LIVE, indirect_odd },
	{ "an indirect table is empty", RULE_INDIRECT_LEN, "loop:sink", BITS(INDIRECT, PACKED), RIG_LIVE, indirect_empty },
	{ "indirect tables are nested", RULE_INDIRECT_NESTED, "loop:sink", BITS(INDIRECT), RIG_LIVE, nested },
	{ "packed indirect tables are nested", RULE_INDIRECT_NESTED, "loop:sink", BITS(INDIRECT, PACKED), RIG_LIVE, nested },
	{ "a packed indirect table has NEXT", RULE_INDIRECT_FLAGS, "loop:sink", BITS(INDIRECT, PACKED), RIG_LIVE, table_flags },
	{ "a packed slot is available for another lap", RULE_PACKED_STATE, "loop:sink", BITS(PACKED), RIG_LIVE, lost_wrap },
	{ "a packed slot is used already", RULE_PACKED_STATE, "loop:sink", BITS(PACKED), RIG_LIVE, already_used },
	{ "a packed chain is published by half", RULE_PACKED_CHAIN, "loop:sink", BITS(PACKED), RIG_LIVE, half_chain },
	{ "a packed chain runs round the ring", RULE_PACKED_CHAIN, "loop:sink", BITS(PACKED), RIG_LIVE, packed_loop },
	{ "a packed id is beyond the ring", RULE_PACKED_ID_RANGE, "loop:sink", BITS(PACKED), RIG_LIVE, id_beyond },
	{ "a packed id is in flight already", RULE_PACKED_ID_IN_FLIGHT, "loop:source,src_len=3000", BITS(PACKED, MRG), RIG_LIVE, id_twice },
	{ "the driver's event flags are reserved", RULE_PACKED_EVENT_FLAGS, "loop:sink", BITS(PACKED, EVENT), RIG_LIVE, event_reserved },
	{ "the driver's event flags are not negotiated", RULE_PACKED_EVENT_DESC, "loop:sink", BITS(PACKED), RIG_LIVE, event_refused },
	{ "the driver's event offset is beyond the ring", RULE_PACKED_EVENT_OFFSET, "loop:sink", BITS(PACKED, EVENT), RIG_LIVE, event_beyond },
	{ "a receive buffer takes no Ethernet frame", RULE_RX_SMALL, "loop:source", NONE, RIG_LIVE, small_buffer },
	{ "a mergeable receive buffer takes no header", RULE_RX_SMALL, "loop:source", BITS(MRG), RIG_LIVE, tiny_buffer },
	{ "a receive buffer is smaller than the MTU", RULE_RX_SMALL, "loop:source,max_mtu=1600", BITS(MTU), RIG_LIVE, small_for_mtu },
	{ "a receive buffer is too small for GUEST_TSO4", RULE_RX_SMALL, "loop:source", BITS(GUEST_CSUM, GUEST_TSO4), RIG_LIVE, small_for_tso },
	{ "a frame is shorter than its Ethernet header", RULE_TX_SHORT, "loop:sink", NONE, RIG_LIVE, short_frame },
	{ "a frame exceeds the MTU", RULE_TX_LONG, "loop:sink", BITS(MTU), RIG_LIVE, above_mtu },
	{ "a frame exceeds everything", RULE_TX_LONG, "loop:sink", NONE, RIG_LIVE, above_all },
	{ "DATA_VALID is sent", RULE_TX_FLAGS, "loop:sink", BITS(CSUM), RIG_LIVE, data_valid },
	{ "num_buffers is sent", RULE_TX_NUM_BUFFERS, "loop:sink", NONE, RIG_LIVE, num_buffers },
	{ "NEEDS_CSUM is not negotiated", RULE_TX_CSUM_REFUSED, "loop:sink", NONE, RIG_LIVE, csum_refused },
	{ "csum_start is beyond the frame", RULE_TX_CSUM_RANGE, "loop:sink", BITS(CSUM), RIG_LIVE, csum_start_beyond },
	{ "csum_offset is beyond the frame", RULE_TX_CSUM_RANGE, "loop:sink", BITS(CSUM), RIG_LIVE, csum_offset_beyond },
	{ "gso_type is unknown", RULE_TX_GSO_TYPE, "loop:sink", BITS(CSUM, TSO4), RIG_LIVE, gso_unknown },
	{ "both tunnel bits are set", RULE_TX_GSO_TYPE, "loop:sink", BITS(CSUM, TSO4, TSO6, USO, TUNNEL), RIG_LIVE, both_tunnels },
	{ "gso_type is not negotiated", RULE_TX_GSO_REFUSED, "loop:sink", BITS(CSUM, TSO6), RIG_LIVE, gso_refused },
	{ "ECN is not negotiated", RULE_TX_GSO_REFUSED, "loop:sink", BITS(CSUM, TSO4), RIG_LIVE, ecn_refused },
	{ "a tunnel is not negotiated", RULE_TX_GSO_REFUSED, "loop:sink", BITS(CSUM, TSO4), RIG_LIVE, tunnel_refused },
	{ "gso is asked for without NEEDS_CSUM", RULE_TX_GSO_CSUM, "loop:sink", BITS(CSUM, TSO4), RIG_LIVE, gso_without_csum },
	{ "gso_size is 0", RULE_TX_GSO_SIZE, "loop:sink", BITS(CSUM, TSO4), RIG_LIVE, gso_size_0 },
	{ "hdr_len is beyond the frame", RULE_TX_GSO_HDR_LEN, "loop:sink", BITS(CSUM, TSO4), RIG_LIVE, gso_hdr_len },
	{ "tunnel offsets are missing", RULE_TX_TUNNEL, "loop:sink", BITS(CSUM, TSO4, TSO6, USO, TUNNEL), RIG_LIVE, tunnel_offsets },
	{ "a command has no room for its ack", RULE_CTRL_SHAPE, "loop:sink", BITS(CTRL_VQ), RIG_LIVE, bare_command },
	{ "a command stands in one piece with its data", RULE_CTRL_PARTS, "loop:sink", BITS(CTRL_VQ), RIG_LIVE, command_in_one_piece },
	{ "a command's ack has room for more", RULE_CTRL_PARTS, "loop:sink", BITS(CTRL_VQ, PACKED), RIG_LIVE, wide_ack },
	{ "a command has no command", RULE_CTRL_SHAPE, "loop:sink", BITS(CTRL_VQ, PACKED), RIG_LIVE, short_command },
};
/* clang-format on */

static void reported(void **state)
{
	const struct rule_case *c = *state;
	const char *first = NULL;
	struct rig r;

	rig_open(&r, c->address, c->bits, c->level, 16);
	assert_int_equal(vio_loop_violations(r.loop, &first), 0);
	assert_null(first);
	c->act(&r);
	assert_true(vio_loop_violations(r.loop, &first) > 0);
	if (!first || !strstr(first, rules[c->rule].sentence))
		fail_msg("expected: %s; reported: %s", rules[c->rule].sentence, first);
	assert_int_equal(!!(loop_transport.status(r.tp) & STATUS_NEEDS_RESET),
			 rules[c->rule].breaks);
	/* Whatever happened, stepping on is harmless. */
	step(&r);
	step(&r);
	rig_close(&r);
}

static void complete(void **state)
{
	bool seen[RULES] = { false };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		seen[cases[i].rule] = true;
	for (size_t i = 0; i < RULES; i++)
		if (!seen[i])
			fail_msg("no case for: %s", rules[i].sentence);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(cases) + 1];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[i] = (struct CMUnitTest){ cases[i].what, reported, NULL, NULL,
						(void *)(uintptr_t)&cases[i] };
	tests[ARRAY_SIZE(cases)] =
		(struct CMUnitTest){ "every rule has a case", complete, NULL, NULL, NULL };
	return _cmocka_run_group_tests("loop rules", tests, ARRAY_SIZE(tests), NULL, NULL);
}
