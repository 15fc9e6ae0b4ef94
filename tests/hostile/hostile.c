/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../drivers/virtio/queue.h"
#include "../cases.h"
#include "rig.h"

/*
 * Every behaviour of the hostile device, in every variant of the data path that it concerns, at
 * every place of the rings. A good port in the same process works all along. An argument chooses
 * cells by a pattern: hostile '*rx-len*'. --first ends with the first failure; --list
 * prints the behaviours as a table for documents.
 */
#define VARIANTS 128u
#define FRAMES   160u /* that a cell sends: the last place, by entries that stand for 4, and more */

/* A place of the rings: at completion laps * entries + more. */
static const struct place {
	const char *what;
	uint16_t laps;
	int16_t more;
	bool again;    /* not once, but from then on, where the queue goes on */
	bool wind;     /* the free-running indexes wrap behind the second lap: split */
	bool disorder; /* out of order, or in order by one entry for several buffers */
	bool narrow;   /* few packets a call */
	bool few, late;
} places[] = {
	{ "at the first completion", .few = true },
	{ "in the last slot", .laps = 1, .more = -1, .narrow = true, .late = true },
	{ "in the second lap", .laps = 1, .again = true, .disorder = true, .few = true,
	  .late = true },
	{ "in the last slot of the second lap", .laps = 2, .more = -1, .disorder = true,
	  .narrow = true, .late = true },
	{ "where the index becomes 0", .laps = 2, .more = -1, .wind = true, .late = true },
	{ "behind the index 0", .laps = 2, .wind = true, .narrow = true, .late = true },
};

struct cell {
	const struct ring_lie *b; /* NULL: d */
	const struct device_lie *d;
	const struct place *place;
	unsigned int variant;
	char name[200];
};

/* The good port stands in memory of its own. */
static struct bed bed, good_bed;
static struct rig good;
static bool only_first;

static const char *on(unsigned int yes)
{
	return yes ? "on" : "off";
}

static const char *variant_text(char *text, size_t size, unsigned int v)
{
	snprintf(text, size,
		 "packed=%s,in_order=%s,mrg_rxbuf=%s,event_idx=%s,indirect_desc=%s,csum=%s,"
		 "guest_csum=%s%s%s",
		 on(v & V_PACKED), on(v & V_IN_ORDER), on(v & V_MRG), on(v & V_EVENT_IDX),
		 on(v & V_INDIRECT), on(v & V_OFFLOAD), on(v & V_OFFLOAD),
		 v & V_OFFLOAD ? ",host_tso4=on,host_tso6=on,host_uso=on" : "",
		 v & V_HASH ? ",hash_report=on" : "");
	return text;
}

static uint16_t entries_of(unsigned int variant)
{
	return variant & V_PACKED ? PACKED_SIZE : SPLIT_SIZE;
}

static uint32_t at_of(const struct cell *c)
{
	return (uint32_t)(c->place->laps * entries_of(c->variant) + c->place->more);
}

/* A queue that goes on can be lied to without end. */
static bool repeats(const struct cell *c)
{
	const enum must must = c->b->must;

	/* Of an index, the last one would never be made good. */
	if (c->b->in == LIE_INDEX || c->b->lost)
		return false;
	if (c->b->memory && !c->b->undo && must == MUST_SERVE)
		return true; /* the device writes the truth over it at once */
	return c->place->again && (must == MUST_SERVE || must == MUST_ALTER || must == MUST_DROP ||
				   must == MUST_BOUND);
}

/* Some lies need to know which slots are free, or how many packets an entry stands for. */
static bool in_turn(const struct ring_lie *b)
{
	return b->segments || b->in == LIE_NUM || b->op == OP_FREE || b->must == MUST_WAIT;
}

static const char *disorder_of(const struct cell *c)
{
	if (!c->place->disorder || in_turn(c->b))
		return "";
	return c->variant & V_IN_ORDER ? ",batch=4" : ",ooo";
}

