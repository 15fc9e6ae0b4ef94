/* SPDX-License-Identifier: BSD-3-Clause */
#include "trust.h"

#include <string.h>

/*
 * Bursts of receive take four completions a step. Here one of a burst is not like the others, at
 * each place, and the ring's end comes at each place of a step; and what is received must be the
 * same in bursts that take one a step.
 */

#define MRG     BIT64(NET_F_MRG_RXBUF)
#define CSUM    BIT64(NET_F_GUEST_CSUM)
#define HASH    BIT64(NET_F_HASH_REPORT) /* longer headers */
#define ENTRIES 16u
#define RUN_MAX 12u
#define ROOM    (2048u - 128u) /* for a frame */
#define NARROW  4u
#define LARGE   32u
#define LOG_MAX (RUN_MAX + 2 * ENTRIES)

enum which { OWN, SIZE, NEXT, BEFORE, ABOVE_64K, HIGHEST };

/* What the device writes for one of a run; all others are of GOOD bytes and ask for nothing. */
struct odd_case {
	const char *what;
	enum which id;
	uint32_t len; /* of the frame; added to the header's without regard to 2^32 */
	uint8_t flags, gso_type;
	uint16_t num_buffers;
	size_t counter;
	bool broken, lost; /* the queue, the packet */
};

#define GOOD       60u
#define LEN_OF(n)  ((uint32_t)(n)-NET_HDR_LEN_BASE) /* of a completion of 12-byte headers */
#define NO_COUNTER SIZE_MAX

/* Of every ring. */
static const struct odd_case odd_cases[] = {
	{ "nothing", OWN, GOOD, 0, 0, 1, NO_COUNTER, false, false },
	{ "the shortest frame", OWN, 14, 0, 0, 1, NO_COUNTER, false, false },
	{ "the longest frame", OWN, ROOM, 0, 0, 1, NO_COUNTER, false, false },
	{ "no buffers counted", OWN, GOOD, 0, 0, 0, NO_COUNTER, false, false },
	{ "header flags", OWN, GOOD, NET_HDR_NEEDS_CSUM, 0, 1, NO_COUNTER, false, false },
	{ "a kind of segmentation", OWN, GOOD, 0, NET_GSO_TCPV4, 1, NO_COUNTER, false, false },
	{ "the next one's id", NEXT, GOOD, 0, 0, 1, NO_COUNTER, false, false },
	{ "the ring's size as id", SIZE, GOOD, 0, 0, 1, COUNTER(bad_id), true, true },
	{ "the highest id", HIGHEST, GOOD, 0, 0, 1, COUNTER(bad_id), true, true },
	{ "the length 0", OWN, LEN_OF(0), 0, 0, 1, COUNTER(bad_len), false, true },
	{ "a length one below the header", OWN, -1u, 0, 0, 1, COUNTER(bad_len), false, true },
	{ "a length of the header only", OWN, 0, 0, 0, 1, COUNTER(bad_len), false, true },
	{ "a frame one short of an Ethernet header", OWN, 13, 0, 0, 1, COUNTER(bad_len), false,
	  true },
	{ "a length one above the buffer", OWN, ROOM + 1, 0, 0, 1, COUNTER(bad_len), false, true },
	{ "the length 0x80000000", OWN, LEN_OF(0x80000000), 0, 0, 1, COUNTER(bad_len), false,
	  true },
	{ "the length 0xffffffff", OWN, LEN_OF(0xffffffff), 0, 0, 1, COUNTER(bad_len), false,
	  true },
};

static const struct odd_case split_cases[] = {
	{ "an id 65536 above its own", ABOVE_64K, GOOD, 0, 0, 1, COUNTER(bad_id), true, true },
};

/* Where ids have to come in order; the second makes up in the length for what the id lacks. */
static const struct odd_case in_order_cases[] = {
	{ "the id before", BEFORE, GOOD, 0, 0, 1, COUNTER(bad_id), true, true },
	{ "the id before and the length 0xffffffff", BEFORE, LEN_OF(0xffffffff), 0, 0, 1,
	  COUNTER(bad_id), true, true },
};

