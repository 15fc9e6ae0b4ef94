/* SPDX-License-Identifier: BSD-3-Clause */
#include "trust.h"

#include <string.h>

/*
 * Bursts of transmit post four packets a step, and take four back. Here one packet of a burst, or
 * one completion of a run, is not like the others, at each place; and the ring's end comes at each
 * place of a step.
 */

#define HASH      BIT64(NET_F_HASH_REPORT) /* headers longer than what plain packets have */
#define INDIRECT  BIT64(F_INDIRECT_DESC)
#define BUF       2048u
#define ROOM      (BUF - VIO_PKT_HEADROOM)
#define ENTRIES   32u
#define BURST_MAX 16u
#define GOOD      60u
#define DIRT      0x5a
#define BUFFERS   320u /* not a power of two, see odd_packet() */
#define POWER_OF  256u /* the highest below that */

/* Places of the ring at which bursts begin: in one piece, or with the end in each place of a step.
 */
static const uint16_t places[] = { 0, 21, 22, 23, 24 };

enum where { OWN, IN_FRONT, JUST_IN_FRONT, BEHIND, AT_THE_POWER, ELSEWHERE, NOWHERE };

#define NO_COUNTER SIZE_MAX

/* What the application hands over at one place of a burst, where all others are of GOOD bytes. */
static const struct odd_case {
	const char *what;
	enum where where;
	uint32_t at; /* of the frame, from the buffer's start */
	uint32_t len;
	uint16_t flags, net_hdr_len;
	uint16_t n; /* so many of them */
	size_t counter;
} odd_cases[] = {
	{ "nothing", OWN, 128, GOOD, 0, 0, 1, NO_COUNTER },
	{ "the shortest frame", OWN, 128, 14, 0, 0, 1, NO_COUNTER },
	{ "the longest frame", OWN, 128, ROOM, 0, 0, 1, NO_COUNTER },
	{ "as much in front as plain packets have", OWN, 16, GOOD, 0, 0, 1, NO_COUNTER },
	{ "a frame from there to the buffer's end", OWN, 16, BUF - 16, 0, 0, 1, NO_COUNTER },
	{ "one byte less than that in front", OWN, 15, GOOD, 0, 0, 1, NO_COUNTER },
	{ "no more in front than the header", OWN, 12, GOOD, 0, 0, 1, NO_COUNTER },
	{ "a frame at its buffer's end", OWN, BUF - GOOD, GOOD, 0, 0, 1, NO_COUNTER },
	{ "a header's length without a wish", OWN, 128, GOOD, 0, 12, 1, NO_COUNTER },
	{ "a wish that asks for nothing", OWN, 128, GOOD, VIO_PKT_OFFLOAD, 12, 1, NO_COUNTER },
	{ "no room for the header", OWN, 11, GOOD, 0, 0, 1, COUNTER(drop_invalid) },
	{ "no room at all", OWN, 0, GOOD, 0, 0, 1, COUNTER(drop_invalid) },
	{ "a frame one longer than its buffer", OWN, 128, ROOM + 1, 0, 0, 1,
	  COUNTER(drop_invalid) },
	{ "a frame one longer than the room at the buffer's end", OWN, BUF - GOOD, GOOD + 1, 0, 0,
	  1, COUNTER(drop_invalid) },
	{ "a frame longer by a whole buffer", OWN, 128, GOOD + BUF, 0, 0, 1,
	  COUNTER(drop_invalid) },
	{ "the length 0xffffffff", OWN, 128, UINT32_MAX, 0, 0, 1, COUNTER(drop_invalid) },
	{ "a frame one short of an Ethernet header", OWN, 128, 13, 0, 0, 1, COUNTER(drop_invalid) },
	{ "an empty frame", OWN, 128, 0, 0, 0, 1, COUNTER(drop_invalid) },
	{ "a wish without a header", OWN, 128, GOOD, VIO_PKT_OFFLOAD, 0, 1, COUNTER(drop_invalid) },
	{ "a flag that has no meaning", OWN, 128, GOOD, 0x8000, 0, 1, NO_COUNTER },
	{ "the buffer in front of the pool", IN_FRONT, 128, GOOD, 0, 0, 1, COUNTER(drop_foreign) },
	{ "the last byte in front of the pool", JUST_IN_FRONT, 0, GOOD, 0, 0, 1,
	  COUNTER(drop_foreign) },
	{ "the buffer behind the pool", BEHIND, 128, GOOD, 0, 0, 1, COUNTER(drop_foreign) },
	{ "the first byte behind the pool", BEHIND, 0, GOOD, 0, 0, 1, COUNTER(drop_foreign) },
	{ "the buffer at the next power of two", AT_THE_POWER, 128, GOOD, 0, 0, 1,
	  COUNTER(drop_foreign) },
	{ "a buffer of someone else", ELSEWHERE, 128, GOOD, 0, 0, 1, COUNTER(drop_foreign) },
	{ "NULL", NOWHERE, 0, GOOD, 0, 0, 1, COUNTER(drop_foreign) },
	{ "four of the same buffer in front of the pool", IN_FRONT, 128, GOOD, 0, 0, 4,
	  COUNTER(drop_foreign) },
	{ "four of the same buffer behind the pool", BEHIND, 128, GOOD, 0, 0, 4,
	  COUNTER(drop_foreign) },
	{ "four of the same buffer of someone else", ELSEWHERE, 128, GOOD, 0, 0, 4,
	  COUNTER(drop_foreign) },
	{ "NULL four times", NOWHERE, 0, GOOD, 0, 0, 4, COUNTER(drop_foreign) },
};