static void open_victim(struct rig *r, const struct cell *c)
{
	char address[512], features[256];

	/* A broken queue is reset by itself, or with its device. */
	snprintf(address, sizeof(address),
		 "hostile:echo,max_queues=1,max_size=16,size=%u,timeout=20,ring_reset=%s,lie=%s,"
		 "at=%u,always=%s%s,%s",
		 entries_of(c->variant), on(!c->place->narrow), c->b->name, at_of(c),
		 on(repeats(c)), disorder_of(c),
		 variant_text(features, sizeof(features), c->variant));
	if (rig_open(r, address, &bed) < 0)
		fail_msg("%s", vio_error_text());
	r->segments = c->b->segments ? c->b->segments : 1;
	r->burst = c->place->narrow ? 2 : r->segments > 1 ? 3 : 8;
	r->room = c->place->narrow && c->b->must != MUST_MERGE ? 4 : BURST_MAX;
	if (c->b->room)
		r->room = c->b->room;
	r->forged = c->b->must == MUST_BOUND;
	r->keep_odd = true;
	if (c->place->wind)
		rig_wind(r, (uint16_t)(2 * entries_of(c->variant)));
}

/* All that the driver counts as wrong. */
static uint64_t wrong(const struct vio_queue_stats *s)
{
	return s->bad_id + s->bad_len + s->bad_index + s->bad_merge + s->drop_invalid +
	       s->drop_foreign + s->drop_truncated;
}

static void good_round(void)
{
	const uint32_t before = good.got;

	rig_round(&good);
	assert_int_equal(good.got, before + good.burst);
	assert_int_equal(good.got, good.sent);
}

static void check_device(struct rig *r, bool may_complain)
{
	const char *first = "";

	if (vio_loop_violations(r->loop, &first) && !may_complain)
		fail_msg("the driver broke a rule: %s", first);
}

static uint64_t counter_of(const struct vio_queue_stats *s, size_t at)
{
	return *(const uint64_t *)(const void *)((const char *)s + at);
}

/* What the victim looks like behind the traffic. */
struct outcome {
	const struct cell *cell;
	struct rig *r;
	struct mischief *m;
	struct vio_queue_stats rx, tx;
	const struct vio_queue_stats *lied_to, *other;
};

static bool about_rx(const struct outcome *o)
{
	return o->cell->b->role == ROLE_RX;
}

static void check_served(const struct outcome *o)
{
	assert_int_equal(wrong(o->lied_to), 0);
	assert_int_equal(o->r->got, o->r->sent);
	assert_int_equal(o->r->odd, 0);
}

/* What an application does with a packet whose header it believes: it sends it on. */
static void send_on(const struct outcome *o)
{
	struct rig *r = o->r;
	const struct vio_queue_stats before = rig_tx_stats(r);
	struct vio_queue_stats after;

	assert_int_equal(vio_tx_burst(r->txq, &r->last_odd, 1), 1);
	r->last_odd_segments = 0;
	vio_loop_step(r->loop, BURST_MAX);
	vio_tx_burst(r->txq, NULL, 0);
	after = rig_tx_stats(r);
	assert_int_equal(after.packets + after.drop_invalid,
			 before.packets + before.drop_invalid + 1);
	if (o->cell->b->rc)
		assert_int_equal(after.drop_invalid, before.drop_invalid + 1);
}

static void check_altered(const struct outcome *o)
{
	const struct ring_lie *b = o->cell->b;
	const bool flagged = o->cell->variant & V_OFFLOAD;
	const struct vio_pkt *pkt = &o->r->last_odd;
	struct vio_offload off;

	assert_int_equal(wrong(o->lied_to), 0);
	assert_int_equal(o->r->got, o->r->sent);
	assert_int_equal(o->r->odd, b->in == LIE_HDR && !flagged ? 0 : o->m->told);
	if (!o->r->odd)
		return;
	assert_int_equal(o->r->last_odd_segments, 1);
	if (b->in == LIE_LEN) {
		assert_int_equal(pkt->len, o->m->value - o->r->loop->hdr_len);
		return;
	}
	assert_int_equal(pkt->len, FRAME_LEN);
	assert_int_equal(vio_offload_get(pkt, pkt->len, &off), b->rc);
	send_on(o);
}

static void check_merged(const struct outcome *o)
{
	assert_int_equal(wrong(o->lied_to), 0);
	assert_int_equal(o->r->odd, 1);
	assert_int_equal(o->r->last_odd_segments, o->m->value);
	assert_int_equal(o->r->got, o->r->sent - o->m->value + 1);
}

