/* SPDX-License-Identifier: BSD-3-Clause */
#include "vring.h"

#include <errno.h>
#include <stdlib.h>

#include "../../lib/base/err.h"
#include "../../lib/mem/cache.h"

void vring_kick(struct ring *r)
{
	struct doorbell *db = &r->doorbell;

	db->ring(db);
}

/* Private memory: one block for all that is indexed by slot. */
static int private_init(struct ring *r)
{
	const size_t n = r->entries;
	const size_t bytes = align_up(n * (sizeof(*r->cookie) + 2 * sizeof(uint16_t)), CACHE_LINE);

	r->private = aligned_alloc(CACHE_LINE, bytes);
	if (!r->private)
		return err_set(ERR_NO_MEMORY, -ENOMEM, "no memory for a ring of %zu entries", n);
	r->private_bytes = bytes;
	r->cookie = r->private;
	r->free_ids = (uint16_t *)(void *)(r->cookie + n);
	r->next = r->free_ids + n;
	for (size_t i = 0; i < n; i++) {
		r->cookie[i] = 0;
		r->free_ids[i] = (uint16_t)(n - 1 - i); /* slot 0 is taken first */
	}
	return 0;
}

static int indirect_init(struct ring *r, struct split_desc *tables)
{
	struct indirect *in = calloc(1, sizeof(*in));

	if (!in)
		return err_set(ERR_NO_MEMORY, -ENOMEM, "no memory for indirect tables");
	in->bufs = calloc(INDIRECT_TABLES, sizeof(*in->bufs));
	if (!in->bufs) {
		free(in);
		return err_set(ERR_NO_MEMORY, -ENOMEM, "no memory for indirect tables");
	}
	in->tables = tables;
	for (uint16_t i = 0; i < INDIRECT_TABLES; i++)
		in->free_tables[in->free++] = (uint16_t)(INDIRECT_TABLES - 1 - i);
	r->indirect = in;
	r->private_bytes += sizeof(*in) + INDIRECT_TABLES * sizeof(*in->bufs);
	return 0;
}

/* Where the parts of a ring lie in its block. What driver and device write shares no cache line. */
struct layout {
	size_t driver, device, tables, bytes;
	size_t desc_bytes, driver_bytes, device_bytes;
};

static struct layout layout_of(const struct vring_opts *opts)
{
	const size_t n = opts->entries;
	struct layout at = { .desc_bytes = n * sizeof(struct split_desc) };

	if (opts->packed) {
		at.driver_bytes = at.device_bytes = sizeof(struct packed_event);
	} else {
		at.driver_bytes = sizeof(struct split_avail) + (n + 1) * sizeof(le16);
		at.device_bytes = sizeof(struct split_used) + n * sizeof(struct split_used_elem) +
				  sizeof(le16);
	}
	at.driver = align_up(at.desc_bytes, CACHE_LINE);
	at.device = align_up(at.driver + at.driver_bytes, CACHE_LINE);
	at.tables = align_up(at.device + at.device_bytes, CACHE_LINE);
	at.bytes = at.tables;
	if (opts->indirect)
		at.bytes += INDIRECT_TABLES * INDIRECT_PARTS * sizeof(struct split_desc);
	return at;
}

/* Say that no notifications are wanted: we poll ("Used Buffer Notification Suppression"). */
static void silence(struct ring *r, const struct vring_opts *opts)
{
	if (opts->packed)
		ring_store(&r->driver.event->flags, le16_from(PACKED_EVENT_DISABLE));
	else if (opts->event_idx) /* flags must be 0; one notification in 65536 is as near as it
				     gets */
		ring_store(&r->driver.avail->ring[r->entries], le16_from(UINT16_MAX));
	else
		ring_store(&r->driver.avail->flags, le16_from(AVAIL_NO_INTERRUPT));
}

int vring_init(struct ring *r, struct vio_region *region, const struct vring_opts *opts,
	       struct ring_place *place)
{
	const struct layout at = layout_of(opts);
	char *shared;
	int rc;

