/* SPDX-License-Identifier: BSD-3-Clause */
#include "trust.h"

#include <string.h>

/* What a device may write into a receive queue, and what becomes of it. */

#define MRG  BIT64(NET_F_MRG_RXBUF)
#define CSUM BIT64(NET_F_GUEST_CSUM)
#define GOOD (NET_HDR_LEN_BASE + 60u)

/* Sizes of rings: the smallest, odd ones where that is allowed, and a whole lot. */
static const uint16_t sizes[] = { 2, 3, 4, 256 };

/* Let good packets move the ring on, so that what follows meets its end. */
static void pass(struct rig *rig, unsigned int packets)
{
	while (packets--) {
		rig_receive(rig, GOOD, 1);
		assert_int_equal(rig_rx(rig, 32, NULL), 1);
	}
}

enum which { THE_ID, SIZE, ID_PLUS_64K, HUGE_ID };

static const struct bad_case {
	const char *what;
	enum which id;
	uint32_t len;
	size_t counter;
	bool broken, split_only;
} bad_cases[] = {
	{ "an id that is the ring's size", SIZE, GOOD, COUNTER(bad_id), true, false },
	{ "an id 65536 above one in flight", ID_PLUS_64K, GOOD, COUNTER(bad_id), true, true },
	{ "the id 0xffffffff", HUGE_ID, GOOD, COUNTER(bad_id), true, false },
	{ "the length 0", THE_ID, 0, COUNTER(bad_len), false, false },
	{ "a length one below the header", THE_ID, 11, COUNTER(bad_len), false, false },
	{ "a length of the header only", THE_ID, 12, COUNTER(bad_len), false, false },
	{ "a length one below an Ethernet header", THE_ID, 25, COUNTER(bad_len), false, false },
	{ "a length one above the buffer", THE_ID, 2048 - VIO_PKT_HEADROOM + 12 + 1,
	  COUNTER(bad_len), false, false },
	{ "the length 0xffffffff", THE_ID, UINT32_MAX, COUNTER(bad_len), false, false },
};

static void one_bad(const struct kind_case *k, uint16_t entries, unsigned int before)
{
	const struct bad_case *c = k->c;
	struct offer offer;
	struct rig rig;

	rig_open_rx(&rig, &(struct rig_opts){
				  .kind = k->kind, .entries = entries, .features = k->features });
	pass(&rig, before);
	rig_receive(&rig, GOOD, 1);
	assert_true(rig_pop(&rig, &offer));
	memset(offer.data, 0, NET_HDR_LEN_BASE);
	rig_use(&rig,
		c->id == SIZE          ? entries
		: c->id == ID_PLUS_64K ? offer.id + 65536u
		: c->id == HUGE_ID     ? UINT32_MAX
				       : offer.id,
		c->len, 1, 1);
	assert_int_equal(rig_rx(&rig, 32, NULL), 1); /* the good one before it */
	rig_only_counter(&rig, counter(&rig, c->counter));
	assert_int_equal(rig_running(&rig), !c->broken);
	if (!c->broken)
		pass(&rig, 2u * entries);
	assert_int_equal(rig_rx(&rig, 32, NULL), 0);
	rig_close(&rig);
}

static void bad_completion(void **state)
{
	const struct kind_case *k = *state;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		for (unsigned int before = 0; before < 4; before++)
			if (k->kind->packed || sizes[i] != 3)
				one_bad(k, sizes[i], before);
	one_bad(k, 256, 255);
	one_bad(k, 256, 254);
}

/* A ring of 256 with 100 buffers. */
static void not_posted(void **state)
{
	const struct kind_case *k = *state;
	struct rig rig;

	rig_open_rx(&rig, &(struct rig_opts){ k->kind, .entries = 256, .buffers = 100 });
	rig_receive(&rig, GOOD, 1);
	rig_use(&rig, 200, GOOD, 1, 1);
	assert_int_equal(rig_rx(&rig, 32, NULL), 1);
	rig_only_counter(&rig, &rig.stats->bad_id);
	assert_false(rig_running(&rig));
	rig_close(&rig);
}

/*
 * The second completion names a slot that has been posted again meanwhile; out of order nothing
 * tells it from a true one. It costs a packet of nonsense, but no buffer is lost or given twice.
 */
