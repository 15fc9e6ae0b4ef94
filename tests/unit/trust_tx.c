/* SPDX-License-Identifier: BSD-3-Clause */
#include "trust.h"

#include <string.h>

/* What a device may write into a transmit queue, and what a program may hand to one. */

#define INDIRECT BIT64(F_INDIRECT_DESC)

/* The device takes and uses everything that it finds. */
static unsigned int drain(struct rig *rig)
{
	struct offer offer;
	unsigned int n = 0;

	for (; rig_pop(rig, &offer); n++)
		rig_use(rig, offer.id, 0, 1, offer.slots);
	return n;
}

static void reclaim(struct rig *rig)
{
	for (int i = 0; i < 16; i++)
		assert_int_equal(vio_tx_burst(&rig->tx->pub, NULL, 0), 0);
}

static const uint16_t sizes[] = { 2, 3, 4, 256 };

static const struct id_case {
	const char *what;
	uint32_t add; /* to the size of the ring */
	bool split_only;
} id_cases[] = {
	{ "an id that is the ring's size", 0, false },
	{ "an id 65536 above the ring's size less one", 65535, true },
	{ "an id near 0xffffffff", UINT32_MAX - 1000, false },
};

static void bad_id(void **state)
{
	const struct kind_case *k = *state;
	const struct id_case *c = k->c;
	struct offer offer;
	struct rig rig;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		for (unsigned int before = 0; before < 5; before++) {
			if (!k->kind->packed && sizes[i] == 3)
				continue;
			rig_open_tx(&rig, &(struct rig_opts){ k->kind, .entries = sizes[i] });
			for (unsigned int n = 0; n < before; n++) {
				assert_int_equal(rig_tx(&rig, 1, 1), 1);
				assert_int_equal(drain(&rig), 1);
				reclaim(&rig);
			}
			assert_int_equal(rig_tx(&rig, 2, 1), 2);
			assert_true(rig_pop(&rig, &offer));
			rig_use(&rig, offer.id, 0, 1, 1);
			rig_use(&rig, sizes[i] + c->add, 0, 1, 1);
			if (sizes[i] == 256)
				reclaim(&rig);                   /* which a burst would put off */
			assert_int_equal(rig_tx(&rig, 1, 1), 0); /* nothing goes to a broken one */
			rig_only_counter(&rig, &rig.stats->bad_id);
			assert_int_equal(rig.stats->completed, before + 1);
			assert_false(rig_running(&rig));
			assert_int_equal(rig_tx(&rig, 1, 1), 0);
			rig_close(&rig);
		}
}

static void id_twice(void **state)
{
	const struct kind_case *k = *state;
	struct offer offer;
	struct rig rig;

	for (int later = 0; later < 2; later++) {
		rig_open_tx(&rig, &(struct rig_opts){ k->kind, .entries = 8 });
		assert_int_equal(rig_tx(&rig, 4, 1), 4);
		assert_true(rig_pop(&rig, &offer));
		rig_use(&rig, offer.id, 0, 1, 1);
		if (later)
			reclaim(&rig);
		rig_use(&rig, offer.id, 0, 1, 1);
		reclaim(&rig);
		rig_only_counter(&rig, &rig.stats->bad_id);
		assert_int_equal(rig.stats->completed, 1);
		assert_false(rig_running(&rig));
		rig_close(&rig);
		assert_int_equal(rig.kicks, 1);
	}
}

static void not_posted(void **state)
{
	const struct kind_case *k = *state;
	struct rig rig;

	rig_open_tx(&rig, &(struct rig_opts){ k->kind, .entries = 8 });
	assert_int_equal(rig_tx(&rig, 4, 1), 4);
	rig_use(&rig, 6, 0, 1, 1);
	reclaim(&rig);
	rig_only_counter(&rig, &rig.stats->bad_id);
	assert_false(rig_running(&rig));
	rig_close(&rig);
}

/*
 * The device names a later descriptor of a chain: no buffer of its own. By turns of it a driver
 * that believed it would free slots twice, without end.
 */