/* Buffers of the pool, the lowest first. */
struct bufs {
	char *of[BUFFERS];
	uint16_t n;
};

static int by_address(const void *a, const void *b)
{
	const char *const x = *(char *const *)a, *const y = *(char *const *)b;

	return (x > y) - (x < y);
}

static void get_all(struct rig *rig, struct bufs *all)
{
	void *one;

	for (all->n = 0; vio_buf_get(rig->cache, &one, 1); all->n++)
		all->of[all->n] = one;
	qsort(all->of, all->n, sizeof(all->of[0]), by_address);
}

/* Take @n buffers at @from of those that are free, and put the others back. */
static void get_some(struct rig *rig, bool highest, uint16_t n, struct vio_pkt *pkts)
{
	struct bufs all;
	uint16_t from;

	get_all(rig, &all);
	from = highest ? (uint16_t)(all.n - n) : 0;
	for (uint16_t i = 0; i < all.n; i++) {
		void *buf = all.of[i];

		if (i < from || i >= from + n)
			vio_buf_put(rig->cache, &buf, 1);
		else
			pkts[i - from] =
				(struct vio_pkt){ all.of[i] + VIO_PKT_HEADROOM, GOOD, 0, 0 };
	}
}

/* The device takes and uses everything, and everything comes back. */
static unsigned int drain(struct rig *rig)
{
	struct offer offer;
	unsigned int n = 0;

	for (; rig_pop(rig, &offer); n++)
		rig_use(rig, offer.id, 0, 1, offer.slots);
	for (int i = 0; i < 4; i++)
		assert_int_equal(vio_tx_burst(&rig->tx->pub, NULL, 0), 0);
	assert_int_equal(ring_in_flight(rig->ring), 0);
	assert_int_equal(rig->ring->post.free, ENTRIES);
	return n;
}

static uint32_t position(const struct rig *rig)
{
	return ring_post_at(rig->ring, (struct mode){ .packed = rig->kind->packed });
}

/* The next burst is to begin at @place of the ring, and only that is counted. */
static void go_to(struct rig *rig, uint16_t place)
{
	while (position(rig) != place) {
		assert_int_equal(rig_tx(rig, 1, 1), 1);
		assert_int_equal(drain(rig), 1);
	}
	assert_true(rig->ring->straight); /* or no step takes four */
	memset(rig->stats, 0, sizeof(*rig->stats));
}

static void open_ring(struct rig *rig, const struct kind_case *k, uint32_t buffers)
{
	rig_open_tx(rig, &(struct rig_opts){
				 .kind = k->kind,
				 .entries = ENTRIES,
				 .buffers = buffers,
				 .ring_bytes = 1 << 17,
				 .hdr_len = k->features & HASH ? NET_HDR_LEN_HASH : 0,
				 .features = k->features,
			 });
}

static char *foreign(const struct rig *rig, const struct odd_case *c)
{
	static _Alignas(BUF) char elsewhere[BUF];
	struct vio_pool_info info;
	uintptr_t base;

	vio_pool_info(rig->pool, &info);
	base = (uintptr_t)info.base;
	switch (c->where) {
	case IN_FRONT:
		base -= info.buf_stride;
		break;
	case JUST_IN_FRONT:
		base--;
		break;
	case BEHIND:
		base += (uintptr_t)info.buffers * info.buf_stride;
		break;
	case AT_THE_POWER:
		base += (uintptr_t)POWER_OF * 2 * info.buf_stride;
		break;
	case ELSEWHERE:
		return elsewhere + c->at;
	default:
		return NULL;
	}
	return (char *)base + c->at;
}