static void id_twice(void **state)
{
	const struct kind_case *k = *state;
	struct offer offer, other;
	struct rig rig;

	rig_open_rx(&rig, &(struct rig_opts){ k->kind, .entries = 4, .features = k->features });
	for (int i = 0; i < 100 && rig_running(&rig) && rig_pop(&rig, &offer); i++) {
		memset(offer.data, 0, NET_HDR_LEN_BASE);
		rig_use(&rig, offer.id, GOOD, 1, 1);
		if (rig_pop(&rig, &other))
			rig_use(&rig, offer.id, GOOD, 1, 1);
		assert_true(rig_rx(&rig, 32, NULL) <= 4);
	}
	rig_only_counter(&rig, k->kind->in_order ? &rig.stats->bad_id : NULL);
	assert_int_equal(rig_running(&rig), !k->kind->in_order);
	rig_close(&rig);
}

static const struct index_case {
	const char *what;
	uint16_t entries;
	uint32_t buffers;
	uint16_t ahead;
} index_cases[] = {
	{ "the index moves by one more than is in flight", 4, 64, 5 },
	{ "the index moves by the whole circle less one", 4, 64, 65535 },
	{ "the index moves backwards by the ring's size", 256, 1024, 65280 },
	{ "the index moves by 32768", 256, 1024, 32768 },
	{ "the index moves beyond the few that the pool could post", 256, 100, 101 },
};

static void bad_index(void **state)
{
	const struct kind_case *k = *state;
	const struct index_case *c = k->c;
	struct rig rig;

	for (unsigned int before = 0; before < 6; before++) {
		rig_open_rx(&rig, &(struct rig_opts){ k->kind, .entries = c->entries,
						      .buffers = c->buffers });
		pass(&rig, before);
		rig_use(&rig, 0, GOOD, c->ahead, 1);
		assert_int_equal(rig_rx(&rig, 32, NULL), 0);
		rig_only_counter(&rig, &rig.stats->bad_index);
		assert_false(rig_running(&rig));
		rig_close(&rig);
	}
}

static void index_with_nothing_posted(void **state)
{
	const struct kind_case *k = *state;
	struct rig rig;

	rig_open_rx(&rig, &(struct rig_opts){ k->kind, .entries = 4, .buffers = 64, .spare = 64 });
	rig_use(&rig, 0, GOOD, 1, 1);
	assert_int_equal(rig_rx(&rig, 32, NULL), 0);
	assert_int_equal(rig_running(&rig), k->kind->packed);
	rig_only_counter(&rig, k->kind->packed ? NULL : &rig.stats->bad_index);
	rig_close(&rig);
}

/* Take @n offers, and complete them as one batch with the last one's id. */
static void batch(struct rig *rig, uint16_t n, uint16_t num_buffers)
{
	const struct net_hdr hdr = { .num_buffers = le16_from(num_buffers) };
	struct offer offer = { 0 };

	for (uint16_t i = 0; i < n; i++) {
		assert_true(rig_pop(rig, &offer));
		memcpy(offer.data, &hdr, sizeof(hdr));
	}
	rig_use(rig, offer.id, GOOD, n, n);
}

/* Every length of batch, from every place, in bursts of every size. */
static void batches(void **state)
{
	const struct kind_case *k = *state;
	const uint16_t entries = k->kind->packed ? 7 : 4;
	struct vio_pkt pkts[64];
	struct rig rig;

	for (uint16_t burst = 1; burst < 10; burst += 2)
		for (uint16_t n = 1; n <= entries; n++) {
			rig_open_rx(&rig, &(struct rig_opts){ k->kind, .entries = entries,
							      .features = k->features });
			for (unsigned int round = 0; round < 20; round++) {
				uint16_t got = 0;

				batch(&rig, n, 1);
				while (got < n) {
					uint16_t now = rig_rx(&rig, burst, pkts + got);

					assert_int_equal(now, min_u16(burst, (uint16_t)(n - got)));
					got = (uint16_t)(got + now);
				}
				for (uint16_t i = 0; i < n; i++)
					assert_int_equal(pkts[i].len,
							 i + 1 < n ? 2048 - VIO_PKT_HEADROOM : 60);
				assert_int_equal(rig_rx(&rig, 32, NULL), 0);
			}
			rig_only_counter(&rig, NULL);
			rig_close(&rig);
		}
}

