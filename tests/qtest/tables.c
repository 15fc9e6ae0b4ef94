/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../drivers/virtio/port.h"
#include "function.h"

/* In place of drivers/drivers.c: the one kind of port that this program has. */
const struct transport_ops *const transports[] = { &qtest_transport, NULL };

const struct port_scheme port_schemes[] = {
	{ "qtest", &qtest_transport.help, &virtio_driver },
	{ NULL, NULL, NULL },
};