	*r = (struct ring){
		.entries = opts->entries,
		.post.free = opts->entries,
		.post.flags = PACKED_AVAIL,
		.take.flags = PACKED_AVAIL | PACKED_USED,
		.event_idx = opts->event_idx,
		.bias = opts->bias,
		.region = region,
		.shared_bytes = at.bytes,
	};
	shared = region_alloc(region, at.bytes, CACHE_LINE);
	if (!shared)
		return -ENOMEM;
	rc = private_init(r);
	if (rc < 0)
		goto free_shared;
	if (opts->indirect) {
		rc = indirect_init(r, (struct split_desc *)(void *)(shared + at.tables));
		if (rc < 0)
			goto free_private;
	}
	r->shared = shared;
	r->desc.split = r->shared;
	r->driver.avail = (void *)(shared + at.driver);
	r->device.used = (void *)(shared + at.device);
	*place = (struct ring_place){
		.entries = r->entries,
		.packed = opts->packed,
		.desc = shared,
		.driver = shared + at.driver,
		.device = shared + at.device,
		.desc_bytes = at.desc_bytes,
		.driver_bytes = at.driver_bytes,
		.device_bytes = at.device_bytes,
	};
	silence(r, opts);
	return 0;

free_private:
	free(r->private);
free_shared:
	region_free(region, shared);
	return rc;
}

void vring_fini(struct ring *r)
{
	if (r->indirect)
		free(r->indirect->bufs);
	free(r->indirect);
	free(r->private);
	region_free(r->region, r->shared);
}

/* The slot behind @slot in a chain. */
static uint16_t slot_after(const struct ring *r, uint16_t slot, bool in_order)
{
	if (!in_order)
		return r->next[slot];
	return (uint16_t)(slot + 1 == r->entries ? 0 : slot + 1);
}

static void free_indirect(struct ring *r, uint16_t table, struct vio_cache *cache)
{
	struct indirect *in = r->indirect;

	vio_buf_put(cache, in->bufs[table], in->parts[table]);
	in->free_tables[in->free++] = table;
}

/* Give the buffer or table of one slot back. Return: further slots of its chain. */
static uint16_t free_slot(struct ring *r, uint16_t slot, struct vio_cache *cache, bool in_order)
{
	uint64_t cookie = r->cookie[slot];
	void *buf = (void *)(uintptr_t)(cookie & ~COOKIE_CHAIN);

	r->cookie[slot] = 0;
	if (!in_order)
		r->free_ids[r->post.free] = slot;
	r->post.free++;
	if (cookie & COOKIE_INDIRECT) {
		free_indirect(r, (uint16_t)cookie, cache); /* the low bits name the table */
		return 0;
	}
	vio_buf_put(cache, &buf, 1);
	return (uint16_t)(cookie & COOKIE_CHAIN);
}

void vring_free_chain(struct ring *r, uint16_t head, struct vio_cache *cache, bool in_order)
{
	uint16_t next = slot_after(r, head, in_order);
	uint16_t more = free_slot(r, head, cache, in_order);

	while (more--) {
		uint16_t slot = next;

		next = slot_after(r, slot, in_order);
		free_slot(r, slot, cache, in_order);
	}
}

uint32_t vring_take_back(struct ring *r, struct vio_cache *cache)
{
	uint32_t buffers = r->buffers;

	for (uint16_t slot = 0; slot < r->entries; slot++)
		if (r->cookie[slot])
			free_slot(r, slot, cache, true);
	r->buffers = 0;
	return buffers;
}

/* Slots of a chain, which may wrap. */
static void take_slots(struct ring *r, uint16_t *slots, uint16_t n, const struct mode mode)
{
	for (uint16_t i = 0; i < n; i++) {
		slots[i] = (uint16_t)poster_slot(ring_poster(r), 0, mode);
		r->post.free--;
		if (mode.in_order)
			r->post.slot = slot_after(r, r->post.slot, true);
	}
}

/* Write one descriptor of a packed chain and step on. All carry the chain's id; the device reads
 * the last one's. */
static void packed_part(struct ring *r, const struct chain_part *part, uint16_t id, uint32_t flags)
{
	struct post *p = &r->post;

	packed_write(&r->desc.packed[p->idx], packed_next_tail(r), id, part->addr + r->bias,
		     part->len, flags | p->flags);
	p->descs++;
	packed_step(&p->idx, &p->flags, 1, r->entries);
}

