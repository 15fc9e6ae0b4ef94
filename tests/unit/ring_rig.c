/* SPDX-License-Identifier: BSD-3-Clause */
#include "ring_rig.h"

#include <string.h>

#include "../../drivers/virtio/feature_bits.h"

const struct ring_kind ring_kinds[RING_KINDS] = {
	{ "split", false, false },
	{ "split in order", false, true },
	{ "packed", true, false },
	{ "packed in order", true, true },
};

static void count_kick(struct doorbell *db)
{
	++*(unsigned int *)db->arg;
}

static struct queue_opts open_pool(struct rig *rig, const struct rig_opts *opts)
{
	const struct vio_region_opts pages =
		VIO_OPTS(struct vio_region_opts, .page = VIO_PAGE_NORMAL);
	const struct vio_pool_opts pool =
		VIO_OPTS(struct vio_pool_opts, .buffers = opts->buffers ? opts->buffers : 1024,
			 .buf_bytes = 2048, .region_opts = &pages,
			 .ring_bytes = opts->ring_bytes ? opts->ring_bytes : 2 << 20);
	struct queue_opts queue = {
		.entries = opts->entries,
		.hdr_len = opts->hdr_len ? opts->hdr_len : NET_HDR_LEN_BASE,
		.taken = { { opts->features | BIT64(F_VERSION_1), 0 } },
	};

	*rig = (struct rig){ .kind = opts->kind, .avail_wrap = true, .used_wrap = true };
	if (opts->kind->packed)
		queue.taken.word[0] |= BIT64(F_RING_PACKED);
	if (opts->kind->in_order)
		queue.taken.word[0] |= BIT64(F_IN_ORDER);
	rig->pool = opts->lent;
	rig->lent = opts->lent;
	if (!rig->lent)
		assert_int_equal(vio_pool_open(&pool, &rig->pool), 0);
	assert_int_equal(vio_cache_open(rig->pool, &rig->cache), 0);
	queue.pool = rig->pool;
	return queue;
}

static void take_ring(struct rig *rig, struct ring *ring, struct vio_queue_stats *stats)
{
	rig->ring = ring;
	rig->stats = stats;
	ring->doorbell.ring = count_kick;
	ring->doorbell.arg = &rig->kicks;
}

void rig_flush(struct rig *rig)
{
	vio_cache_close(rig->cache);
	assert_int_equal(vio_cache_open(rig->pool, &rig->cache), 0);
}

void rig_open_rx(struct rig *rig, const struct rig_opts *opts)
{
	const struct queue_opts queue = open_pool(rig, opts);
	void *spare[1024];
	unsigned int n = vio_buf_get(rig->cache, spare, opts->spare);

	rig->rx = aligned_alloc(CACHE_LINE, align_up(sizeof(*rig->rx), CACHE_LINE));
	assert_int_equal(rxq_init(rig->rx, &queue, &rig->place), 0);
	take_ring(rig, &rig->rx->ring, &rig->rx->stats);
	rxq_start(rig->rx);
	vio_buf_put(rig->cache, spare, n);
	rig_flush(rig);
}

void rig_open_tx(struct rig *rig, const struct rig_opts *opts)
{
	const struct queue_opts queue = open_pool(rig, opts);

	rig->tx = aligned_alloc(CACHE_LINE, align_up(sizeof(*rig->tx), CACHE_LINE));
	assert_int_equal(txq_init(rig->tx, &queue, &rig->place), 0);
	take_ring(rig, &rig->tx->ring, &rig->tx->stats);
	txq_start(rig->tx);
}

void rig_close(struct rig *rig)
{
	struct vio_pool_info info;

	if (rig->rx)
		rxq_fini(rig->rx);
	if (rig->tx)
		txq_fini(rig->tx);
	free(rig->rx);
	free(rig->tx);
	vio_cache_close(rig->cache);
	vio_pool_info(rig->pool, &info);
	assert_int_equal(info.out, 0);
	assert_int_equal(info.double_puts, 0);
	assert_int_equal(info.foreign_puts, 0);
	if (!rig->lent)
		assert_int_equal(vio_pool_close(rig->pool), 0);
}

static bool pop_split(struct rig *rig, struct offer *offer)
{
	const uint16_t mask = (uint16_t)(rig->place.entries - 1);
	const struct split_avail *avail = rig->place.driver;
	const struct split_desc *table = rig->place.desc;
	uint16_t id;

	if (le16_to(ring_load_acquire(&avail->idx)) == rig->avail)
		return false;
	id = le16_to(avail->ring[rig->avail++ & mask]);
	assert_true(id <= mask);
	*offer = (struct offer){
		.id = id,
		.slots = 1,
		.len = le32_to(table[id].len),
		.flags = le16_to(table[id].flags),
		.data = (char *)(uintptr_t)le64_to(table[id].addr),
	};
	while (le16_to(table[id].flags) & DESC_NEXT) {
		id = le16_to(table[id].next);
		assert_true(id <= mask && offer->slots <= mask);
		offer->slots++;
	}
	offer->last = (char *)(uintptr_t)le64_to(table[id].addr);
	return true;
}

