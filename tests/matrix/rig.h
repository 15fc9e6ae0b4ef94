/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MATRIX_RIG_H
#define MATRIX_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* After those above. */
#include <cmocka.h>

#include <vio/vio.h>

#define FRAME_MAX  65550u
#define PAIRS_MAX  64u
#define BURST_MAX  64u
#define ENOUGH     1536u /* buffers for one pair of rings of 256 and what tests hold */
#define IDLE_STEPS 64u   /* steps without a packet after which nothing more is on its way */

/* One variant of the data path: which features are on. */
struct variant {
	bool packed, in_order, mrg, event_idx, indirect, offload;
};

/* A frame's number, per queue pair, is its content: each byte follows from it. */
struct flow {
	uint32_t sent, got;
};

/* A port over a loop device, and the program that uses it. */
struct rig {
	const struct variant *v;
	struct vio_pool *pool;
	struct vio_cache *cache;
	struct vio_port *port;
	struct vio_loop *loop;
	struct vio_port_info info;
	struct flow flow[PAIRS_MAX];
	uint32_t (*len)(uint32_t seq); /* of frame @seq */
	uint32_t budget;               /* of a step */
	uint32_t segment;              /* most bytes of a segment; 0: one segment */
	bool loose;                    /* frames may be lost, doubled or out of order */
	uint8_t flat[FRAME_MAX];
};

struct rig_opts {
	const char *address; /* behind it come the variant's features */
	uint32_t buffers, buf_bytes;
	size_t ring_bytes;
	struct vio_pool *pool; /* of another rig, to share */
};

/* Everything opens, or the test fails. */
void rig_open(struct rig *r, const struct variant *v, const struct rig_opts *opts);

/*
 * Check what must hold at the end of each cell: no violation, no broken rule of the device's seen
 * by the driver, statistics that add up, every buffer back in the pool.
 */
void rig_close(struct rig *r);
/* The same, but leave the pool to the other rig. */
void rig_close_port(struct rig *r);

uint32_t len_60(uint32_t seq);

/* Make frame @seq of the flow in one or more buffers. Return: entries, 0: the pool has run out. */
uint16_t frame_make(struct rig *r, uint32_t seq, uint32_t len, struct vio_pkt *pkts);

/* Send up to @n frames at once on @pair. Return: how many the ring took. */
uint32_t rig_send(struct rig *r, uint32_t pair, uint32_t n);

/* Receive up to @n entries on @pair, check each frame, give the buffers back. Return: frames. */
uint32_t rig_receive(struct rig *r, uint32_t pair, uint16_t n);

/* Check the frame in @pkts, of @segs entries. */
void frame_check(struct rig *r, struct flow *f, const struct vio_pkt *pkts, uint16_t segs);

void rig_step(struct rig *r);

/* Step and receive until nothing comes any more. */
void rig_drain(struct rig *r, uint32_t pair);

/* Send @total frames in bursts of @burst, stepping and receiving between; then drain. Unless the
 * rig is loose, each must come back, in order. */
void rig_run(struct rig *r, uint32_t pair, uint32_t total, uint32_t burst);

/* Scenarios of several threads; @arg is an address. */
void scenario_controls(const struct variant *v, const void *arg);
void scenario_sleeps(const struct variant *v, const void *arg);
void scenario_thread_each(const struct variant *v, const void *arg);

struct scenario {
	const char *what;
	void (*run)(const struct variant *v, const void *arg);
	const void *arg;
	bool (*fits)(const struct variant *v); /* NULL: every variant */
};
extern const struct scenario scenarios[];
extern const size_t n_scenarios;

#endif
