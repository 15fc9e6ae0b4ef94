/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_GATE_H
#define VIRTIO_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "../../lib/base/compiler.h"

/*
 * What keeps a queue's thread and the control thread apart while a queue is made anew: the queue's
 * thread says that it is inside before it looks whether the gate is shut, the control thread shuts
 * it before it looks whether somebody is inside. Between store and look both need a full fence. A
 * fence in each burst would cost as much as several packets; so the control thread has the kernel
 * execute one on every processor that runs this process (membarrier(2)), for both sides.
 */
struct gate {
	uint32_t inside; /* written by the queue's thread */
	uint32_t shut;   /* written by the control thread */
};

/* Release: pairs with the acquire in gates_wait(), before the queue is touched. */
ALWAYS_INLINE void gate_leave(struct gate *g)
{
	__atomic_store_n(&g->inside, 0, __ATOMIC_RELEASE);
}

/* Return: false: it is shut, and nothing of the queue may be touched. */
ALWAYS_INLINE bool gate_enter(struct gate *g)
{
	__atomic_store_n(&g->inside, 1, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST); /* to the processor it is gates_wait()'s */
	/* Acquire: pairs with gate_open(), so that the queue is seen as it was made. */
	if (likely(!__atomic_load_n(&g->shut, __ATOMIC_ACQUIRE)))
		return true;
	gate_leave(g);
	return false;
}

/* The control thread's part. */
ALWAYS_INLINE void gate_shut(struct gate *g)
{
	__atomic_store_n(&g->shut, 1, __ATOMIC_RELAXED);
}

ALWAYS_INLINE void gate_open(struct gate *g)
{
	__atomic_store_n(&g->shut, 0, __ATOMIC_RELEASE);
}

/* Once per process, or again. Return: 0, or -ENOTSUP with the error set: this kernel can't. */
int gates_register(void);

/*
 * Wait until nobody is inside any of the @n gates, which are shut. Return: 0: nobody will be before
 * one is opened; -ETIMEDOUT with the error set after @timeout_ms.
 */
int gates_wait(struct gate *const *gates, unsigned int n, uint32_t timeout_ms);

#endif
