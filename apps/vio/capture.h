/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_CAPTURE_H
#define APP_CAPTURE_H

#include "tap.h"

/* A capture: from some taps, through a ring of each, by a thread of its own, to a file or a peer.
 */
struct capture;

/* One tap: a queue of a port, one direction. */
struct capture_point {
	struct tap *tap;
	unsigned int port; /* index in the names of the ports */
	unsigned int queue;
	bool sent;
};

/* What is captured from: fixed for a run, whatever captures there are. */
struct capture_source {
	const struct capture_point *points;
	unsigned int n_points;
	const char *const *ports; /* names */
	unsigned int n_ports;
	const struct stamp_clock *clock;
};

/* Takes a block instead of a file. Return: 0, or a positive errno that ends the capture. */
typedef int (*capture_put)(const uint8_t *block, uint32_t len);

struct capture_opts {
	const char *filter; /* NULL: everything */
	uint32_t snap;      /* bytes kept of a frame; 0: all */
	uint64_t count;     /* frames, and then no more; 0: no end */
	uint32_t ring_bytes;
	int fd;            /* file, pipe or socket; stays the caller's */
	capture_put put;   /* NULL: @fd */
	const char *title; /* of the file, for the error when it can't be written; NULL: whoever
			      reads may go at any time */
};

struct capture_stats {
	struct pcapng_counts counts; /* by the taps */
	uint64_t written;
	uint64_t lost; /* accepted, but not written since the file failed */
	int error;     /* what ended the writing, positive errno; 0: nothing */
};

/**
 * capture_open - begin
 * @src: must live until the end
 * @opts: the texts are needed until this returns, the title until the end
 * @out: receives the capture; end it with capture_close()
 *
 * The workers of the taps may be running. One thread at a time opens and closes captures.
 *
 * Return: true; false with @why set: the filter is none, too many captures, no memory or thread.
 */
bool capture_open(const struct capture_source *src, const struct capture_opts *opts,
		  struct capture **out, struct why *why);

/* Is it over: the count is reached, the file can't be written, or the reader is gone? */
bool capture_done(const struct capture *c);

/* Write what is under way, and the statistics; a reader that takes nothing has 2 seconds.
 * @stats: receives what came out. */
void capture_close(struct capture *c, struct capture_stats *stats);

#endif
