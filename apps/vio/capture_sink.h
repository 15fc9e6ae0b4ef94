/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_CAPTURE_SINK_H
#define APP_CAPTURE_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Where a capture's blocks go: a file, or a pipe or socket whose reader may be slow or gone. */
struct capture_sink {
	int fd;
	bool socket, pipe;
	uint64_t end_ns; /* by vio_clock_ns(), when patience ends; 0: not yet */
	off_t good;      /* bytes of a file that are complete; -1: it is none */
	uint8_t *buf;
	size_t used;
};

/* @fd stays the caller's. Return: false: no memory. */
bool capture_sink_init(struct capture_sink *s, int fd);
void capture_sink_fini(struct capture_sink *s);

/* Take a block of at most 70,000 bytes. Return: true when it is time to flush. */
bool capture_sink_put(struct capture_sink *s, const uint8_t *block, uint32_t len);

/*
 * Write what has gathered, all of it or, into a file, nothing. Waits for a slow reader until
 * capture_sink_hurry()'s time has come.
 * Return: 0, or a positive errno: EPIPE the reader is gone, ETIMEDOUT it takes nothing, or what
 * write() says.
 */
int capture_sink_flush(struct capture_sink *s);

/* Has the reader of a socket closed it, or said that it wants no more? */
bool capture_sink_gone(const struct capture_sink *s);

/* No longer than until @end_ns, by vio_clock_ns(). From any thread. */
void capture_sink_hurry(struct capture_sink *s, uint64_t end_ns);

#endif