/* Dirt where headers will be, and around. */
static void soil(const struct vio_pkt *pkt)
{
	memset((char *)pkt->data - VIO_PKT_HEADROOM, DIRT, VIO_PKT_HEADROOM + GOOD);
}

/* Only the header's bytes, and those that a plain packet has in front of it, have changed. */
static void check_soil(const struct rig *rig, const char *data)
{
	static char dirt[VIO_PKT_HEADROOM + GOOD];
	static const char zero[NET_HDR_LEN_OUTER];
	const size_t hdr_len = rig->tx->hdr_len;
	const size_t ours = hdr_len > PKT_ROOM ? hdr_len : PKT_ROOM;

	memset(dirt, DIRT, sizeof(dirt));
	assert_memory_equal(data - VIO_PKT_HEADROOM, dirt, VIO_PKT_HEADROOM - ours);
	assert_memory_equal(data - hdr_len, zero, hdr_len);
	assert_memory_equal(data, dirt, GOOD);
}

/* A burst: how many packets, which is the odd one, and where in the ring it begins. */
struct burst {
	const struct odd_case *c;
	uint16_t n, at, place;
};

/* The buffer of a packet that is foreign goes back at once. */
static void spoil(struct rig *rig, const struct burst *b, struct vio_pkt *pkts)
{
	const struct odd_case *c = b->c;

	for (uint16_t i = b->at; i < b->at + c->n; i++) {
		char *const buf = (char *)pkts[i].data - VIO_PKT_HEADROOM;

		if (c->flags & VIO_PKT_OFFLOAD)
			memset(buf + c->at - 32, 0, 32);
		if (c->where != OWN)
			vio_pkt_put(rig->cache, &pkts[i], 1);
		pkts[i] = (struct vio_pkt){ c->where == OWN ? buf + c->at : foreign(rig, c), c->len,
					    c->flags, c->net_hdr_len };
	}
}

static size_t counter_of(const struct rig *rig, const struct odd_case *c)
{
	return c->where == OWN && c->at < rig->tx->hdr_len ? COUNTER(drop_invalid) : c->counter;
}

/* The device finds the good packets, in order. Return: their bytes. */
static uint64_t check_offers(struct rig *rig, const struct burst *b, const struct vio_pkt *pkts,
			     bool dropped)
{
	struct offer offer;
	uint64_t bytes = 0;

	for (uint16_t i = 0; i < b->n; i++) {
		const bool odd = i >= b->at && i < b->at + b->c->n;

		if (odd && dropped)
			continue;
		assert_true(rig_pop(rig, &offer));
		assert_ptr_equal(offer.data, (char *)pkts[i].data - rig->tx->hdr_len);
		assert_int_equal(offer.len, pkts[i].len + rig->tx->hdr_len);
		assert_int_equal(offer.slots, 1);
		for (int h = 0; h < rig->tx->hdr_len; h++)
			assert_int_equal(offer.data[h], 0);
		if (!odd)
			check_soil(rig, pkts[i].data);
		bytes += pkts[i].len;
		rig_use(rig, offer.id, 0, 1, 1);
	}
	assert_false(rig_pop(rig, &offer));
	return bytes;
}

static void one_burst(struct rig *rig, const struct burst *b, bool highest)
{
	const size_t at = counter_of(rig, b->c);
	const bool dropped = at != NO_COUNTER;
	const uint16_t sent = (uint16_t)(b->n - (dropped ? b->c->n : 0));
	struct vio_pkt pkts[BURST_MAX];
	uint64_t bytes;

	go_to(rig, b->place);
	get_some(rig, highest, b->n, pkts);
	for (uint16_t i = 0; i < b->n; i++)
		soil(&pkts[i]);
	spoil(rig, b, pkts);
	assert_int_equal(vio_tx_burst(&rig->tx->pub, pkts, b->n), b->n);
	bytes = check_offers(rig, b, pkts, dropped);
	assert_int_equal(rig->stats->packets, sent);
	assert_int_equal(rig->stats->bytes, bytes);
	if (dropped) {
		assert_int_equal(*counter(rig, at), b->c->n);
		*counter(rig, at) = 1;
	}
	rig_only_counter(rig, dropped ? counter(rig, at) : NULL);
	assert_int_equal(drain(rig), 0);
}