static void check_dropped(const struct outcome *o)
{
	const uint64_t lost = o->m->told * (o->cell->b->lost ? o->cell->b->lost : 1);

	assert_int_equal(counter_of(o->lied_to, o->cell->b->counter), o->m->told);
	assert_int_equal(wrong(o->lied_to), o->m->told);
	assert_int_equal(o->r->got, o->r->sent - lost);
	assert_int_equal(o->r->odd, 0);
}

/* The device has lied once, and behaves from now on: the port comes back, and works as before. */
static void check_recovered(struct rig *r)
{
	struct vio_queue_stats tx;

	for (unsigned int i = 0; i < 1000 && vio_port_check(r->port) != VIO_PORT_UP; i++)
		usleep(100);
	if (vio_port_check(r->port) != VIO_PORT_UP)
		fail_msg("%s", vio_error_text());
	r->next = r->got = r->sent;
	for (unsigned int i = 0; i < 4; i++) {
		rig_round(r);
		good_round();
	}
	assert_int_equal(r->got, r->sent);
	tx = rig_tx_stats(r);
	assert_int_equal(tx.packets, tx.completed + tx.taken_back + vio_txq_in_flight(r->txq));
}

/* One queue stands, the other works. */
static void check_broken(const struct outcome *o)
{
	struct rig *r = o->r;
	const uint32_t sent = r->sent, got = r->got;
	const enum lie_in in = o->cell->b->in;

	assert_int_equal(counter_of(o->lied_to, o->cell->b->counter), 1);
	assert_int_equal(wrong(o->lied_to), 1);
	assert_int_equal(rxq_running(container_of(r->rxq, struct rxq, pub)), !about_rx(o));
	assert_int_equal(txq_running(container_of(r->txq, struct txq, pub)), about_rx(o));
	if (!about_rx(o))
		assert_int_equal(got, sent);
	else if (in == LIE_ID || in == LIE_NUM)
		assert_int_equal(got, o->m->at);
	rig_round(r);
	assert_int_equal(r->sent, about_rx(o) ? sent + r->burst : sent);
	assert_int_equal(r->got, got);
	check_recovered(r);
}

/* The ring stands still, and nobody is to blame. */
static void check_waits(const struct outcome *o)
{
	assert_int_equal(wrong(o->lied_to), 0);
	if (about_rx(o)) {
		assert_int_equal(o->r->got, o->m->at);
		return;
	}
	assert_int_equal(o->tx.completed, o->m->at);
	assert_int_equal(o->r->got, o->r->sent);
}

static void check_bounded(const struct outcome *o)
{
	assert_true(wrong(o->lied_to) <= o->r->sent + 1);
}

static void (*const checks[])(const struct outcome *o) = {
	[MUST_SERVE] = check_served,  [MUST_ALTER] = check_altered, [MUST_MERGE] = check_merged,
	[MUST_DROP] = check_dropped,  [MUST_BREAK] = check_broken,  [MUST_WAIT] = check_waits,
	[MUST_BOUND] = check_bounded,
};

static void check_outcome(const struct cell *c, struct rig *r)
{
	struct outcome o = {
		.cell = c,
		.r = r,
		.m = mischief_of(r->loop),
		.rx = rig_rx_stats(r),
		.tx = rig_tx_stats(r),
	};

	o.lied_to = about_rx(&o) ? &o.rx : &o.tx;
	o.other = about_rx(&o) ? &o.tx : &o.rx;
	assert_true(o.m->told > 0);
	assert_true(repeats(c) || o.m->told == 1);
	assert_int_equal(o.tx.packets, o.tx.completed + vio_txq_in_flight(r->txq));
	if (c->b->must != MUST_BOUND)
		assert_int_equal(wrong(o.other), 0);
	checks[c->b->must](&o);
	check_device(r, c->b->device_errs);
}

static void run_rings(const struct cell *c)
{
	struct rig r;

	open_victim(&r, c);
	for (uint32_t i = 0; i < FRAMES; i += r.burst) {
		rig_round(&r);
		good_round();
	}
	rig_drain(&r);
	check_outcome(c, &r);
	vio_port_check(r.port);
	rig_close(&r);
	good_round();
}

/* ---- the control queue ---- */

static int command(struct rig *r, uint32_t i)
{
	const struct vio_mac mac = { { 2, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i } };

	return vio_port_mac_set(r->port, &mac);
}

