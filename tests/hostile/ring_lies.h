/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef HOSTILE_RING_LIES_H
#define HOSTILE_RING_LIES_H

#include "../../drivers/transport/loop/device.h"

/* Variants of the data path, a bit for each choice. */
#define V_PACKED    0x01u
#define V_IN_ORDER  0x02u
#define V_MRG       0x04u
#define V_EVENT_IDX 0x08u
#define V_INDIRECT  0x10u
#define V_OFFLOAD   0x20u
#define V_HASH      0x40u /* a header of 20 bytes; only where a lie asks for it */

/* What of a completion is false. */
enum lie_in {
	LIE_ID,
	LIE_LEN,
	LIE_INDEX, /* split: the used index */
	LIE_FLAGS, /* packed: of the used descriptor */
	LIE_ACK,   /* of a command */
	LIE_NUM,   /* num_buffers */
	LIE_HDR,   /* the whole header, but for num_buffers */
	LIE_MEMORY /* words that the device has no business in, or writes at the wrong time */
};

/* And how: what is told instead of the true value v. */
enum lie_op {
	OP_SET,    /* value */
	OP_ADD,    /* v + value */
	OP_XOR,    /* v ^ value */
	OP_OR,     /* v | value */
	OP_SIZE,   /* the ring's entries + value */
	OP_LAP,    /* v + value laps of the ring */
	OP_BEFORE, /* what was told before */
	OP_FREE,   /* id: of a slot that is free */
	OP_TAIL,   /* id: of the slot that stands value behind v in its chain */
};

/* What the driver has to make of it. In each case the calls end, the buffers come back, and other
 * ports do not notice. */
enum must {
	MUST_SERVE,  /* every packet, as it is, and nothing counted */
	MUST_ALTER,  /* every packet; that of the lie with the length or header that was told */
	MUST_MERGE,  /* the packets that the lie makes one become one */
	MUST_DROP,   /* that packet and no other, counted once */
	MUST_BREAK,  /* stop the queue, counted once; the other queue goes on */
	MUST_WAIT,   /* nothing was said, so nothing comes, and nothing is counted */
	MUST_BOUND,  /* packets may be lost or forged, and the queue may break */
	MUST_REFUSE, /* fail the command */
};

/* Positions at which a behaviour is tried. */
enum places {
	PLACES_ALL,  /* first and last slot in both laps, and where a free-running index wraps */
	PLACES_FEW,  /* the first completion, and the first of the second lap */
	PLACES_LATE, /* the same without the first completion: something must have gone before */
};

struct ring_lie {
	const char *name; /* for the address: lie=NAME */
	const char *what;
	enum role role;
	enum lie_in in;
	enum lie_op op;
	uint32_t value;
	struct net_hdr hdr;
	void (*memory)(struct queue *q, uint32_t value);
	bool undo; /* memory: what the driver has not overwritten is put back after its calls */
	bool idle; /* memory: when every packet sent has come back, not when one just has */
	uint8_t with, without;
	enum must must;
	size_t counter; /* in struct vio_queue_stats */
	int rc;         /* of the command; for LIE_HDR, of vio_offload_get() */
	enum places places;
	uint16_t segments; /* of each packet; 0: 1 */
	uint16_t room;     /* entries of the program's receive bursts; 0: as the place wants it */
	uint16_t lost;     /* packets that one lie costs; 0: 1 */
	bool second;      /* told of a packet's second buffer: num_buffers of the first is made 2 */
	bool device_errs; /* the device, deceived by itself, finds fault with the driver */
};

extern const struct ring_lie ring_lies[];
extern const size_t n_ring_lies;

/* NULL: there is none of that name. */
const struct ring_lie *ring_lie_find(const char *name);

#endif
