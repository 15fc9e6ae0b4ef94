/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "replay.h"

/* Between two looks whether a block has come back: soon at first, for the ring holds a few
 * milliseconds at full speed. */
#define NAP_LEAST_NS 50000
#define NAP_MOST_NS  2000000

#define TIME_MAX_NS (UINT64_C(1) << 60) /* later frames are due then: 36 years */

static bool stopped(const struct replay *r)
{
	return __atomic_load_n(&r->stop, __ATOMIC_RELAXED);
}

/* Are all queues through with the block that the next one takes the place of? */
static bool block_free(const struct replay *r)
{
	if (r->published < REPLAY_BLOCKS)
		return true;
	for (unsigned int q = 0; q < r->plan.queues; q++)
		/* Acquire: pairs with the queue's release. */
		if (__atomic_load_n(&r->cursor[q].done, __ATOMIC_ACQUIRE) <=
		    r->published - REPLAY_BLOCKS)
			return false;
	return true;
}

/* Have an empty block. Return: NULL: stopped. */
static struct replay_block *block_begin(struct replay *r)
{
	struct replay_block *b = &r->blocks[r->published % REPLAY_BLOCKS];
	struct timespec nap = { 0, NAP_LEAST_NS };

	while (!block_free(r)) {
		__atomic_store_n(&r->full, true, __ATOMIC_RELAXED);
		if (stopped(r))
			return NULL;
		nanosleep(&nap, NULL);
		if (nap.tv_nsec < NAP_MOST_NS)
			nap.tv_nsec *= 2;
	}
	__atomic_store_n(&r->full, false, __ATOMIC_RELAXED);
	b->n = 0;
	b->last = false;
	for (unsigned int q = 0; q < r->plan.queues; q++)
		b->first[q] = REPLAY_NONE;
	return stopped(r) ? NULL : b;
}

/* Release: pairs with the queues' acquire. */
static void block_end(struct replay *r)
{
	__atomic_store_n(&r->published, r->published + 1, __ATOMIC_RELEASE);
}

/* Ticks since the beginning of @ns, a time within this pass. */
static uint64_t ticks_of(const struct replay *r, uint64_t ns)
{
	unsigned __int128 all = (unsigned __int128)r->pass * r->plan.period_ns + ns;

	if (all > TIME_MAX_NS)
		all = TIME_MAX_NS;
	all = all * r->ns_to_ticks >> 32;
	return all > TIME_MAX_NS ? TIME_MAX_NS : (uint64_t)all;
}

/* When a frame of @bytes leaves, FCS included. Time never runs backwards, whatever the file says.
 */
static uint64_t due(struct replay *r, uint64_t ns, uint32_t bytes)
{
	uint64_t at;

	if (r->plan.timing.pace == REPLAY_RATE) {
		if (r->pacer.unlimited)
			return 0;
		at = r->pacer.due;
		pacer_advance(&r->pacer, 1, bytes);
		return at;
	}
	if (ns > r->now_ns)
		r->now_ns = ns;
	return r->last_due = ticks_of(r, r->now_ns - r->plan.first_ns);
}

static bool sendable(const struct replay *r, const struct pcapfile_frame *f)
{
	uint32_t most = r->plan.mtu + REPLAY_ETHERNET;

	if (f->stored < f->len || f->stored < REPLAY_ETHERNET || !f->data)
		return false;
	return f->stored <= most || f->stored - replay_tags(f->data, f->stored) <= most;
}

static void block_add(struct replay *r, struct replay_block *b, const struct pcapfile_frame *f)
{
	uint32_t hash = r->plan.queues > 1 ? replay_flow_hash(f->data, f->stored, r->plan.flow) : 0;
	uint32_t q = (uint32_t)((uint64_t)hash * r->plan.queues >> 32);
	struct replay_record *rec = &b->record[b->n];

	*rec = (struct replay_record){ .due = due(r, f->ns, f->stored + SIZE_FCS),
				       .at = (uint32_t)(f->data - b->data),
				       .len = f->stored,
				       .next = REPLAY_NONE };
	if (b->first[q] == REPLAY_NONE)
		b->first[q] = b->n;
	else
		b->record[b->tail[q]].next = b->n;
	b->tail[q] = b->n++;
	r->frames++;
}

