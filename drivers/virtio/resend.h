/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_RESEND_H
#define VIRTIO_RESEND_H

#include <vio/port.h>

#include "../../lib/mem/slots.h"
#include "vring.h"

/*
 * For ports whose packets in flight are to be sent again when the port has come back: what was
 * posted, as the program gave it. A ring does not tell: it has addresses of buffers only, and the
 * device may have overwritten the descriptors. So each packet is noted by its buffer.
 */
struct resend {
	struct slots slots; /* of the pool: where its buffers lie */
	uint64_t seq;
	struct note *notes;   /* by buffer: when it was last posted, and as what */
	struct note *held;    /* taken out of the ring, to be sent again */
	struct vio_pkt *pkts; /* the same, as a burst takes them */
	uint32_t held_n;
};

/* For a ring of @entries over the pool whose buffers lie at @slots. Return: 0, -ENOMEM with the
 * error set. */
int resend_open(struct resend **out, const struct slots *slots, uint32_t entries);
void resend_close(struct resend *rs);

/* @n entries were taken by a burst; a header of @hdr_len bytes stands in front of packets that have
 * wishes. */
void resend_note(struct resend *rs, const struct vio_pkt *pkts, uint32_t n, uint16_t hdr_len);

/* Hold what is in flight in @r, in the order in which it was posted. The ring is to be reset then,
 * without giving buffers back. */
void resend_hold(struct resend *rs, struct ring *r, const struct mode mode);

#endif
