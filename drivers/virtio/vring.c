/* SPDX-License-Identifier: BSD-3-Clause */
#include "vring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/base/err.h"
#include "../../lib/mem/cache.h"

/* "Available Buffer Notifications": split, the available index; packed, 15 bits of position and the
 * wrap counter. */
static uint32_t next_available(const struct ring *r)
{
	if (r->doorbell.next == DOORBELL_NEXT_SPLIT)
		return r->post.shown & 0xffff;
	return r->post.at | (r->post.flags & packed_rest(0, PACKED_AVAIL) ? 0x8000u : 0);
}

static void ring_bell(const struct ring *r, struct doorbell *db)
{
	if (db->next != DOORBELL_PLAIN)
		db->data = (db->data & 0xffff) | next_available(r) << 16;
	if (!db->reg) {
		db->ring(db);
		return;
	}
	device_barrier(); /* B8 */
	if (db->width == 2)
		*(volatile le16 *)db->reg = le16_from((uint16_t)db->data);
	else
		*(volatile le32 *)db->reg = le32_from(db->data);
}

void vring_kick(struct ring *r)
{
	ring_bell(r, &r->doorbell);
}

/* The queue's thread may be at the doorbell too, and at the position that NOTIFICATION_DATA names:
 * a stale one is one of the positions that the device has passed or will pass. */
void vring_kick_beside(const struct ring *r)
{
	struct doorbell db = r->doorbell;

	ring_bell(r, &db);
}

/* A descriptor that the device has not used has AVAIL and USED apart, whatever the lap. */
static bool packed_waits(const struct packed_desc *d)
{
	const uint16_t flags = le16_to(ring_load(&d->flags));

	return !(flags & PACKED_AVAIL) != !(flags & PACKED_USED);
}

uint32_t vring_waiting(const struct ring *r, const struct mode mode)
{
	uint32_t n = 0;

	if (!mode.packed)
		return (uint16_t)(le16_to(ring_load(&r->driver.avail->idx)) -
				  le16_to(ring_load(&r->device.used->idx)));
	for (uint32_t i = 0; i < r->entries; i++)
		n += packed_waits(r->desc.packed + i);
	return n;
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
	r->ids = (uint16_t *)(void *)(r->cookie + n);
	r->next = r->ids + n;
	return 0;
}

static void private_reset(struct ring *r)
{
	struct indirect *in = r->indirect;

	for (size_t i = 0; i < r->entries; i++) {
		r->cookie[i] = COOKIE_FREE;
		r->ids[i] = (uint16_t)i;
	}
	if (!in)
		return;
	for (in->free = 0; in->free < INDIRECT_TABLES; in->free++)
		in->free_tables[in->free] = (uint16_t)(INDIRECT_TABLES - 1 - in->free);
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
	r->indirect = in;
	r->private_bytes += sizeof(*in) + INDIRECT_TABLES * sizeof(*in->bufs);
	return 0;
}

/*
 * Where the parts of a ring lie in its block. What driver and device write shares no cache line,
 * and in a legacy ring no page; there the driver's part follows the descriptors at once. Used
 * elements stand at multiples of their size, so that none lies across two lines or pages: QEMU up
 * to 8 writes the second half of such a one to a wrong address where there is an IOMMU.
 */
struct layout {
	size_t align, driver, device, tables, bytes;
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
	at.align = opts->legacy ? LEGACY_ALIGN : CACHE_LINE;
	at.driver = opts->legacy ? at.desc_bytes : align_up(at.desc_bytes, CACHE_LINE);
	at.device = align_up(at.driver + at.driver_bytes, at.align);
	if (!opts->packed && !opts->legacy)
		at.device += sizeof(struct split_used_elem) - sizeof(struct split_used);
	at.tables = align_up(at.device + at.device_bytes, CACHE_LINE);
	at.bytes = at.tables;
	if (opts->indirect)
		at.bytes += INDIRECT_TABLES * INDIRECT_PARTS * sizeof(struct split_desc);
	return at;
}

/* Position in a packed ring as the event structure has it. The flags of a descriptor that is used
 * in this lap are both set where the wrap counter is 1. */
static uint32_t packed_off_wrap(const struct ring *r)
{
	return r->take.at | (r->take.flags ? 0x8000u : 0);
}

/* Both halves of the structure are one word, so that the device can't see the new flags with an old
 * offset. */
static void packed_event_set(struct ring *r, uint32_t flags)
{
	ring_store((le32 *)(void *)r->driver.event, le32_from(packed_off_wrap(r) | flags << 16));
}

