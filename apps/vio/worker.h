/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_WORKER_H
#define APP_WORKER_H

#include <pthread.h>
#include <vio/clock.h>
#include <vio/loop.h>
#include <vio/port.h>

#include "answers.h"
#include "apart.h"
#include "check.h"
#include "frame.h"
#include "hist.h"
#include "idle.h"
#include "pacer.h"
#include "plan.h"
#include "relaxed.h"
#include "replay.h"
#include "stamp.h"
#include "tap.h"
#include "track.h"

#define BURST_MAX 64u

/* A burst that took longer was interrupted by the system: no measure of what the code costs. */
#define COST_LIMIT_NS 20000u

/*
 * One direction of traffic: what is sent, and the books that its receivers share. A lane is what
 * one queue has of one stream: it has numbers of its own, and its own is what frames say.
 */
struct path {
	unsigned int streams;
	struct frames *frames; /* by stream */
	struct check_id *id;   /* by stream */
	bool same_macs;        /* in all streams */
	bool shared;           /* several threads receive */
	bool timed;            /* sent by this process, with its clock */
	unsigned int lanes;
	struct plan_lane lane[FRAME_STREAMS];
	struct track_sender *senders; /* by lane */
	struct track *tracks;         /* by lane */
	struct painted *painted;      /* of the sending port's buffers; NULL: nothing stays there */
	uint64_t since_ns;            /* stamps before that are of another run */
};

/* When senders begin and end, in ticks. Written before they are let go, but for the end, which may
 * come earlier. */
struct timetable {
	uint64_t start, measure, end;
	uint64_t grace; /* how long a sender may be late at the end */
	bool go;
};

/* Ticks from the measurement's beginning to its end, where nothing but packets ends it. */
#define TIMETABLE_NEVER (UINT64_C(1) << 62)

/* What a sender counts; read by others while it runs. */
struct tx_stats {
	uint64_t sent, bytes, unsent; /* bytes with the FCS */
	uint64_t bursts, late_bursts, ring_full, no_buffers, skipped;
	uint64_t cost_packets, gen_ticks, tx_ticks;
	uint64_t began, ended; /* ticks; 0: not yet */
	uint64_t held_up;      /* replay: 1 while frames are due and can't be sent */
};

enum tx_phase { TX_WAIT, TX_WARM, TX_MEASURE, TX_DONE };

/* Packets that a ring did not take: their buffers are used again. */
struct tx_hold {
	uint16_t n;
	struct vio_pkt pkts[BURST_MAX];
};

/* A sender: one lane. Belongs to its thread while that runs. */
struct tx_job {
	struct tx_queue *at; /* shared with the others that send there */
	struct path *path;
	const struct frames *frames;
	const struct timetable *times;
	const struct stamp_clock *clock;
	struct pace pace; /* its share */
	uint64_t count;   /* packets to send; UINT64_MAX: until the end */
	uint64_t late_ticks, backlog_ticks, cost_limit;
	uint64_t last_sent;
	unsigned int lane, stream;
	double turn, weight; /* of senders without a rate the one with the least turn is next */

	enum tx_phase phase;
	struct pacer pacer;
	uint64_t noted; /* the moment that the last burst was due at */
	struct frame_cursor cursor;
	uint64_t seq;

	struct replay *replay;   /* NULL: frames are made, not replayed */
	unsigned int queue;      /* of the replay */
	uint16_t copied;         /* packets in hold that are frames */
	uint64_t due[BURST_MAX]; /* of these, ticks */

	struct tx_stats stats APART;
	struct hist pace_error; /* nanoseconds */
} APART;

/* @n packets took so many ticks, unless the system interrupted it. */
static inline void tx_count_cost(struct tx_job *j, uint16_t n, uint64_t gen, uint64_t tx)
{
	if (gen + tx >= j->cost_limit)
		return;
	counter_add(&j->stats.cost_packets, n);
	counter_add(&j->stats.gen_ticks, gen);
	counter_add(&j->stats.tx_ticks, tx);
}

/* A transmit queue, and the senders that take turns at it. */
struct tx_queue {
	struct vio_txq *q;
	struct tx_job *jobs;
	unsigned int n_jobs;
	struct vio_cache *cache;
	struct tap tap;
	struct answers *answers; /* to send; NULL: none */
	struct tx_hold hold;
} APART;

struct rx_stats {
	uint64_t corrupt, foreign;
	uint64_t cost_packets, rx_ticks, check_ticks;
	uint64_t received, bytes; /* replay: of any frames, bytes with the FCS */
};

/* A receiver: one receive queue. */
struct rx_job {
	struct vio_rxq *q;
	struct vio_cache *cache;
	struct path *path;
	const struct stamp_clock *clock;
	uint16_t burst;
	uint64_t cost_limit;
	struct tap tap;
	const struct timetable *replay; /* of senders that do; NULL: only ours count */
	struct answers *answers;        /* to those who ask; NULL: none */
	bool last_odd; /* the last frame of ours had addresses that were nearly ours: */
	uint8_t last_macs[12];
	unsigned int guess; /* the stream that the next frame is likely to be of */
	struct track_order order[FRAME_STREAMS]; /* by lane */

	struct rx_stats stats APART;
	uint64_t corrupt[FRAME_STREAMS]; /* by stream, where it is known */
	struct hist *latency;            /* by stream; nanoseconds */
} APART;

/* A thread. It polls its jobs, one after the other, until told to stop. */
struct worker {
	int cpu;
	unsigned int n_tx, n_rx, n_loops;
	struct tx_queue **tx;
	struct rx_job **rx;
	struct vio_loop *loops[2];
	struct answer_job *answering; /* a list */
	struct idle idle;
	uint64_t busy_ticks; /* of the devices' part, and of nothing else */
	uint64_t all_ticks;
	bool stop;
	bool pinned;
	pthread_t thread;
} APART;

/* Begin with a fresh schedule when the timetable says go. */
void tx_job_init(struct tx_job *j);

/* Let the sender work. Return: true if it sent something. */
bool tx_poll(struct tx_job *j);

/* The same for the sender of @q whose turn it is: the one that is most behind its schedule, or one
 * of those that have none. */
bool tx_queue_poll(struct tx_queue *q);

/* The same for a sender with a replay, alone at its queue. */
bool replay_poll(struct tx_job *j);

/* Let the receiver work. Return: true if something came. */
bool rx_poll(struct rx_job *j);

/* The same where a replay's frames come back: any frame counts. */
bool replay_rx_poll(struct rx_job *j);

/* Give the buffers that a stopped queue still holds back. */
void tx_queue_fini(struct tx_queue *q);

/* Start and end the thread. Return: 0, or a positive errno. */
int worker_start(struct worker *w);
void worker_stop(struct worker *w);

#endif
