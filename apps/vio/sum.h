/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_SUM_H
#define APP_SUM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * The Internet checksum (RFC 1071) in the machine's own byte order: words are added as they lie in
 * memory, and the folded sum is stored as it is. Adding 32 bits at a time into 64 cannot overflow
 * for anything that fits a frame.
 */

/* @sum and the words of @len bytes; data that is added piecewise must split at even offsets. */
static inline uint64_t sum_add(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t w;
	uint16_t h;

	for (; len >= sizeof(w); p += sizeof(w), len -= sizeof(w)) {
		memcpy(&w, p, sizeof(w));
		sum += w;
	}
	if (len >= sizeof(h)) {
		memcpy(&h, p, sizeof(h));
		sum += h;
		p += sizeof(h);
		len -= sizeof(h);
	}
	if (len) {
		h = 0;
		memcpy(&h, p, 1);
		sum += h;
	}
	return sum;
}

/* @sum brought into 16 bits; not yet complemented. */
static inline uint16_t sum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)(sum + (sum >> 16));
}

/* The same for a sum below 2^31, such as a few folded ones. */
static inline uint16_t sum_fold_small(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)(sum + (sum >> 16));
}

/*
 * The checksum field for @sum, below 2^31. @zero is what stands for 0: with UDP 0xffff, since 0
 * means that there is none (RFC 768); with others 0, and Wireshark takes 0xffff for wrong.
 */
static inline uint16_t sum_close(uint32_t sum, uint16_t zero)
{
	uint16_t folded = sum_fold_small(sum);

	return folded == 0xffff ? zero : (uint16_t)~folded;
}

#endif