/* What is refused is so once; after no answer, or a false one, the device is not asked again. */
static void run_control(const struct cell *c)
{
	const int rc = c->b->must == MUST_REFUSE ? c->b->rc : 0;
	const uint32_t at = at_of(c);
	struct vio_queue_stats rx, tx;
	struct rig r;

	open_victim(&r, c);
	for (uint32_t i = 0; i <= at + 2; i++) {
		int want = i == at ? rc : 0;

		if (i > at && (rc == -EPROTO || rc == -ETIMEDOUT))
			want = -ETIMEDOUT;
		assert_int_equal(command(&r, i), want);
		rig_round(&r);
		good_round();
	}
	assert_true(mischief_of(r.loop)->told > 0);
	rx = rig_rx_stats(&r);
	tx = rig_tx_stats(&r);
	assert_int_equal(wrong(&rx) + wrong(&tx), 0);
	assert_int_equal(r.got, r.sent);
	check_device(&r, c->b->device_errs);
	rig_close(&r);
}

/* ---- beside the rings ---- */

static void run_start(const struct cell *c)
{
	const struct device_lie *d = c->d;
	char address[256];
	struct vio_port_info info;
	struct rig r;
	int rc;

	snprintf(address, sizeof(address),
		 "hostile:echo,max_size=256,timeout=20,lie=%s,packed=%s,in_order=%s%s", d->name,
		 on(c->variant & V_PACKED), on(c->variant & V_IN_ORDER),
		 d->options ? d->options : "");
	rc = rig_open(&r, address, &bed);
	good_round();
	if (rc < 0) {
		if (rc != d->rc && !d->any)
			fail_msg("%d in place of %d: %s", rc, d->rc, vio_error_text());
		rig_close(&r);
		return;
	}
	assert_true(d->any || !d->rc);
	vio_port_info(r.port, &info);
	assert_true(!d->shows || d->shows(&info));
	r.burst = info.entries < 8 ? 1 : 8;
	for (unsigned int i = 0; i < 4; i++) {
		rig_round(&r);
		good_round();
	}
	assert_true(mischief_of(r.loop)->told > 0);
	assert_true(d->any || r.got == r.sent);
	check_device(&r, d->device_errs);
	rig_close(&r);
}

/* ---- cells ---- */

static void run_cell(void **state)
{
	const struct cell *c = *state;

	if (only_first && bed.taken) /* the cell before this one failed */
		exit(1);
	watch_begin();
	if (c->d)
		run_start(c);
	else
		(c->b->role == ROLE_CTRL ? run_control : run_rings)(c);
	watch_end();
}

/* A quarter of the variants: every body of the driver, and any two choices in all combinations. */
static bool in_quarter(unsigned int v)
{
	const bool packed = v & V_PACKED, in_order = v & V_IN_ORDER, mrg = v & V_MRG,
		   offload = v & V_OFFLOAD;

	return !(v & V_EVENT_IDX) == !(packed != mrg) &&
	       !(v & V_INDIRECT) == !(in_order != offload);
}

static bool fits(const struct ring_lie *b, const struct place *p, unsigned int v)
{
	if ((v & V_HASH) != (b->with & V_HASH) || (v & b->with) != b->with || v & b->without ||
	    (p->wind && v & V_PACKED))
		return false;
	/* What depends on one choice alone that the quarter ties to others is tried with all. */
	if (!in_quarter(v) && !((b->with | b->without) & V_INDIRECT && !(v & (V_MRG | V_OFFLOAD))))
		return false;
	return b->places == PLACES_ALL || (b->places == PLACES_FEW ? p->few : p->late);
}

static void name_variant(char *to, size_t size, unsigned int v)
{
	snprintf(to, size, "%s%s%s%s%s%s%s", v & V_PACKED ? "packed" : "split",
		 v & V_IN_ORDER ? " in_order" : "", v & V_MRG ? " mrg_rxbuf" : "",
		 v & V_EVENT_IDX ? " event_idx" : "", v & V_INDIRECT ? " indirect" : "",
		 v & V_OFFLOAD ? " offload" : "", v & V_HASH ? " hash_report" : "");
}

struct cells {
	struct cell *cell;
	size_t n, room;
};