/* Bursts of 8 to 16, from a place that moves on, with the odd one at each place of each. */
static void bursts(const struct kind_case *k, uint32_t buffers, bool highest)
{
	const struct odd_case *c = k->c;
	unsigned int i = 0;
	struct rig rig;

	open_ring(&rig, k, buffers);
	for (uint16_t n = WIDE; n <= BURST_MAX; n++)
		for (uint16_t at = 0; at + c->n <= n; at++)
			one_burst(&rig,
				  &(struct burst){ c, n, at, places[i++ % ARRAY_SIZE(places)] },
				  highest);
	rig_close(&rig);
}

/* From the pool's first buffers, from its last ones, which are behind the highest power of two, and
 * from the last ones of a pool that ends there. */
static void odd_packet(void **state)
{
	bursts(*state, BUFFERS, false);
	bursts(*state, BUFFERS, true);
	bursts(*state, POWER_OF, true);
}

/* What is in flight when completions come: which one is odd, and where in the ring they begin. */
struct flight {
	uint16_t at, place;
};

#define IN_FLIGHT 16u

/* @segs segments at its place, one elsewhere. */
static void fly(struct rig *rig, const struct flight *f, uint16_t segs, struct offer *offers)
{
	struct vio_pkt pkts[IN_FLIGHT + 4];
	const uint16_t n = (uint16_t)(IN_FLIGHT - 1 + segs);

	go_to(rig, f->place);
	assert_int_equal(vio_pkt_get(rig->cache, pkts, n), n);
	for (uint16_t i = 0; i < n; i++) {
		pkts[i].len = GOOD;
		pkts[i].flags = i >= f->at && i + 1 < f->at + segs ? VIO_PKT_MORE : 0;
	}
	assert_int_equal(vio_tx_burst(&rig->tx->pub, pkts, n), n);
	for (uint16_t i = 0; i < IN_FLIGHT; i++) {
		const bool indirect = rig->tx->indirect;

		assert_true(rig_pop(rig, &offers[i]));
		assert_int_equal(offers[i].slots, i == f->at && !indirect ? segs : 1);
		assert_int_equal(offers[i].flags & DESC_INDIRECT,
				 i == f->at && segs > 1 && indirect ? DESC_INDIRECT : 0);
		if (i != f->at || !indirect)
			assert_ptr_equal(offers[i].last,
					 (char *)pkts[i < f->at ? i : i + segs - 1].data -
						 (offers[i].slots == 1 ? rig->tx->hdr_len : 0));
	}
	assert_int_equal(rig->stats->packets, IN_FLIGHT);
	assert_int_equal(rig->stats->bytes, n * GOOD);
}

static void chain_among_plain(void **state)
{
	const struct kind_case *k = *state;
	struct offer offers[IN_FLIGHT];

	for (uint16_t segs = 2; segs <= 4; segs++)
		for (uint16_t at = 0; at < IN_FLIGHT; at++) {
			const struct flight f = { at, places[at % ARRAY_SIZE(places)] };
			struct rig rig;

			open_ring(&rig, k, BUFFERS);
			fly(&rig, &f, segs, offers);
			for (uint16_t i = 0; i < IN_FLIGHT; i++)
				rig_use(&rig, offers[i].id, 0, 1, offers[i].slots);
			assert_int_equal(drain(&rig), 0);
			assert_int_equal(rig.stats->completed, IN_FLIGHT);
			rig_only_counter(&rig, NULL);
			rig_close(&rig);
		}
}

enum named { FREE, SIZE, ABOVE_64K, HIGHEST, BEFORE, NEXT, LAST };

static const struct id_case {
	const char *what;
	enum named named;
	bool split_only, honest;
} id_cases[] = {
	{ "a completion of a slot that is free", FREE, false, false },
	{ "a completion of the ring's size", SIZE, false, false },
	{ "a completion 65536 above its own", ABOVE_64K, true, false },
	{ "a completion of the highest id", HIGHEST, false, false },
	{ "a completion of the one before", BEFORE, false, false },
	{ "a completion that comes behind the next one", NEXT, false, true },
	{ "a completion that comes behind all others", LAST, false, true },
};

static uint32_t id_of(const struct offer *offers, enum named named, uint16_t i)
{
	switch (named) {
	case FREE:
		return (offers[IN_FLIGHT - 1].id + 3u) % ENTRIES;
	case SIZE:
		return ENTRIES;
	case ABOVE_64K:
		return offers[i].id + 65536u;
	case HIGHEST:
		return UINT32_MAX;
	case BEFORE:
		return (offers[i].id - 1u) % ENTRIES;
	default:
		return offers[i].id;
	}
}

