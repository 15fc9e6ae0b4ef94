/* SPDX-License-Identifier: BSD-3-Clause */
#include "memory.h"

#define GARBAGE16 0xdead
#define GARBAGE32 0xdeaddead
#define GARBAGE64 UINT64_C(0xdeaddeaddeaddead)
#define TURN      (PACKED_AVAIL | PACKED_USED)

void memory_index_on(struct queue *q, uint32_t value)
{
	ring_store_release(&q->used->idx, le16_from((uint16_t)(q->used_next + value)));
}

void memory_skip_slot(struct queue *q, uint32_t value)
{
	q->used_next = (uint16_t)(q->used_next + value);
	if (q->used_next < q->entries)
		return;
	q->used_next = (uint16_t)(q->used_next - q->entries);
	q->used_wrap = !q->used_wrap;
}

void memory_all_used(struct queue *q, uint32_t value)
{
	const bool wrap = value ? !q->used_wrap : q->used_wrap;

	for (uint16_t i = 0; i < q->entries; i++) {
		const uint16_t flags = le16_to(ring_load(&q->slots[i].flags));

		ring_store(&q->slots[i].flags,
			   le16_from((uint16_t)(wrap ? flags | TURN : flags & ~TURN)));
	}
}

static void packed_descriptor(struct packed_desc *d)
{
	const uint16_t flags = le16_to(ring_load(&d->flags));

	ring_store(&d->addr, le64_from(GARBAGE64));
	if (!(flags & PACKED_AVAIL) != !(flags & PACKED_USED)) /* not used */
		ring_store(&d->len, le32_from(GARBAGE32));
}

static void split_descriptor(struct split_desc *d)
{
	ring_store(&d->addr, le64_from(GARBAGE64));
	ring_store(&d->len, le32_from(GARBAGE32));
	ring_store(&d->flags, le16_from(GARBAGE16));
	ring_store(&d->next, le16_from(GARBAGE16));
}

void memory_descriptors(struct queue *q, uint32_t value)
{
	(void)value;
	for (uint16_t i = 0; i < q->entries; i++) {
		if (q->slots)
			packed_descriptor(&q->slots[i]);
		else
			split_descriptor(&q->desc[i]);
	}
}

void memory_available(struct queue *q, uint32_t value)
{
	(void)value;
	ring_store(&q->avail->flags, le16_from(GARBAGE16));
	ring_store(&q->avail->idx, le16_from(GARBAGE16));
	for (uint16_t i = 0; i <= q->entries; i++) /* used_event stands behind the ring */
		ring_store(&q->avail->ring[i], le16_from(GARBAGE16));
}

void memory_event(struct queue *q, uint32_t value)
{
	if (q->slots)
		ring_store((le32 *)(void *)q->device_event, le32_from(value));
	else if (q->loop->event_idx)
		ring_store(q->avail_event, le16_from((uint16_t)value));
	else
		ring_store(&q->used->flags, le16_from((uint16_t)value));
}

/* The parts of a ring: what the device reads, what the driver says of notifications, and what the
 * device writes; split, the available and the used ring. */
struct part {
	void *at;
	size_t words;
};

static void parts_of(struct queue *q, struct part parts[3])
{
	const size_t n = q->entries;

	if (q->slots) {
		parts[0] = (struct part){ q->slots, 8 * n };
		parts[1] = (struct part){ q->driver_event, 2 };
		parts[2] = (struct part){ q->device_event, 2 };
	} else {
		parts[0] = (struct part){ q->desc, 8 * n };
		parts[1] = (struct part){ q->avail, 3 + n };
		parts[2] = (struct part){ q->used, 3 + 4 * n };
	}
}

/* Word @i of all of them; NULL: there are not so many. */
static le16 *word_at(struct queue *q, size_t i)
{
	struct part parts[3];

	parts_of(q, parts);
	for (size_t p = 0; p < ARRAY_SIZE(parts); i -= parts[p++].words)
		if (i < parts[p].words)
			return (le16 *)parts[p].at + i;
	return NULL;
}

void memory_save(struct queue *q, uint16_t *to)
{
	const le16 *word;

	for (size_t i = 0; i < MEMORY_WORDS && (word = word_at(q, i)) != NULL; i++)
		to[i] = le16_to(ring_load(word));
}

void memory_undo(struct queue *q, const struct memory_copy *copy)
{
	le16 *word;

	for (size_t i = 0; i < MEMORY_WORDS && (word = word_at(q, i)) != NULL; i++)
		if (copy->before[i] != copy->after[i] && le16_to(ring_load(word)) == copy->after[i])
			ring_store(word, le16_from(copy->before[i]));
}

/* A descriptor that is used already, unless the driver has just made it available again. */
static void flip_used(struct packed_desc *d, uint32_t value)
{
	le64 *tail = (le64 *)(void *)&d->len;
	le64 old = ring_load(tail);
	const uint64_t flags = le64_to(old) >> 48;

	if (!(flags & PACKED_AVAIL) == !(flags & PACKED_USED))
		__atomic_compare_exchange_n(tail, &old, old ^ le64_from((uint64_t)value << 16),
					    false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

void memory_flip(struct queue *q, uint32_t at, uint32_t value)
{
	struct part parts[3];
	le16 *word;

	parts_of(q, parts);
	if (q->slots && at % 4) {
		flip_used(&q->slots[at % q->entries], value);
		return;
	}
	word = (le16 *)parts[2].at + at % parts[2].words;
	ring_store(word, ring_load(word) ^ le16_from((uint16_t)value));
}
