/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BASE_ATOMICS_H
#define BASE_ATOMICS_H

#include <stdint.h>

#include "compiler.h"

/*
 * Every access to memory that a device shares goes through this page. The rules are those of the
 * VIRTIO specification, each with the number by which the ring code refers to it:
 *
 *  B1  split: descriptors and available ring before the available index     ring_publish
 *  B2  split: available index before reading the device's suppression word  ring_publish
 *  B3  split: used index before the used entries                            ring_load_acquire
 *  B4  packed: all descriptors before the first one's flags                 ring_publish
 *  B5  packed: flags before reading the device event area                   ring_publish
 *  B6  packed: flags before buffer id and length                            ring_load_acquire
 *  B7  enabling notifications before the last look at the ring              ring_fence
 *  B8  ring writes before a doorbell in device memory                       device_barrier
 *  B9  a word that a device can write is read once, into a local            ring_load*
 *  B10 reads of a payload before its buffer is posted again                 covered by B1, B4
 *
 * Devices in software need processor barriers (VIRTIO_F_ORDER_PLATFORM absent). The macros below
 * are the one place where they would become device barriers.
 */
#define ring_load(p)             __atomic_load_n(p, __ATOMIC_RELAXED)
#define ring_load_acquire(p)     __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define ring_store(p, v)         __atomic_store_n(p, v, __ATOMIC_RELAXED)
#define ring_store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)

/*
 * Where only a part of a word is read with acquire that a peer stores as a whole: ThreadSanitizer
 * pairs accesses by their address, so it is shown the whole one, too.
 */
#ifdef THREAD_SANITIZER
#define ring_saw(p) ((void)ring_load_acquire(p))
#else
#define ring_saw(p) ((void)0)
#endif

/*
 * The full fence between a store that a peer looks at and a look at what the peer stores.
 * ThreadSanitizer does not know fences, but the words on both sides are atomic, so there is nothing
 * for it to see.
 */
ALWAYS_INLINE void ring_fence(void)
{
#if defined(__x86_64__)
	/* A locked add on the stack orders as mfence does, in a third of the time. */
	__asm__ volatile("lock; addl $0, -4(%%rsp)" ::: "memory", "cc");
#else
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

/* Memory before a register of a device: on x86 stores keep their order, there too. */
ALWAYS_INLINE void device_barrier(void)
{
#if defined(__x86_64__)
	__asm__ volatile("" ::: "memory");
#elif defined(__aarch64__)
	__asm__ volatile("dmb oshst" ::: "memory");
#else
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

/*
 * ring_store_release() and ring_fence() at once: the one fence of a burst. An exchange is both on
 * x86, and there is no store before it left to wait for.
 */
#if defined(__x86_64__)
#define ring_publish(p, v) ((void)__atomic_exchange_n(p, v, __ATOMIC_SEQ_CST))
#else
#define ring_publish(p, v) (ring_store_release(p, v), ring_fence())
#endif

/*
 * Counters: one writer, any readers. Not locked; but in one instruction where there is one, since
 * the compiler makes three of an atomic load and store.
 */
ALWAYS_INLINE void stat_add(uint64_t *counter, uint64_t n)
{
#if defined(__x86_64__)
	__asm__("addq %1, %0" : "+m"(*counter) : "er"(n) : "cc");
#else
	__atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + n, __ATOMIC_RELAXED);
#endif
}

ALWAYS_INLINE uint64_t stat_read(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

#endif