/* 100 of 256 slots are in flight. */
static const struct batch_case {
	const char *what;
	unsigned int before;
	uint32_t id;
} batch_cases[] = {
	{ "a batch one longer than what is in flight", 0, 100 },
	{ "a batch that ends at the ring's last slot", 0, 255 },
	{ "a batch that ends behind its beginning", 50, 49 },
};

static void bad_batch(void **state)
{
	const struct kind_case *k = *state;
	const struct batch_case *c = k->c;
	struct rig rig;

	rig_open_rx(&rig, &(struct rig_opts){ k->kind, .entries = 256, .buffers = 100 });
	for (unsigned int i = 0; i < c->before; i++) {
		rig_receive(&rig, GOOD, 1);
		assert_int_equal(rig_rx(&rig, 32, NULL), 1);
	}
	rig_use(&rig, c->id, GOOD, 1, 1);
	assert_int_equal(rig_rx(&rig, 32, NULL), 0);
	rig_only_counter(&rig, &rig.stats->bad_id);
	assert_false(rig_running(&rig));
	rig_close(&rig);
}

/* Without mergeable buffers num_buffers means nothing, whatever path a completion takes. */
static void num_buffers_not_negotiated(void **state)
{
	const struct kind_case *k = *state;
	static const uint16_t numbers[] = { 0, 2, 5, 1000, 65535 };
	struct vio_pkt pkts[32];
	struct rig rig;

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		for (uint32_t buffers = 100; buffers <= 400; buffers += 300) {
			rig_open_rx(&rig,
				    &(struct rig_opts){ k->kind, .entries = 128, .buffers = buffers,
							.features = k->features });
			for (int round = 0; round < 3; round++) {
				rig_receive(&rig, GOOD, numbers[i]);
				if (k->kind->in_order)
					batch(&rig, 2, numbers[i]);
				assert_int_equal(rig_rx(&rig, 32, pkts), k->kind->in_order ? 3 : 1);
				assert_int_equal(pkts[0].flags & VIO_PKT_MORE, 0);
			}
			rig_only_counter(&rig, NULL);
			assert_true(rig_running(&rig));
			rig_close(&rig);
		}
}

static void merged_packets(void **state)
{
	const struct kind_case *k = *state;
	struct vio_pkt pkts[32];
	struct rig rig;

	rig_open_rx(&rig, &(struct rig_opts){ k->kind, .entries = 8, .features = k->features });
	for (uint16_t n = 0; n <= 8; n++)
		for (int round = 0; round < 3; round++) {
			const uint16_t all = n ? n : 1;

			for (uint16_t i = 0; i < all; i++)
				rig_receive(&rig, i ? 500u + i : GOOD, n);
			assert_int_equal(rig_rx(&rig, 32, pkts), all);
			for (uint16_t i = 0; i < all; i++) {
				assert_int_equal(pkts[i].len, i ? 500 + i : 60);
				assert_int_equal(pkts[i].flags, i + 1 < all ? VIO_PKT_MORE : 0);
			}
		}
	rig_only_counter(&rig, NULL);
	assert_int_equal(rig.stats->packets, 27);
	rig_close(&rig);
}

/* Buffers of a packet come one by one: the burst gives nothing until it is whole. */
static void merged_over_bursts(void **state)
{
	const struct kind_case *k = *state;
	struct vio_pkt pkts[32];
	struct rig rig;

	rig_open_rx(&rig, &(struct rig_opts){ k->kind, .entries = 8, .features = k->features });
	for (int round = 0; round < 12; round++) {
		rig_receive(&rig, GOOD, 1);
		for (uint16_t i = 0; i < 5; i++) {
			rig_receive(&rig, GOOD, 5);
			if (i < 4)
				assert_int_equal(rig_rx(&rig, 32, NULL), i == 0);
		}
		assert_int_equal(rig_rx(&rig, 32, pkts), 5);
		for (uint16_t i = 0; i < 5; i++)
			assert_int_equal(pkts[i].len, i ? GOOD : 60);
	}
	rig_only_counter(&rig, NULL);
	assert_int_equal(rig.stats->packets, 24);
	assert_int_equal(rig.stats->bytes, 12 * (60 + 60 + 4 * GOOD));
	rig_close(&rig);
}

/* The queue ends while half a packet is kept. */
static void merged_unfinished(void **state)
{
	const struct kind_case *k = *state;
	struct rig rig;

	rig_open_rx(&rig, &(struct rig_opts){ k->kind, .entries = 8, .features = k->features });
	rig_receive(&rig, GOOD, 3);
	rig_receive(&rig, GOOD, 3);
	assert_int_equal(rig_rx(&rig, 32, NULL), 0);
	rig_close(&rig);
}

