/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_SIZE_H
#define APP_SIZE_H

#include "parse.h"

/*
 * Frame sizes and the order in which they are sent. A size counts as in RFC 2544: with the 4 bytes
 * of FCS that a virtio device never sees, so that 64 means 60 bytes in the buffer.
 */
#define SIZE_FCS         4u
#define SIZE_MIN         64u
#define SIZE_MAX_FRAME   9216u
#define SIZE_PATTERN_MAX 16384u

struct sizes {
	unsigned int n;
	uint16_t *size; /* each size once */
	unsigned int pattern_len;
	uint16_t *pattern; /* indices into size, sent round and round */
};

/*
 * "64", "64,512,1518", "64-1518" (each size in turn), "imix" (64=7,570=4,1518=1),
 * "imix:64=7,570=4,1518=1", "imix:genome:aafg" (the letters of RFC 6985, in this order),
 * "random", "random:64-1518", "random:64-1518:7" (SIZE_PATTERN_MAX draws, repeatable, with seed 7).
 * Return: true; false with @why set. End with sizes_free().
 */
bool sizes_parse(const char *text, struct sizes *out, struct why *why);
void sizes_free(struct sizes *s);

unsigned int sizes_least(const struct sizes *s);
unsigned int sizes_largest(const struct sizes *s);
double sizes_mean(const struct sizes *s);

#endif
