/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>

#include "transport/loop/loop.h"
#include "transport/pci/pci.h"
#include "transport/vhost_user/vhost_user.h"
#include "virtio/port.h"

/*
 * What this library is made of, in one place: which transports there are, and which driver serves
 * which kind of address. Nothing registers itself.
 */
const struct transport_ops *const transports[] = {
	&vhost_user_transport,
	&pci_transport,
	&loop_transport,
	NULL,
};

const struct port_scheme port_schemes[] = {
	{ "vhost-user", &vhost_user_transport.help, &virtio_driver },
	{ "pci", &pci_transport.help, &virtio_driver },
	{ "loop", &loop_transport.help, &virtio_driver },
	{ NULL, NULL, NULL },
};

struct vio_loop *vio_port_loop(struct vio_port *port)
{
	struct transport *tp = virtio_transport(port);

	return tp && tp->ops == &loop_transport ? loop_of(tp) : NULL;
}
