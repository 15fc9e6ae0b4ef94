/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_PLAN_H
#define APP_PLAN_H

#include "parse.h"

#define PLAN_JOBS 128u /* queues of two ports */

/* Which thread does what, and where it runs. */
struct plan {
	unsigned int workers;
	uint16_t cpu[2 * PLAN_JOBS + 1]; /* of each worker */
	uint16_t tx[PLAN_JOBS];          /* worker of each sender */
	uint16_t rx[PLAN_JOBS];          /* worker of each receiver */
	bool device;                     /* a loop device is to be stepped */
	uint16_t device_worker;
};

/*
 * Share the jobs out. The devices of loop: ports get a processor of their own when there are two;
 * of what is left each sender and receiver gets one, or each pair of them, or they take turns.
 * @cpus: at least one
 */
void plan_make(struct plan *p, unsigned int n_tx, unsigned int n_rx, bool device,
	       const struct cpu_list *cpus);

/* What one queue has of one stream: everything, or a part. */
struct plan_lane {
	uint8_t stream, queue, part, parts;
};

/*
 * Spread @streams over @queues: several streams on a queue, or a stream on several queues. With no
 * fewer streams than queues, a lane has the number of its stream, else that of its queue.
 * @out: room for the larger number
 * Return: how many lanes.
 */
unsigned int plan_lanes(unsigned int streams, unsigned int queues, struct plan_lane *out);

/* The processors that this process may use; at least one. */
void plan_allowed_cpus(struct cpu_list *out);

/* Return: true; false with @why set: one of @cpus is not allowed to this process. */
bool plan_check_cpus(const struct cpu_list *cpus, struct why *why);

#endif
