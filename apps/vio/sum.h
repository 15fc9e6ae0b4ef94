/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_SUM_H
#define APP_SUM_H

#include <stdbool.h>
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

/* Sum of words of 8 bytes, a carry brought round: the same modulo 0xffff. */
static inline uint64_t sum_wrap(uint64_t a, uint64_t b)
{
	uint64_t sum;
	bool carry = __builtin_add_overflow(a, b, &sum);

	return sum + carry;
}

/* The last @n bytes, fewer than 8, of what ends at @end, as a word that begins with them. */
static inline uint64_t sum_tail(const uint8_t *end, size_t n)
{
	uint64_t w;

	memcpy(&w, end - sizeof(w), sizeof(w));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return w >> (8 * (sizeof(w) - n));
#else
	return w << (8 * (sizeof(w) - n));
#endif
}

/* The next 8 bytes into a sum of words with the carries beside it. */
static inline uint64_t sum_word(uint64_t total, const uint8_t *p, uint64_t *carries)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	*carries += __builtin_add_overflow(total, w, &total);
	return total;
}

/* As sum_add(), 64 bits at a time, for at least 8 bytes; @sum is below 2^48. */
static inline uint64_t sum_words(uint64_t sum, const uint8_t *p, size_t len)
{
	const uint8_t *const end = p + len;
	uint64_t total = 0;

	for (; len >= 32; p += 32, len -= 32)
		for (unsigned int i = 0; i < 32; i += 8)
			total = sum_word(total, p + i, &sum);
	for (; len >= 8; p += 8, len -= 8)
		total = sum_word(total, p, &sum);
	if (len)
		sum += __builtin_add_overflow(total, sum_tail(end, len), &total);
	return (total & 0xffffffff) + (total >> 32) + sum;
}

/* Is @sum a multiple of 0xffff, as one is that comes with its complement? The product with the
 * inverse of 0xffff is small for multiples only. */
static inline bool sum_is_zero(uint64_t sum)
{
	return sum * UINT64_C(0xfffefffefffeffff) <= UINT64_MAX / 0xffff;
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
