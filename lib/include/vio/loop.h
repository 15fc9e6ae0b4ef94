/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIO_LOOP_H
#define VIO_LOOP_H

#include <vio/port.h>
#include <vio/types.h>

VIO_EXTERN_C_BEGIN

/*
 * The device behind a "loop:" port: a complete virtio-net device in this process, as strict as the
 * specification. It does nothing by itself: somebody steps it, from the thread that polls the port
 * (tests, benchmarks) or from another one (the tools).
 */
struct vio_loop;

/* The device behind @port; NULL if it is not a loop port. Belongs to the port. */
VIO_API struct vio_loop *vio_port_loop(struct vio_port *port);

/**
 * vio_loop_step - let the device work
 * @loop: exactly one thread may step it at a time
 * @budget: the most packets to move in each direction and queue
 *
 * Return: packets moved.
 */
VIO_API unsigned int vio_loop_step(struct vio_loop *loop, unsigned int budget);

/**
 * vio_loop_connect - make two loop devices a pair: what one port sends, the other receives
 *
 * Both must have been opened with the behaviour "pair", and be stepped by one and the same thread.
 * Ends when either port closes.
 *
 * Return: 0, or -EINVAL if one is no pair or is connected already.
 */
VIO_API int vio_loop_connect(struct vio_loop *a, struct vio_loop *b);

/**
 * vio_loop_violations - how often the driver has broken the rules
 * @first: receives what the first one was, a sentence naming the rule; NULL: not wanted
 */
VIO_API uint64_t vio_loop_violations(const struct vio_loop *loop, const char **first);

/* Take the link up or down, as its status shows it; it goes on to carry frames. Ends with a reset.
 * Thread safety: any thread. */
VIO_API void vio_loop_link_set(struct vio_loop *loop, bool up);

/* Ask the driver to announce itself: vio_port_info.announce. Thread safety: any thread. */
VIO_API void vio_loop_announce(struct vio_loop *loop);

/**
 * vio_loop_needs_reset - let the device say that it can't go on: DEVICE_NEEDS_RESET, until a reset
 *
 * It works on meanwhile. Of no effect before the driver is ready. Thread safety: any thread.
 */
VIO_API void vio_loop_needs_reset(struct vio_loop *loop);

/* Packets the device itself has taken in, given out, and lost, duplicated, reordered or corrupted
 * on purpose (what exceeds its capacity is lost); packets for which the driver had posted no
 * buffer, or none that was large enough; and kicks that it has received, on all queues. */
struct vio_loop_stats {
	uint64_t in;
	uint64_t out;
	uint64_t lost;
	uint64_t duplicated;
	uint64_t reordered;
	uint64_t corrupted;
	uint64_t no_buffer;
	uint64_t kicks;
};
VIO_API void vio_loop_stats(const struct vio_loop *loop, struct vio_loop_stats *stats);

VIO_EXTERN_C_END

#endif
