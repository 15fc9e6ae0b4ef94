/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MEM_CONTIGUOUS_H
#define MEM_CONTIGUOUS_H

#include "mapping.h"

/**
 * contiguous_populate - have pages that follow each other in physical memory
 * @m: file and mapping, huge pages, none of them there yet
 * @want: what it is to be
 *
 * The kernel gives huge pages out in any order, so more are taken than wanted, for a moment up to
 * all that are free; those that follow each other are moved over one by one, the others go back.
 *
 * Return: 0, or a negative errno without an error set: -EADDRNOTAVAIL no run of free pages is long
 * enough, -EPERM this process may not know physical addresses, -ENOMEM too few free pages.
 */
int contiguous_populate(const struct mapping *m, const struct mapping_want *want);

#endif
