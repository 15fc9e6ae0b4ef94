/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_DOCUMENT_H
#define APP_DOCUMENT_H

#include <jansson.h>

/* What every document of ours begins with: @schema, "vio.list/1", and the tool's version. */
json_t *json_begin(const char *schema);

/* Set member @name unless @text is empty. */
void json_text(json_t *o, const char *name, const char *text);

/* Write @o, which is consumed, to @file ("-": stdout). Return: 0, or an exit code. */
int json_print(json_t *o, const char *file);

#endif