static const struct odd_case merged_cases[] = {
	{ "two buffers", OWN, GOOD, 0, 0, 2, NO_COUNTER, false, false },
	{ "two buffers and header flags", OWN, GOOD, NET_HDR_NEEDS_CSUM, 0, 2, NO_COUNTER, false,
	  false },
	{ "more buffers than the ring has", OWN, GOOD, 0, 0, ENTRIES + 1, COUNTER(bad_merge), true,
	  true },
	{ "256 buffers", OWN, GOOD, 0, 0, 256, COUNTER(bad_merge), true, true },
	{ "65535 buffers", OWN, GOOD, 0, 0, 65535, COUNTER(bad_merge), true, true },
};

/* A run: how many completions, which is the odd one, and where in the ring it begins. */
struct run {
	const struct odd_case *c;
	uint16_t n, at, place;
};

/* An entry that a burst is to give, or has given. */
struct entry {
	uintptr_t data; /* from the pool's start */
	uint32_t len;
	uint16_t flags, hdr_len;
	bool whole; /* first of a packet, or its only one */
};

struct entries {
	struct entry of[LOG_MAX];
	uint16_t n;
};

static uint16_t hdr_len_of(const struct kind_case *k)
{
	return k->features & HASH ? NET_HDR_LEN_HASH : NET_HDR_LEN_BASE;
}

/* Behind each burst everything is shown, so that what a burst takes makes no difference. */
static void open_ring(struct rig *rig, const struct kind_case *k)
{
	rig_open_rx(rig, &(struct rig_opts){ .kind = k->kind,
					     .entries = ENTRIES,
					     .buffers = 320,
					     .ring_bytes = 1 << 16,
					     .hdr_len = hdr_len_of(k),
					     .features = k->features });
	rig->rx->publish_at = 1;
}

static void put_header(const struct offer *offer, uint8_t flags, uint8_t gso_type,
		       uint16_t num_buffers)
{
	const struct net_hdr hdr = { .flags = flags,
				     .gso_type = gso_type,
				     .num_buffers = le16_from(num_buffers) };

	memcpy(offer->data, &hdr, sizeof(hdr));
}

static uint32_t id_of(const struct offer *offers, const struct run *run)
{
	const uint32_t id = offers[run->at].id;

	switch (run->c->id) {
	case SIZE:
		return ENTRIES;
	case HIGHEST:
		return UINT32_MAX;
	case ABOVE_64K:
		return id + 65536;
	case NEXT:
		return offers[run->at + 1].id;
	case BEFORE:
		return (id - 1) & (ENTRIES - 1);
	case OWN:
		break;
	}
	return id;
}

/* The device takes buffers for a run, and uses them. */
static void play(struct rig *rig, const struct run *run, struct offer *offers)
{
	const struct odd_case *c = run->c;
	const uint32_t hdr_len = rig->rx->hdr_len;

	for (uint16_t i = 0; i < run->n; i++) {
		assert_true(rig_pop(rig, &offers[i]));
		put_header(&offers[i], 0, 0, 1);
	}
	put_header(&offers[run->at], c->flags, c->gso_type, c->num_buffers);
	for (uint16_t i = 0; i < run->n; i++) {
		const bool other = c->id == NEXT && i == run->at + 1;
		const uint32_t id = i == run->at ? id_of(offers, run)
				    : other      ? offers[run->at].id
						 : offers[i].id;

		rig_use(rig, id, hdr_len + (i == run->at ? c->len : GOOD + i), 1, 1);
	}
}

static void expect(struct entries *want, const struct rig *rig, const struct offer *offer,
		   uint32_t len, uint16_t flags)
{
	const bool offload = rig->rx->offload_mask && flags & VIO_PKT_OFFLOAD;

	want->of[want->n++] = (struct entry){
		.data = (uintptr_t)offer->data + rig->rx->hdr_len - rig->rx->cache->slots.base,
		.len = len,
		.flags = (uint16_t)(offload ? flags : flags & ~VIO_PKT_OFFLOAD),
		.hdr_len = offload ? rig->rx->hdr_len : 0,
		.whole = true,
	};
}

/* The second buffer of a packet begins where its header would be, and is full of it. */
static void expect_second(struct entries *want, const struct rig *rig, const struct offer *offer,
			  uint32_t len)
{
	expect(want, rig, offer, len + rig->rx->hdr_len, 0);
	want->of[want->n - 1].data -= rig->rx->hdr_len;
	want->of[want->n - 1].whole = false;
}