static const struct truncate_case {
	const char *what;
	uint16_t burst, buffers;
} truncate_cases[] = {
	{ "a burst of 1 for a packet of 2 buffers", 1, 2 },
	{ "a burst of 2 for a packet of 3 buffers", 2, 3 },
	{ "a burst of 3 for a packet of 8 buffers", 3, 8 },
	{ "a burst of 1 for a packet of 8 buffers", 1, 8 },
};

static void merged_truncated(void **state)
{
	const struct kind_case *k = *state;
	const struct truncate_case *c = k->c;
	struct vio_pkt pkt;
	struct rig rig;

	rig_open_rx(&rig, &(struct rig_opts){ k->kind, .entries = 8, .features = k->features });
	for (uint16_t i = 0; i < c->buffers; i++)
		rig_receive(&rig, GOOD, c->buffers);
	for (uint16_t i = 0; i < 10; i++)
		assert_int_equal(rig_rx(&rig, c->burst, NULL), 0);
	rig_only_counter(&rig, &rig.stats->drop_truncated);
	rig_receive(&rig, GOOD + 7, 1);
	assert_int_equal(rig_rx(&rig, c->burst, &pkt), 1); /* in step again */
	assert_int_equal(pkt.len, 67);
	assert_true(rig_running(&rig));
	rig_close(&rig);
}

static const struct segment_case {
	const char *what;
	uint32_t len;
	uint16_t at;
} segment_cases[] = {
	{ "the second of four buffers is empty", 0, 1 },
	{ "the last of four buffers is empty", 0, 3 },
	{ "the third of four buffers is too long", 2048 - VIO_PKT_HEADROOM + 13, 2 },
	{ "the last of four buffers has the length 0xffffffff", UINT32_MAX, 3 },
};

static void merged_bad_len(void **state)
{
	const struct kind_case *k = *state;
	const struct segment_case *c = k->c;
	struct rig rig;

	for (uint16_t before = 0; before < 8; before++) {
		rig_open_rx(&rig,
			    &(struct rig_opts){ k->kind, .entries = 8, .features = k->features });
		pass(&rig, before);
		rig_receive(&rig, GOOD, 1);
		for (uint16_t i = 0; i < 4; i++)
			rig_receive(&rig, i == c->at ? c->len : GOOD, 4);
		assert_int_equal(rig_rx(&rig, 32, NULL), 1);
		rig_only_counter(&rig, &rig.stats->bad_len);
		assert_int_equal(rig.stats->bytes, 60 * (before + 1));
		pass(&rig, 20);
		rig_close(&rig);
	}
}

/* A ring of 8 can't hold more than 8, and 2048-byte buffers need no more than 34. */
static void merged_too_many(void **state)
{
	const struct kind_case *k = *state;
	static const struct {
		uint16_t entries, num;
	} cases[] = { { 8, 9 }, { 8, 65535 }, { 256, 36 }, { 256, 256 } };
	struct rig rig;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		rig_open_rx(&rig, &(struct rig_opts){ k->kind, .entries = cases[i].entries,
						      .features = k->features });
		rig_receive(&rig, GOOD, 1);
		rig_receive(&rig, GOOD, cases[i].num);
		assert_int_equal(rig_rx(&rig, 32, NULL), 1);
		rig_only_counter(&rig, &rig.stats->bad_merge);
		assert_false(rig_running(&rig));
		rig_close(&rig);
	}
}

/* Words that a device may only set, of packed descriptors. */
static void flags_garbage(void **state)
{
	const struct kind_case *k = *state;
	static const uint16_t words[] = { 0, PACKED_AVAIL, PACKED_USED, 0x7f7f, 0xffff, 0x8080 };
	struct rig rig;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const bool used = (words[i] & PACKED_TURN) == PACKED_TURN;
		struct packed_desc *d;
		struct offer offer;

		rig_open_rx(&rig, &(struct rig_opts){ k->kind, .entries = 4 });
		assert_true(rig_pop(&rig, &offer));
		d = rig.place.desc;
		d->len = le32_from(GOOD);
		ring_store_release(&d->flags, le16_from(words[i]));
		assert_int_equal(rig_rx(&rig, 32, NULL), used);
		assert_true(rig_running(&rig));
		rig_close(&rig);
	}
}

