/* SPDX-License-Identifier: BSD-3-Clause */
#include "ring_device.h"

#define GOOD_LEN (NET_HDR_LEN_BASE + 60u)

struct vio_pool *device_pool(void)
{
	const struct vio_region_opts pages =
		VIO_OPTS(struct vio_region_opts, .page = VIO_PAGE_NORMAL);
	const struct vio_pool_opts opts = VIO_OPTS(struct vio_pool_opts, .buffers = DEVICE_BUFFERS,
						   .buf_bytes = DEVICE_BUF_BYTES,
						   .region_opts = &pages, .ring_bytes = 1 << 17);
	static struct vio_pool *pool;

	if (!pool)
		assert_int_equal(vio_pool_open(&opts, &pool), 0);
	return pool;
}

uint16_t device_entries(const struct ring_kind *kind, uint8_t choice)
{
	if (kind->packed)
		return (uint16_t)(1 + choice % DEVICE_ENTRIES_MAX);
	return (uint16_t)(1u << choice % 6);
}

void device_near_wrap(struct rig *rig)
{
	const uint16_t by = (uint16_t)-rig->place.entries;
	struct split_avail *avail = rig->place.driver;
	struct split_used *used = rig->place.device;
	struct ring *r = rig->ring;

	r->post.idx += by;
	r->post.shown += by;
	r->take.idx += by;
	r->take.seen += by;
	rig->used = by;
	avail->idx = le16_from((uint16_t)r->post.shown);
	used->idx = le16_from(by);
}

/* Is it memory that the device shares? */
static bool shared(const struct rig *rig, uint64_t addr, size_t bytes)
{
	const struct slots *s = &rig->cache->slots;

	return addr - s->base < s->bytes - bytes;
}

/* What the ring says of the next buffer, believed as far as it can be. */
static struct offer next_offer(const struct rig *rig)
{
	const struct packed_desc *packed = rig->place.desc;
	const struct split_desc *split = rig->place.desc;
	const struct split_avail *avail = rig->place.driver;
	const uint16_t entries = rig->place.entries;
	struct offer offer = { .slots = 1 };
	uint64_t addr;
	uint16_t at;

	if (rig->kind->packed) {
		at = rig->used;
		addr = le64_to(packed[at].addr);
		while (le16_to(packed[at].flags) & DESC_NEXT && offer.slots < entries) {
			at = (uint16_t)(at + 1u == entries ? 0 : at + 1u);
			offer.slots++;
		}
		offer.id = le16_to(packed[at].id);
	} else {
		offer.id = le16_to(avail->ring[rig->used & (entries - 1)]);
		at = offer.id & (entries - 1);
		addr = le64_to(split[at].addr);
	}
	if (shared(rig, addr, sizeof(struct net_hdr)))
		offer.data = (char *)(uintptr_t)addr;
	return offer;
}

/* Use up to @n buffers as a device should, alone or, in order, as one batch. */
static void use_well(struct rig *rig, uint8_t n, uint8_t num_buffers, bool batch)
{
	uint16_t slots = 0;

	for (uint8_t i = 0; i < n; i++) {
		const struct offer offer = next_offer(rig);
		const struct net_hdr hdr = { .num_buffers = le16_from(num_buffers) };
		const bool first = num_buffers && i % num_buffers == 0;

		if (offer.data && rig->rx && first)
			memcpy(offer.data, &hdr, sizeof(hdr));
		slots = (uint16_t)(slots + offer.slots);
		if (batch && i + 1 < n)
			continue;
		rig_use(rig, offer.id, rig->rx ? GOOD_LEN : 0, batch ? n : 1,
			slots < rig->place.entries ? slots : 0);
		slots = 0;
	}
}

/* Complete anything. */
static void use_badly(struct rig *rig, struct input *in)
{
	const uint32_t lens[] = { 0, 11, 12, 26, GOOD_LEN, 1932, 1933, UINT32_MAX };
	const uint8_t how = input_u8(in);
	uint32_t id = input_u8(in) & 0x3f;
	uint16_t step = 1;

	if (how & 0x40)
		id |= (uint32_t)input_u16(in) << 16;
	if (how & 0x80)
		step = input_u8(in) % rig->place.entries;
	rig_use(rig, id, how & 8 ? input_u32(in) : lens[how & 7], step, step);
}

/* Write a word anywhere into the ring, its tables, or the buffer that is next. */
static void poke(struct rig *rig, struct input *in)
{
	const struct ring_place *place = &rig->place;
	const struct indirect *indirect = rig->ring->indirect;
	const struct {
		void *at;
		size_t bytes;
	} areas[] = {
		{ place->desc, place->desc_bytes },
		{ place->driver, place->driver_bytes },
		{ place->device, place->device_bytes },
		{ next_offer(rig).data, sizeof(struct net_hdr) },
		{ indirect ? indirect->tables : NULL, INDIRECT_PARTS * 16 },
	};
	const uint8_t which = input_u8(in) % ARRAY_SIZE(areas);
	const uint16_t off = input_u16(in), value = input_u16(in);

	if (areas[which].at)
		ring_store((le16 *)areas[which].at + off % (areas[which].bytes / 2),
			   le16_from(value));
}

void device_act(struct rig *rig, struct input *in)
{
	const uint8_t what = input_u8(in), n = input_u8(in);

	if (what & 0x80)
		poke(rig, in);
	else if (what & 0x40)
		use_badly(rig, in);
	else
		use_well(rig, n % (DEVICE_ENTRIES_MAX + 1), what & 0x1f, what & 0x20);
}

void device_watched(struct rig *rig, struct input *in, bool packed, bool in_order)
{
	const struct mode mode = { .packed = packed, .in_order = in_order };
	const uint8_t what = input_u8(in);

	if (what & 1)
		vring_arm(rig->ring, mode);
	if (what & 2)
		(void)vring_pending(rig->ring, mode);
	if (what & 4)
		vring_disarm(rig->ring, mode);
	if (what & 8)
		(void)vring_waiting(rig->ring, mode);
	if (what & 16)
		vring_kick_beside(rig->ring);
}

void device_check_packet(const struct vio_cache *cache, const struct vio_pkt *pkt)
{
	const char *buf = cache_buf_of(cache, pkt->data), *data = pkt->data;

	assert_non_null(buf);
	assert_true(data >= buf + NET_HDR_LEN_BASE);
	assert_true(data + pkt->len <= buf + DEVICE_BUF_BYTES);
	memset(pkt->data, 0x5a, pkt->len);
}
