/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BACKEND_VERIFY_H
#define BACKEND_VERIFY_H

#include <vio/vio.h>

#define PORTS_MAX  2u
#define QUEUES_MAX 8u
#define FLOWS_MAX  (PORTS_MAX * QUEUES_MAX)
#define LENS       16384u
#define LEN_MAX    65535u
#define WARM_MAX   8192u

/* What testpmd sends in mode rx. */
enum traffic { TRAFFIC_TXONLY, TRAFFIC_FLOWGEN };

struct mode;

/* The command line. */
struct options {
	const struct mode *mode;
	const char *address[PORTS_MAX];
	unsigned int ports;
	uint64_t count;
	uint16_t lens[LENS]; /* length of frame number seq is lens[seq % LENS] */
	bool len_wanted[LEN_MAX + 1];
	uint32_t segments; /* of a sent frame, at most, where it fits */
	uint32_t window;   /* buffers on their way of a flow */
	uint32_t buf_bytes, buffers, ring_bytes;
	uint32_t seconds, silence_ms;
	enum traffic traffic;
	uint32_t traffic_flows;
	bool settle, warm;
};

/* Counters of the result. X(name, what it counts) */
#define RESULT_COUNTERS(X) \
	X(tx, "frames sent") \
	X(tx_bytes, "their bytes") \
	X(rx, "frames received") \
	X(rx_bytes, "their bytes") \
	X(lost, "frames sent and never seen again") \
	X(reordered, "frames that came late or twice") \
	X(corrupt, "frames with a wrong byte or length") \
	X(stray, "frames that are nobody's, or on another queue than expected") \
	X(rule_breaks, \
	  "completions that break the rules, as the driver counts them, and rules that " \
	  "it broke, as a loop device does") \
	X(slept_over, "sleeps that ran out though frames were on their way") \
	X(dropped, "packets that the driver dropped") \
	X(leaked, "buffers that were not back in the pool at the end") \
	X(bad_puts, "buffers refused by the pool")

struct result {
#define X(name, what) uint64_t name;
	RESULT_COUNTERS(X)
#undef X
};

struct queue {
	struct vio_rxq *rx;
	struct vio_txq *tx;
	struct vio_pkt pend[64]; /* built, not yet taken by the driver */
	uint16_t n_pend;
	bool warm;         /* it has sent every buffer */
	uint64_t gen_next; /* flowgen: the flow that comes next on this queue; UINT64_MAX: any */
};

/* The frames that one queue sends, and what has come of them. */
struct flow {
	uint64_t count; /* to send */
	uint64_t tx, rx;
	uint64_t next; /* sequence number due */
	uint64_t out;  /* buffers on their way */
	bool alive;    /* a hello has come through */
};

struct port {
	struct vio_port *port;
	struct vio_loop *loop;     /* its device, if that is in this process */
	struct vio_port_info info; /* without strings: these end with the port */
	char rx_variant[64], tx_variant[64];
	uint16_t queues;
	struct queue queue[QUEUES_MAX];
};

struct run {
	const struct options *opt;
	struct vio_pool *pool;
	struct vio_cache *cache;
	struct port port[PORTS_MAX];
	struct flow flow[FLOWS_MAX];
	struct vio_pkt warming[WARM_MAX]; /* what is sent to warm a queue */
	uint16_t n_warming, n_warmed;
	uint32_t gen_seen[65536]; /* flowgen: frames of each of its flows */
	uint64_t now_ns, start_ns, open_ns, begin_ns, first_ns, end_ns; /* now, and what was when */
	uint64_t checked_ns, moved_ns, hello_ns, deadline_ns;
	uint64_t rss_before, rss_pool, rss_port; /* KiB */
	const char *error;                       /* id of the error that vio has reported */
	bool reached;                            /* mode rx: the count has been reached and said */
	struct result result;
};

/*
 * What can be verified. A step moves what it can without waiting; @done says that all is over.
 * Return: how many frames moved.
 */
struct mode {
	const char *name;
	bool returns; /* every frame must come back */
	uint32_t (*step)(struct run *run, bool *done);
};
extern const struct mode modes[]; /* ended by name NULL */

/* The step that comes first with opt->settle. */
uint32_t settle_step(struct run *run, bool *done);
/* The one with opt->warm. */
uint32_t warm_step(struct run *run, bool *done);

#endif
