/* SPDX-License-Identifier: BSD-3-Clause */
#include "shared.h"

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
 * A slot is either available in this lap, or as the device last saw or left it. Anything else means
 * that the driver has lost its wrap counter.
 */
static bool slot_available(struct queue *q, uint16_t at, bool wrap, uint16_t *flags)
{
	/* Pairs with the driver's release of the head's flags (B4). */
	*flags = le16_to(ring_load_acquire(&q->slots[at].flags));
	if ((*flags & STATE_BITS) == state_available(wrap))
		return true;
	if (unlikely((*flags & STATE_BITS) != (q->known[at] & STATE_BITS)))
		violate(q->loop, q, RULE_PACKED_STATE, *flags);
	return false;
}

static bool packed_available(struct queue *q)
{
	uint16_t flags;

	return slot_available(q, q->avail_next, q->avail_wrap, &flags);
}

/* "Indirect Flag: Scatter-Gather Support": the table's order is the chain, only WRITE counts. */
static bool take_indirect(struct queue *q, struct chain *c, const struct packed_desc *d,
			  uint16_t flags)
{
	const struct packed_desc *table;
	void *found;
	uint32_t n;

	if (!chain_indirect(q, le64_to(ring_load(&d->addr)), le32_to(ring_load(&d->len)), flags,
			    &found, &n))
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

static bool take_slot(struct queue *q, struct chain *c, const struct packed_desc *d, uint16_t flags)
{
	if (unlikely(flags & ~FLAG_BITS))
		violate(q->loop, q, RULE_DESC_FLAGS, flags);
	if (unlikely(flags & DESC_INDIRECT))
		return take_indirect(q, c, d, flags);
	return chain_segment(q, c, le64_to(ring_load(&d->addr)), le32_to(ring_load(&d->len)),
			     flags & DESC_WRITE);
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
	if (unlikely(q->in_flight[c->id]))
		return violate(q->loop, q, RULE_PACKED_ID_IN_FLIGHT, c->id);
	return true;
}

static bool packed_fetch(struct queue *q, struct chain *c)
{
	uint16_t at = q->avail_next, flags;
	bool wrap = q->avail_wrap;

	if (!slot_available(q, at, wrap, &flags))
		return false;
	*c = (struct chain){ .seg = c->seg };
	for (;;) {
		const struct packed_desc *d = &q->slots[at];

		if (unlikely(c->slots == q->entries))
			return violate(q->loop, q, RULE_CHAIN_LOOP, c->slots);
		c->slots++;
		q->known[at] = flags;
		c->id = le16_to(ring_load(&d->id));
		if (!take_slot(q, c, d, flags))
			return false;
		step_slot(q, &at, &wrap);
		if (likely(!(flags & DESC_NEXT)))
			break;
		flags = le16_to(ring_load(&q->slots[at].flags));
		if (unlikely((flags & STATE_BITS) != state_available(wrap)))
			return violate(q->loop, q, RULE_PACKED_CHAIN, flags);
	}
	if (!check_id(q, c) || !chain_fits_role(q, c))
		return false;
	q->in_flight[c->id] = 1;
	q->avail_next = at;
	q->avail_wrap = wrap;
	return true;
}

/* The first slot's flags are withheld, so that the driver sees all of a step or nothing. */
static void packed_use(struct queue *q, const struct done *last, uint32_t n, uint32_t slots)
{
	uint16_t at = q->used_next;
	struct packed_desc *d = &q->slots[at];
	uint16_t flags = (uint16_t)(state_used(q->used_wrap) | (last->writable ? DESC_WRITE : 0));

	(void)n;
	shared_put16(q, WORD_USED_ID, &d->id, last->id);
	shared_put32(q, WORD_USED_LEN, &d->len, last->len);
	if (q->held) {
		q->known[at] = flags;
		/* Pairs with the driver's acquire of the flags (B6). */
		shared_release16(q, WORD_USED_FLAGS, &d->flags, flags);
	} else {
		q->held = true;
		q->held_at = at;
		q->held_flags = flags;
	}
	if (at + slots >= q->entries)
		q->used_wrap = !q->used_wrap;
	q->used_next = (uint16_t)((at + slots) % q->entries);
}

static void packed_publish(struct queue *q)
{
	if (!q->held)
		return;
	q->held = false;
	q->known[q->held_at] = q->held_flags;
	/* Pairs with the driver's acquire of the flags (B6). */
	shared_release16(q, WORD_USED_FLAGS, &q->slots[q->held_at].flags, q->held_flags);
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
	.check_driver = packed_check_driver,
};
