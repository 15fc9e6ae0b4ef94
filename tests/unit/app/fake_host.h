/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UNIT_APP_FAKE_HOST_H
#define UNIT_APP_FAKE_HOST_H

#include "../../../apps/vio/host.h"

/* Have @h look at the tree of fake_tree.h, where its user may open every file that is there; as
 * @nobody, none of them. */
void fake_host(struct host *h, bool nobody);

/* A line of /proc/net/route: the default route over @dev, on a little-endian machine. */
#define DEFAULT_ROUTE(dev) dev "\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"

#endif
