/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>

#include "transport/vhost_user/vhost_user.h"
#include "virtio/port.h"

/*
 * What this library is made of, in one place: which transports there are, and which driver serves
 * which kind of address. Nothing registers itself.
 */
const struct transport_ops *const transports[] = {
	&vhost_user_transport,
	NULL,
};

const struct port_scheme port_schemes[] = {
	{ "vhost-user", &vhost_user_transport.help, &virtio_driver },
	{ NULL, NULL, NULL },
};