/* Two whose ids are exchanged: in order, one batch of two. Return: how many that were. */
static uint16_t expect_exchanged(struct entries *want, const struct rig *rig,
				 const struct offer *two, uint32_t first, uint32_t second)
{
	const bool batch = rig->kind->in_order;

	expect(want, rig, &two[batch ? 0 : 1], batch ? ROOM : first, 0);
	expect(want, rig, &two[batch ? 1 : 0], batch ? first : second, 0);
	return 2;
}

/* The odd one, and with it others. Return: how many that were. */
static uint16_t expect_odd(struct entries *want, const struct rig *rig, const struct run *run,
			   const struct offer *offers, bool merged)
{
	const struct odd_case *c = run->c;
	const uint16_t i = run->at;
	const uint16_t flags = c->flags || c->gso_type ? VIO_PKT_OFFLOAD : 0;

	if (c->id == NEXT)
		return expect_exchanged(want, rig, offers + i, c->len, GOOD + i + 1);
	if (c->lost)
		return 1;
	expect(want, rig, &offers[i], c->len, flags);
	if (!merged || c->num_buffers < 2)
		return 1;
	want->of[want->n - 1].flags |= VIO_PKT_MORE;
	expect_second(want, rig, &offers[i + 1], GOOD + i + 1);
	return 2;
}

static void expect_all(struct entries *want, const struct rig *rig, const struct run *run,
		       const struct offer *offers, bool merged)
{
	for (uint16_t i = 0; i < run->n;) {
		if (i != run->at) {
			expect(want, rig, &offers[i], GOOD + i, 0);
			i++;
			continue;
		}
		if (run->c->broken)
			return;
		i = (uint16_t)(i + expect_odd(want, rig, run, offers, merged));
	}
}

/* Everything that there is, in bursts of @burst; what comes is held until all is there. */
static void receive(struct rig *rig, uint16_t burst, struct entries *got)
{
	struct vio_pkt pkts[LOG_MAX + LARGE];
	uint16_t n = 0, now, empty = 0;

	while (empty < 2) { /* half a packet gives nothing */
		now = vio_rx_burst(&rig->rx->pub, pkts + n, burst);
		n = (uint16_t)(n + now);
		empty = now ? 0 : (uint16_t)(empty + 1);
		assert_true(n <= LOG_MAX);
	}
	for (uint16_t i = 0; i < n; i++) {
		got->of[got->n++] = (struct entry){
			.data = (uintptr_t)pkts[i].data - rig->rx->cache->slots.base,
			.len = pkts[i].len,
			.flags = pkts[i].flags,
			.hdr_len = pkts[i].net_hdr_len,
		};
	}
	vio_pkt_put(rig->cache, pkts, n);
}

static void same_entries(const struct entries *got, const struct entries *want)
{
	assert_int_equal(got->n, want->n);
	for (uint16_t i = 0; i < want->n; i++) {
		assert_int_equal(got->of[i].data, want->of[i].data);
		assert_int_equal(got->of[i].len, want->of[i].len);
		assert_int_equal(got->of[i].flags, want->of[i].flags);
		assert_int_equal(got->of[i].hdr_len, want->of[i].hdr_len);
	}
}

/* Good packets, one a burst. */
static void pass(struct rig *rig, unsigned int packets)
{
	while (packets--) {
		rig_receive(rig, rig->rx->len_min, 1);
		assert_int_equal(rig_rx(rig, 1, NULL), 1);
	}
}

/* A run is to begin at @place of the ring, and only that is counted. */
static void go_to(struct rig *rig, uint16_t place)
{
	while (rig->used % ENTRIES != place)
		pass(rig, 1);
	assert_true(rig->ring->straight); /* or no step takes four */
	memset(rig->stats, 0, sizeof(*rig->stats));
}

static void check_counters(const struct rig *rig, const struct run *run, const struct entries *want)
{
	const size_t at = run->c->counter;
	uint64_t bytes = 0, packets = 0;

	for (uint16_t i = 0; i < want->n; i++) {
		bytes += want->of[i].len;
		packets += want->of[i].whole;
	}
	assert_int_equal(rig->stats->bytes, bytes);
	assert_int_equal(rig->stats->packets, packets);
	rig_only_counter(rig, at == NO_COUNTER ? NULL : counter(rig, at));
	assert_int_equal(rig_running(rig), !run->c->broken);
}

