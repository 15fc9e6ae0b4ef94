/* SPDX-License-Identifier: BSD-3-Clause */
#include "track.h"

#include <stdlib.h>
#include <string.h>

#define WORDS (TRACK_WINDOW / 64)

bool track_init(struct track *t, const struct track_sender *sender)
{
	*t = (struct track){ .sender = sender };
	t->next = sender ? TRACK_ORIGIN : 0;
	t->window = calloc(WORDS, sizeof(*t->window));
	return t->window != NULL;
}

void track_fini(struct track *t)
{
	free(t->window);
	t->window = NULL;
}

void track_lock(struct track *t)
{
	/* Acquire: pairs with the release of track_unlock(). */
	while (__atomic_test_and_set(&t->lock, __ATOMIC_ACQUIRE))
		;
}

void track_unlock(struct track *t)
{
	__atomic_clear(&t->lock, __ATOMIC_RELEASE);
}

static inline uint64_t *window_word(struct track *t, uint64_t seq)
{
	return &t->window[seq / 64 % WORDS];
}

static bool window_test(const struct track *t, uint64_t seq)
{
	return t->window[seq / 64 % WORDS] >> (seq % 64) & 1;
}

static inline bool window_test_and_set(struct track *t, uint64_t seq)
{
	uint64_t *word = window_word(t, seq), bit = UINT64_C(1) << (seq % 64);
	bool was = *word & bit;

	*word |= bit;
	return was;
}

/* The window moves on to @seq, over packets that have not come. */
static __attribute__((noinline)) void window_skip(struct track *t, uint64_t seq)
{
	if (seq - t->next >= TRACK_WINDOW) {
		memset(t->window, 0, WORDS * sizeof(*t->window));
		return;
	}
	for (uint64_t s = t->next; s < seq; s++)
		*window_word(t, s) &= ~(UINT64_C(1) << (s % 64));
}

static void window_advance(struct track *t, uint64_t seq)
{
	if (seq != t->next)
		window_skip(t, seq);
	*window_word(t, seq) |= UINT64_C(1) << (seq % 64);
	counter_set(&t->next, seq + 1);
}

/* Without a sender in this process the first packet tells where the numbers begin. */
static void track_begin(struct track *t, uint32_t seq)
{
	counter_set(&t->first, TRACK_ORIGIN + seq);
	counter_set(&t->next, TRACK_ORIGIN + seq);
}

/* First number that counts. */
static uint64_t track_from(const struct track *t)
{
	return t->sender ? counter_get(&t->sender->measure_from) : counter_get(&t->first);
}

/* The 64-bit number that is nearest to the next. */
static uint64_t track_full(const struct track *t, uint32_t seq)
{
	return t->next + (uint64_t)(int64_t)(int32_t)(seq - (uint32_t)t->next);
}

enum track_verdict track_seen(struct track *t, struct track_order *order, uint32_t seq,
			      uint32_t bytes)
{
	uint64_t full;

	if (!t->next)
		track_begin(t, seq);
	full = track_full(t, seq);
	if (t->sender && full - TRACK_ORIGIN >= counter_get(&t->sender->next) - TRACK_ORIGIN)
		return TRACK_FOREIGN;

	if (full >= t->next) {
		window_advance(t, full);
	} else if (t->next - full > TRACK_WINDOW) {
		counter_add(full < track_from(t) ? &t->early : &t->late, 1);
		return TRACK_LATE;
	} else if (window_test_and_set(t, full)) {
		if (full >= track_from(t))
			counter_add(&t->duplicate, 1);
		return TRACK_DUPLICATE;
	}
	if (full < track_from(t)) {
		counter_add(&t->early, 1);
		return TRACK_EARLY;
	}
	if (full >= order->next)
		order->next = full + 1;
	else
		counter_add(&order->reordered, 1);
	counter_add(&t->received, 1);
	counter_add(&t->bytes, bytes);
	return TRACK_RECEIVED;
}

bool track_awaits(const struct track *t, uint32_t seq)
{
	uint64_t full = track_full(t, seq);

	if (full < TRACK_ORIGIN || full >= counter_get(&t->sender->next))
		return false;
	return full >= t->next || (t->next - full <= TRACK_WINDOW && !window_test(t, full));
}

int64_t track_lost(const struct track *t, uint64_t end)
{
	uint64_t from = track_from(t);

	return from == UINT64_MAX ? 0 : (int64_t)(end - from - counter_get(&t->received));
}

/* The window moves on over @n packets that have come. */
static void window_run(struct track *t, uint32_t n)
{
	uint64_t at = t->next;

	for (uint64_t end = at + n; at < end;) {
		const unsigned int bit = at % 64, left = 64 - bit;
		const unsigned int k = end - at < left ? (unsigned int)(end - at) : left;

		*window_word(t, at) |= (~UINT64_C(0) >> (64 - k)) << bit;
		at += k;
	}
	counter_set(&t->next, at);
}

bool track_run(struct track *t, struct track_order *order, uint32_t seq, uint32_t n, uint64_t bytes)
{
	if (!t->next || seq != (uint32_t)t->next || t->next < order->next ||
	    t->next < track_from(t))
		return false;
	if (t->sender && t->next + n > counter_get(&t->sender->next))
		return false;
	window_run(t, n);
	order->next = t->next;
	counter_add(&t->received, n);
	counter_add(&t->bytes, bytes);
	return true;
}

uint64_t track_missing(const struct track *t)
{
	uint64_t from = track_from(t), next = counter_get(&t->next);
	uint64_t received = counter_get(&t->received);

	return next > from && next - from > received ? next - from - received : 0;
}