static void inside_a_chain(void **state)
{
	const struct kind_case *k = *state;
	struct rig rig;

	for (uint32_t at = 1; at < 4; at++) {
		rig_open_tx(&rig, &(struct rig_opts){ k->kind, .entries = 16 });
		assert_int_equal(rig_tx(&rig, 2, 4), 8);
		assert_int_equal(rig_tx(&rig, 4, 1), 4);
		rig_use(&rig, at, 0, 1, 1);
		reclaim(&rig);
		rig_only_counter(&rig, &rig.stats->bad_id);
		assert_false(rig_running(&rig));
		rig_close(&rig);
	}
}

static void bad_index(void **state)
{
	const struct kind_case *k = *state;
	static const uint16_t ahead[] = { 5, 9, 32768, 65535 };
	struct rig rig;

	for (size_t i = 0; i < ARRAY_SIZE(ahead); i++) {
		rig_open_tx(&rig, &(struct rig_opts){ k->kind, .entries = 8 });
		assert_int_equal(rig_tx(&rig, 3, 1), 3); /* slots that were in use before */
		assert_int_equal(drain(&rig), 3);
		reclaim(&rig);
		assert_int_equal(rig_tx(&rig, 4, 1), 4);
		rig_use(&rig, 0, 0, ahead[i], 1);
		assert_int_equal(rig_tx(&rig, 4, 1), 0);
		rig_only_counter(&rig, &rig.stats->bad_index);
		assert_false(rig_running(&rig));
		rig_close(&rig);
	}
}

/* Take @n of the packets on offer and complete them with one id. */
static void batch(struct rig *rig, uint16_t n)
{
	struct offer offer = { 0 };
	uint16_t slots = 0;

	for (uint16_t i = 0; i < n; i++) {
		assert_true(rig_pop(rig, &offer));
		slots = (uint16_t)(slots + offer.slots);
	}
	rig_use(rig, offer.id, 0, n, slots);
}

static void batches(void **state)
{
	const struct kind_case *k = *state;
	struct rig rig;

	for (uint16_t segs = 1; segs <= 4; segs++)
		for (uint16_t n = 1; n * segs <= 13; n++) {
			rig_open_tx(&rig, &(struct rig_opts){
						  k->kind,
						  .entries = k->kind->packed ? 13 : 16,
						  .features = k->features,
					  });
			for (int round = 0; round < 40; round++) {
				assert_int_equal(rig_tx(&rig, n, segs), n * segs);
				batch(&rig, n);
				reclaim(&rig);
				assert_int_equal(ring_in_flight(rig.ring), 0);
				assert_int_equal(rig.ring->post.free, rig.place.entries);
			}
			rig_only_counter(&rig, NULL);
			assert_int_equal(rig.stats->completed, 40 * n);
			rig_close(&rig);
		}
}

/* Chains of four: 0 to 3 and 4 to 7; then 8. */
static const struct batch_case {
	const char *what;
	uint32_t id;
} batch_cases[] = {
	{ "a batch that ends behind a chain's head", 1 },
	{ "a batch that ends at a chain's last slot", 3 },
	{ "a batch that ends inside a later chain", 6 },
	{ "a batch that ends behind what is in flight", 9 },
};

static void bad_batch(void **state)
{
	const struct kind_case *k = *state;
	const struct batch_case *c = k->c;
	struct rig rig;

	rig_open_tx(&rig, &(struct rig_opts){ k->kind, .entries = 16 });
	assert_int_equal(rig_tx(&rig, 2, 4), 8);
	assert_int_equal(rig_tx(&rig, 1, 1), 1);
	rig_use(&rig, c->id, 0, 3, 9);
	reclaim(&rig);
	rig_only_counter(&rig, &rig.stats->bad_id);
	assert_false(rig_running(&rig));
	rig_close(&rig);
}

