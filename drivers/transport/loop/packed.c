/* SPDX-License-Identifier: BSD-3-Clause */
#include "chain.h"

/* The device's side of "Packed Virtqueues" (VIRTIO 1.4, 2.8). */

#define STATE_BITS (PACKED_AVAIL | PACKED_USED)
#define FLAG_BITS  (STATE_BITS | DESC_NEXT | DESC_WRITE | DESC_INDIRECT)

static uint16_t state_available(bool wrap)
{
	return wrap ? PACKED_AVAIL : PACKED_USED;
}

static uint16_t state_used(bool wrap)
{
	return wrap ? STATE_BITS : 0;
}

/*
 * Length, id and flags of a descriptor are one word: what the flags vouch for comes with them, and
 * both sides meet at the same address, by which ThreadSanitizer knows that they do.
 */
struct tail {
	uint32_t len;
	uint16_t id, flags;
};

static le64 *tail_word(struct packed_desc *d)
{
	return (le64 *)(void *)&d->len;
}

static struct tail load_tail(const struct queue *q, uint16_t at)
{
	/* Pairs with the driver's release of the head's flags (B4). */
	uint64_t word = le64_to(ring_load_acquire(tail_word(&q->slots[at])));

	return (struct tail){ (uint32_t)word, (uint16_t)(word >> 32), (uint16_t)(word >> 48) };
}

static void store_tail(struct queue *q, uint16_t at, struct tail t)
{
	uint64_t word = t.len | (uint64_t)t.id << 32 | (uint64_t)t.flags << 48;

	q->known[at] = t.flags;
	/* Pairs with the driver's acquire of the flags (B6). */
	ring_store_release(tail_word(&q->slots[at]), le64_from(word));
}

/*
 * A slot is either available in this lap, or as the device last saw or left it. Anything else means
 * that the driver has lost its wrap counter.
 */
static bool slot_available(struct queue *q, uint16_t at, bool wrap, struct tail *t)
{
	*t = load_tail(q, at);
	if ((t->flags & STATE_BITS) == state_available(wrap))
		return true;
	if (unlikely((t->flags & STATE_BITS) != (q->known[at] & STATE_BITS)))
		violate(q->loop, q, RULE_PACKED_STATE, t->flags);
	return false;
}

static bool packed_available(struct queue *q)
{
	struct tail t;

	return slot_available(q, q->avail_next, q->avail_wrap, &t);
}

/* "Indirect Flag: Scatter-Gather Support": the table's order is the chain, only WRITE counts. */
static bool take_indirect(struct queue *q, struct chain *c, uint64_t addr, struct tail t)
{
	const struct packed_desc *table;
	void *found;
	uint32_t n;

	if (!chain_indirect(q, addr, t.len, t.flags, &found, &n))
		return false;
	table = found;
	for (uint32_t i = 0; i < n; i++) {
		uint16_t f = le16_to(ring_load(&table[i].flags));

		if (unlikely(f & DESC_INDIRECT))
			return violate(q->loop, q, RULE_INDIRECT_NESTED, i);
		if (unlikely(f & ~DESC_WRITE))
			violate(q->loop, q, RULE_INDIRECT_FLAGS, f);
		if (!chain_segment(q, c, le64_to(ring_load(&table[i].addr)),
				   le32_to(ring_load(&table[i].len)), f & DESC_WRITE))
			return false;
	}
	return true;
}

static bool take_slot(struct queue *q, struct chain *c, uint16_t at, struct tail t)
{
	uint64_t addr = le64_to(ring_load(&q->slots[at].addr));

	if (unlikely(t.flags & ~FLAG_BITS))
		violate(q->loop, q, RULE_DESC_FLAGS, t.flags);
	if (unlikely(t.flags & DESC_INDIRECT))
		return take_indirect(q, c, addr, t);
	return chain_segment(q, c, addr, t.len, t.flags & DESC_WRITE);
}

static void step_slot(const struct queue *q, uint16_t *at, bool *wrap)
{
	if (++*at == q->entries) {
		*at = 0;
		*wrap = !*wrap;
	}
}

/* The id of a chain stands in its last descriptor. */
static bool check_id(struct queue *q, const struct chain *c)
{
	if (unlikely(c->id >= q->entries))
		return violate(q->loop, q, RULE_PACKED_ID_RANGE, c->id);
	if (unlikely(q->in_flight[c->id] >= q->epoch))
		return violate(q->loop, q, RULE_PACKED_ID_IN_FLIGHT, c->id);
	return true;
}

