/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_LOOK_H
#define APP_LOOK_H

#include <vio/vio.h>

#define LOOK_NS      UINT64_C(200000000) /* between two looks at a port */
#define LOOK_DOWN_NS UINT64_C(10000000)  /* the same while it is down: a step of its return each */

/* What was last seen of a port; all zero: nothing yet. */
struct look {
	uint64_t looked_ns;
	bool link_down;
	bool down; /* look_on() waits for its return */
};

/*
 * Look after a port: vio_port_check(), and a line on stderr when its link has gone or come back.
 * Return: 0; or EXIT_FAILED, with what happened to the port reported: it is not up.
 */
int look_after(struct vio_port *port, struct look *seen);

/*
 * The same at @now_ns for those that go on for long: they look when it is time to, and wait for a
 * port that is being brought back, with a line on stderr when it goes and when it is up again.
 * Return: 0; or EXIT_FAILED, with what happened to the port reported: it will not come back.
 */
int look_on(struct vio_port *port, struct look *seen, uint64_t now_ns);

#endif