void vring_arm(struct ring *r, const struct mode mode)
{
	le16 *used_event = &r->driver.avail->ring[r->entries];

	if (mode.packed)
		packed_event_set(r, r->event_idx ? PACKED_EVENT_DESC : PACKED_EVENT_ENABLE);
	else if (r->event_idx)
		ring_store(used_event, le16_from((uint16_t)r->take.idx));
	else
		ring_store(&r->driver.avail->flags, le16_from(0));
	ring_fence(); /* B7, pairs with the device's between its used entries and reading this */
}

void vring_disarm(struct ring *r, const struct mode mode)
{
	le16 *used_event = &r->driver.avail->ring[r->entries];

	if (mode.packed)
		packed_event_set(r, PACKED_EVENT_DISABLE);
	else if (r->event_idx) /* flags must be 0; one notification in 65536 is as near as it gets
				*/
		ring_store(used_event, le16_from((uint16_t)(r->take.idx - 1)));
	else
		ring_store(&r->driver.avail->flags, le16_from(AVAIL_NO_INTERRUPT));
}

bool vring_pending(const struct ring *r, const struct mode mode)
{
	if (mode.in_order && r->take.left)
		return true;
	if (mode.packed)
		return packed_used(r->desc.packed + r->take.at, r->take.flags);
	return (uint16_t)r->take.seen != (uint16_t)r->take.idx ||
	       le16_to(ring_load_acquire(&r->device.used->idx)) != (uint16_t)r->take.idx;
}

void vring_reset(struct ring *r, const struct mode mode)
{
	memset(r->shared, 0, r->shared_bytes);
	private_reset(r);
	r->post = (struct post){ .free = r->entries, .flags = packed_rest(0, PACKED_AVAIL) };
	r->take = (struct take){ .flags = PACKED_AVAIL | PACKED_USED };
	r->chained = false;
	r->straight = true;
	if (!mode.packed)
		vring_name(r, r->entries, mode.in_order);
	vring_disarm(r, mode);
}

int vring_init(struct ring *r, struct vio_region *region, const struct vring_opts *opts,
	       struct ring_place *place)
{
	const struct layout at = layout_of(opts);
	char *shared;
	int rc;

