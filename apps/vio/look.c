/* SPDX-License-Identifier: BSD-3-Clause */
#include "look.h"

#include <stdio.h>

#include "fail.h"

static void tell_link(const struct vio_port *port, struct look *seen)
{
	struct vio_port_info info;

	vio_port_info(port, &info);
	if (seen->link_down == info.link_up)
		fprintf(stderr, "note: %s: link %s\n", info.address, info.link_up ? "up" : "down");
	seen->link_down = !info.link_up;
}

int look_after(struct vio_port *port, struct look *seen)
{
	if (vio_port_check(port) != VIO_PORT_UP) {
		fail_library();
		return EXIT_FAILED;
	}
	tell_link(port, seen);
	return EXIT_OK;
}

/* The port is not up. */
static int wait_for(const struct vio_port *port, struct look *seen)
{
	struct vio_port_info info;

	vio_port_info(port, &info);
	if (info.given_up) {
		fail_library();
		return EXIT_FAILED;
	}
	if (!seen->down)
		fprintf(stderr, "note: %s; waiting for its return\n", vio_error_last()->what);
	seen->down = true;
	return EXIT_OK;
}

static void tell_return(const struct vio_port *port, struct look *seen)
{
	struct vio_port_info info;

	if (!seen->down)
		return;
	vio_port_info(port, &info);
	fprintf(stderr, "note: %s: up again\n", info.address);
	seen->down = false;
}

int look_on(struct vio_port *port, struct look *seen, uint64_t now_ns)
{
	if (now_ns - seen->looked_ns < (seen->down ? LOOK_DOWN_NS : LOOK_NS))
		return EXIT_OK;
	seen->looked_ns = now_ns;
	if (vio_port_check(port) != VIO_PORT_UP)
		return wait_for(port, seen);
	tell_return(port, seen);
	tell_link(port, seen);
	return EXIT_OK;
}
