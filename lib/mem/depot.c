/* SPDX-License-Identifier: BSD-3-Clause */
#include "depot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_MAGAZINES 64

struct magazine *depot_at(const struct depot *depot, uint32_t number)
{
	return depot->blocks[number / BLOCK_MAGAZINES] + number % BLOCK_MAGAZINES;
}

/*
 * Release: what the magazine holds, and the block it stands in, is seen by whoever pops it; pairs
 * with the acquire in stack_pop(). The tag makes a top that went and came back another one.
 */
static void stack_push(struct magazine_stack *s, struct magazine *m)
{
	uint64_t top = __atomic_load_n(&s->top, __ATOMIC_RELAXED), mine;

	do {
		__atomic_store_n(&m->next, (uint32_t)top, __ATOMIC_RELAXED);
		mine = ((top >> 32) + 1) << 32 | m->number;
	} while (!__atomic_compare_exchange_n(&s->top, &top, mine, true, __ATOMIC_RELEASE,
					      __ATOMIC_RELAXED));
}

/* The link may be of a magazine that has gone meanwhile; then the tag differs and the swap fails.
 */
static struct magazine *stack_pop(struct depot *depot, struct magazine_stack *s)
{
	uint64_t top = __atomic_load_n(&s->top, __ATOMIC_ACQUIRE), below;
	struct magazine *m;

	do {
		if ((uint32_t)top == MAGAZINE_NONE)
			return NULL;
		m = depot_at(depot, (uint32_t)top);
		below = ((top >> 32) + 1) << 32 | __atomic_load_n(&m->next, __ATOMIC_RELAXED);
	} while (!__atomic_compare_exchange_n(&s->top, &top, below, true, __ATOMIC_ACQ_REL,
					      __ATOMIC_ACQUIRE));
	return m;
}

/* Other threads count what is held, for information. */
static struct magazine *set_held(struct magazine *m, bool held)
{
	if (m)
		__atomic_store_n(&m->held, held, __ATOMIC_RELAXED);
	return m;
}

/* Acquire pairs with the release in put_partial(). */
static struct magazine *take_partial(struct depot *depot)
{
	uint32_t number;

	if (__atomic_load_n(&depot->partial, __ATOMIC_RELAXED) == MAGAZINE_NONE)
		return NULL;
	number = __atomic_exchange_n(&depot->partial, MAGAZINE_NONE, __ATOMIC_ACQUIRE);
	return number == MAGAZINE_NONE ? NULL : depot_at(depot, number);
}

/* Return: false: there is one already. */
static bool put_partial(struct depot *depot, struct magazine *m)
{
	uint32_t none = MAGAZINE_NONE;

	return __atomic_compare_exchange_n(&depot->partial, &none, m->number, false,
					   __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

struct magazine *depot_pop_buffers(struct depot *depot)
{
	struct magazine *m = stack_pop(depot, &depot->full);

	return set_held(m ? m : take_partial(depot), true);
}

struct magazine *depot_pop_empty(struct depot *depot)
{
	return set_held(stack_pop(depot, &depot->empty), true);
}

void depot_push_full(struct depot *depot, struct magazine *m)
{
	stack_push(&depot->full, set_held(m, false));
}

void depot_push_empty(struct depot *depot, struct magazine *m)
{
	stack_push(&depot->empty, set_held(m, false));
}

/* Move buffers from @from to @to until the one is empty or the other full. */
static void pour(struct magazine *to, struct magazine *from)
{
	uint32_t n = min_u32(from->n, MAGAZINE_BUFS - to->n);

	memcpy(to->bufs + to->n, from->bufs + from->n - n, n * sizeof(*to->bufs));
	magazine_set_n(to, to->n + n);
	magazine_set_n(from, from->n - n);
}

/*
 * Two part-full magazines become a full or an empty one, and a rest. A round ends without any
 * progress only where somebody else was quicker, so somebody always gets on. A magazine that has
 * been pushed or put is another thread's and must not be looked at again.
 */
void depot_push_any(struct depot *depot, struct magazine *m)
{
	struct magazine *other;

	set_held(m, false);
	while (m->n > 0 && m->n < MAGAZINE_BUFS) {
		if (put_partial(depot, m))
			return;
		other = take_partial(depot);
		if (!other)
			continue;
		pour(m, other);
		if (m->n == MAGAZINE_BUFS) {
			depot_push_full(depot, m);
			m = other;
		} else {
			depot_push_empty(depot, other);
		}
	}
	if (m->n)
		depot_push_full(depot, m);
	else
		depot_push_empty(depot, m);
}

static struct magazine *block_new(uint32_t first)
{
	struct magazine *block = aligned_alloc(CACHE_LINE, BLOCK_MAGAZINES * sizeof(*block));

	for (uint32_t i = 0; block && i < BLOCK_MAGAZINES; i++)
		block[i] = (struct magazine){ .number = first + i };
	return block;
}

static int bring_magazine(struct depot *depot)
{
	uint32_t number = depot->magazines;
	struct magazine **block = &depot->blocks[number / BLOCK_MAGAZINES];

	if (number % BLOCK_MAGAZINES == 0) {
		*block = block_new(number);
		if (!*block)
			return -ENOMEM;
	}
	depot->magazines++;
	depot_push_empty(depot, depot_at(depot, number));
	return 0;
}

int depot_serve(struct depot *depot, uint32_t caches)
{
	int rc = caches > MAX_CACHES ? -ENOMEM : 0;

	while (rc == 0 && depot->magazines < depot->own + caches * MAGAZINES_PER_CACHE)
		rc = bring_magazine(depot);
	return rc;
}

int depot_init(struct depot *depot, uint32_t buffers)
{
	uint32_t own = buffers / MAGAZINE_BUFS + (buffers % MAGAZINE_BUFS > 0) + 1;
	uint32_t blocks = (own + MAX_CACHES * MAGAZINES_PER_CACHE) / BLOCK_MAGAZINES + 1;
	int rc;

	*depot = (struct depot){
		.own = own,
		.full.top = MAGAZINE_NONE,
		.empty.top = MAGAZINE_NONE,
		.partial = MAGAZINE_NONE,
	};
	depot->blocks = calloc(blocks, sizeof(*depot->blocks));
	if (!depot->blocks)
		return -ENOMEM;
	rc = depot_serve(depot, 0);
	if (rc < 0)
		depot_fini(depot);
	return rc;
}

void depot_fini(struct depot *depot)
{
	for (uint32_t i = 0; i < depot->magazines; i += BLOCK_MAGAZINES)
		free(depot->blocks[i / BLOCK_MAGAZINES]);
	free(depot->blocks);
}