static bool packed_fetch(struct queue *q, struct chain *c)
{
	uint16_t at = q->avail_next;
	bool wrap = q->avail_wrap;
	struct tail t;

	if (!slot_available(q, at, wrap, &t))
		return false;
	*c = (struct chain){ .seg = c->seg };
	for (;;) {
		if (unlikely(c->slots == q->entries))
			return violate(q->loop, q, RULE_CHAIN_LOOP, c->slots);
		c->slots++;
		c->id = t.id;
		q->known[at] = t.flags;
		if (!take_slot(q, c, at, t))
			return false;
		step_slot(q, &at, &wrap);
		if (likely(!(t.flags & DESC_NEXT)))
			break;
		t = load_tail(q, at);
		if (unlikely((t.flags & STATE_BITS) != state_available(wrap)))
			return violate(q->loop, q, RULE_PACKED_CHAIN, t.flags);
	}
	if (!check_id(q, c) || !chain_fits_role(q, c))
		return false;
	q->in_flight[c->id] = LOOP_TAKEN;
	q->avail_next = at;
	q->avail_wrap = wrap;
	return true;
}

/* The first entry of a step is withheld, so that the driver sees all of it or nothing. */
static void packed_use(struct queue *q, const struct done *last, uint32_t n, uint32_t slots)
{
	uint16_t at = q->used_next;
	uint32_t flags = state_used(q->used_wrap) | (last->writable ? DESC_WRITE : 0);
	struct tail t = {
		.len = shared_word(q, WORD_USED_LEN, last->len),
		.id = (uint16_t)shared_word(q, WORD_USED_ID, last->id),
		.flags = (uint16_t)shared_word(q, WORD_USED_FLAGS, flags),
	};

	(void)n;
	if (q->held) {
		store_tail(q, at, t);
	} else {
		q->held = true;
		q->held_at = at;
		q->held_len = t.len;
		q->held_id = t.id;
		q->held_flags = t.flags;
	}
	slots += at;
	if (slots >= q->entries) {
		slots -= q->entries;
		q->used_wrap = !q->used_wrap;
	}
	q->used_next = (uint16_t)slots;
}

static void packed_publish(struct queue *q)
{
	if (!q->held)
		return;
	q->held = false;
	store_tail(q, q->held_at, (struct tail){ q->held_len, q->held_id, q->held_flags });
}

/* "Event Suppression Structure Format": the offset before the flags that make it count. */
static void packed_ask(struct queue *q, bool on)
{
	bool event = on && q->loop->event_idx;
	uint16_t flags = event ? PACKED_EVENT_DESC
			 : on  ? PACKED_EVENT_ENABLE
			       : PACKED_EVENT_DISABLE;

	if (event)
		shared_put16(q, WORD_EVENT_OFF_WRAP, &q->device_event->off_wrap,
			     (uint16_t)(q->avail_next | (q->avail_wrap ? 0x8000 : 0)));
	if (le16_to(ring_load(&q->device_event->flags)) != flags)
		shared_release16(q, WORD_EVENT_FLAGS, &q->device_event->flags, flags);
}

/* Slots from position @at of lap @wrap to a later one; beyond the ring's size if that lies behind.
 */
static uint32_t slots_to(const struct queue *q, uint16_t at, bool wrap)
{
	uint32_t to = at + (wrap == q->told_wrap ? 0u : q->entries);

	return to - q->told;
}

/* "Driver and Device Event Suppression", read as one word. */
static bool packed_wanted(const struct queue *q)
{
	uint32_t word = le32_to(ring_load((const le32 *)(const void *)q->driver_event));
	uint32_t flags = word >> 16;

	if (flags != PACKED_EVENT_DESC)
		return flags == PACKED_EVENT_ENABLE;
	return slots_to(q, word & 0x7fff, word >> 15 & 1) < slots_to(q, q->used_next, q->used_wrap);
}

static void packed_check_driver(struct queue *q)
{
	uint16_t flags = le16_to(ring_load(&q->driver_event->flags));
	uint16_t off_wrap = le16_to(ring_load(&q->driver_event->off_wrap));

	if (unlikely(flags > PACKED_EVENT_DESC))
		violate(q->loop, q, RULE_PACKED_EVENT_FLAGS, flags);
	else if (unlikely(flags == PACKED_EVENT_DESC && !q->loop->event_idx))
		violate(q->loop, q, RULE_PACKED_EVENT_DESC, flags);
	else if (unlikely(flags == PACKED_EVENT_DESC && (off_wrap & 0x7fff) >= q->entries))
		violate(q->loop, q, RULE_PACKED_EVENT_OFFSET, off_wrap);
}

const struct ring_ops packed_device_ring = {
	.fetch = packed_fetch,
	.available = packed_available,
	.use = packed_use,
	.publish = packed_publish,
	.ask = packed_ask,
	.wanted = packed_wanted,
	.check_driver = packed_check_driver,
};