void vring_post_chain(struct ring *r, const struct chain_part *parts, uint16_t n, uint16_t *slots,
		      const struct mode mode)
{
	take_slots(r, slots, n, mode);
	for (uint16_t i = 0; i < n; i++) {
		const bool last = i + 1 == n;
		const uint16_t next = last ? 0 : slots[i + 1];
		const uint32_t flags = (parts[i].write ? DESC_WRITE : 0) | (last ? 0 : DESC_NEXT);

		r->next[slots[i]] = next;
		if (mode.packed)
			packed_part(r, &parts[i], slots[0], flags);
		else
			split_write(&r->desc.split[slots[i]], parts[i].addr + r->bias, parts[i].len,
				    flags, next);
	}
	if (!mode.packed) {
		ring_store(ring_poster(r).avail, le16_from(slots[0]));
		r->post.idx++;
	}
	r->post.n++;
}

uint16_t vring_post_indirect(struct ring *r, const struct chain_part *parts, uint16_t n,
			     uint16_t table, const struct mode mode)
{
	struct split_desc *d = r->indirect->tables + (size_t)table * INDIRECT_PARTS;
	const struct poster at = ring_poster(r);
	const uint32_t slot = poster_slot(at, 0, mode);
	le64 *next = packed_next_tail(r);

	for (uint16_t i = 0; i < n; i++) {
		const bool last = i + 1 == n;
		uint64_t flags = parts[i].write ? DESC_WRITE : 0;
		le64 *tail = (le64 *)(void *)&d[i].len;

		/* Packed: entries follow each other, and only WRITE means something in their flags.
		 */
		if (mode.packed)
			flags = flags << 48;
		else if (last)
			flags = flags << 32;
		else
			flags = (flags | DESC_NEXT) << 32 | (uint64_t)(i + 1) << 48;
		ring_store(&d[i].addr, le64_from(parts[i].addr + r->bias));
		ring_store(tail, le64_from(parts[i].len | flags));
	}
	vring_post_at(at, 0, &next, slot, (uintptr_t)d, (uint32_t)(n * sizeof(*d)), DESC_INDIRECT,
		      mode);
	r->post.free--;
	vring_posted(r, 1, 1, mode);
	return (uint16_t)slot;
}

/*
 * In order: begin the batch that the next completion ends. Its slots are ring positions, so the id
 * says how long it is. Return: 1; 0: there is none; -EPROTO: that id is not in flight.
 */
static int begin_batch(struct ring *r, const struct mode mode)
{
	const uint32_t in_flight = (uint32_t)r->entries - r->post.free - r->post.n;
	struct used u;
	uint32_t left;

	if (!vring_entry(ring_taker(r, 0), 0, &u, mode))
		return 0;
	if (u.id >= r->entries)
		return -EPROTO;
	left = u.id - r->take.slot + 1 + (u.id < r->take.slot ? r->entries : 0u);
	if (left > in_flight)
		return -EPROTO;
	r->take.left = (uint16_t)left;
	r->take.len = u.len;
	return 1;
}

/* The completion that is next. Return as vring_take_one(). */
static int next_used(struct ring *r, struct used *u, uint32_t full, const struct mode mode)
{
	static const int result[] = { [LOOK_NONE] = 0, [LOOK_ODD] = -EPROTO, [LOOK_GOOD] = 1 };
	int rc = 1;

	if (mode.in_order && !r->take.left)
		rc = begin_batch(r, mode);
	return rc > 0 ? result[vring_used_at(ring_taker(r, full), 0, u, mode)] : rc;
}

int vring_take_one(struct ring *r, struct used *u, uint32_t full, const struct mode mode)
{
	const uint32_t ready = vring_ready(r, mode);
	struct take *t = &r->take;
	uint32_t more;
	int rc;

	if (!ready || ready == RING_BROKEN)
		return ready ? -EPROTO : 0;
	rc = next_used(r, u, full, mode);
	if (rc <= 0)
		return rc;
	if (!vring_is_head(r, u->id))
		return -EPROTO;
	/* A batch ends with the head of a chain, not inside one. */
	more = vring_span(r, u->id) - 1;
	if (mode.in_order && t->left > 1 && t->left - 1u <= more)
		return -EPROTO;
	vring_taken(r, 1, mode);
	if (mode.in_order)
		t->left = (uint16_t)(t->left ? t->left - more : 0);
	for (; more; more--) {
		if (mode.in_order)
			t->slot = slot_after(r, t->slot, true);
		if (mode.packed)
			packed_step(&t->idx, &t->flags, 1, r->entries);
	}
	return 1;
}