/* Packets of 1 to 64 segments, round and round: freed exactly once. */
static void segments(void **state)
{
	const struct kind_case *k = *state;
	struct rig rig;
	unsigned int sent = 0;

	rig_open_tx(&rig, &(struct rig_opts){ k->kind, .entries = 64, .features = k->features });
	for (uint16_t segs = 1; segs <= 64; segs++)
		for (int round = 0; round < 3; round++) {
			sent += rig_tx(&rig, 3, segs) / segs;
			drain(&rig);
			reclaim(&rig);
			assert_int_equal(ring_in_flight(rig.ring), 0);
			assert_int_equal(rig.ring->post.free, 64);
		}
	rig_only_counter(&rig, NULL);
	assert_int_equal(rig.stats->packets, sent);
	assert_int_equal(rig.stats->completed, sent);
	rig_close(&rig);
}

/* The device uses buffers last first, in threes. */
static void out_of_order(void **state)
{
	const struct kind_case *k = *state;
	struct offer offers[3];
	struct rig rig;

	rig_open_tx(&rig, &(struct rig_opts){ k->kind, .entries = 64, .features = k->features });
	for (uint16_t segs = 1; segs <= 20; segs++)
		for (int round = 0; round < 5; round++) {
			assert_int_equal(rig_tx(&rig, 3, segs), 3 * segs);
			for (int i = 0; i < 3; i++)
				assert_true(rig_pop(&rig, &offers[i]));
			for (int i = 2; i >= 0; i--)
				rig_use(&rig, offers[i].id, 0, 1, offers[i].slots);
			reclaim(&rig);
			assert_int_equal(rig.ring->post.free, 64);
		}
	rig_only_counter(&rig, NULL);
	rig_close(&rig);
}

static void ring_full(void **state)
{
	const struct kind_case *k = *state;
	struct rig rig;

	for (uint16_t segs = 1; segs <= 8; segs++) {
		rig_open_tx(&rig, &(struct rig_opts){ k->kind, .entries = 8 });
		for (int round = 0; round < 20; round++) {
			assert_int_equal(rig_tx(&rig, 9, segs), 8 / segs * segs);
			assert_int_equal(rig_tx(&rig, 1, segs), 0);
			drain(&rig);
		}
		assert_int_equal(rig.stats->ring_full, 40);
		rig_only_counter(&rig, NULL);
		rig_close(&rig);
		assert_true(rig.kicks > 0);
	}
}

/* However few packets a sender sends, and however seldom: they come back. */
static void nothing_stays(void **state)
{
	const struct kind_case *k = *state;
	struct rig rig;

	for (uint16_t burst = 1; burst <= 64; burst = (uint16_t)(burst * 4)) {
		rig_open_tx(&rig, &(struct rig_opts){ k->kind, .entries = 256 });
		for (int round = 0; round < 100; round++) {
			assert_int_equal(rig_tx(&rig, burst, 1), burst);
			drain(&rig);
			assert_true(vio_txq_in_flight(&rig.tx->pub) <= 128);
		}
		reclaim(&rig);
		assert_int_equal(vio_txq_in_flight(&rig.tx->pub), 0);
		rig_close(&rig);
	}
}

static const struct packet_case {
	const char *what;
	int32_t data; /* from the buffer's start */
	uint32_t len;
	uint16_t flags, net_hdr_len;
	size_t counter;
} packet_cases[] = {
	{ "no room for the header", 11, 60, 0, 0, COUNTER(drop_invalid) },
	{ "no room at all", 0, 60, 0, 0, COUNTER(drop_invalid) },
	{ "a frame one short of an Ethernet header", 128, 13, 0, 0, COUNTER(drop_invalid) },
	{ "an empty frame", 128, 0, 0, 0, COUNTER(drop_invalid) },
	{ "a frame one longer than its buffer", 128, 1921, 0, 0, COUNTER(drop_invalid) },
	{ "the length 0xffffffff", 128, UINT32_MAX, 0, 0, COUNTER(drop_invalid) },
	{ "offload data without a header", 128, 60, VIO_PKT_OFFLOAD, 0, COUNTER(drop_invalid) },
	{ "an offload header that begins before the buffer", 128, 60, VIO_PKT_OFFLOAD, 129,
	  COUNTER(drop_invalid) },
	{ "an offload header that begins before the pool", 128, 60, VIO_PKT_OFFLOAD, 65535,
	  COUNTER(drop_invalid) },
	{ "MORE on the last entry", 128, 60, VIO_PKT_MORE, 0, COUNTER(drop_invalid) },
};

