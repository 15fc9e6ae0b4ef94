/* SPDX-License-Identifier: BSD-3-Clause */
#include "chain.h"

/* The device's side of "Split Virtqueues" (VIRTIO 1.4, 2.7). */

/* Load the available index if the one that we know is used up. */
static bool split_available(struct queue *q)
{
	uint16_t idx;

	if (q->avail_next != q->avail_seen)
		return true;
	/* Pairs with the driver's release of the index (B1). */
	idx = le16_to(ring_load_acquire(&q->avail->idx));
	if (unlikely((uint16_t)(idx - q->avail_next) > q->entries))
		return violate(q->loop, q, RULE_AVAIL_JUMP, (uint16_t)(idx - q->avail_next));
	q->avail_seen = idx;
	return q->avail_next != idx;
}

static bool take_table(struct queue *q, struct chain *c, const struct split_desc *table, uint32_t n,
		       uint16_t at, bool indirect);

static bool take_indirect(struct queue *q, struct chain *c, const struct split_desc *d,
			  uint16_t flags)
{
	void *table;
	uint32_t n;

	if (!chain_indirect(q, le64_to(ring_load(&d->addr)), le32_to(ring_load(&d->len)), flags,
			    &table, &n))
		return false;
	return take_table(q, c, table, n, 0, true);
}

/* With IN_ORDER, chains take the slots of the table one after the other. */
static void check_next(struct queue *q, uint16_t at, uint16_t next, bool indirect)
{
	if (q->in_order && !indirect && next != (at + 1) % q->entries)
		violate(q->loop, q, RULE_ORDER_NEXT, next);
}

static bool take_table(struct queue *q, struct chain *c, const struct split_desc *table, uint32_t n,
		       uint16_t at, bool indirect)
{
	for (uint32_t left = n; left; left--) {
		const struct split_desc *d = &table[at];
		uint16_t flags = le16_to(ring_load(&d->flags));

		c->slots = (uint16_t)(c->slots + !indirect);
		if (unlikely(flags & ~(DESC_NEXT | DESC_WRITE | DESC_INDIRECT)))
			violate(q->loop, q, RULE_DESC_FLAGS, flags);
		if (unlikely(flags & DESC_INDIRECT)) {
			if (indirect)
				return violate(q->loop, q, RULE_INDIRECT_NESTED, at);
			return take_indirect(q, c, d, flags);
		}
		if (!chain_segment(q, c, le64_to(ring_load(&d->addr)), le32_to(ring_load(&d->len)),
				   flags & DESC_WRITE))
			return false;
		if (!(flags & DESC_NEXT))
			return true;
		uint16_t next = le16_to(ring_load(&d->next));

		if (unlikely(next >= n))
			return violate(q->loop, q, RULE_NEXT_RANGE, next);
		check_next(q, at, next, indirect);
		at = next;
	}
	return violate(q->loop, q, RULE_CHAIN_LOOP, n);
}

static bool split_fetch(struct queue *q, struct chain *c)
{
	uint16_t head;

	if (!split_available(q))
		return false;
	head = le16_to(ring_load(&q->avail->ring[q->avail_next & (q->entries - 1)]));
	if (unlikely(head >= q->entries))
		return violate(q->loop, q, RULE_HEAD_RANGE, head);
	if (unlikely(q->in_flight[head] >= q->epoch))
		return violate(q->loop, q, RULE_HEAD_IN_FLIGHT, head);
	if (unlikely(q->in_order && head != q->order_next))
		violate(q->loop, q, RULE_ORDER_HEAD, head);

	*c = (struct chain){ .id = head, .seg = c->seg };
	if (!take_table(q, c, q->desc, q->entries, head, false) || !chain_fits_role(q, c))
		return false;
	q->order_next = (uint16_t)((head + c->slots) & (q->entries - 1));
	q->in_flight[head] = LOOP_TAKEN;
	q->avail_next++;
	return true;
}

static void split_use(struct queue *q, const struct done *last, uint32_t n, uint32_t slots)
{
	struct split_used_elem *e = &q->used->ring[q->used_next & (q->entries - 1)];

	(void)slots;
	shared_put32(q, WORD_USED_ID, &e->id, last->id);
	shared_put32(q, WORD_USED_LEN, &e->len, last->len);
	q->used_next = (uint16_t)(q->used_next + n);
}

static void split_publish(struct queue *q)
{
	/* Pairs with the driver's acquire of the index (B3). */
	shared_release16(q, WORD_USED_INDEX, &q->used->idx, q->used_next);
}

/*
 * With EVENT_IDX a kick is due when the available index passes the event. An event half a turn
 * ahead is out of reach of any ring, so it asks for none.
 */
static void split_ask(struct queue *q, bool on)
{
	uint16_t event = (uint16_t)(q->avail_next + (on ? 0 : 0x8000));

	if (!q->loop->event_idx)
		shared_put16(q, WORD_USED_FLAGS, &q->used->flags, on ? 0 : USED_NO_NOTIFY);
	else if (le16_to(ring_load(q->avail_event)) != event)
		shared_put16(q, WORD_AVAIL_EVENT, q->avail_event, event);
}

static bool split_wanted(const struct queue *q)
{
	const le16 *used_event = &q->avail->ring[q->entries];
	uint16_t event;

	if (!q->loop->event_idx)
		return !(le16_to(ring_load(&q->avail->flags)) & AVAIL_NO_INTERRUPT);
	/* "Used Buffer Notification Suppression": the index passes the event. */
	event = le16_to(ring_load(used_event));
	return (uint16_t)(event - q->told) < (uint16_t)(q->used_next - q->told);
}

static void split_check_driver(struct queue *q)
{
	uint16_t flags = le16_to(ring_load(&q->avail->flags));

	if (likely(!flags))
		return;
	if (q->loop->event_idx)
		violate(q->loop, q, RULE_AVAIL_FLAGS_EVENT, flags);
	else if (flags & ~AVAIL_NO_INTERRUPT)
		violate(q->loop, q, RULE_AVAIL_FLAGS, flags);
}

const struct ring_ops split_device_ring = {
	.fetch = split_fetch,
	.available = split_available,
	.use = split_use,
	.publish = split_publish,
	.ask = split_ask,
	.wanted = split_wanted,
	.check_driver = split_check_driver,
};