static void one_run(struct rig *rig, const struct kind_case *k, const struct run *run,
		    uint16_t burst)
{
	struct entries want = { .n = 0 }, got = { .n = 0 };
	struct offer offers[RUN_MAX];

	go_to(rig, run->place);
	play(rig, run, offers);
	expect_all(&want, rig, run, offers, k->features & MRG);
	receive(rig, burst, &got);
	same_entries(&got, &want);
	check_counters(rig, run, &want);
}

/* Split and packed have the address in the same place. */
static void check_address(const struct rig *rig, uint32_t slot)
{
	const struct packed_desc *d = (struct packed_desc *)rig->place.desc + slot;
	const uint64_t id = rig->kind->packed ? le16_to(d->id) : slot;

	assert_int_equal(le64_to(d->addr), rig->ring->cookie[id] + rig->rx->post_off);
}

/* What the device sees in both rings is the same, but for the addresses. */
static void same_rings(const struct rig *a, const struct rig *b)
{
	const size_t rest = offsetof(struct packed_desc, len);

	for (uint32_t i = 0; i < ENTRIES; i++) {
		const struct packed_desc *x = (struct packed_desc *)a->place.desc + i;
		const struct packed_desc *y = (struct packed_desc *)b->place.desc + i;

		check_address(a, i);
		check_address(b, i);
		assert_memory_equal(&x->len, &y->len, sizeof(*x) - rest);
	}
	if (!a->kind->packed)
		assert_memory_equal(a->place.driver, b->place.driver, a->place.driver_bytes);
	assert_int_equal(a->ring->post.idx, b->ring->post.idx);
	assert_int_equal(a->ring->take.idx, b->ring->take.idx);
}

/* The same run in small bursts and in large ones. */
struct pair {
	const struct kind_case *k;
	struct rig narrow, wide;
};

static void open_pair(struct pair *p, const struct kind_case *k)
{
	p->k = k;
	open_ring(&p->narrow, k);
	open_ring(&p->wide, k);
}

/* What a run has left in the rings goes round once more. */
static void close_pair(struct pair *p)
{
	if (rig_running(&p->wide)) {
		pass(&p->narrow, ENTRIES + 3);
		pass(&p->wide, ENTRIES + 3);
	}
	rig_close(&p->narrow);
	rig_close(&p->wide);
}

static void both_runs(void *pair, const struct run *run)
{
	struct pair *p = pair;

	one_run(&p->narrow, p->k, run, NARROW);
	one_run(&p->wide, p->k, run, LARGE);
	if (!run->c->broken)
		same_rings(&p->narrow, &p->wide);
}

/* Does the odd one need another behind it? */
static bool needs_next(const struct odd_case *c)
{
	return c->id == NEXT || c->num_buffers == 2;
}

static const uint16_t runs[] = { 8, 11, 12 };

/* Where runs begin: in one piece, and with the ring's end at each place of the second step. */
static const uint16_t places[] = { 0, 9, 10, 11 };

/* @fn for the odd one at each place of each run. */
static void each_run(const struct odd_case *c, void (*fn)(void *arg, const struct run *run),
		     void *arg)
{
	for (size_t n = 0; n < ARRAY_SIZE(runs); n++)
		for (size_t i = 0; i < ARRAY_SIZE(places); i++)
			for (uint16_t at = 0; at + needs_next(c) < runs[n]; at++)
				fn(arg, &(struct run){ c, runs[n], at, places[i] });
}

/* Rings that go on in order serve for all runs. */
static void one_odd(void **state)
{
	struct pair p;

	open_pair(&p, *state);
	each_run(p.k->c, both_runs, &p);
	close_pair(&p);
}

/* Others for one: the longest, in one piece and not. */
static void last_run(void *state, const struct run *run)
{
	struct pair p;

	if (run->n != RUN_MAX || run->place % 10)
		return;
	if (run->c->id == BEFORE && run->at % NARROW == 0) /* a batch as long as the ring */
		return;
	open_pair(&p, state);
	both_runs(&p, run);
	close_pair(&p);
}

static void odd_and_last(void **state)
{
	const struct kind_case *k = *state;

	each_run(k->c, last_run, *state);
}

