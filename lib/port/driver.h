/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PORT_DRIVER_H
#define PORT_DRIVER_H

#include <vio/port.h>

#include "address.h"

/*
 * What stands behind a port. A driver embeds struct vio_port as first member. The public calls
 * check arguments and go through this table; the bursts go straight to the queue.
 */
struct vio_port {
	const struct port_driver *driver;
	char *address; /* as opened */
};

struct port_driver {
	/* Takes the common options and the scheme's own; return as vio_port_open(). */
	int (*open)(struct address *addr, struct vio_pool *pool, const struct vio_port_opts *opts,
		    struct vio_port **out);
	void (*close)(struct vio_port *port);
	void (*info)(const struct vio_port *port, struct vio_port_info *info);
	enum vio_port_state (*check)(struct vio_port *port);
	struct vio_rxq *(*rxq)(struct vio_port *port, uint16_t i);
	struct vio_txq *(*txq)(struct vio_port *port, uint16_t i);
};

/* Which driver serves which scheme: one table at link time, ended by scheme NULL;
 * drivers/drivers.c. */
struct port_scheme {
	const char *scheme;
	const char *const *help;
	const struct port_driver *driver;
};
extern const struct port_scheme port_schemes[];

#endif
