/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_DOCUMENT_H
#define APP_DOCUMENT_H

#include <jansson.h>
#include <stdint.h>

/* What every document of ours begins with: @schema, "vio.list/1", and the tool's version. */
json_t *json_begin(const char *schema);

/*
 * @text as a string of JSON, which is UTF-8. Names of files may be anything, and long texts are
 * cut: where @text is no UTF-8, each byte that is not ASCII becomes a question mark.
 */
json_t *json_any_text(const char *text);

/* Set member @name unless @text is empty. */
void json_text(json_t *o, const char *name, const char *text);

/* Set member @name; what was not measured has none. json_put_us(): microseconds. */
void json_put_int(json_t *o, const char *name, uint64_t value);
void json_put_real(json_t *o, const char *name, double value);
void json_put_us(json_t *o, const char *name, uint64_t ns);

/* Send @o, which is consumed and may be NULL, as a line to the socket @fd. @flags: of send().
 * Return: 0, or a positive errno. */
int json_send(json_t *o, int fd, int flags);

/* Write @o, which is consumed, to @file ("-": stdout). Return: 0, or an exit code. */
int json_print(json_t *o, const char *file);

#endif
