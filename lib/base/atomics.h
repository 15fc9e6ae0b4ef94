/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BASE_ATOMICS_H
#define BASE_ATOMICS_H

#include <stdint.h>

#include "compiler.h"

/*
 * Every access to memory that a device shares goes through this page. The rules are those of the
 * VIRTIO specification, each with the number by which the ring code refers to it:
 *
 *  B1  split: descriptors and available ring before the available index     ring_store_release
 *  B2  split: available index before reading the device's suppression word  ring_fence
 *  B3  split: used index before the used entries                            ring_load_acquire
 *  B4  packed: all descriptors before the first one's flags                 ring_store_release
 *  B5  packed: flags before reading the device event area                   ring_fence
 *  B6  packed: flags before buffer id and length                            ring_load_acquire
 *  B7  enabling notifications before the last look at the ring              ring_fence
 *  B8  ring writes before a doorbell in device memory: no such doorbell here yet
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
 * The one full fence between publishing and reading the peer's suppression word. ThreadSanitizer
 * does not know fences, but the words on both sides are atomic, so there is nothing for it to see.
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

/* Counters: one writer, any readers, no read-modify-write. */
ALWAYS_INLINE void stat_add(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + n, __ATOMIC_RELAXED);
}

ALWAYS_INLINE uint64_t stat_read(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

#endif