	*r = (struct ring){
		.entries = opts->entries,
		.event_idx = opts->event_idx,
		.bias = opts->bias,
		.region = region,
		.shared_bytes = at.bytes,
	};
	shared = region_alloc(region, at.bytes, at.align);
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
	r->place = (struct ring_place){
		.entries = r->entries,
		.packed = opts->packed,
		.desc = shared,
		.driver = shared + at.driver,
		.device = shared + at.device,
		.desc_bytes = at.desc_bytes,
		.driver_bytes = at.driver_bytes,
		.device_bytes = at.device_bytes,
	};
	vring_reset(r, (struct mode){ .packed = opts->packed, .in_order = opts->in_order });
	*place = r->place;
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

/* Is @slot in flight, and not a later one of a chain? */
static bool is_head(const struct ring *r, uint32_t slot)
{
	const uint64_t mark = r->cookie[slot] & COOKIE_MARK;

	return mark < COOKIE_HEADS || mark == COOKIE_INDIRECT;
}

/* Slots that the chain with head @slot occupies. */
static uint32_t span_of(const struct ring *r, uint32_t slot)
{
	const uint64_t mark = r->cookie[slot] & COOKIE_MARK;

	return mark < COOKIE_HEADS ? 1 + (uint32_t)(mark >> COOKIE_SHIFT) : 1;
}

/* The slot behind @slot in a chain. */
static uint32_t slot_after(const struct ring *r, uint32_t slot, const struct mode mode)
{
	if (!mode.in_order)
		return r->next[slot];
	return slot + 1 == r->entries ? 0 : slot + 1;
}

static void free_indirect(struct ring *r, uint32_t table, struct vio_cache *cache)
{
	struct indirect *in = r->indirect;

	vio_buf_put(cache, in->bufs[table], in->parts[table]);
	in->free_tables[in->free++] = (uint16_t)table;
}

/* Give the buffer or table of one slot back. */
static void free_slot(struct ring *r, uint32_t slot, struct vio_cache *cache)
{
	const uint64_t cookie = r->cookie[slot];
	void *buf = (void *)(uintptr_t)(cookie & ~COOKIE_MARK);

	r->cookie[slot] = COOKIE_FREE;
	if ((cookie & COOKIE_MARK) == COOKIE_INDIRECT)
		free_indirect(r, (uint32_t)cookie, cache);
	else
		vio_buf_put(cache, &buf, 1);
}

void vring_free_chain(struct ring *r, uint32_t head, struct vio_cache *cache,
		      const struct mode mode)
{
	for (uint32_t n = span_of(r, head), slot = head; n; n--) {
		const uint32_t next = slot_after(r, slot, mode);

		free_slot(r, slot, cache);
		slot = next;
	}
}

/* The slot that is used @i positions behind the next one. */
static uint32_t slot_behind(const struct ring *r, uint32_t i, const struct mode mode)
{
	uint32_t at = ring_post_at(r, mode) + i;

	if (at >= r->entries)
		at -= r->entries;
	return mode.in_order ? at : r->ids[at];
}

void vring_mark_free(struct ring *r, const struct mode mode)
{
	for (uint32_t i = 0; i < r->post.free; i++)
		r->cookie[slot_behind(r, i, mode)] = COOKIE_FREE;
	r->straight = false;
}

uint32_t vring_take_back(struct ring *r, struct vio_cache *cache, const struct mode mode)
{
	const uint32_t buffers = ring_in_flight(r);

	vring_mark_free(r, mode);
	for (uint32_t slot = 0; slot < r->entries; slot++)
		if (r->cookie[slot] != COOKIE_FREE)
			free_slot(r, slot, cache);
	r->take.idx = r->post.shown;
	return buffers;
}

/* Those of one slot. */
static uint32_t list_slot(const struct ring *r, uint32_t slot, uint64_t *bufs)
{
	const uint64_t cookie = r->cookie[slot];
	const struct indirect *in = r->indirect;
	uint32_t n = 0;

	if (cookie == COOKIE_FREE)
		return 0;
	if ((cookie & COOKIE_MARK) != COOKIE_INDIRECT)
		bufs[n++] = cookie & ~COOKIE_MARK;
	else
		for (const uint32_t table = (uint32_t)cookie; n < in->parts[table]; n++)
			bufs[n] = (uintptr_t)in->bufs[table][n];
	return n;
}

uint32_t vring_list(struct ring *r, uint64_t *bufs, const struct mode mode)
{
	uint32_t n = 0;

	vring_mark_free(r, mode);
	for (uint32_t slot = 0; slot < r->entries; slot++)
		n += list_slot(r, slot, bufs + n);
	return n;
}

static void name_one(struct ring *r, uint32_t idx, uint32_t slot)
{
	ring_store(&r->driver.avail->ring[idx & (r->entries - 1)], le16_from((uint16_t)slot));
}

void vring_name(struct ring *r, uint32_t n, bool in_order)
{
	for (uint32_t i = 0; i < n; i++)
		name_one(r, r->post.idx + i,
			 slot_behind(r, i, (struct mode){ .in_order = in_order }));
}

/* Write one descriptor of a packed chain. All carry the chain's id; the device reads the last
 * one's.
 */
static void packed_part(struct ring *r, const struct chain_part *part, uint32_t id, uint32_t flags,
			bool first)
{
	struct poster to = ring_poster(r, r->post.at, first && !ring_unshown(r), 0,
				       (struct mode){ .packed = true });

	packed_write(to.packed, to.tail, id, part->addr + r->bias,
		     packed_rest(part->len, flags) | r->post.flags);
	packed_post_step(&r->post, 1, r->entries);
}

void vring_post_chain(struct ring *r, const struct chain_part *parts, uint16_t n, uint16_t *slots,
		      const struct mode mode)
{
	for (uint16_t i = 0; i < n; i++)
		slots[i] = (uint16_t)slot_behind(r, i, mode);
	for (uint16_t i = 0; i < n; i++) {
		const bool last = i + 1 == n;
		const uint16_t next = last ? 0 : slots[i + 1];
		const uint32_t flags = (parts[i].write ? DESC_WRITE : 0) | (last ? 0 : DESC_NEXT);

		r->next[slots[i]] = next;
		if (mode.packed)
			packed_part(r, &parts[i], slots[0], flags, i == 0);
		else
			split_write(&r->desc.split[slots[i]], parts[i].addr + r->bias,
				    split_rest(parts[i].len, flags, next));
	}
	if (!mode.packed) {
		r->chained |= n > 1;
		name_one(r, r->post.idx, slots[0]);
	}
	r->post.idx++;
	r->post.skew += n - 1u;
	r->post.free -= n;
}

uint16_t vring_post_indirect(struct ring *r, const struct chain_part *parts, uint16_t n,
			     uint16_t table, const struct mode mode)
{
	struct split_desc *d = r->indirect->tables + (size_t)table * INDIRECT_PARTS;
	const uint32_t slot = slot_behind(r, 0, mode);
	const uint64_t own = vring_rest(r, (uint32_t)(n * sizeof(*d)), DESC_INDIRECT, mode);
	struct poster to = ring_poster(r, ring_post_at(r, mode), !ring_unshown(r), own, mode);

	for (uint16_t i = 0; i < n; i++) {
		const bool last = i + 1 == n;
		const uint32_t flags = parts[i].write ? DESC_WRITE : 0;
		uint64_t rest =
			split_rest(parts[i].len, flags | (last ? 0 : DESC_NEXT), last ? 0 : i + 1u);

		/* Packed: entries follow each other, and only WRITE means something in their flags.
		 */
		if (mode.packed)
			rest = packed_rest(parts[i].len, flags);
		split_write(&d[i], parts[i].addr + r->bias, rest);
	}
	vring_post_to(&to, poster_slot(&to, mode), (uintptr_t)d + r->bias, 0, mode);
	vring_posted(r, 1, mode);
	return (uint16_t)slot;
}

/*
 * In order: begin the batch that the next completion ends. Its slots are ring positions, so the id
 * says how long it is. Return: 1; 0: there is none; -EPROTO: that id is not in flight.
 */
static int begin_batch(struct ring *r, const struct mode mode)
{
	const uint32_t in_flight = r->entries - r->post.free - ring_unshown(r);
	const struct taker from = ring_taker(r, mode);
	const uint32_t named = vring_named(&from, mode), id = vring_id(named, mode);
	const uint32_t at = ring_take_at(r, mode);
	uint32_t left;

	if (!vring_used(&from, named, mode))
		return 0;
	if (DISTRUST(id >= r->entries))
		return -EPROTO;
	left = id - at + 1 + (id < at ? r->entries : 0u);
	if (DISTRUST(left > in_flight))
		return -EPROTO;
	r->take.left = left;
	r->take.len = vring_raw_len(&from, mode);
	return 1;
}

/* The completion that is next. Return as vring_take_one(). */
static int next_used(struct ring *r, struct used *u, uint32_t full, const struct mode mode)
{
	static const int result[] = { [LOOK_NONE] = 0, [LOOK_ODD] = -EPROTO, [LOOK_GOOD] = 1 };
	struct mode within = mode;
	struct taker from;
	enum look look;
	size_t slot;
	int rc = 1;

	if (mode.in_order && !r->take.left)
		rc = begin_batch(r, mode);
	if (rc <= 0)
		return rc;
	from = ring_taker(r, mode);
	within.batch = mode.in_order;
	look = vring_look(r, &from, &slot, within);
	if (look == LOOK_ODD && r->straight) { /* the first one that is not in order? */
		vring_mark_free(r, mode);
		look = vring_look(r, &from, &slot, within);
	}
	rc = result[look];
	if (rc > 0)
		*u = (struct used){ mode.in_order ? ring_take_at(r, mode) : (uint32_t)slot,
				    vring_look_len(&from, full, within) };
	return rc;
}

/* The @n slots of the chain with head @slot are free from now on. */
static void taken_chain(struct ring *r, uint32_t slot, uint32_t n, const struct mode mode)
{
	for (uint32_t i = 0; i < n; i++) {
		if (!mode.in_order)
			vring_rename(r, ring_taker(r, mode).ids, slot, mode);
		slot = slot_after(r, slot, mode);
		if (mode.packed)
			packed_take_step(&r->take, 1, r->entries);
		else
			r->take.skew++;
	}
	r->take.skew--; /* one slot is reckoned by the buffer itself */
	r->take.idx++;
	r->post.free += n;
}

int vring_take_one(struct ring *r, struct used *u, uint32_t full, const struct mode mode)
{
	const uint32_t ready = vring_ready(r, 1, mode);
	uint32_t left, span;
	int rc;

	if (!ready || ready == RING_BROKEN)
		return ready ? -EPROTO : 0;
	rc = next_used(r, u, full, mode);
	if (rc <= 0)
		return rc;
	if (DISTRUST(!is_head(r, u->id)))
		return -EPROTO;
	/* A batch ends with the head of a chain, not inside one. */
	span = span_of(r, u->id);
	left = r->take.left;
	if (DISTRUST(left > 1 && left <= span))
		return -EPROTO;
	r->take.left = 0;
	taken_chain(r, u->id, span, mode);
	r->take.left = left > span ? left - span : 0;
	return 1;
}
