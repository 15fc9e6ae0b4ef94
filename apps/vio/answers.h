/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_ANSWERS_H
#define APP_ANSWERS_H

#include "apart.h"
#include "respond.h"
#include "tap.h"

/*
 * Answers on their way from the thread that receives on a queue pair to the one that sends on it.
 * One thread on each side; what finds no room is dropped and counted.
 */
#define ANSWERS_SLOTS 64u

struct answer {
	uint32_t len;
	uint8_t frame[RESPOND_MAX];
};

struct answers {
	const struct responder *who; /* of each stream; borrowed */
	unsigned int n_who;
	struct answer slots[ANSWERS_SLOTS];
	/* The receiver's. */
	uint64_t head APART;
	uint64_t answered[RESPOND_KINDS], dropped;
	/* The sender's. */
	uint64_t tail APART;
};

/* The receiver: @pkts, one packet of @n segments, is no frame of ours; answer it if it asks.
 * Return: true: it asks, and is answered or, for want of room, dropped. */
bool answers_take(struct answers *a, const struct vio_pkt *pkts, uint16_t n);

/* The sender: give what there is to the device; the rest stays. */
void answers_send(struct answers *a, struct vio_txq *q, struct vio_cache *cache, struct tap *tap);

/* The sender: is there any? */
static inline bool answers_waiting(const struct answers *a)
{
	/* Acquire: pairs with the release in answers_take(); the frame is complete. */
	return __atomic_load_n(&a->head, __ATOMIC_ACQUIRE) != a->tail;
}

/* A queue pair of which the run uses one side only: the other belongs to the answers. */
struct answer_job {
	struct answer_job *next; /* of the same worker */
	struct answers *answers;
	struct vio_rxq *rxq; /* NULL: a receiver of the run takes from it */
	struct vio_txq *txq; /* NULL: a sender of the run gives to it */
	struct vio_cache *cache;
	struct tap received, sent;
};

/* Let it work. Return: true if there was something to do. */
bool answer_poll(struct answer_job *j);

#endif
