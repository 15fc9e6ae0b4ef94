/* SPDX-License-Identifier: BSD-3-Clause */
#include "ring_device.h"

/* A transmit queue of kind KIND, whose device does what the input says. */

#define BURST_MAX 40u

/* The application sends up to @n entries in packets of @segs, whose lengths the input has. */
static void burst(struct rig *rig, struct input *in, uint16_t n, uint8_t segs)
{
	const uint32_t lens[] = { 60, 14, 13, 0, 1500, 1920, 1921, 4000 };
	const uint8_t odd = input_u8(in);
	struct vio_pkt pkts[BURST_MAX];
	uint16_t sent;

	n = vio_pkt_get(rig->cache, pkts, n);
	for (uint16_t i = 0; i < n; i++) {
		pkts[i].len = lens[0];
		pkts[i].flags = segs && (i + 1) % segs ? VIO_PKT_MORE : 0;
	}
	if (n) {
		pkts[(odd >> 3) % n].len = lens[odd & 7];
		pkts[n - 1].flags = 0;
	}
	sent = vio_tx_burst(&rig->tx->pub, pkts, n);
	assert_true(sent <= n);
	if (sent)
		assert_false(pkts[sent - 1].flags & VIO_PKT_MORE);
	vio_pkt_put(rig->cache, pkts + sent, (uint16_t)(n - sent));
}

static void play(struct rig *rig, struct input *in)
{
	const struct mode mode = { .packed = rig->kind->packed, .in_order = rig->kind->in_order };

	while (in->left) {
		const uint8_t what = input_u8(in);

		if (what & 0x80)
			burst(rig, in, (what & 0x3f) % BURST_MAX,
			      what & 0x40 ? input_u8(in) % 20 : 1);
		else if (what & 0x40)
			device_watched(rig, in, mode.packed, mode.in_order);
		else
			device_act(rig, in);
	}
}

/* Close it as rig_close() does. Every packet that was sent was completed or taken back. */
static void account(struct rig *rig)
{
	const struct vio_queue_stats *s = rig->stats;

	txq_fini(rig->tx);
	assert_int_equal(s->packets, s->completed + s->taken_back);
	free(rig->tx);
	rig->tx = NULL;
	rig_close(rig);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct ring_kind *kind = &ring_kinds[KIND];
	struct input in = { data, size };
	const uint8_t how = input_u8(&in);
	const struct rig_opts opts = {
		.kind = kind,
		.entries = device_entries(kind, input_u8(&in)),
		.features =
			(how & 1 ? BIT64(F_INDIRECT_DESC) : 0) | (how & 4 ? BIT64(F_EVENT_IDX) : 0),
		.lent = device_pool(),
	};
	struct rig rig;

	rig_open_tx(&rig, &opts);
	if (how & 2 && !kind->packed)
		device_near_wrap(&rig);
	play(&rig, &in);
	account(&rig);
	return 0;
}
