/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_BASE64_H
#define APP_BASE64_H

#include <stddef.h>
#include <stdint.h>

/* RFC 4648, section 4. The caller frees what it gets. */

/* Return: the text; NULL: no memory. */
char *base64_encode(const uint8_t *data, size_t len);

/* Return: the bytes, their number in @len; NULL: @text is not whole, or no memory. */
uint8_t *base64_decode(const char *text, size_t *len);

#endif