/* All descriptors look used, and go on looking so: only what is in flight is taken. */
static void wrap_turned_early(void **state)
{
	const struct kind_case *k = *state;
	struct rig rig;

	rig_open_rx(&rig, &(struct rig_opts){ k->kind, .entries = 4 });
	for (int round = 0; round < 20 && rig_running(&rig); round++) {
		struct packed_desc *d = rig.place.desc;

		for (uint16_t i = 0; i < 4; i++)
			d[i].flags = le16_from(round & 1 ? 0 : PACKED_TURN);
		assert_true(rig_rx(&rig, 32, NULL) <= 4);
	}
	rig_close(&rig);
}

/* Whatever the suppression words say, only kicks depend on them. */
static void suppression_garbage(void **state)
{
	const struct kind_case *k = *state;
	struct rig rig;

	for (uint32_t word = 0; word < 0x10000; word += 0x0fff) {
		rig_open_rx(&rig, &(struct rig_opts){ k->kind, .entries = 4,
						      .features = BIT64(F_EVENT_IDX) });
		if (k->kind->packed) {
			*(struct packed_event *)rig.place.device =
				(struct packed_event){ le16_from((uint16_t)word),
						       le16_from((uint16_t)~word) };
		} else {
			struct split_used *used = rig.place.device;

			used->flags = le16_from((uint16_t)word);
			memcpy(&used->ring[4], &word, 2);
		}
		pass(&rig, 20);
		rig_only_counter(&rig, NULL);
		assert_true(rig.stats->kicks + rig.stats->kicks_suppressed <= 21);
		rig_close(&rig);
	}
}

/* The pool runs dry: packets still come, slots stay empty, and fill again later. */
static void pool_exhausted(void **state)
{
	const struct kind_case *k = *state;
	struct vio_pkt held[256];
	uint16_t got = 0;
	struct rig rig;

	rig_open_rx(&rig, &(struct rig_opts){ k->kind, .entries = 128, .buffers = 130 });
	for (int i = 0; i < 128; i++)
		rig_receive(&rig, GOOD, 1);
	got = vio_rx_burst(&rig.rx->pub, held, 256);
	assert_int_equal(got, 128);
	assert_true(rig.stats->refill_short > 0);
	vio_pkt_put(rig.cache, held, got);
	rig_flush(&rig);
	assert_int_equal(rig_rx(&rig, 32, NULL), 0);
	assert_int_equal(rig.ring->post.free, 0);
	for (int i = 0; i < 300; i++) {
		pass(&rig, 1);
		rig_flush(&rig);
	}
	rig_close(&rig);
}

/* A handful of buffers for a large ring must not end in the driver's hands, never to be shown. */
static void few_buffers_go_on(void **state)
{
	const struct kind_case *k = *state;
	struct vio_pkt held[44];
	struct rig rig;

	rig_open_rx(&rig, &(struct rig_opts){ k->kind, .entries = 256, .buffers = 64 });
	for (int i = 0; i < 44; i++)
		rig_receive(&rig, GOOD, 1);
	assert_int_equal(vio_rx_burst(&rig.rx->pub, held, 44), 44); /* 20 are left */
	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < 10; i++)
			rig_receive(&rig, GOOD, 1);
		assert_int_equal(rig_rx(&rig, 32, NULL), 10);
		rig_flush(&rig);
		assert_int_equal(rig_rx(&rig, 32, NULL), 0);
	}
	vio_pkt_put(rig.cache, held, 44);
	rig_close(&rig);
}

/* A ring that could not be filled at the start: each descriptor says what it is when its turn
 * comes. */
static void filled_late(void **state)
{
	const struct kind_case *k = *state;
	struct rig rig;

	rig_open_rx(&rig,
		    &(struct rig_opts){ k->kind, .entries = 256, .buffers = 640, .spare = 540 });
	for (int i = 0; i < 1000; i++) {
		rig_receive(&rig, GOOD, 1); /* looks at length and flags */
		assert_int_equal(rig_rx(&rig, 32, NULL), 1);
	}
	rig_close(&rig);
}

