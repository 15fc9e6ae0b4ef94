/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VHOST_USER_H
#define VHOST_USER_H

#include "../../virtio/transport.h"

/*
 * A device in another process, reached over a UNIX socket: the front-end side of the vhost-user
 * protocol. The protocol carries rings and features; configuration space and control queue are the
 * front-end's own business, so the features that need them are not passed on.
 */
extern const struct transport_ops vhost_user_transport;

#endif
