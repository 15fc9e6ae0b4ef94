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

/* Addresses to receive: unicast ones first, then multicast ones. */
struct mac_table {
	uint16_t unicast, multicast;
	struct vio_mac mac[VIO_MAC_TABLE_MAX];
};

struct port_driver {
	/* Takes the common options and the scheme's own; return as vio_port_open(). */
	int (*open)(struct address *addr, struct vio_pool *pool, const struct vio_port_opts *opts,
		    struct vio_port **out);
	void (*close)(struct vio_port *port);
	/* Will the device be given physical addresses? Asked before open. */
	bool (*physical)(struct address *addr);
	void (*info)(const struct vio_port *port, struct vio_port_info *info);
	enum vio_port_state (*check)(struct vio_port *port);
	struct vio_rxq *(*rxq)(struct vio_port *port, uint16_t i);
	struct vio_txq *(*txq)(struct vio_port *port, uint16_t i);

	/* Control calls, with arguments that have been checked but for what only the device knows.
	 */
	int (*rx_mode_set)(struct vio_port *port, enum vio_rx_mode mode, bool on);
	int (*mac_set)(struct vio_port *port, const struct vio_mac *mac);
	int (*mac_table_set)(struct vio_port *port, const struct mac_table *table);
	int (*vlan_set)(struct vio_port *port, uint16_t vlan, bool on);
	int (*queues_set)(struct vio_port *port, uint16_t queues);
	int (*announce_ack)(struct vio_port *port);
	int (*event_fd)(struct vio_port *port);
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
