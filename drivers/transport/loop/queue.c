/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../../../lib/base/err.h"
#include "random.h"
#include "shared.h"

#define ALLOW_ANY (INT32_MAX / 2)

/* Kicks that may come although none is wanted: the driver's thread may have read the suppression
 * word just before it was changed, but only once. */
static void allow(struct queue *q, int32_t kicks)
{
	__atomic_store_n(&q->allowance, kicks, __ATOMIC_SEQ_CST);
}

static void ask_on(struct queue *q)
{
	int32_t had = __atomic_load_n(&q->allowance, __ATOMIC_SEQ_CST);

	if (!q->loop->event_idx)
		allow(q, ALLOW_ANY);
	else if (had < 2)
		__atomic_fetch_add(&q->allowance, 1, __ATOMIC_SEQ_CST);
	q->ring->ask(q, true);
}

static void ask_off(struct queue *q)
{
	q->ring->ask(q, false);
	if (!q->loop->event_idx)
		allow(q, 1);
}

/*
 * A device that wants kicks sleeps until one comes: a driver that forgets one is found out. Asks,
 * then looks once more (B7). Return: there is work after all.
 */
static bool rest(struct queue *q)
{
	uint64_t kicks = __atomic_load_n(&q->kicks, __ATOMIC_ACQUIRE);

	ask_on(q);
	ring_fence();
	if (q->ring->available(q)) {
		if (q->loop->opt.kick == KICK_EVENT)
			ask_off(q);
		return true;
	}
	q->kicks_seen = kicks;
	q->asleep = true;
	return false;
}

static bool awake(struct queue *q)
{
	if (likely(!q->asleep))
		return true;
	if (__atomic_load_n(&q->kicks, __ATOMIC_ACQUIRE) == q->kicks_seen)
		return false;
	q->asleep = false;
	if (q->loop->opt.kick == KICK_EVENT)
		ask_off(q);
	return true;
}

static bool fetch(struct queue *q, struct chain *c)
{
	if (unlikely(!q->enabled || q->broken) || !awake(q))
		return false;
	if (likely(q->ring->fetch(q, c)))
		return true;
	if (q->broken || q->loop->opt.kick == KICK_NEVER || q->role == ROLE_CTRL)
		return false;
	return rest(q) && q->ring->fetch(q, c);
}

/* Take the next buffer, for good: on queues that nobody peeks at. Its pieces stand until the next
 * one is taken. */
bool queue_take(struct queue *q, struct chain *c)
{
	c->seg = 0;
	return fetch(q, c);
}

static struct chain *chain_slot(struct queue *q, uint32_t i)
{
	uint32_t at = q->chain_first + i;

	return &q->chains[at < q->entries ? at : at - q->entries];
}

/* Move the pieces of the chains that are still waiting to the front. */
static COLD void compact_segs(struct queue *q)
{
	uint32_t base = q->n_segs;

	for (uint32_t i = 0; i < q->n_chains; i++)
		base = min_u32(base, chain_slot(q, i)->seg);
	for (uint32_t i = 0; i < q->n_chains; i++)
		chain_slot(q, i)->seg -= base;
	q->n_segs -= base;
	memmove(q->segs, q->segs + base, q->n_segs * sizeof(*q->segs));
}

static bool fetch_more(struct queue *q)
{
	struct chain *c;

	if (unlikely(q->n_chains == q->entries))
		return false;
	if (likely(!q->n_chains))
		q->n_segs = q->chain_first = 0;
	if (unlikely(q->segs_max - q->n_segs < q->entries))
		compact_segs(q);
	if (unlikely(q->segs_max - q->n_segs < q->entries))
		return false;
	c = chain_slot(q, q->n_chains);
	c->seg = q->n_segs;
	if (!fetch(q, c))
		return false;
	q->n_segs += c->n_read + c->n_write;
	q->n_chains++;
	return true;
}

/* The @i-th buffer that is taken and not used; fetches as far as needed. NULL: there is none. */
struct chain *queue_peek_at(struct queue *q, uint32_t i)
{
	while (q->n_chains <= i)
		if (!fetch_more(q))
			return NULL;
	return chain_slot(q, i);
}

struct chain *queue_peek(struct queue *q)
{
	if (likely(!q->n_chains))
		return fetch_more(q) ? chain_slot(q, 0) : NULL;
	return chain_slot(q, 0);
}