/* The packet's second buffer is not there yet: what came before is given, it comes whole later. */
static void second_missing(void **state)
{
	const struct kind_case *k = *state;
	static const struct odd_case two = { .len = GOOD, .num_buffers = 2 };
	struct offer offers[RUN_MAX];
	struct vio_pkt pkts[LARGE];
	struct rig rig;

	for (uint16_t n = 8; n <= RUN_MAX; n++) {
		const struct run run = { .c = &two, .n = n, .at = (uint16_t)(n - 1) };

		open_ring(&rig, k);
		play(&rig, &run, offers);
		assert_int_equal(rig_rx(&rig, LARGE, pkts), n - 1);
		for (uint16_t i = 0; i + 1 < n; i++)
			assert_int_equal(pkts[i].len, GOOD + i);
		rig_receive(&rig, 99, 1);
		assert_int_equal(rig_rx(&rig, LARGE, pkts), 2);
		assert_int_equal(pkts[0].flags, VIO_PKT_MORE);
		assert_int_equal(pkts[0].len, GOOD);
		assert_int_equal(pkts[1].flags, 0);
		assert_int_equal(pkts[1].len, 99);
		assert_int_equal(rig.stats->packets, n);
		rig_only_counter(&rig, NULL);
		rig_close(&rig);
	}
}

/* The flags of one descriptor are seen later than those behind it: none of these is taken. */
static void one_late(struct rig *rig, const struct run *run, uint16_t unused)
{
	struct offer offers[RUN_MAX];
	struct packed_desc *d;
	le16 used;

	go_to(rig, run->place);
	play(rig, run, offers);
	d = (struct packed_desc *)rig->place.desc + (run->place + run->at) % ENTRIES;
	used = d->flags;
	d->flags = le16_from(le16_to(used) ^ unused);
	assert_int_equal(rig_rx(rig, LARGE, NULL), run->at);
	assert_int_equal(rig_rx(rig, LARGE, NULL), 0);
	ring_store_release(&d->flags, used);
	assert_int_equal(rig_rx(rig, LARGE, NULL), run->n - run->at);
	rig_only_counter(rig, NULL);
}

static void flags_late(void **state)
{
	const struct kind_case *k = *state;
	static const struct odd_case good = { .len = GOOD, .num_buffers = 1 };
	struct rig rig;

	open_ring(&rig, k);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		for (uint16_t at = 0; at < 8; at++) {
			const struct run run = { &good, 8, at, places[i] };

			one_late(&rig, &run, PACKED_AVAIL);
			one_late(&rig, &run, PACKED_USED);
		}
	rig_close(&rig);
}

/* Each entry of @table; with ids in another order, four a step are over. */
#define ADD_ODD(list, kind, mode, table, features) \
	for (size_t i_ = 0; i_ < ARRAY_SIZE(table); i_++) \
	kind_add(list, kind, mode, (table)[i_].what, \
		 (table)[i_].broken || (table)[i_].id == NEXT ? odd_and_last : one_odd, \
		 &(table)[i_], features)

static void add_kind(struct kind_list *list, const struct ring_kind *kind)
{
	static const struct {
		const char *mode;
		uint64_t features;
	} modes[] = {
		{ "", 0 },
		{ ", offload", CSUM },
		{ ", mergeable", MRG | CSUM },
		{ ", mergeable without offload", MRG },
		{ ", mergeable with longer headers", MRG | CSUM | HASH },
	};

	for (size_t m = 0; m < ARRAY_SIZE(modes); m++) {
		const uint64_t features = modes[m].features;
		const char *const mode = modes[m].mode;

		ADD_ODD(list, kind, mode, odd_cases, features);
		if (!kind->packed)
			ADD_ODD(list, kind, mode, split_cases, features);
		else
			kind_add(list, kind, mode, "one is seen late", flags_late, NULL, features);
		if (kind->in_order)
			ADD_ODD(list, kind, mode, in_order_cases, features);
		if (!(features & MRG))
			continue;
		ADD_ODD(list, kind, mode, merged_cases, features);
		kind_add(list, kind, mode, "the second buffer is missing", second_missing, NULL,
			 features);
	}
}

int main(void)
{
	static struct kind_list list;

	for (size_t i = 0; i < RING_KINDS; i++)
		add_kind(&list, &ring_kinds[i]);
	return case_run("wide_rx", &list.cases);
}
