/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../drivers/virtio/ctrl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <vio/clock.h>
#include <vio/error.h>

#include "../../lib/mem/mem.h"
#include "ring_rig.h"

#define TIMEOUT_MS 30

/* What the device does with a command. */
static const struct answer {
	const char *what;
	bool silent;
	uint32_t id_add; /* to the right id */
	int ack;         /* -1: leaves it alone */
	int rc, rc_next; /* of this command, and of one behind it that would be answered well */
} answers[] = {
	{ "a command is acknowledged", false, 0, CTRL_OK, 0, 0 },
	{ "a command is refused", false, 0, CTRL_ERR, -EIO, 0 },
	{ "the acknowledgement is garbage", false, 0, 0x5a, -EIO, 0 },
	{ "the acknowledgement is not written", false, 0, -1, -EIO, 0 },
	{ "a command is never answered", true, 0, 0, -ETIMEDOUT, -ETIMEDOUT },
	{ "the id is that of a later descriptor", false, 1, 0, -EPROTO, -ETIMEDOUT },
	{ "the id is not in flight", false, 5, 0, -EPROTO, -ETIMEDOUT },
	{ "the id is outside the ring", false, 40000, 0, -EPROTO, -ETIMEDOUT },
};

struct ctrl_case {
	const struct ring_kind *kind;
	const struct answer *answer;
};

struct device {
	struct rig rig;
	const struct answer *answer;
	struct ctrl_hdr hdr;
	uint16_t slots;
};

static void no_kick(struct doorbell *db)
{
	(void)db;
}

static void on_kick(struct doorbell *db)
{
	struct device *d = db->arg;
	struct offer offer;

	if (!rig_pop(&d->rig, &offer) || d->answer->silent)
		return;
	memcpy(&d->hdr, offer.data, sizeof(d->hdr));
	d->slots = offer.slots;
	if (d->answer->ack >= 0)
		*offer.last = (char)d->answer->ack;
	rig_use(&d->rig, offer.id + d->answer->id_add, 1, 1, offer.slots);
}

static struct vio_region *open_ctrl(struct ctrl *ctrl, struct device *d,
				    const struct ring_kind *kind, uint16_t entries)
{
	const struct vring_opts opts = { .entries = entries,
					 .packed = kind->packed,
					 .in_order = kind->in_order };
	const struct vio_region_opts pages =
		VIO_OPTS(struct vio_region_opts, .bytes = 1 << 16, .page = VIO_PAGE_NORMAL);
	struct vio_region *region;

	*d = (struct device){ .rig = { .kind = kind, .avail_wrap = true, .used_wrap = true } };
	assert_int_equal(vio_region_open(&pages, &region), 0);
	assert_int_equal(ctrl_init(ctrl, region, &opts, TIMEOUT_MS, &d->rig.place), 0);
	ctrl->ring.doorbell.ring = on_kick;
	ctrl->ring.doorbell.arg = d;
	return region;
}

static void close_ctrl(struct ctrl *ctrl, struct vio_region *region)
{
	ctrl_fini(ctrl);
	assert_int_equal(region_used(region), 0);
	assert_int_equal(vio_region_close(region), 0);
}

static void command(void **state)
{
	const struct ctrl_case *c = *state;
	struct vio_region *region;
	struct device d;
	struct ctrl ctrl;

	for (unsigned int before = 0; before < 12; before += 3) {
		uint64_t start;

		region = open_ctrl(&ctrl, &d, c->kind, 8);
		d.answer = &answers[0];
		for (unsigned int i = 0; i < before; i++)
			assert_int_equal(ctrl_set_pairs(&ctrl, 3), 0);
		d.answer = c->answer;
		start = vio_clock_ns();
		assert_int_equal(ctrl_set_pairs(&ctrl, 3), c->answer->rc);
		assert_true(vio_clock_ns() - start < 1000000000u);
		if (c->answer->rc)
			assert_int_equal(vio_error_last()->code, c->answer->rc);
		d.answer = &answers[0];
		start = vio_clock_ns();
		assert_int_equal(ctrl_set_pairs(&ctrl, 3), c->answer->rc_next);
		if (c->answer->rc_next) /* at once */
			assert_true(vio_clock_ns() - start < TIMEOUT_MS * 1000000u);
		close_ctrl(&ctrl, region);
	}
}