static struct cell *cell_new(struct cells *cells)
{
	if (cells->n == cells->room) {
		cells->room = cells->room ? 2 * cells->room : 1024;
		cells->cell = realloc(cells->cell, cells->room * sizeof(*cells->cell));
		if (!cells->cell)
			abort();
	}
	return &cells->cell[cells->n++];
}

static void add_rings(struct cells *cells, const struct ring_lie *b)
{
	char variant[80];

	for (size_t p = 0; p < ARRAY_SIZE(places); p++)
		for (unsigned int v = 0; v < VARIANTS; v++) {
			struct cell *c;

			if (!fits(b, &places[p], v))
				continue;
			c = cell_new(cells);
			*c = (struct cell){ .b = b, .place = &places[p], .variant = v };
			name_variant(variant, sizeof(variant), v);
			snprintf(c->name, sizeof(c->name), "%s: %s: %s %s", variant, b->name,
				 b->what, places[p].what);
		}
}

static void add_starts(struct cells *cells, const struct device_lie *d)
{
	static const unsigned int variants[] = { 0, V_PACKED, V_IN_ORDER, V_PACKED | V_IN_ORDER };
	char variant[80];

	for (size_t i = 0; i < ARRAY_SIZE(variants); i++) {
		struct cell *c = cell_new(cells);

		*c = (struct cell){ .d = d, .variant = variants[i] };
		name_variant(variant, sizeof(variant), variants[i]);
		snprintf(c->name, sizeof(c->name), "%s: %s: %s", variant, d->name, d->what);
	}
}

/* Between cells, nothing of the good port is on its way. */
static int run_all(const struct cells *cells)
{
	struct CMUnitTest *tests = calloc(cells->n, sizeof(*tests));
	int failed;

	if (!tests)
		return 1;
	for (size_t i = 0; i < cells->n; i++)
		tests[i] = (struct CMUnitTest){ cells->cell[i].name, run_cell, NULL, NULL,
						&cells->cell[i] };
	failed = _cmocka_run_group_tests("hostile", tests, cells->n, NULL, NULL);
	free(tests);
	return failed;
}

static const char *const musts[] = {
	[MUST_SERVE] = "serves",
	[MUST_ALTER] = "gives the packet on as it was told",
	[MUST_MERGE] = "gives on what became one packet",
	[MUST_DROP] = "drops the packet and counts it",
	[MUST_BREAK] = "stops the queue and counts it",
	[MUST_WAIT] = "waits",
	[MUST_BOUND] = "may lose or forge packets, or stop the queue",
	[MUST_REFUSE] = "fails the command",
};

static const char *must_of(const struct ring_lie *b)
{
	if (b->in == LIE_HDR && b->rc)
		return "gives the packet on, whose header vio_offload_get() refuses";
	return musts[b->must];
}

static const char *start_of(const struct device_lie *d)
{
	if (d->any)
		return "serves, or refuses to open the port";
	return d->rc ? "refuses to open the port" : "serves";
}

static int list_all(void)
{
	printf("| lie | the device | the driver |\n|---|---|---|\n");
	for (size_t i = 0; i < n_ring_lies; i++)
		printf("| %s | %s | %s |\n", ring_lies[i].name, ring_lies[i].what,
		       must_of(&ring_lies[i]));
	for (size_t i = 0; i < n_device_lies; i++)
		printf("| %s | %s | %s |\n", device_lies[i].name, device_lies[i].what,
		       start_of(&device_lies[i]));
	return 0;
}

int main(int argc, char **argv)
{
	struct cells cells = { 0 };
	int failed;

	if (argc > 1 && !strcmp(argv[1], "--list"))
		return list_all();

	hostile_init();
	only_first = argc > 1 && !strcmp(argv[1], "--first");
	if (argc > 1 && !only_first)
		cmocka_set_test_filter(argv[1]);
	for (size_t i = 0; i < n_ring_lies; i++)
		add_rings(&cells, &ring_lies[i]);
	for (size_t i = 0; i < n_device_lies; i++)
		add_starts(&cells, &device_lies[i]);
	if (rig_open(&good, "loop:echo,max_queues=1,size=16", &good_bed) < 0)
		return 1;
	good.burst = 4;
	failed = run_all(&cells);
	free(cells.cell);
	rig_close(&good);
	bed_close(&good_bed);
	if (!failed)
		bed_close(&bed);
	return failed;
}
