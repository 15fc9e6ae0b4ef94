/* SPDX-License-Identifier: BSD-3-Clause */
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>
#include <string.h>

#include "frame.h"
#include "null.h"

#define HDR_BYTES    sizeof(struct virtio_net_hdr_mrg_rxbuf)
#define PACKED_AVAIL (1u << VRING_PACKED_DESC_F_AVAIL)
#define PACKED_USED  (1u << VRING_PACKED_DESC_F_USED)

/* A buffer that the driver has made available. */
struct chain {
	uint16_t id;
	uint16_t n; /* descriptors */
	char *data; /* of the first one */
	uint32_t len;
};

static char *pointer(uint64_t address)
{
	return (char *)(uintptr_t)address;
}

void null_ring_start(struct null_ring *ring)
{
	if (ring->packed)
		((struct vring_packed_desc_event *)ring->device)->flags =
			VRING_PACKED_EVENT_FLAG_DISABLE;
	else
		((struct vring_used *)ring->device)->flags = VRING_USED_F_NO_NOTIFY;
	ring->moved = 0;
	__atomic_store_n(&ring->live, true, __ATOMIC_RELEASE);
}

static bool split_next(const struct null_ring *ring, struct chain *c)
{
	const struct vring_avail *avail = ring->driver;
	const struct vring_desc *desc = ring->desc;
	/* Acquire: pairs with the driver's release of the index behind ring and descriptors. */
	const uint16_t idx = __atomic_load_n(&avail->idx, __ATOMIC_ACQUIRE);

	if (idx == ring->at)
		return false;
	c->id = avail->ring[ring->at % ring->entries];
	if (c->id >= ring->entries)
		return false;
	desc += c->id;
	*c = (struct chain){ c->id, 1, pointer(desc->addr), desc->len };
	return true;
}

static void split_complete(struct null_ring *ring, const struct chain *c, uint32_t written)
{
	struct vring_used *used = ring->device;

	used->ring[ring->at++ % ring->entries] = (struct vring_used_elem){ c->id, written };
}

static bool packed_next(const struct null_ring *ring, struct chain *c)
{
	const struct vring_packed_desc *desc = ring->desc;
	uint32_t last = ring->at;
	/* Acquire: pairs with the driver's release of the first descriptor's flags. */
	uint16_t flags = __atomic_load_n(&desc[last].flags, __ATOMIC_ACQUIRE);

	if (!!(flags & PACKED_AVAIL) != ring->wrap || !!(flags & PACKED_USED) == ring->wrap)
		return false;
	*c = (struct chain){ 0, 1, pointer(desc[last].addr), desc[last].len };
	for (; flags & VRING_DESC_F_NEXT && c->n < ring->entries; c->n++) {
		last = (last + 1) % ring->entries;
		flags = desc[last].flags;
	}
	c->id = desc[last].id;
	return true;
}

static void packed_complete(struct null_ring *ring, const struct chain *c, uint32_t written)
{
	struct vring_packed_desc *desc = (struct vring_packed_desc *)ring->desc + ring->at;
	const uint16_t flags = ring->wrap ? PACKED_AVAIL | PACKED_USED : 0;

	desc->id = c->id;
	desc->len = written;
	/* Release: pairs with the driver's acquire of the flags. */
	__atomic_store_n(&desc->flags, (uint16_t)(written ? flags | VRING_DESC_F_WRITE : flags),
			 __ATOMIC_RELEASE);
	ring->at = (uint16_t)(ring->at + c->n);
	if (ring->at >= ring->entries) {
		ring->at = (uint16_t)(ring->at - ring->entries);
		ring->wrap = !ring->wrap;
	}
}

/* Release: pairs with the driver's acquire of the used index. */
static void split_publish(struct null_ring *ring)
{
	__atomic_store_n(&((struct vring_used *)ring->device)->idx, ring->at, __ATOMIC_RELEASE);
}

/* What a device writes into each buffer at least (VIRTIO 1.4, 5.1.6.4, "Processing of Incoming
 * Packets"); the frame only where its number is wanted. Return: bytes written. */
static uint32_t write_frame(const struct null_device *dev, const struct chain *c)
{
	const struct virtio_net_hdr_mrg_rxbuf hdr = { .num_buffers = 1 };

	memcpy(c->data, &hdr, sizeof(hdr));
	if (dev->verify)
		frame_make(c->data + HDR_BYTES, mixes, dev->rings[RX].moved);
	return HDR_BYTES + FRAME_BYTES;
}

static uint32_t read_frame(struct null_device *dev, const struct chain *c)
{
	if (dev->verify && (c->n != 1 || c->len < HDR_BYTES ||
			    !frame_is(c->data + HDR_BYTES, c->len - (uint32_t)HDR_BYTES, mixes,
				      dev->rings[TX].moved, false)))
		dev->wrong++;
	return 0;
}

/* The ids are read from the rings' memory, past what walks and completes: the one that the driver
 * has made available at the position, and the one that it finds there as used. */
static uint32_t available_id(const struct null_ring *ring, const struct chain *c)
{
	const struct vring_packed_desc *desc = ring->desc;

	if (ring->packed)
		return desc[(ring->at + c->n - 1u) % ring->entries].id;
	return ((const struct vring_avail *)ring->driver)->ring[ring->at % ring->entries];
}

static uint32_t used_id(const struct null_ring *ring, uint16_t at)
{
	if (ring->packed)
		return ((const struct vring_packed_desc *)ring->desc)[at].id;
	return ((const struct vring_used *)ring->device)->ring[at % ring->entries].id;
}

/* What one step completes was all in flight at once: no id comes twice. */
static bool id_is_wrong(struct null_ring *ring, uint32_t available, uint32_t used)
{
	if (used != available || used >= ring->entries || ring->seen[used])
		return true;
	ring->seen[used] = true;
	return false;
}

static void complete(struct null_device *dev, struct null_ring *ring, const struct chain *c,
		     uint32_t written)
{
	const uint32_t available = dev->verify ? available_id(ring, c) : 0;
	const uint16_t at = ring->at;

	(ring->packed ? packed_complete : split_complete)(ring, c, written);
	ring->moved++;
	if (dev->verify)
		dev->wrong += id_is_wrong(ring, available, used_id(ring, at));
}

unsigned int null_step(struct null_device *dev, enum direction dir, unsigned int n)
{
	struct null_ring *ring = &dev->rings[dir];
	unsigned int done = 0;
	struct chain c;

	if (!__atomic_load_n(&ring->live, __ATOMIC_ACQUIRE))
		return 0;
	if (dev->verify)
		memset(ring->seen, 0, sizeof(ring->seen));
	for (; done < n && (ring->packed ? packed_next : split_next)(ring, &c); done++) {
		uint32_t written = dir == RX ? write_frame(dev, &c) : read_frame(dev, &c);

		complete(dev, ring, &c, written);
	}
	if (!ring->packed)
		split_publish(ring);
	return done;
}