/* 32768 entries, all completed at once: one by one and, in order, as a single batch. */
static void largest_ring(void **state)
{
	const struct kind_case *k = *state;
	struct rig rig;

	rig_open_rx(&rig, &(struct rig_opts){ k->kind, .entries = 32768, .buffers = 36000,
					      .features = k->features });
	for (int lap = 0; lap < 2; lap++) {
		uint32_t got = 0;

		if (k->kind->in_order && lap)
			batch(&rig, 32768, 1);
		else
			for (int i = 0; i < 32768; i++)
				rig_receive(&rig, GOOD, 1);
		for (int i = 0; i < 33; i++)
			got += rig_rx(&rig, 1000, NULL);
		assert_int_equal(got, 32768);
		rig_flush(&rig);
		assert_int_equal(rig_rx(&rig, 32, NULL), 0);
		rig_only_counter(&rig, NULL);
	}
	if (!k->kind->packed) {
		rig_use(&rig, 0, GOOD, 32769, 1);
		assert_int_equal(rig_rx(&rig, 32, NULL), 0);
		rig_only_counter(&rig, &rig.stats->bad_index);
	}
	rig_close(&rig);
}

static void add_split(struct kind_list *list, const struct ring_kind *kind)
{
	KIND_ADD_TABLE(list, kind, "", index_cases, bad_index, 0);
}

static void add_packed(struct kind_list *list, const struct ring_kind *kind)
{
	kind_add(list, kind, "", "flags are garbage", flags_garbage, NULL, 0);
	kind_add(list, kind, "", "the wrap counter is turned early", wrap_turned_early, NULL, 0);
}

static void add_in_order(struct kind_list *list, const struct ring_kind *kind)
{
	KIND_ADD_TABLE(list, kind, "", batch_cases, bad_batch, 0);
	kind_add(list, kind, "", "batches of all lengths in bursts of all sizes", batches, NULL, 0);
	kind_add(list, kind, ", mergeable", "batches of all lengths in bursts of all sizes",
		 batches, NULL, MRG);
}

static void add_merged(struct kind_list *list, const struct ring_kind *kind)
{
	static const struct plain_case plain[] = {
		{ "packets of up to the whole ring", merged_packets },
		{ "a packet that comes over several bursts", merged_over_bursts },
		{ "half a packet is given back at the end", merged_unfinished },
		{ "more buffers than a packet can have", merged_too_many },
	};

	KIND_ADD_PLAIN(list, kind, ", mergeable", plain, MRG);
	KIND_ADD_TABLE(list, kind, ", mergeable", truncate_cases, merged_truncated, MRG);
	KIND_ADD_TABLE(list, kind, ", mergeable", segment_cases, merged_bad_len, MRG);
}

static void add_common(struct kind_list *list, const struct ring_kind *kind)
{
	static const struct {
		const char *mode;
		uint64_t features;
	} modes[] = { { "", 0 }, { ", offload", CSUM }, { ", mergeable", MRG | CSUM } };
	static const struct plain_case plain[] = {
		{ "an id that was not posted", not_posted },
		{ "completions where nothing is posted", index_with_nothing_posted },
		{ "suppression words are garbage", suppression_garbage },
		{ "the pool runs dry and recovers", pool_exhausted },
		{ "few buffers for a large ring go round", few_buffers_go_on },
		{ "a ring that is filled late", filled_late },
		{ "a ring of 32768 entries", largest_ring },
	};

	for (size_t m = 0; m < ARRAY_SIZE(modes); m++) {
		for (size_t i = 0; i < ARRAY_SIZE(bad_cases); i++)
			if (!kind->packed || !bad_cases[i].split_only)
				kind_add(list, kind, modes[m].mode, bad_cases[i].what,
					 bad_completion, &bad_cases[i], modes[m].features);
		kind_add(list, kind, modes[m].mode, "an id twice", id_twice, NULL,
			 modes[m].features);
	}
	for (size_t m = 0; m < 2; m++)
		kind_add(list, kind, modes[m].mode, "num_buffers without mergeable buffers",
			 num_buffers_not_negotiated, NULL, modes[m].features);
	KIND_ADD_PLAIN(list, kind, "", plain, 0);
}

int main(void)
{
	static struct kind_list list;

	for (size_t i = 0; i < RING_KINDS; i++) {
		const struct ring_kind *kind = &ring_kinds[i];

		add_common(&list, kind);
		add_merged(&list, kind);
		(kind->packed ? add_packed : add_split)(&list, kind);
		if (kind->in_order)
			add_in_order(&list, kind);
	}
	return case_run("trust_rx", &list.cases);
}
