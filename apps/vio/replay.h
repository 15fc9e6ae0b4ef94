/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_REPLAY_H
#define APP_REPLAY_H

#include <pthread.h>

#include "apart.h"
#include "pacer.h"
#include "pcapread.h"
#include "relaxed.h"
#include "replay_flow.h"

/*
 * A capture on its way from a file to the transmit queues. One thread reads the file block by
 * block, finds the frames, and decides for each which queue sends it and when: so all queues share
 * one clock. It publishes the blocks in a ring; each queue walks through all of them and copies its
 * own frames out. A block is filled anew when all queues are through with it, so that memory is
 * bounded however large the file is, and no queue is further ahead of another than the ring.
 */
#define REPLAY_QUEUES       64u
#define REPLAY_BLOCKS       32u
#define REPLAY_BLOCK_BYTES  65536u
#define REPLAY_RECORD_LEAST 30u /* bytes in the file of the least frame that can be sent */
#define REPLAY_RECORDS      (REPLAY_BLOCK_BYTES / REPLAY_RECORD_LEAST + 1)
#define REPLAY_COPY         64u /* bytes that are always copied, so also read behind a frame */
#define REPLAY_NONE         UINT32_MAX

enum replay_pace {
	REPLAY_AUTO, /* by a rate if there is one, else as it was */
	REPLAY_KEEP, /* as it was, or at a multiple of that speed */
	REPLAY_RATE,
};

struct replay_timing {
	enum replay_pace pace;
	double speed; /* with REPLAY_KEEP */
};

/* "keep", "x2.0", "rate". Return: true; false with @why set. */
bool replay_timing_parse(const char *text, struct replay_timing *out, struct why *why);

/* "ports", "ip". Return: true; false with @why set. */
bool replay_flow_parse(const char *text, enum replay_flow *out, struct why *why);
const char *replay_flow_name(enum replay_flow flow);

/* Frames of one size: without tags, so that the MTU is what they are compared with. */
struct replay_size {
	uint64_t frames, bytes; /* bytes as stored */
};

/* What a file holds. */
struct replay_file {
	enum pcapfile_format format;
	uint64_t frames;            /* all of them */
	uint64_t cut;               /* by the snap length */
	uint64_t short_, long_;     /* of less than REPLAY_ETHERNET, more than PCAPFILE_FRAME_MAX */
	uint64_t first_ns, last_ns; /* the latest time counts as the last */
	uint32_t largest;           /* bytes of the largest frame that might be sent */
	struct replay_size size[PCAPFILE_FRAME_MAX + 1];
};

/* Read through @r, from where it is, and find out. Return: true; false with @why set. */
bool replay_scan(struct pcapread *r, struct replay_file *out, struct why *why);

/* Of the frames in @f, those that a port with @mtu carries. */
struct replay_size replay_sendable(const struct replay_file *f, unsigned int mtu);

/* Nanoseconds from a pass through the file to the next: its time and a mean gap. */
uint64_t replay_period_ns(const struct replay_file *f);

/* How a file is sent. */
struct replay_plan {
	struct replay_timing timing; /* not REPLAY_AUTO */
	enum replay_flow flow;
	struct pace pace; /* of all queues together; with REPLAY_RATE */
	unsigned int queues, mtu;
	uint64_t passes; /* UINT64_MAX: until somebody stops it */
	uint64_t frames; /* to send at most, of all passes */
	uint64_t hz;     /* ticks in a second */
	uint64_t first_ns, period_ns;
};

struct replay_record {
	uint64_t due; /* ticks since the beginning */
	uint32_t at;  /* the frame, in the block's data */
	uint32_t len;
	uint32_t next; /* of the same queue; REPLAY_NONE: the last one in this block */
};

struct replay_block {
	uint32_t n;
	bool last;
	uint64_t end; /* with last: ticks since the beginning at which the whole is over */
	uint32_t first[REPLAY_QUEUES], tail[REPLAY_QUEUES]; /* records of each queue */
	struct replay_record record[REPLAY_RECORDS];
	uint8_t data[REPLAY_BLOCK_BYTES + REPLAY_COPY];
};

/* A queue's place in the ring. */
struct replay_cursor {
	uint64_t done; /* blocks given back; read by the reader */
	const struct replay_block *block;
	uint32_t at;
} APART;

struct replay {
	struct replay_plan plan;
	struct pcapread in;
	struct replay_block *blocks;
	struct replay_cursor cursor[REPLAY_QUEUES];

	/* The reader's own. */
	pthread_t thread;
	bool running;
	struct pacer pacer;
	uint64_t ns_to_ticks; /* 32 bits behind the point */
	uint64_t pass, frames, now_ns, last_due;

	/* Between the threads. */
	uint64_t published APART; /* blocks */
	bool full;                /* the reader waits for the queues */
	bool stop;
	bool failed; /* why is set */
	struct why why;
};

/**
 * replay_start - begin to read
 * @r: zeroed, but for in, which is open
 *
 * Return: 0, or a positive errno: no memory, no thread. End with replay_stop() in any case.
 */
int replay_start(struct replay *r, const struct replay_plan *plan);

/* End the reader, and free what replay_start() has made. */
void replay_stop(struct replay *r);

/* Has the file turned out damaged, or unreadable? Then r->why tells; the queues end where it was.
 */
static inline bool replay_failed(const struct replay *r)
{
	/* Acquire: pairs with the reader's release. */
	return __atomic_load_n(&r->failed, __ATOMIC_ACQUIRE);
}

/* The next block of a queue, if there is one. */
static inline bool replay_next_block(const struct replay *r, struct replay_cursor *c,
				     unsigned int queue)
{
	/* Acquire: pairs with the reader's release of a full block. */
	if (__atomic_load_n(&r->published, __ATOMIC_ACQUIRE) == c->done)
		return false;
	c->block = &r->blocks[c->done % REPLAY_BLOCKS];
	c->at = c->block->first[queue];
	return true;
}

/**
 * replay_peek - the next frame of a queue
 * @queue: exactly one thread may use it
 *
 * Return: its record, in the cursor's block; NULL: none is there yet, or replay_over().
 */
static inline const struct replay_record *replay_peek(struct replay *r, unsigned int queue)
{
	struct replay_cursor *c = &r->cursor[queue];

	while (c->block || replay_next_block(r, c, queue)) {
		if (c->at != REPLAY_NONE)
			return &c->block->record[c->at];
		if (c->block->last)
			return NULL;
		c->block = NULL;
		/* Release: the block's reads end before the reader writes to it. */
		__atomic_store_n(&c->done, c->done + 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

/* Bytes of @record, which replay_peek() has just returned. */
static inline const uint8_t *replay_data(const struct replay *r, unsigned int queue,
					 const struct replay_record *record)
{
	return r->cursor[queue].block->data + record->at;
}

static inline void replay_advance(struct replay *r, unsigned int queue)
{
	struct replay_cursor *c = &r->cursor[queue];

	c->at = c->block->record[c->at].next;
}

/* Are all of the queue's frames gone? @end: receives when
 * the whole is over, in ticks since the beginning. */
static inline bool replay_over(const struct replay *r, unsigned int queue, uint64_t *end)
{
	const struct replay_cursor *c = &r->cursor[queue];

	if (!c->block || !c->block->last || c->at != REPLAY_NONE)
		return false;
	*end = c->block->end;
	return true;
}

/* The queue wants no more: nobody need wait for it. */
static inline void replay_leave(struct replay *r, unsigned int queue)
{
	__atomic_store_n(&r->cursor[queue].done, UINT64_MAX, __ATOMIC_RELEASE);
}

#endif
