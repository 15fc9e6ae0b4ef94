/* SPDX-License-Identifier: BSD-3-Clause */
#include <vio/offload.h>

#include "ring_device.h"

/* A receive queue of kind KIND, whose device does what the input says. */

#define HELD_MAX  64u
#define BURST_MAX 40u

/* Packets that the application has not put back yet. */
struct held {
	struct vio_pkt pkts[HELD_MAX + BURST_MAX];
	uint16_t n;
};

static void put_back(struct rig *rig, struct held *held)
{
	vio_pkt_put(rig->cache, held->pkts, held->n);
	held->n = 0;
}

static void burst(struct rig *rig, struct held *held, uint8_t want)
{
	const uint16_t n = (want & 0x3f) % BURST_MAX;
	struct vio_pkt *pkts = held->pkts + held->n;
	const uint16_t got = vio_rx_burst(&rig->rx->pub, pkts, n);
	struct vio_offload off;

	assert_true(got <= n);
	if (got)
		assert_false(pkts[got - 1].flags & VIO_PKT_MORE);
	for (uint16_t i = 0; i < got; i++) {
		(void)vio_offload_get(&pkts[i], pkts[i].len, &off);
		device_check_packet(rig->cache, &pkts[i]);
	}
	held->n = (uint16_t)(held->n + got);
	if (held->n > HELD_MAX || want & 0x40)
		put_back(rig, held);
}

static void play(struct rig *rig, struct input *in)
{
	const struct mode mode = { .packed = rig->kind->packed, .in_order = rig->kind->in_order };
	struct held held = { .n = 0 };

	while (in->left) {
		const uint8_t what = input_u8(in);

		if (what & 0x80)
			burst(rig, &held, what);
		else if (what & 0x40)
			device_watched(rig, in, mode.packed, mode.in_order);
		else
			device_act(rig, in);
	}
	put_back(rig, &held);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct ring_kind *kind = &ring_kinds[KIND];
	struct input in = { data, size };
	const uint8_t how = input_u8(&in);
	const struct rig_opts opts = {
		.kind = kind,
		.entries = device_entries(kind, input_u8(&in)),
		.features = (how & 1 ? BIT64(NET_F_MRG_RXBUF) : 0) |
			    (how & 2 ? BIT64(NET_F_GUEST_CSUM) : 0) |
			    (how & 4 ? BIT64(F_EVENT_IDX) : 0),
		.spare = how & 8 ? DEVICE_BUFFERS - 5 : 0,
		.lent = device_pool(),
	};
	struct rig rig;

	rig_open_rx(&rig, &opts);
	if (how & 16 && !kind->packed)
		device_near_wrap(&rig);
	play(&rig, &in);
	rig_close(&rig);
	return 0;
}
