/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_CAPTURE_RING_H
#define APP_CAPTURE_RING_H

#include <vio/pkt.h>

#include "apart.h"
#include "capture_filter.h"
#include "pcapng.h"
#include "stamp.h"

#define CAPTURE_BURST    64u                 /* packets at a time, at most */
#define CAPTURE_SNAP_MAX 65535u              /* bytes kept of a frame, at most */
#define CAPTURE_RING_MIN (UINT32_C(1) << 18) /* bytes: a few of the largest frames */

/*
 * Copies of frames on their way from the one thread that has them to the one that writes them: a
 * ring of bytes that holds finished pcapng blocks. A frame that finds no room is counted, not
 * waited for.
 */
struct capture_ring {
	const struct capture_filter *filter;
	const struct stamp_clock *clock;
	struct pcapng_packet form; /* what all its packets have in common */
	uint32_t snap;
	uint8_t *mem;
	uint32_t bytes;
	uint8_t *flat; /* a frame of several segments, for the filter */

	/* The producer's. Positions are of bytes, and never go round. */
	uint64_t head APART;
	struct pcapng_counts counts;
	/* The consumer's. */
	uint64_t tail APART;
	uint64_t seen; /* head, when it was last looked at */
};

/* @bytes: a power of two, at least CAPTURE_RING_MIN. @form: interface, queue, direction.
 * Return: true; false: no memory. End with capture_ring_fini(). */
bool capture_ring_init(struct capture_ring *r, uint32_t bytes, uint32_t snap,
		       const struct capture_filter *filter, const struct pcapng_packet *form);
void capture_ring_fini(struct capture_ring *r);

/* Where the ring and its counters would be, packet by packet of a burst. */
struct capture_mark {
	uint64_t head;
	struct pcapng_counts counts;
};

/**
 * capture_ring_stage - copy a burst, without showing it to the consumer yet
 * @pkts: @n entries, at most CAPTURE_BURST; packets are complete
 * @ns: time of all of them, since 1970
 * @marks: @n + 1 entries: mark i is for when the first i entries are shown
 */
void capture_ring_stage(struct capture_ring *r, const struct vio_pkt *pkts, uint16_t n, uint64_t ns,
			struct capture_mark *marks);

/* Show what has been staged, up to @mark. */
void capture_ring_publish(struct capture_ring *r, const struct capture_mark *mark);

/* The consumer looks how far the producer is. Return: bytes waiting. */
uint64_t capture_ring_look(struct capture_ring *r);

/* The oldest block among those that the last look has shown. Return: NULL: there is none. */
const uint8_t *capture_ring_peek(struct capture_ring *r, uint32_t *len);

/* Give the room of the block that was peeked, of @len bytes, back. */
void capture_ring_pop(struct capture_ring *r, uint32_t len);

/* The counters, from any thread. */
struct pcapng_counts capture_ring_counts(const struct capture_ring *r);

#endif
