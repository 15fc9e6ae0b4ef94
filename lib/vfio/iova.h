/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VFIO_IOVA_H
#define VFIO_IOVA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Which addresses a device may be given: ranges that the IOMMU can translate, without the holes in
 * them (the window of message interrupts, memory that firmware keeps). Sums of addresses never
 * overflow: a range is its first and its last byte.
 */
struct iova_range {
	uint64_t first, last;
};

#define IOVA_RANGES_MAX 64

/* In order of address, no two overlap. */
struct iova_set {
	unsigned int n;
	struct iova_range range[IOVA_RANGES_MAX];
};

/* Add a range behind those that are there; one that is malformed, out of order or too many is left
 * out: fewer addresses are usable then. */
void iova_set_add(struct iova_set *set, uint64_t first, uint64_t last);

/* Take [@first, @last] out. */
void iova_set_cut(struct iova_set *set, uint64_t first, uint64_t last);

/* Whether one range has all of [@first, @first + @bytes). */
bool iova_set_has(const struct iova_set *set, uint64_t first, uint64_t bytes);

/**
 * iova_set_find - lowest place for @bytes
 * @align: a power of two
 * @limit: highest address allowed
 * @at: receives the first address, never 0, which drivers and devices take for "none"
 *
 * Return: true; false: there is none.
 */
bool iova_set_find(const struct iova_set *set, uint64_t bytes, uint64_t align, uint64_t limit,
		   uint64_t *at);

/* Addresses in the largest range, for errors. */
uint64_t iova_set_largest(const struct iova_set *set);

#endif
