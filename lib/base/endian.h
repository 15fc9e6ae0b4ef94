/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BASE_ENDIAN_H
#define BASE_ENDIAN_H

#include <stdint.h>

/* Little-endian words as they lie in memory that a device shares; never used as numbers without the
 * functions below. */
typedef uint16_t le16;
typedef uint32_t le32;
typedef uint64_t le64;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define SWAP_IF_BIG(bits, v) (v)
#else
#define SWAP_IF_BIG(bits, v) __builtin_bswap##bits(v)
#endif

static inline le16 le16_from(uint16_t v)
{
	return SWAP_IF_BIG(16, v);
}
static inline le32 le32_from(uint32_t v)
{
	return SWAP_IF_BIG(32, v);
}
static inline le64 le64_from(uint64_t v)
{
	return SWAP_IF_BIG(64, v);
}
static inline uint16_t le16_to(le16 v)
{
	return SWAP_IF_BIG(16, v);
}
static inline uint32_t le32_to(le32 v)
{
	return SWAP_IF_BIG(32, v);
}
static inline uint64_t le64_to(le64 v)
{
	return SWAP_IF_BIG(64, v);
}

#endif