/* When the frame behind the last one would be due, or the last one if there is no such rate. */
static uint64_t end_due(const struct replay *r)
{
	if (r->plan.timing.pace == REPLAY_RATE)
		return r->pacer.unlimited ? 0 : r->pacer.due;
	return r->last_due;
}

static void finish(struct replay *r, struct replay_block *b)
{
	b->last = true;
	b->end = end_due(r);
	block_end(r);
}

static void fail_reading(struct replay *r, struct replay_block *b)
{
	/* Release: pairs with the acquire of those who ask for the reason. */
	__atomic_store_n(&r->failed, true, __ATOMIC_RELEASE);
	finish(r, b);
}

/* Read on: behind what this block holds, if it has room for anything that may come, or into the
 * next one. Return: the block; NULL: it is over. */
static struct replay_block *read_on(struct replay *r, struct replay_block *b)
{
	size_t used = r->in.at ? (size_t)(r->in.at - b->data) : 0;

	if (r->in.left || REPLAY_BLOCK_BYTES - used < PCAPFILE_WINDOW) {
		block_end(r);
		b = block_begin(r);
		used = 0;
	}
	if (!b)
		return NULL;
	if (pcapread_fill(&r->in, b->data + used, REPLAY_BLOCK_BYTES - used, &r->why))
		return b;
	fail_reading(r, b);
	return NULL;
}

/* A pass is over. Return: false: it was the last one. */
static bool next_pass(struct replay *r)
{
	r->pass++;
	r->now_ns = r->plan.first_ns;
	if (r->pass == r->plan.passes)
		return false;
	pcapread_rewind(&r->in);
	return true;
}

static void *reader_main(void *arg)
{
	struct replay *r = arg;
	struct replay_block *b = block_begin(r);
	struct pcapfile_frame frame;

	while (b) {
		switch (pcapread_next(&r->in, &frame, &r->why)) {
		case PCAPREAD_FRAME:
			if (!sendable(r, &frame))
				continue;
			block_add(r, b, &frame);
			if (r->frames < r->plan.frames)
				continue;
			finish(r, b);
			return NULL;
		case PCAPREAD_ROOM:
			b = read_on(r, b);
			continue;
		case PCAPREAD_END:
			if (next_pass(r))
				continue;
			finish(r, b);
			return NULL;
		case PCAPREAD_BAD:
			fail_reading(r, b);
			return NULL;
		}
	}
	return NULL;
}

int replay_start(struct replay *r, const struct replay_plan *plan)
{
	double ticks = (double)plan->hz / 1e9 / plan->timing.speed;
	int rc;

	r->plan = *plan;
	r->ns_to_ticks = (uint64_t)(ticks * 4294967296.0);
	r->now_ns = plan->first_ns;
	pacer_init(&r->pacer, &plan->pace, 0);
	/* Not zeroed: a page is taken when something is read into it. */
	r->blocks = apart_alloc(REPLAY_BLOCKS, sizeof(*r->blocks));
	if (!r->blocks)
		return ENOMEM;
	pcapread_rewind(&r->in);
	r->in.at = NULL; /* it lay in another room */
	rc = pthread_create(&r->thread, NULL, reader_main, r);
	r->running = !rc;
	return rc;
}

void replay_stop(struct replay *r)
{
	__atomic_store_n(&r->stop, true, __ATOMIC_RELAXED);
	if (r->running)
		pthread_join(r->thread, NULL);
	r->running = false;
	free(r->blocks);
	r->blocks = NULL;
}