static void bad_packet(void **state)
{
	const struct kind_case *k = *state;
	const struct packet_case *c = k->c;
	struct rig rig;

	for (uint16_t hdr_len = 12; hdr_len <= 20; hdr_len = (uint16_t)(hdr_len + 8)) {
		struct vio_pkt pkts[3];

		rig_open_tx(&rig, &(struct rig_opts){ k->kind, .entries = 8, .hdr_len = hdr_len });
		assert_int_equal(vio_pkt_get(rig.cache, pkts, 3), 3);
		for (int i = 0; i < 3; i++)
			pkts[i].len = 60;
		/* Last, where MORE has nothing to go on with. */
		pkts[2].data = (char *)pkts[2].data - VIO_PKT_HEADROOM + c->data;
		pkts[2].len = c->len;
		pkts[2].flags = c->flags;
		pkts[2].net_hdr_len = c->net_hdr_len;
		memset((char *)pkts[0].data - 128, 0, 128);
		assert_int_equal(vio_tx_burst(&rig.tx->pub, pkts, 3), 3);
		rig_only_counter(&rig, counter(&rig, c->counter));
		assert_int_equal(rig.stats->packets, 2);
		assert_int_equal(drain(&rig), 2);
		reclaim(&rig);
		rig_close(&rig);
	}
}

static void foreign_packet(void **state)
{
	const struct kind_case *k = *state;
	static char elsewhere[256];
	struct vio_pkt pkts[3];
	struct rig rig;

	for (int segs = 1; segs <= 2; segs++) {
		rig_open_tx(&rig, &(struct rig_opts){ k->kind, .entries = 8 });
		assert_int_equal(vio_pkt_get(rig.cache, pkts, 3), 3);
		for (int i = 0; i < 3; i++)
			pkts[i].len = 60;
		pkts[0].flags = segs == 2 ? VIO_PKT_MORE : 0;
		vio_pkt_put(rig.cache, &pkts[1], 1);
		pkts[1].data = elsewhere + 128;
		assert_int_equal(vio_tx_burst(&rig.tx->pub, pkts, 3), 3);
		rig_only_counter(&rig, &rig.stats->drop_foreign);
		assert_int_equal(drain(&rig), 4u - 1u - (unsigned int)segs);
		rig_close(&rig);
	}
}

static void too_many_segments(void **state)
{
	const struct kind_case *k = *state;
	struct rig rig;

	rig_open_tx(&rig, &(struct rig_opts){ k->kind, .entries = 256, .features = k->features });
	assert_int_equal(rig_tx(&rig, 1, 65), 65);
	rig_only_counter(&rig, &rig.stats->drop_invalid);
	assert_int_equal(rig.stats->packets, 0);
	assert_int_equal(rig_tx(&rig, 1, 64), 64);
	assert_int_equal(rig.stats->packets, 1);
	rig_close(&rig);
}

/* More segments than the ring has entries: never sent, and not in the way of others. */
static void larger_than_the_ring(void **state)
{
	const struct kind_case *k = *state;
	struct rig rig;

	rig_open_tx(&rig, &(struct rig_opts){ k->kind, .entries = 4 });
	assert_int_equal(rig_tx(&rig, 1, 5), 5);
	rig_only_counter(&rig, &rig.stats->drop_invalid);
	assert_int_equal(rig_tx(&rig, 1, 4), 4);
	rig_close(&rig);
}