void queue_pop(struct queue *q, uint32_t n)
{
	q->chain_first += n;
	if (q->chain_first >= q->entries)
		q->chain_first -= q->entries;
	q->n_chains -= n;
}

static void shuffle(struct queue *q)
{
	uint64_t *random = &q->loop->pair[q->index / 2].random;

	for (uint32_t i = q->n_done; i > 1; i--) {
		uint32_t j = random_below(random, i);
		struct done d = q->done[i - 1];

		q->done[i - 1] = q->done[j];
		q->done[j] = d;
	}
}

/* With IN_ORDER one entry, that of the last buffer, may stand for several ("In-order use of
 * descriptors"). */
static uint32_t batch_at(const struct queue *q, uint32_t first, uint32_t *slots)
{
	uint32_t n = 1, max = q->in_order ? (uint32_t)q->loop->opt.batch : 1;

	*slots = q->done[first].slots;
	while (n < max && first + n < q->n_done && q->done[first + n - 1].full)
		*slots += q->done[first + n++].slots;
	return n;
}

static void use_done(struct queue *q)
{
	uint32_t slots;

	if (q->loop->opt.ooo && q->role == ROLE_TX && !q->in_order)
		shuffle(q);
	for (uint32_t i = 0, n; i < q->n_done; i += n) {
		n = batch_at(q, i, &slots);
		for (uint32_t j = 0; j < n; j++)
			q->in_flight[q->done[i + j].id] = q->epoch;
		q->ring->use(q, &q->done[i + n - 1], n, slots);
	}
	q->n_done = 0;
}

void queue_done(struct queue *q, const struct chain *c, uint32_t len)
{
	const struct done d = {
		.id = c->id,
		.slots = c->slots,
		.len = len,
		.writable = c->n_write > 0,
		.full = len == c->write_bytes,
	};

	q->dirty = true;
	if (likely(!q->staged)) {
		q->in_flight[d.id] = q->epoch;
		q->ring->use(q, &d, 1, d.slots);
		return;
	}
	if (q->n_done == LOOP_DONE_MAX)
		use_done(q);
	q->done[q->n_done++] = d;
}

/* Notify the driver, if it asks for that and not otherwise: one that forgets to ask sleeps on. */
static void notify(struct queue *q)
{
	static const uint64_t one = 1;

	ring_fence(); /* pairs with the driver's between asking and its last look (B7) */
	if (q->ring->wanted(q)) {
		ssize_t n = write(q->event_fd, &one, sizeof(one));

		(void)n; /* a counter that is full is readable, too */
	}
	q->told = q->used_next;
	q->told_wrap = q->used_wrap;
}

void queue_flush(struct queue *q)
{
	if (q->dirty) {
		use_done(q);
		q->ring->publish(q);
		q->dirty = false;
		q->epoch++;
		if (q->event_fd >= 0)
			notify(q);
	}
	if (q->loop->opt.kick == KICK_NEVER && q->role != ROLE_CTRL)
		q->ring->ask(q, false);
	q->ring->check_driver(q);
}

void queue_kicked(struct queue *q)
{
	struct vio_loop *loop = q->loop;

	if (!(__atomic_load_n(&loop->status, __ATOMIC_ACQUIRE) & STATUS_DRIVER_OK))
		violate(loop, q, RULE_KICK_EARLY, q->index);
	__atomic_fetch_add(&loop->stats.kicks, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&q->kicks, 1, __ATOMIC_RELEASE);
	if (loop->opt.kick == KICK_ALWAYS || q->role == ROLE_CTRL)
		return;
	if (__atomic_fetch_sub(&q->allowance, 1, __ATOMIC_SEQ_CST) > 0)
		return;
	__atomic_fetch_add(&q->allowance, 1, __ATOMIC_SEQ_CST);
	violate(loop, q, RULE_KICK_UNWANTED, q->index);
}

/* Whoever looks after the port may kick a transmit queue that stands still, once for each look. */
void queue_looked_after(struct queue *q)
{
	if (q->role == ROLE_TX && __atomic_load_n(&q->allowance, __ATOMIC_SEQ_CST) < 1)
		__atomic_fetch_add(&q->allowance, 1, __ATOMIC_SEQ_CST);
}

