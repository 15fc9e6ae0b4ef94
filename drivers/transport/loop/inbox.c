/* SPDX-License-Identifier: BSD-3-Clause */
#include "device.h"

/*
 * Records stand one behind the other and begin anew at the front when the end is too near. An empty
 * inbox begins at the front again, so that light traffic stays in the same cache lines.
 */
static uint32_t record_size(uint32_t len)
{
	return (uint32_t)align_up(sizeof(struct record) + len, 64);
}

/* Where @size bytes can stand; UINT32_MAX: nowhere. Space for an end mark is always kept. */
static uint32_t find_room(const struct inbox *in, uint32_t size)
{
	if (!in->n)
		return 0;
	if (in->tail > in->head) {
		if (in->tail + size + 64 <= LOOP_INBOX_BYTES)
			return in->tail;
		return size + 64 <= in->head ? 0 : UINT32_MAX;
	}
	return in->tail + size + 64 <= in->head ? in->tail : UINT32_MAX;
}

bool inbox_has_room(const struct inbox *in)
{
	return find_room(in, INBOX_RECORD_MAX) != UINT32_MAX;
}

/* Room for a frame of @len bytes, not in the row before inbox_push(). NULL: full. */
struct record *inbox_room(struct inbox *in, uint32_t len)
{
	uint32_t size = record_size(len), at = find_room(in, size);
	struct record *r;

	if (at == UINT32_MAX)
		return NULL;
	if (!in->n)
		in->head = in->tail = 0;
	else if (at == 0)
		((struct record *)(void *)(in->bytes + in->tail))->size = 0;
	r = (struct record *)(void *)(in->bytes + at);
	r->size = size;
	r->len = len;
	return r;
}

void inbox_push(struct inbox *in, struct record *r)
{
	in->tail = (uint32_t)((uint8_t *)r - in->bytes) + r->size;
	in->n++;
}

struct record *inbox_first(struct inbox *in)
{
	struct record *r;

	if (!in->n)
		return NULL;
	r = (struct record *)(void *)(in->bytes + in->head);
	if (!r->size) {
		in->head = 0;
		r = (struct record *)(void *)in->bytes;
	}
	return r;
}

void inbox_pop(struct inbox *in)
{
	in->head += ((struct record *)(void *)(in->bytes + in->head))->size;
	in->n--;
}