/* Move the offer @at behind the next one or behind all. */
static void reorder(struct offer *offers, enum named named, uint16_t at)
{
	const struct offer moved = offers[at];
	const uint16_t to = named == LAST   ? IN_FLIGHT - 1
			    : named == NEXT ? min_u16((uint16_t)(at + 1), IN_FLIGHT - 1)
					    : at;

	memmove(&offers[at], &offers[at + 1], (to - at) * sizeof(*offers));
	offers[to] = moved;
}

static void one_id(const struct kind_case *k, const struct flight *f)
{
	const struct id_case *c = k->c;
	struct offer offers[IN_FLIGHT];
	struct rig rig;

	open_ring(&rig, k, BUFFERS);
	fly(&rig, f, 1, offers);
	reorder(offers, c->named, f->at);
	for (uint16_t i = 0; i < IN_FLIGHT; i++)
		rig_use(&rig, i == f->at ? id_of(offers, c->named, i) : offers[i].id, 0, 1, 1);
	if (c->honest) {
		assert_int_equal(drain(&rig), 0);
	} else {
		for (int i = 0; i < 4; i++)
			assert_int_equal(vio_tx_burst(&rig.tx->pub, NULL, 0), 0);
	}
	assert_int_equal(rig.stats->completed, c->honest ? IN_FLIGHT : f->at);
	rig_only_counter(&rig, c->honest ? NULL : &rig.stats->bad_id);
	assert_int_equal(rig_running(&rig), c->honest);
	if (c->honest) { /* and once round */
		assert_int_equal(rig_tx(&rig, ENTRIES, 1), ENTRIES);
		assert_int_equal(drain(&rig), ENTRIES);
	}
	rig_close(&rig);
}

static void odd_id(void **state)
{
	for (uint16_t at = 0; at < IN_FLIGHT; at++)
		one_id(*state, &(struct flight){ at, places[at % ARRAY_SIZE(places)] });
}

/* The flags of one descriptor are seen later than those behind it: none of these is taken back. */
static void flags_late(void **state)
{
	static const uint16_t unused[] = { PACKED_AVAIL, PACKED_USED };
	const struct kind_case *k = *state;
	struct offer offers[IN_FLIGHT];
	struct rig rig;

	open_ring(&rig, k, BUFFERS);
	for (uint16_t i = 0; i < IN_FLIGHT * ARRAY_SIZE(unused) * ARRAY_SIZE(places); i++) {
		const struct flight f = { i % IN_FLIGHT, places[i % ARRAY_SIZE(places)] };
		struct packed_desc *d;
		le16 used;

		fly(&rig, &f, 1, offers);
		for (uint16_t n = 0; n < IN_FLIGHT; n++)
			rig_use(&rig, offers[n].id, 0, 1, 1);
		d = (struct packed_desc *)rig.place.desc + (f.place + f.at) % ENTRIES;
		used = d->flags;
		d->flags = le16_from(le16_to(used) ^ unused[i / IN_FLIGHT % 2]);
		for (int n = 0; n < 4; n++)
			assert_int_equal(vio_tx_burst(&rig.tx->pub, NULL, 0), 0);
		assert_int_equal(rig.stats->completed, f.at);
		ring_store_release(&d->flags, used);
		assert_int_equal(drain(&rig), 0);
		assert_int_equal(rig.stats->completed, IN_FLIGHT);
		rig_only_counter(&rig, NULL);
	}
	rig_close(&rig);
}

static void add_packets(struct kind_list *list, const struct ring_kind *kind)
{
	KIND_ADD_TABLE(list, kind, "", odd_cases, odd_packet, 0);
	KIND_ADD_TABLE(list, kind, ", longer headers", odd_cases, odd_packet, HASH);
}

static void add_completions(struct kind_list *list, const struct ring_kind *kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(id_cases); i++)
		if ((!kind->packed || !id_cases[i].split_only) &&
		    (!kind->in_order || !id_cases[i].honest))
			kind_add(list, kind, "", id_cases[i].what, odd_id, &id_cases[i], 0);
	kind_add(list, kind, "", "a chain comes back among others", chain_among_plain, NULL, 0);
	kind_add(list, kind, "", "an indirect table comes back among others", chain_among_plain,
		 NULL, INDIRECT);
	if (kind->packed)
		kind_add(list, kind, "", "a completion is seen late", flags_late, NULL, 0);
}

int main(void)
{
	static struct kind_list list;

	for (size_t i = 0; i < RING_KINDS; i++) {
		add_packets(&list, &ring_kinds[i]);
		add_completions(&list, &ring_kinds[i]);
	}
	return case_run("wide_tx", &list.cases);
}
