/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vio/clock.h>

#include "../../drivers/transport/loop/random.h"
#include "../../drivers/virtio/queue.h"
#include "../cases.h"
#include "rig.h"

/*
 * The mutation storm: storm [COMPLETIONS [SEED [thread]]]
 *
 * Random words take the place of what the device writes into rings and headers, and of what lies in
 * ring memory, while traffic runs, until so many completions of each ring kind were changed. A
 * queue that breaks ends a port's life, and the next one begins. What is checked is what must hold
 * whatever the device does. A seed repeats a run; with "thread" another thread changes the words,
 * while the driver reads them, which nothing can repeat.
 */
#define COMPLETIONS 100000u
#define ROUNDS_MAX  200 /* of a life */
#define FLIP_NS     20000
#define ONE_IN(n)   (UINT64_C(0x100000000) / (n))

static const struct kind {
	const char *name, *features;
} kinds[] = {
	{ "split", "packed=off,in_order=off" },
	{ "split in_order", "packed=off,in_order=on" },
	{ "packed", "packed=on,in_order=off" },
	{ "packed in_order", "packed=on,in_order=on" },
};
/* The rest follows from the number of the life. */
static const char *const further[] = {
	"",
	",mrg_rxbuf=on",
	",guest_csum=on,csum=on",
	",mrg_rxbuf=on,guest_csum=on,csum=on,event_idx=off",
	",indirect_desc=off,event_idx=off",
	",batch=4,ooo",
	",mrg_rxbuf=on,ooo",
	",wait=on",
	",wait=on,mrg_rxbuf=on,guest_csum=on,csum=on,event_idx=off",
	",hash_report=on,mrg_rxbuf=on",
	",batch=8,guest_csum=on,csum=on,indirect_desc=off",
};

struct storm {
	uint64_t random;
	uint64_t wanted, mutated; /* completions */
	bool changed;             /* something of the next one */
	bool beside, stop;        /* another thread changes words, too */
	pthread_t thread;
	uint64_t flips; /* the thread's, in this life */
	struct loop_fault fault;
	struct vio_queue_stats sum; /* over all lives, both directions */
	uint64_t lives, frames;
};

static struct bed bed, good_bed;
static struct rig good, victim;
static struct storm storm;

/* Values around those that mean something. */
static uint32_t any_value(uint64_t *random, const struct queue *q, uint32_t v)
{
	switch (random_below(random, 8)) {
	case 0:
		return random_next(random);
	case 1:
		return random_below(random, 2u * q->entries);
	case 2:
		return v + random_below(random, 5) - 2;
	case 3:
		return v ^ 1u << random_below(random, 32);
	case 4:
		return v + (1u << random_below(random, 32));
	case 5:
		return q->entries - 1u + random_below(random, 3);
	case 6:
		return UINT32_MAX - random_below(random, 20);
	default:
		return random_below(random, 4096);
	}
}

/* Lengths and headers mostly: a false id ends the life of the port. */
static uint64_t chance_of(enum word word)
{
	return word == WORD_USED_LEN ? ONE_IN(2) : ONE_IN(200);
}

static uint32_t any_word(void *arg, struct queue *q, enum word word, uint32_t v)
{
	struct storm *s = arg;

	if (word == WORD_USED_LEN) { /* one for each completion */
		s->mutated += s->changed;
		s->changed = false;
	}
	if (!random_chance(&s->random, chance_of(word)))
		return v;
	s->changed = true;
	v = any_value(&s->random, q, v);
	/* It may look available to the device, which is not to take a frame for a table. */
	return word == WORD_USED_FLAGS ? v & ~DESC_INDIRECT : v;
}

static void any_bytes(void *arg, struct queue *q, uint8_t *at, size_t len)
{
	struct storm *s = arg;
	const bool header = len == q->loop->hdr_len;
	uint8_t *byte = at + random_below(&s->random, (uint32_t)len);

	/* num_buffers is beyond the ring's size more often than not, and breaks it. */
	if (header && byte >= at + offsetof(struct net_hdr, num_buffers) &&
	    byte < at + sizeof(struct net_hdr) && !random_chance(&s->random, ONE_IN(50)))
		return;
	if (!header || !random_chance(&s->random, ONE_IN(2)))
		return;
	s->changed = true;
	*byte = (uint8_t)any_value(&s->random, q, *byte);
}

static struct queue *any_queue(uint64_t *random)
{
	return victim.loop->queue[random_below(random, 3)];
}

static void flip_memory(uint64_t *random)
{
	struct queue *q = any_queue(random);

	if (q)
		memory_flip(q, random_next(random), 1u << random_below(random, 32));
}

/* A word of the header in a receive buffer, which the driver may be reading. */
static void flip_header(uint64_t *random)
{
	struct queue *q = victim.loop->queue[QUEUE_RX(0)];
	const uint32_t i = random_below(random, q->entries);
	const uint64_t addr = le64_to(ring_load(q->slots ? &q->slots[i].addr : &q->desc[i].addr));
	le16 *word = (le16 *)(uintptr_t)addr + random_below(random, sizeof(struct net_hdr) / 2);

	if (addr)
		ring_store(word,
			   ring_load(word) ^ le16_from((uint16_t)(1u << random_below(random, 16))));
}

static void flip_config(uint64_t *random)
{
	struct vio_loop *loop = victim.loop;
	struct vio_port_info info;

	loop_lock(loop);
	((uint8_t *)&loop->config)[random_below(random, sizeof(loop->config))] =
		(uint8_t)random_next(random);
	loop_unlock(loop);
	vio_port_info(victim.port, &info);
}

