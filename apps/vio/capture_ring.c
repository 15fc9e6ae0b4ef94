/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture_ring.h"

#include <stdlib.h>
#include <string.h>

#include "relaxed.h"

#define SKIP 0u /* in place of a block's type: go on at the ring's beginning */

#define FLAT_MAX 65536u

bool capture_ring_init(struct capture_ring *r, uint32_t bytes, uint32_t snap,
		       const struct capture_filter *filter, const struct pcapng_packet *form)
{
	*r = (struct capture_ring){ .filter = filter, .form = *form, .snap = snap, .bytes = bytes };
	r->mem = apart_alloc(1, bytes);
	r->flat = malloc(FLAT_MAX);
	if (r->mem && r->flat)
		return true;
	capture_ring_fini(r);
	return false;
}

void capture_ring_fini(struct capture_ring *r)
{
	free(r->mem);
	free(r->flat);
	r->mem = NULL;
	r->flat = NULL;
}

/* Bytes of a packet's first @most over its segments, into @out. Return: how many. */
static uint32_t gather(const struct vio_pkt *pkts, uint16_t n, uint32_t most, uint8_t *out)
{
	uint32_t len = 0;

	for (uint16_t i = 0; i < n && len < most; i++) {
		uint32_t part = pkts[i].len < most - len ? pkts[i].len : most - len;

		memcpy(out + len, pkts[i].data, part);
		len += part;
	}
	return len;
}

static uint32_t frame_len(const struct vio_pkt *pkts, uint16_t n)
{
	uint32_t len = 0;

	for (uint16_t i = 0; i < n; i++)
		len += pkts[i].len;
	return len;
}

static bool wanted(const struct capture_ring *r, const struct vio_pkt *pkts, uint16_t n,
		   uint32_t len)
{
	if (!r->filter)
		return true;
	if (n == 1)
		return capture_filter_match(r->filter, pkts->data, len, len);
	return capture_filter_match(r->filter, r->flat, len, gather(pkts, n, FLAT_MAX, r->flat));
}

/*
 * Room for @need bytes in one piece behind *@head, which moves over what is left at the end of the
 * ring. Return: NULL if there is none.
 */
static uint8_t *reserve(const struct capture_ring *r, uint64_t *head, uint64_t tail, uint32_t need)
{
	uint32_t at = (uint32_t)(*head & (r->bytes - 1)), rest = r->bytes - at;
	uint32_t skip = need > rest ? rest : 0;

	if (*head + skip + need - tail > r->bytes)
		return NULL;
	if (skip) {
		memcpy(r->mem + at, &(uint32_t){ SKIP }, sizeof(uint32_t));
		*head += skip;
		at = 0;
	}
	*head += need;
	return r->mem + at;
}

static void stage_packet(struct capture_ring *r, const struct vio_pkt *pkts, uint16_t n,
			 uint64_t tail, struct pcapng_packet *p, struct capture_mark *m)
{
	uint8_t *out;

	m->counts.seen++;
	p->len = frame_len(pkts, n);
	if (!wanted(r, pkts, n, p->len))
		return;
	m->counts.accepted++;
	p->kept = p->len < r->snap ? p->len : r->snap;
	out = reserve(r, &m->head, tail, PCAPNG_PACKET_ROOM(p->kept));
	if (!out) {
		m->counts.dropped++;
		return;
	}
	gather(pkts, n, p->kept, pcapng_frame(out));
	pcapng_packet(out, p);
}

void capture_ring_stage(struct capture_ring *r, const struct vio_pkt *pkts, uint16_t n, uint64_t ns,
			struct capture_mark *marks)
{
	/* Acquire: pairs with the release in capture_ring_pop(); the room is free to be written. */
	const uint64_t tail = __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE);
	struct capture_mark now = { r->head, r->counts };
	struct pcapng_packet p = r->form;
	uint16_t i = 0;

	p.ns = ns;
	while (i < n) {
		uint16_t segments = vio_pkt_segments(pkts + i, (uint16_t)(n - i));

		if (!segments)
			break;
		for (uint16_t k = 0; k < segments; k++)
			marks[i + k] = now;
		stage_packet(r, pkts + i, segments, tail, &p, &now);
		i = (uint16_t)(i + segments);
	}
	for (; i <= n; i++)
		marks[i] = now;
}

void capture_ring_publish(struct capture_ring *r, const struct capture_mark *mark)
{
	counter_set(&r->counts.seen, mark->counts.seen);
	counter_set(&r->counts.accepted, mark->counts.accepted);
	counter_set(&r->counts.dropped, mark->counts.dropped);
	/* Release: pairs with the acquire in capture_ring_look(). */
	__atomic_store_n(&r->head, mark->head, __ATOMIC_RELEASE);
}

uint64_t capture_ring_look(struct capture_ring *r)
{
	/* Acquire: pairs with the release in capture_ring_publish(); the blocks are complete. */
	r->seen = __atomic_load_n(&r->head, __ATOMIC_ACQUIRE);
	return r->seen - r->tail;
}

const uint8_t *capture_ring_peek(struct capture_ring *r, uint32_t *len)
{
	uint32_t at = (uint32_t)(r->tail & (r->bytes - 1)), word[2];

	if (r->tail == r->seen)
		return NULL;
	memcpy(word, r->mem + at, sizeof(word[0]));
	if (word[0] == SKIP) {
		capture_ring_pop(r, r->bytes - at);
		at = 0;
	}
	memcpy(word, r->mem + at, sizeof(word));
	*len = word[1];
	return r->mem + at;
}

void capture_ring_pop(struct capture_ring *r, uint32_t len)
{
	/* Release: pairs with the acquire in capture_ring_stage(). */
	__atomic_store_n(&r->tail, r->tail + len, __ATOMIC_RELEASE);
}

struct pcapng_counts capture_ring_counts(const struct capture_ring *r)
{
	return (struct pcapng_counts){ .seen = counter_get(&r->counts.seen),
				       .accepted = counter_get(&r->counts.accepted),
				       .dropped = counter_get(&r->counts.dropped) };
}
