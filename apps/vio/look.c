/* SPDX-License-Identifier: BSD-3-Clause */
#include "look.h"

#include <stdio.h>

#include "fail.h"

int look_after(struct vio_port *port, struct look *seen)
{
	struct vio_port_info info;

	if (vio_port_check(port) != VIO_PORT_UP) {
		fail_library();
		return EXIT_FAILED;
	}
	vio_port_info(port, &info);
	if (seen->link_down == info.link_up)
		fprintf(stderr, "note: %s: link %s\n", info.address, info.link_up ? "up" : "down");
	seen->link_down = !info.link_up;
	return EXIT_OK;
}
