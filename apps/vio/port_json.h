/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_PORT_JSON_H
#define APP_PORT_JSON_H

#include <jansson.h>
#include <vio/port.h>

/* A port as JSON: what it has become, and its counters. */
json_t *port_json(struct vio_port *port);

#endif
