/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_NETUSE_H
#define APP_NETUSE_H

#include "host.h"

/* What the machine itself needs a network interface for. */
struct net_use {
	bool default_route, ssh;
	char peer[64]; /* the other end of the ssh session */
	char via[16];  /* the interface that has the route: a bond, bridge or VLAN above, perhaps */
};

/*
 * Does @iface, or an interface that stands on it, carry a default route or the ssh session that we
 * run in? Return: true if so.
 */
bool net_in_use(const struct host *h, const char *iface, struct net_use *use);

/* "default route, this ssh session" */
const char *net_use_text(const struct net_use *use);

#endif
