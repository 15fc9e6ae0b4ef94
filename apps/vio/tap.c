/* SPDX-License-Identifier: BSD-3-Clause */
#include "tap.h"

#include <time.h>
#include <vio/clock.h>

#define PATIENCE_NS UINT64_C(1000000000)
#define NAP_NS      20000

/*
 * The worker says that it is inside, then looks which rings there are; who removes a ring does so,
 * then looks whether the worker is inside. Each has a full fence in between, so that at least one
 * of them sees the other.
 */
static void enter(struct tap *t)
{
	__atomic_store_n(&t->inside, 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void leave(struct tap *t)
{
	/* Release: pairs with the acquire in tap_remove(). */
	__atomic_store_n(&t->inside, 0, __ATOMIC_RELEASE);
}

static struct capture_ring *ring_at(const struct tap *t, unsigned int i)
{
	/* Acquire: pairs with the release in tap_add(). */
	return __atomic_load_n(&t->ring[i], __ATOMIC_ACQUIRE);
}

static void stage(struct capture_ring *r, const struct vio_pkt *pkts, uint16_t n, uint64_t ticks,
		  struct capture_mark *marks)
{
	if (r)
		capture_ring_stage(r, pkts, n, stamp_ns(r->clock, ticks), marks);
}

__attribute__((cold, noinline)) void tap_received(struct tap *t, const struct vio_pkt *pkts,
						  uint16_t n)
{
	const uint64_t now = vio_ticks();
	struct capture_mark marks[CAPTURE_BURST + 1];

	if (!n)
		return;
	enter(t);
	for (unsigned int i = 0; i < TAP_CAPTURES; i++) {
		struct capture_ring *r = ring_at(t, i);

		stage(r, pkts, n, now, marks);
		if (r)
			capture_ring_publish(r, &marks[n]);
	}
	leave(t);
}

/* The copies are made before the device has the frames: it may be done with them at once. */
__attribute__((cold, noinline)) uint16_t tap_send(struct tap *t, struct vio_txq *q,
						  const struct vio_pkt *pkts, uint16_t n)
{
	const uint64_t now = vio_ticks();
	struct capture_mark marks[TAP_CAPTURES][CAPTURE_BURST + 1];
	struct capture_ring *rings[TAP_CAPTURES];
	uint16_t taken;

	enter(t);
	for (unsigned int i = 0; i < TAP_CAPTURES; i++) {
		rings[i] = ring_at(t, i);
		stage(rings[i], pkts, n, now, marks[i]);
	}
	taken = vio_tx_burst(q, pkts, n);
	for (unsigned int i = 0; i < TAP_CAPTURES; i++)
		if (rings[i])
			capture_ring_publish(rings[i], &marks[i][taken]);
	leave(t);
	return taken;
}

bool tap_add(struct tap *t, struct capture_ring *r)
{
	for (unsigned int i = 0; i < TAP_CAPTURES; i++) {
		if (t->ring[i])
			continue;
		/* Release: pairs with the acquire in ring_at(); the ring is complete. */
		__atomic_store_n(&t->ring[i], r, __ATOMIC_RELEASE);
		__atomic_store_n(&t->active, t->active + 1, __ATOMIC_RELAXED);
		return true;
	}
	return false;
}

static bool wait_outside(const struct tap *t)
{
	const uint64_t end = vio_clock_ns() + PATIENCE_NS;

	/* Acquire: pairs with the release in leave(). */
	while (__atomic_load_n(&t->inside, __ATOMIC_ACQUIRE)) {
		if (vio_clock_ns() >= end)
			return false;
		nanosleep(&(struct timespec){ 0, NAP_NS }, NULL);
	}
	return true;
}

bool tap_remove(struct tap *t, struct capture_ring *r)
{
	for (unsigned int i = 0; i < TAP_CAPTURES; i++) {
		if (t->ring[i] != r)
			continue;
		__atomic_store_n(&t->active, t->active - 1, __ATOMIC_RELAXED);
		__atomic_store_n(&t->ring[i], NULL, __ATOMIC_RELAXED);
	}
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return wait_outside(t);
}
