/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_TRACK_H
#define APP_TRACK_H

#include <stdbool.h>
#include <stdint.h>

#include "relaxed.h"

/*
 * What became of the packets of one stream. A stream is numbered by its sender, 0, 1, ..., with 32
 * bits on the wire and 64 here. A bit per packet of the window tells a duplicate from a late
 * original; packets older than the window count as late, since nothing is known of them any more.
 */
#define TRACK_WINDOW (1u << 18)
#define TRACK_ORIGIN (UINT64_C(1) << 32) /* 64-bit number of a sender's first packet */

/* Between the sender and the receivers of a stream. */
struct track_sender {
	uint64_t next;         /* number of the packet to be sent next: none above has been */
	uint64_t measure_from; /* first packet that counts; UINT64_MAX: none does yet */
} __attribute__((aligned(64)));

struct track {
	const struct track_sender *sender; /* NULL: unknown, the first packet seen is the first */
	uint64_t first, next;              /* next: the largest seen + 1 */
	uint64_t received, duplicate, late, early;
	uint64_t bytes;
	uint64_t *window;
	bool lock;
};

/* The same stream seen by one receive queue: the order between queues means nothing. */
struct track_order {
	uint64_t next;
	uint64_t reordered;
};

enum track_verdict {
	TRACK_RECEIVED,
	TRACK_DUPLICATE,
	TRACK_LATE,   /* older than the window */
	TRACK_EARLY,  /* of the warm-up */
	TRACK_FOREIGN /* a number that has not been sent */
};

/* Return: true; false: no memory. */
bool track_init(struct track *t, const struct track_sender *sender);
void track_fini(struct track *t);

/* For streams that several threads receive; around a run of packets. */
void track_lock(struct track *t);
void track_unlock(struct track *t);

/**
 * track_seen - account for a packet that arrived
 * @order: of the queue that it came from
 * @seq: its number on the wire
 * @bytes: its size
 *
 * RFC 4737, type-P-reordered: a packet is reordered if a larger number has come before it. A
 * duplicate is not counted so again.
 */
enum track_verdict track_seen(struct track *t, struct track_order *order, uint32_t seq,
			      uint32_t bytes);

/**
 * track_run - account for @n packets with numbers that follow each other
 * @seq: of the first
 * @bytes: of all
 *
 * Return: true if all are of the usual kind: the next ones, sent, counting, in order. False:
 * nothing has been counted; track_seen() is for each of them.
 */
bool track_run(struct track *t, struct track_order *order, uint32_t seq, uint32_t n,
	       uint64_t bytes);

/* Has the packet @seq been sent, and is it still to come? Only where the sender is known. */
bool track_awaits(const struct track *t, uint32_t seq);

/* Of the packets that count and come before @end, the sender's next number: those that have not
 * come. Negative: more have come than were sent. */
int64_t track_lost(const struct track *t, uint64_t end);

/* Packets between the first that counts and the largest seen that have not come (yet). */
uint64_t track_missing(const struct track *t);

#endif
