/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_HDR_H
#define APP_HDR_H

#include <stdbool.h>

#include "hist.h"

/*
 * Histograms in the form that HdrHistogram and its tools share: encoding V2, compressed with zlib,
 * in base64. Big endian:
 *
 *   cookie 0x1c849314 | bytes that follow | zlib of:
 *   cookie 0x1c849313 | bytes of counts | 0 | 3 digits | 1 (int64) | 10^10 (int64) | 1.0 (double)
 *   counts: each in zigzag LEB128 of at most 9 bytes; a negative one is a run of so many zeros
 */

/* Return: the text, which the caller frees; NULL: no memory. */
char *hdr_encode(const struct hist *h);

/*
 * Read @text into @h, which is cleared first. Sum and least value are those of the buckets.
 * Return: true; false: not in that form, damaged, or of another layout than ours; @h is undefined.
 */
bool hdr_decode(const char *text, struct hist *h);

#endif