static const struct length_case {
	const char *what;
	uint16_t entries;
	size_t len[CTRL_PIECES_MAX + 1];
	unsigned int pieces;
	int rc;
	uint16_t slots; /* of the chain that the device sees */
} lengths[] = {
	{ "a command without data", 8, { 0 }, 0, 0, 2 },
	{ "a command of 1024 bytes", 8, { 1024 }, 1, 0, 3 },
	{ "a command of 1025 bytes is refused", 8, { 1025 }, 1, -EINVAL, 0 },
	{ "two pieces stand in two descriptors", 8, { 1000, 24 }, 2, 0, 4 },
	{ "two pieces of 1025 bytes in all are refused", 8, { 1000, 25 }, 2, -EINVAL, 0 },
	{ "three pieces are refused", 8, { 1, 1, 1 }, 3, -EINVAL, 0 },
	{ "two pieces fill a ring of four entries", 4, { 4, 4 }, 2, 0, 4 },
	{ "one piece does not fit a ring of two entries", 2, { 4 }, 1, -EINVAL, 0 },
};

struct length_cell {
	const struct ring_kind *kind;
	const struct length_case *c;
};

static void sized(void **state)
{
	const struct length_cell *cell = *state;
	const struct length_case *c = cell->c;
	static char data[2048];
	struct ctrl_piece pieces[CTRL_PIECES_MAX + 1];
	struct vio_region *region;
	struct device d;
	struct ctrl ctrl;

	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++)
		pieces[i] = (struct ctrl_piece){ data, c->len[i] };
	region = open_ctrl(&ctrl, &d, cell->kind, c->entries);
	d.answer = &answers[0];
	for (int again = 0; again < 5; again++) {
		d.slots = 0;
		assert_int_equal(ctrl_send(&ctrl, 7, 9, pieces, c->pieces), c->rc);
		assert_int_equal(d.slots, c->slots);
	}
	if (c->rc == 0) {
		assert_int_equal(d.hdr.class, 7);
		assert_int_equal(d.hdr.command, 9);
	}
	close_ctrl(&ctrl, region);
}

/* The answer to a command that was given up comes when another one would be sent: that one is not
 * sent at all, so that it can't take the answer for its own. */
static void late_answer(void **state)
{
	const struct ctrl_case *c = *state;
	struct vio_region *region;
	struct offer offer;
	struct device d;
	struct ctrl ctrl;

	region = open_ctrl(&ctrl, &d, c->kind, 8);
	ctrl.ring.doorbell.ring = no_kick;
	assert_int_equal(ctrl_set_pairs(&ctrl, 3), -ETIMEDOUT);
	assert_true(rig_pop(&d.rig, &offer));
	*offer.last = CTRL_OK;
	rig_use(&d.rig, offer.id, 1, 1, offer.slots);
	assert_int_equal(ctrl_set_pairs(&ctrl, 4), -ETIMEDOUT);
	assert_false(rig_pop(&d.rig, &offer));
	close_ctrl(&ctrl, region);
}

int main(void)
{
	static struct case_list list;
	static char names[CASES_MAX][128];
	static struct ctrl_case cases[CASES_MAX];
	static struct length_cell cells[CASES_MAX];

	for (size_t k = 0; k < RING_KINDS; k++) {
		const struct ring_kind *kind = &ring_kinds[k];

		for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
			const size_t n = list.n;

			cases[n] = (struct ctrl_case){ kind, &answers[i] };
			snprintf(names[n], sizeof(names[n]), "%s: %s", kind->what, answers[i].what);
			case_add(&list, names[n], command, &cases[n]);
		}
		for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
			const size_t n = list.n;

			cells[n] = (struct length_cell){ kind, &lengths[i] };
			snprintf(names[n], sizeof(names[n]), "%s: %s", kind->what, lengths[i].what);
			case_add(&list, names[n], sized, &cells[n]);
		}
		snprintf(names[list.n], sizeof(names[0]), "%s: a late answer is nobody's",
			 kind->what);
		case_add(&list, names[list.n], late_answer,
			 &cases[list.n - 1 - ARRAY_SIZE(lengths)]);
	}
	return case_run("ctrl", &list);
}