static bool pop_packed(struct rig *rig, struct offer *offer)
{
	const struct packed_desc *ring = rig->place.desc;
	uint16_t slots = 0, flags;

	do {
		const struct packed_desc *d = &ring[rig->avail];

		flags = le16_to(ring_load_acquire(&d->flags));
		if (!(flags & PACKED_AVAIL) == rig->avail_wrap ||
		    !(flags & PACKED_USED) != rig->avail_wrap) {
			assert_int_equal(slots, 0); /* a chain is shown whole */
			return false;
		}
		if (!slots++)
			*offer = (struct offer){
				.len = le32_to(d->len),
				.flags = flags,
				.data = (char *)(uintptr_t)le64_to(d->addr),
			};
		offer->id = le16_to(d->id);
		offer->last = (char *)(uintptr_t)le64_to(d->addr);
		offer->slots = slots;
		if (++rig->avail == rig->place.entries) {
			rig->avail = 0;
			rig->avail_wrap = !rig->avail_wrap;
		}
	} while (flags & DESC_NEXT);
	return true;
}

bool rig_pop(struct rig *rig, struct offer *offer)
{
	return rig->kind->packed ? pop_packed(rig, offer) : pop_split(rig, offer);
}

static void use_split(struct rig *rig, uint32_t id, uint32_t len, uint16_t buffers)
{
	struct split_used *used = rig->place.device;

	used->ring[rig->used & (rig->place.entries - 1)] =
		(struct split_used_elem){ le32_from(id), le32_from(len) };
	rig->used = (uint16_t)(rig->used + buffers);
	ring_store_release(&used->idx, le16_from(rig->used));
}

static void use_packed(struct rig *rig, uint32_t id, uint32_t len, uint16_t slots)
{
	struct packed_desc *d = (struct packed_desc *)rig->place.desc + rig->used;
	uint32_t next = (uint32_t)rig->used + slots;

	ring_store(&d->id, le16_from((uint16_t)id));
	ring_store(&d->len, le32_from(len));
	ring_store_release(&d->flags, le16_from(rig->used_wrap ? PACKED_AVAIL | PACKED_USED : 0));
	if (next >= rig->place.entries) {
		next -= rig->place.entries;
		rig->used_wrap = !rig->used_wrap;
	}
	rig->used = (uint16_t)next;
}

void rig_use(struct rig *rig, uint32_t id, uint32_t len, uint16_t buffers, uint16_t slots)
{
	if (rig->kind->packed)
		use_packed(rig, id, len, slots);
	else
		use_split(rig, id, len, buffers);
}

void rig_receive(struct rig *rig, uint32_t len, uint16_t num_buffers)
{
	const struct net_hdr hdr = { .num_buffers = le16_from(num_buffers) };
	struct offer offer;

	assert_true(rig_pop(rig, &offer));
	assert_true(offer.flags & DESC_WRITE);
	assert_int_equal(offer.len, rig->rx->len_max);
	memcpy(offer.data, &hdr, sizeof(hdr));
	rig_use(rig, offer.id, len, 1, 1);
}

uint16_t rig_rx(struct rig *rig, uint16_t n, struct vio_pkt *out)
{
	struct vio_pkt pkts[1024];
	uint16_t got = vio_rx_burst(&rig->rx->pub, pkts, n);

	assert_true(got <= n);
	if (got)
		assert_false(pkts[got - 1].flags & VIO_PKT_MORE); /* never split */
	vio_pkt_put(rig->cache, pkts, got);
	if (out)
		memcpy(out, pkts, got * sizeof(*out));
	return got;
}

uint16_t rig_tx(struct rig *rig, uint16_t packets, uint16_t segs)
{
	const uint16_t n = (uint16_t)(packets * segs);
	struct vio_pkt pkts[1024];
	uint16_t sent;

	assert_int_equal(vio_pkt_get(rig->cache, pkts, n), n);
	for (uint16_t i = 0; i < n; i++) {
		pkts[i].len = 60;
		pkts[i].flags = (i + 1) % segs ? VIO_PKT_MORE : 0;
	}
	sent = vio_tx_burst(&rig->tx->pub, pkts, n);
	assert_int_equal(sent % segs, 0);
	vio_pkt_put(rig->cache, pkts + sent, (uint16_t)(n - sent));
	return sent;
}

void rig_only_counter(const struct rig *rig, const uint64_t *only)
{
	const struct vio_queue_stats *s = rig->stats;
	const uint64_t *const errors[] = { &s->drop_invalid, &s->drop_foreign, &s->drop_truncated,
					   &s->bad_id,       &s->bad_len,      &s->bad_index,
					   &s->bad_merge };

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		assert_int_equal(*errors[i], errors[i] == only);
}

bool rig_running(const struct rig *rig)
{
	return rig->rx ? rxq_running(rig->rx) : txq_running(rig->tx);
}