/* Check where the ring's parts lie, and take their addresses. */
static bool place_part(struct vio_loop *loop, struct queue *q, const void *part, size_t bytes,
		       size_t align)
{
	if ((uintptr_t)part % align)
		return violate(loop, q, RULE_RING_ALIGN, (uintptr_t)part);
	if (!shared_at(loop, (uintptr_t)part, bytes))
		return violate(loop, q, RULE_RING_OUTSIDE, (uintptr_t)part);
	return true;
}

static bool place_split(struct vio_loop *loop, struct queue *q, const struct ring_place *place)
{
	size_t n = q->entries;

	q->ring = &split_device_ring;
	q->desc = place->desc;
	q->avail = place->driver;
	q->used = place->device;
	q->avail_event = (le16 *)((char *)place->device + sizeof(struct split_used) + 8 * n);
	return place_part(loop, q, q->desc, 16 * n, SPLIT_DESC_ALIGN) &&
	       place_part(loop, q, q->avail, 6 + 2 * n, SPLIT_AVAIL_ALIGN) &&
	       place_part(loop, q, q->used, 6 + 8 * n, SPLIT_USED_ALIGN);
}

static bool place_packed(struct vio_loop *loop, struct queue *q, const struct ring_place *place)
{
	q->ring = &packed_device_ring;
	q->slots = place->desc;
	q->driver_event = place->driver;
	q->device_event = place->device;
	q->avail_wrap = q->used_wrap = true;
	return place_part(loop, q, q->slots, 16 * (size_t)q->entries, PACKED_DESC_ALIGN) &&
	       place_part(loop, q, q->driver_event, 4, PACKED_EVENT_ALIGN) &&
	       place_part(loop, q, q->device_event, 4, PACKED_EVENT_ALIGN);
}

static enum role role_of(const struct vio_loop *loop, uint16_t index)
{
	if (index == loop->ctrl_index)
		return ROLE_CTRL;
	return index % 2 ? ROLE_TX : ROLE_RX;
}

/* The first word on notifications, before the driver can look at it. */
static void ask_first(struct queue *q)
{
	bool wanted = q->role == ROLE_CTRL || q->loop->opt.kick != KICK_NEVER;

	if (wanted)
		ask_on(q);
	else
		q->ring->ask(q, false);
	q->asleep = wanted && q->role != ROLE_CTRL;
}

/* Whoever waits for it may hold it beyond a reset. Return: it, or -1. */
static int event_of(struct vio_loop *loop, uint16_t index)
{
	if (loop->event_fd[index] < 0)
		loop->event_fd[index] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return loop->event_fd[index];
}

int queue_open(struct vio_loop *loop, const struct ring_place *place, struct queue **out)
{
	uint32_t n = place->entries;
	struct queue *q = aligned_alloc(CACHE_LINE, align_up(sizeof(*q), CACHE_LINE));
	bool ok;

	if (!q)
		goto no_memory;
	*q = (struct queue){ .loop = loop, .index = place->index, .entries = place->entries };
	q->role = role_of(loop, q->index);
	q->in_order = loop_has(loop, F_IN_ORDER);
	q->event_fd = -1;
	q->staged = q->in_order ? loop->opt.batch > 1 : loop->opt.ooo;
	q->segs_max = 2 * n;
	q->epoch = 1;
	q->in_flight = calloc(n, sizeof(*q->in_flight));
	q->known = calloc(n, sizeof(*q->known));
	q->chains = calloc(n, sizeof(*q->chains));
	q->segs = calloc(q->segs_max, sizeof(*q->segs));
	if (!q->in_flight || !q->known || !q->chains || !q->segs)
		goto no_memory;

	ok = loop->packed ? place_packed(loop, q, place) : place_split(loop, q, place);
	if (!ok) {
		queue_close(q);
		return err_set(ERR_QUEUE_SIZE, -EINVAL, "loop: queue %u: %s", place->index,
			       violation_first(loop));
	}
	if (place->event) {
		q->event_fd = event_of(loop, q->index);
		if (q->event_fd < 0)
			goto no_memory;
	}
	q->told_wrap = true;
	ask_first(q);
	q->enabled = true;
	*out = q;
	return 0;

no_memory:
	queue_close(q);
	return err_set(ERR_NO_MEMORY, -ENOMEM, "loop: queue %u of %u entries", place->index, n);
}

void queue_close(struct queue *q)
{
	if (!q)
		return;
	free(q->segs);
	free(q->chains);
	free(q->known);
	free(q->in_flight);
	free(q);
}
