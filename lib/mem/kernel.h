/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MEM_KERNEL_H
#define MEM_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the kernel says about its memory. @node is a NUMA node, or -1 for the whole machine. */

/* Huge pages of @page_bytes that nobody has taken or reserved; 0 where there is no such size. */
uint64_t kernel_huge_free(size_t page_bytes, int node);

/**
 * kernel_memory_left - bytes of ordinary memory to be had before the OOM killer comes
 * @limit: receives what it is that limits them, in words
 *
 * The kernel itself refuses nothing here: it promises any amount and kills somebody on touch.
 * An estimate; UINT64_MAX: nothing known.
 */
uint64_t kernel_memory_left(int node, const char **limit);

/* Whether the kernel drives an IOMMU. */
bool kernel_has_iommu(void);

/* False: there is no such node, or it has no memory of its own. */
bool kernel_node_has_memory(int node);

#endif
