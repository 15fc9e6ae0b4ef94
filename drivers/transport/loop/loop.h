/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LOOP_LOOP_H
#define LOOP_LOOP_H

#include <vio/loop.h>

#include "../../virtio/transport.h"

/* The transport "loop": a strict virtio-net device in this process. It shares no ring code with
 * the driver, so that neither inherits the other's mistakes. */
extern const struct transport_ops loop_transport;

/* The device behind @tp, whose operations are loop_transport. */
struct vio_loop *loop_of(struct transport *tp);

#endif
