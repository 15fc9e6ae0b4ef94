/* SPDX-License-Identifier: BSD-3-Clause */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

#include "../../drivers/virtio/feature_bits.h"
#include "ring_rig.h"

/* What the driver writes to be notified of used buffers, and when: the ring alone. */
static uint32_t event_word(const struct rig *rig)
{
	const struct split_avail *avail = rig->place.driver;

	if (rig->kind->packed)
		return le32_to(ring_load((const le32 *)rig->place.driver));
	if (rig->ring->event_idx)
		return le16_to(ring_load(&avail->ring[rig->place.entries]));
	return le16_to(ring_load(&avail->flags));
}

/* After @taken buffers of a ring of 8. */
static uint32_t armed_word(const struct rig *rig, uint32_t taken)
{
	if (!rig->kind->packed)
		return rig->ring->event_idx ? taken & 0xffff : 0;
	return taken % 8 | (taken / 8 % 2 ? 0 : 0x8000) |
	       (rig->ring->event_idx ? PACKED_EVENT_DESC : PACKED_EVENT_ENABLE) << 16;
}

static bool is_silent(const struct rig *rig, uint32_t taken)
{
	if (rig->kind->packed)
		return event_word(rig) >> 16 == PACKED_EVENT_DISABLE;
	if (rig->ring->event_idx)
		return event_word(rig) == ((taken - 1) & 0xffff);
	return event_word(rig) == AVAIL_NO_INTERRUPT;
}

struct word_case {
	const struct ring_kind *kind;
	bool event_idx;
};

static void words(void **state)
{
	const struct word_case *c = *state;
	const struct mode mode = { .packed = c->kind->packed, .in_order = c->kind->in_order };
	struct rig rig;

	rig_open_rx(&rig, &(struct rig_opts){ .kind = c->kind,
					      .entries = 8,
					      .features = (uint64_t)c->event_idx << F_EVENT_IDX });
	for (uint32_t taken = 0; taken < 70000; taken++) {
		assert_true(is_silent(&rig, taken));
		assert_false(vring_pending(rig.ring, mode));
		vring_arm(rig.ring, mode);
		assert_int_equal(event_word(&rig), armed_word(&rig, taken));
		rig_receive(&rig, 100, 1);
		assert_true(vring_pending(rig.ring, mode));
		assert_int_equal(rig_rx(&rig, 8, NULL), 1);
		vring_disarm(rig.ring, mode);
	}
	rig_close(&rig);
}

/*
 * Both sides at once: the driver asks, then looks; the device uses a buffer, then reads whether it
 * was asked. At least one must see what the other has done, however close they are (B7). Sleeping
 * threads come so close too seldom to find out.
 */
#define ROUNDS 200000u

struct race {
	struct rig rig;
	uint32_t go, done; /* rounds */
	bool asked;
};

/* Looks before the other thread may have the processor. Emulated, they take long. */
#if defined(__x86_64__)
#define SPINS 2000u
#else
#define SPINS 200u
#endif

/* Valgrind runs one thread at a time: there is nobody to spin for. */
static void spin_until(const uint32_t *at, uint32_t round)
{
	const unsigned int most = under_valgrind() ? 0 : SPINS;

	for (unsigned int spins = 0; __atomic_load_n(at, __ATOMIC_ACQUIRE) != round; spins++)
		if (spins >= most)
			sched_yield();
}

static void spin_for(uint32_t turns)
{
	for (; turns; turns--)
		__asm__ volatile("" ::: "memory");
}

static void *race_device(void *arg)
{
	struct race *race = arg;

	for (uint32_t round = 1; round <= ROUNDS; round++) {
		struct offer offer;

		spin_until(&race->go, round);
		rig_pop(&race->rig, &offer);
		spin_for(round / 16 % 16);
		rig_use(&race->rig, offer.id, 100, 1, 1);
		ring_fence();
		race->asked = event_word(&race->rig) == armed_word(&race->rig, round - 1);
		__atomic_store_n(&race->done, round, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void races(void **state)
{
	const struct word_case *c = *state;
	const struct mode mode = { .packed = c->kind->packed, .in_order = c->kind->in_order };
	uint32_t missed = 0;
	struct race race = { .go = 0 };
	pthread_t thread;

	rig_open_rx(&race.rig,
		    &(struct rig_opts){ .kind = c->kind,
					.entries = 8,
					.features = (uint64_t)c->event_idx << F_EVENT_IDX });
	assert_int_equal(pthread_create(&thread, NULL, race_device, &race), 0);
	for (uint32_t round = 1; round <= ROUNDS; round++) {
		bool seen;

		__atomic_store_n(&race.go, round, __ATOMIC_RELEASE);
		spin_for(round % 16 * 4);
		vring_arm(race.rig.ring, mode);
		seen = vring_pending(race.rig.ring, mode);
		spin_until(&race.done, round);
		missed += !seen && !race.asked;
		assert_int_equal(rig_rx(&race.rig, 8, NULL), 1);
		vring_disarm(race.rig.ring, mode);
	}
	pthread_join(thread, NULL);
	assert_int_equal(missed, 0);
	rig_close(&race.rig);
}

static void add_words(struct case_list *list)
{
	static const struct {
		const char *what;
		CMUnitTestFunction fn;
	} each[] = { { "each position is asked for in its turn", words },
		     { "either side sees what the other has done", races } };
	static struct word_case cases[2 * RING_KINDS];
	static char names[4 * RING_KINDS][96];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct word_case *c = &cases[i / 2];

		*c = (struct word_case){ &ring_kinds[i / 4], i / 2 % 2 };
		snprintf(names[i], sizeof(names[i]), "%s%s: %s", c->kind->what,
			 c->event_idx ? ", event_idx" : "", each[i % 2].what);
		case_add(list, names[i], each[i % 2].fn, c);
	}
}

int main(void)
{
	static struct case_list list;

	add_words(&list);
	return case_run("arm", &list);
}
