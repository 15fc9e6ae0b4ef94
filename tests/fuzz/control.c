/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../drivers/virtio/ctrl.h"

#include <errno.h>

#include "../../lib/mem/mem.h"
#include "ring_device.h"

/*
 * The control queue, whose device answers each command, as soon as it is posted, with what the
 * input says.
 */

#define ENTRIES 8u

struct answers {
	struct rig rig; /* of which only the device's side is used */
	struct input in;
	struct ctrl *ctrl;
};

/* Is it where the device may write? */
static bool shared(const struct vio_region_info *region, const char *at)
{
	return (uintptr_t)at - (uintptr_t)region->base < region->bytes;
}

/* The ring's words are the driver's as long as nothing was written over them. */
static void answer(struct doorbell *db)
{
	struct answers *a = db->arg;
	const uint8_t how = input_u8(&a->in), ack = input_u8(&a->in);
	struct vio_region_info region;
	struct offer offer;

	vio_region_info(a->ctrl->ring.region, &region);
	if (how & 0x80 || !rig_pop(&a->rig, &offer))
		return;
	if (shared(&region, offer.last))
		*offer.last = (char)ack;
	if (how & 1)
		offer.id = input_u16(&a->in);
	if (how & 2)
		offer.slots = input_u8(&a->in) % ENTRIES;
	rig_use(&a->rig, offer.id + (how & 4 ? (uint32_t)input_u16(&a->in) << 16 : 0),
		how & 8 ? input_u32(&a->in) : 1, how & 16 ? 3 : 1, offer.slots);
}

static struct vio_region *region_of(void)
{
	const struct vio_region_opts opts =
		VIO_OPTS(struct vio_region_opts, .bytes = 1 << 16, .page = VIO_PAGE_NORMAL);
	static struct vio_region *region;

	if (!region)
		assert_int_equal(vio_region_open(&opts, &region), 0);
	return region;
}

static void send(struct ctrl *ctrl, struct input *in)
{
	static const uint8_t data[CTRL_DATA_MAX + 1];
	const struct ctrl_piece pieces[] = {
		{ data, (size_t)input_u8(in) * 5 },
		{ data, input_u8(in) },
	};
	const uint8_t class = input_u8(in), command = input_u8(in);
	const bool dead = ctrl->dead;
	const int rc = ctrl_send(ctrl, class, command, pieces, class % 3);

	assert_true(rc == 0 || rc == -ETIMEDOUT || rc == -EIO || rc == -EPROTO || rc == -EINVAL);
	if (dead)
		assert_int_equal(rc, -ETIMEDOUT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	const struct ring_kind *kind = &ring_kinds[input_u8(&in) % RING_KINDS];
	const struct vring_opts opts = { .entries = ENTRIES,
					 .packed = kind->packed,
					 .in_order = kind->in_order };
	struct vio_region *region = region_of();
	struct ctrl ctrl;
	struct answers a = {
		.rig = { .kind = kind, .avail_wrap = true, .used_wrap = true },
		.ctrl = &ctrl,
	};

	assert_int_equal(ctrl_init(&ctrl, region, &opts, 0, &a.rig.place), 0);
	ctrl.ring.doorbell.ring = answer;
	ctrl.ring.doorbell.arg = &a;
	while (in.left) {
		a.in = in;
		send(&ctrl, &in);
		in = in.left > a.in.left ? a.in : in;
	}
	ctrl_fini(&ctrl);
	assert_int_equal(region_used(region), 0);
	return 0;
}
