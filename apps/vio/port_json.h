/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_PORT_JSON_H
#define APP_PORT_JSON_H

#include <jansson.h>
#include <vio/port.h>

/* A port as JSON: what it has become, and its counters. */
json_t *port_json(struct vio_port *port);

/* What every document of ours begins with: @schema, "vio.list/1", and the tool's version. */
json_t *json_begin(const char *schema);

/* Set member @name unless @text is empty. */
void json_text(json_t *o, const char *name, const char *text);

/* Write @o, which is consumed, to @file ("-": stdout). Return: 0, or an exit code. */
int json_print(json_t *o, const char *file);

#endif
