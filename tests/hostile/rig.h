/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef HOSTILE_RIG_H
#define HOSTILE_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include <vio/vio.h>

#include "transport.h"

/* Pool and region, for one port after the other: to make them takes longer than most tests. */
struct bed {
	struct vio_pool *pool;
	struct vio_cache *cache;
	bool taken; /* by a port; still so when another one comes: a test failed, and left it as it
		       is */
};

/* A port over a loop or hostile device, and the program that uses it: frames of FRAME_LEN bytes
 * that begin with their number go out and come back. */
#define FRAME_LEN   60u
#define BURST_MAX   32u
#define HELD        4u
#define CANARY_LEN  4096u
#define SPLIT_SIZE  16u
#define PACKED_SIZE 13u

struct rig {
	struct bed *bed;
	struct vio_pool *pool;
	struct vio_cache *cache;
	struct vio_port *port; /* NULL: it was refused */
	struct vio_loop *loop;
	struct vio_rxq *rxq;
	struct vio_txq *txq;
	uint16_t segments;        /* of each frame */
	uint16_t burst;           /* frames at once */
	uint16_t room;            /* entries of a receive burst */
	bool forged;              /* frames need not be those that were sent */
	uint32_t sent, got, next; /* frames; number expected next */
	uint32_t odd;             /* frames that are not as they were sent */
	struct vio_pkt last_odd;  /* the last of those, kept while keep_odd */
	uint16_t last_odd_segments;
	bool keep_odd;
	uint64_t touched; /* sum of every byte received */
	struct vio_pkt held[HELD];
	uint8_t *canary[2];
};

/* Open a port in @bed. Return: vio_port_open()'s; rig_close() follows in any case. */
int rig_open(struct rig *r, const char *address, struct bed *bed);

/* Close the port and check that it leaves nothing behind: every buffer is back, and neither memory
 * of the region that was never the port's, nor buffers that the program held, were written. */
void rig_close(struct rig *r);

/* Send a burst, let the device work and receive what it gives; reclaim. */
void rig_round(struct rig *r);

/* Frames sent and not come back yet come back, unless the device is at fault. */
void rig_drain(struct rig *r);

/* Give back what keep_odd kept. */
void rig_drop_odd(struct rig *r);

/* As if so many laps of 16 bits had passed that @left more buffers make the free-running indexes of
 * both split rings wrap. A multiple of the rings' size. */
void rig_wind(struct rig *r, uint16_t left);

/* A call without end is ended by SIGPROF, 2 s of processor time behind the beginning: others may
 * stop the machine for longer than that. */
void watch_begin(void);
void watch_end(void);

/* Close what has no port any more. */
void bed_close(struct bed *bed);

struct vio_queue_stats rig_rx_stats(const struct rig *r);
struct vio_queue_stats rig_tx_stats(const struct rig *r);

#endif