/* Beside the driver, now and then: a value that it has read may be another one a moment later. A
 * sleep would take longer than most lives. */
static void *flip_main(void *arg)
{
	uint64_t random = *(uint64_t *)arg, next_ns = 0;

	while (!__atomic_load_n(&storm.stop, __ATOMIC_ACQUIRE)) {
		if (vio_clock_ns() < next_ns)
			continue;
		(random_below(&random, 8) ? flip_header : flip_memory)(&random);
		storm.flips++;
		next_ns = vio_clock_ns() + 1000 + random_below(&random, FLIP_NS);
	}
	return NULL;
}

static void flip_begin(struct storm *s)
{
	s->stop = false;
	s->flips = 0;
	if (s->beside)
		assert_int_equal(pthread_create(&s->thread, NULL, flip_main, &s->random), 0);
}

static void flip_end(struct storm *s)
{
	__atomic_store_n(&s->stop, true, __ATOMIC_RELEASE);
	if (s->beside)
		pthread_join(s->thread, NULL);
	s->mutated += s->flips;
}

static bool alive(const struct rig *r)
{
	return rxq_running(container_of(r->rxq, struct rxq, pub)) &&
	       txq_running(container_of(r->txq, struct txq, pub)) &&
	       !(r->loop->status & STATUS_NEEDS_RESET);
}

static void command(struct rig *r, uint64_t *random)
{
	const struct vio_mac mac = { { 2, 0, 0, 0, 0, (uint8_t)random_next(random) } };

	vio_port_mac_set(r->port, &mac);
}

static void sum_up(const struct vio_queue_stats *s)
{
#define X(name, what) storm.sum.name += s->name;
	VIO_QUEUE_STATS(X)
#undef X
}

static void end_life(struct rig *r)
{
	const struct vio_queue_stats rx = rig_rx_stats(r), tx = rig_tx_stats(r);

	assert_int_equal(tx.packets, tx.completed + vio_txq_in_flight(r->txq));
	sum_up(&rx);
	sum_up(&tx);
	storm.frames += r->sent;
	vio_port_check(r->port);
	rig_close(r);
}

/* A port, until a queue breaks, nothing moves any more, or it is time for other features. */
static void live(struct storm *s, const struct kind *kind)
{
	struct rig *r = &victim;
	char address[256];

	snprintf(address, sizeof(address), "loop:echo,max_queues=1,max_size=64,timeout=1,%s%s",
		 kind->features, further[s->lives++ % ARRAY_SIZE(further)]);
	if (rig_open(r, address, &bed) < 0)
		fail_msg("%s", vio_error_text());
	r->forged = true;
	r->segments = s->lives % 3 ? 1 : 3;
	if (!s->beside)
		r->loop->fault = &s->fault;
	flip_begin(s);
	for (int i = 0; i < (s->beside ? 100 : 1) * ROUNDS_MAX && alive(r); i++) {
		r->burst = (uint16_t)(1 + random_below(&s->random, BURST_MAX / 2u / r->segments));
		r->room = (uint16_t)(1 + random_below(&s->random, BURST_MAX));
		rig_round(r);
		if (random_chance(&s->random, ONE_IN(10)))
			vio_rx_wait(r->rxq, 0); /* whatever it makes of the ring, it returns */
		if (random_chance(&s->random, ONE_IN(100)))
			flip_memory(&s->random);
		if (random_chance(&s->random, ONE_IN(100)))
			flip_config(&s->random);
	}
	if (random_chance(&s->random, ONE_IN(20)))
		command(r, &s->random);
	flip_end(s);
	end_life(r);
}

static void say(const struct kind *kind)
{
	const struct vio_queue_stats *s = &storm.sum;

	print_message("# %s: %" PRIu64 " %s changed in %" PRIu64 " lives, %" PRIu64
		      " frames; bad ids %" PRIu64 ", lengths %" PRIu64 ", indexes %" PRIu64
		      ", merges %" PRIu64 "; truncated %" PRIu64 "\n",
		      kind->name, storm.mutated, storm.beside ? "words" : "completions",
		      storm.lives, storm.frames, s->bad_id, s->bad_len, s->bad_index, s->bad_merge,
		      s->drop_truncated);
}

static void blow(void **state)
{
	const struct kind *kind = *state;

	storm.mutated = storm.lives = storm.frames = 0;
	storm.sum = (struct vio_queue_stats){ 0 };
	while (storm.mutated < storm.wanted) {
		watch_begin();
		live(&storm, kind);
		rig_round(&good);
		assert_int_equal(good.got, good.sent);
	}
	watch_end();
	say(kind);
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[ARRAY_SIZE(kinds)];
	const uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	int failed;

	storm.wanted = argc > 1 ? strtoull(argv[1], NULL, 0) : COMPLETIONS;
	storm.random = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15);
	storm.beside = argc > 3 && !strcmp(argv[3], "thread");
	storm.fault = (struct loop_fault){ any_word, any_bytes, &storm };
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		tests[i] = (struct CMUnitTest){ kinds[i].name, blow, NULL, NULL,
						(void *)(uintptr_t)&kinds[i] };
	hostile_init();
	if (rig_open(&good, "loop:echo,max_queues=1,size=16", &good_bed) < 0)
		return 1;
	failed = _cmocka_run_group_tests("storm", tests, ARRAY_SIZE(tests), NULL, NULL);
	rig_close(&good);
	bed_close(&good_bed);
	if (!failed)
		bed_close(&bed);
	return failed;
}
