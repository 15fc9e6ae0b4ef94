/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_FORWARD_H
#define APP_FORWARD_H

#include <pthread.h>
#include <vio/vio.h>

#include "apart.h"
#include "capture.h"
#include "idle.h"

#define FORWARD_QUEUES 64 /* the most that a port has */

enum forward_mode { FORWARD_IO, FORWARD_MAC, FORWARD_MACSWAP };

/* As a frame begins. */
struct mac {
	uint8_t byte[6];
};
struct addresses {
	struct mac dst, src;
};

/* What one direction has moved; written by one thread, read by others. */
struct lane_stats {
	uint64_t received, sent, dropped;
};

/* One direction: from a queue to another. */
struct lane {
	struct vio_rxq *from;
	struct vio_txq *to;
	struct addresses mac; /* what FORWARD_MAC writes */
	struct lane_stats stats;
	struct tap received, sent;
};

struct forward_opts {
	enum forward_mode mode;
	uint16_t queues; /* pairs wanted of each port; 0: as its address says */
	struct idle_option wait;
};

/* A thread with a queue pair of each port: both directions between two ports, or one port that
 * answers itself. */
struct forwarder {
	struct forward *all;
	struct vio_cache *cache;
	struct idle idle;
	struct lane lanes[2];
	pthread_t thread;
} APART;

struct forward {
	struct forward_opts opts;
	unsigned int n;      /* ports */
	unsigned int queues; /* pairs of each that are used: a thread for each */
	struct vio_pool *pool;
	struct vio_port *ports[2];
	struct forwarder workers[FORWARD_QUEUES];
	unsigned int caches, started;
	bool stepping; /* devices of this process are stepped by a thread of their own: */
	pthread_t stepper;
	bool stop;
};

/*
 * Open @n ports by their addresses. Return: 0, or a negative errno; vio_error_text() tells more,
 * and what was opened is left for forward_close().
 */
int forward_open(struct forward *f, const struct forward_opts *opts, char **address,
		 unsigned int n);
void forward_close(struct forward *f);

/* Start and end the threads. Return: 0, or a positive errno; end them in any case. */
int forward_start(struct forward *f);
void forward_stop(struct forward *f);

/* Most points that forward_points() finds. */
#define FORWARD_POINTS (FORWARD_QUEUES * 4)

/* Where captures reach in: every queue that is used. Return: how many; they last until
 * forward_close(). */
unsigned int forward_points(struct forward *f, struct capture_point points[FORWARD_POINTS]);

/* What has been moved from port @i, by all threads. */
struct lane_stats forward_stats(const struct forward *f, unsigned int i);

#endif
