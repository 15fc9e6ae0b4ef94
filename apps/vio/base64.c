/* SPDX-License-Identifier: BSD-3-Clause */
#include "base64.h"

#include <stdlib.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const uint8_t *data, size_t len)
{
	char *out = malloc((len + 2) / 3 * 4 + 1), *p = out;

	if (!out)
		return NULL;
	for (size_t i = 0; i < len; i += 3) {
		uint32_t v = (uint32_t)data[i] << 16;

		v |= i + 1 < len ? (uint32_t)data[i + 1] << 8 : 0;
		v |= i + 2 < len ? data[i + 2] : 0;
		*p++ = digits[v >> 18];
		*p++ = digits[v >> 12 & 63];
		*p++ = i + 1 < len ? digits[v >> 6 & 63] : '=';
		*p++ = i + 2 < len ? digits[v & 63] : '=';
	}
	*p = '\0';
	return out;
}

/* Return: 0 to 63, or -1. */
static int digit_value(char c)
{
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

uint8_t *base64_decode(const char *text, size_t *len)
{
	size_t n = strlen(text), full = n, k = 0;
	uint8_t *out;
	uint32_t v = 0;

	while (full && n - full < 2 && text[full - 1] == '=')
		full--;
	out = n % 4 ? NULL : malloc(n / 4 * 3 + 1);
	for (size_t i = 0; out && i < full; i++) {
		int d = digit_value(text[i]);

		if (d < 0) {
			free(out);
			return NULL;
		}
		v = v << 6 | (uint32_t)d;
		if (i % 4)
			out[k++] = (uint8_t)(v >> (6 - 2 * (i % 4)));
	}
	*len = k;
	return out;
}