static void long_header(void **state)
{
	const struct kind_case *k = *state;
	static const uint16_t lens[] = { 20, 24, 32 };
	struct offer offer;
	struct rig rig;

	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		rig_open_tx(&rig, &(struct rig_opts){ k->kind, .entries = 8, .hdr_len = lens[i] });
		for (int round = 0; round < 20; round++) {
			assert_int_equal(rig_tx(&rig, 1, 1), 1);
			assert_true(rig_pop(&rig, &offer));
			assert_int_equal(offer.len, lens[i] + 60);
			for (uint16_t b = 0; b < lens[i]; b++)
				assert_int_equal(offer.data[b], 0);
			rig_use(&rig, offer.id, 0, 1, 1);
		}
		rig_only_counter(&rig, NULL);
		rig_close(&rig);
	}
}

static void largest_ring(void **state)
{
	const struct kind_case *k = *state;
	struct rig rig;

	rig_open_tx(&rig, &(struct rig_opts){ k->kind, .entries = 32768, .buffers = 36000 });
	for (int lap = 0; lap < 2; lap++) {
		for (int i = 0; i < 32; i++)
			assert_int_equal(rig_tx(&rig, 1024, 1), 1024);
		assert_int_equal(rig_tx(&rig, 1, 1), 0);
		assert_int_equal(vio_txq_in_flight(&rig.tx->pub), 32768);
		if (k->kind->in_order && lap)
			batch(&rig, 32768);
		else
			assert_int_equal(drain(&rig), 32768);
		for (int i = 0; i < 600; i++)
			assert_int_equal(vio_tx_burst(&rig.tx->pub, NULL, 0), 0);
		assert_int_equal(vio_txq_in_flight(&rig.tx->pub), 0);
		assert_int_equal(rig.ring->post.free, 32768);
	}
	rig_only_counter(&rig, NULL);
	rig_close(&rig);
}

static void add_plain(struct kind_list *list, const struct ring_kind *kind)
{
	static const struct plain_case plain[] = {
		{ "an id twice", id_twice },
		{ "an id that was not posted", not_posted },
		{ "an id inside a chain", inside_a_chain },
		{ "the ring fills up in the middle of a burst", ring_full },
		{ "nothing stays in the ring", nothing_stays },
		{ "a packet outside the pool", foreign_packet },
		{ "a packet with more segments than the ring", larger_than_the_ring },
		{ "headers longer than 12 bytes", long_header },
		{ "a ring of 32768 entries", largest_ring },
	};

	KIND_ADD_PLAIN(list, kind, "", plain, 0);
}

static void add_in_order(struct kind_list *list, const struct ring_kind *kind)
{
	KIND_ADD_TABLE(list, kind, "", batch_cases, bad_batch, 0);
	kind_add(list, kind, "", "batches of all lengths", batches, NULL, 0);
	kind_add(list, kind, ", indirect", "batches of all lengths", batches, NULL, INDIRECT);
}

static void add_kind(struct kind_list *list, const struct ring_kind *kind)
{
	static const struct {
		const char *mode;
		uint64_t features;
	} modes[] = { { "", 0 }, { ", indirect", INDIRECT } };

	for (size_t i = 0; i < ARRAY_SIZE(id_cases); i++)
		if (!kind->packed || !id_cases[i].split_only)
			kind_add(list, kind, "", id_cases[i].what, bad_id, &id_cases[i], 0);
	for (size_t m = 0; m < ARRAY_SIZE(modes); m++) {
		kind_add(list, kind, modes[m].mode, "packets of 1 to 64 segments", segments, NULL,
			 modes[m].features);
		kind_add(list, kind, modes[m].mode, "65 segments", too_many_segments, NULL,
			 modes[m].features);
		if (!kind->in_order)
			kind_add(list, kind, modes[m].mode, "buffers come back out of order",
				 out_of_order, NULL, modes[m].features);
	}
	add_plain(list, kind);
	KIND_ADD_TABLE(list, kind, "", packet_cases, bad_packet, 0);
	if (!kind->packed)
		kind_add(list, kind, "", "the index moves by more than is in flight", bad_index,
			 NULL, 0);
	if (kind->in_order)
		add_in_order(list, kind);
}

int main(void)
{
	static struct kind_list list;

	for (size_t i = 0; i < RING_KINDS; i++)
		add_kind(&list, &ring_kinds[i]);
	return case_run("trust_tx", &list.cases);
}
