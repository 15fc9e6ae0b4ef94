/* SPDX-License-Identifier: BSD-3-Clause */
#include "memory.h"

#include <string.h>

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

/* Call @fn with each word of a ring and its number. */
static void each_word(struct queue *q, void (*fn)(le16 *word, size_t i, void *arg), void *arg)
{
	const size_t n = q->entries;
	const struct {
		void *at;
		size_t bytes;
	} parts[] = {
		{ q->slots ? (void *)q->slots : (void *)q->desc, 16 * n },
		{ q->slots ? (void *)q->driver_event : (void *)q->avail, q->slots ? 4 : 6 + 2 * n },
		{ q->slots ? (void *)q->device_event : (void *)q->used, q->slots ? 4 : 6 + 8 * n },
	};
	size_t at = 0;

	for (size_t p = 0; p < ARRAY_SIZE(parts); p++)
		for (size_t i = 0; i < parts[p].bytes / 2; i++, at++)
			if (at < MEMORY_WORDS)
				fn((le16 *)parts[p].at + i, at, arg);
}

static void save_word(le16 *word, size_t i, void *arg)
{
	((uint16_t *)arg)[i] = le16_to(ring_load(word));
}

void memory_save(struct queue *q, uint16_t *to)
{
	each_word(q, save_word, to);
}

static void undo_word(le16 *word, size_t i, void *arg)
{
	const struct memory_copy *copy = arg;

	if (copy->before[i] != copy->after[i] && le16_to(ring_load(word)) == copy->after[i])
		ring_store(word, le16_from(copy->before[i]));
}

void memory_undo(struct queue *q, const struct memory_copy *copy)
{
	each_word(q, undo_word, (void *)(uintptr_t)copy);
}
