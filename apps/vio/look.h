/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_LOOK_H
#define APP_LOOK_H

#include <vio/vio.h>

#define LOOK_NS UINT64_C(200000000) /* between two looks at a port */

/* What was last seen of a port; all zero: nothing yet. */
struct look {
	bool link_down;
};

/*
 * Look after a port: vio_port_check(), and a line on stderr when its link has gone or come back.
 * Return: 0; or EXIT_FAILED, with what happened to the port reported.
 */
int look_after(struct vio_port *port, struct look *seen);

#endif
