/* SPDX-License-Identifier: BSD-3-Clause */
#include "chain.h"

bool chain_indirect(struct queue *q, uint64_t addr, uint32_t len, uint16_t flags, void **table,
		    uint32_t *n)
{
	struct vio_loop *loop = q->loop;

	if (!loop->indirect)
		return violate(loop, q, RULE_INDIRECT_REFUSED, addr);
	if (flags & DESC_NEXT)
		return violate(loop, q, RULE_INDIRECT_NEXT, flags);
	if (!len || len % sizeof(struct split_desc))
		return violate(loop, q, RULE_INDIRECT_LEN, len);
	*table = shared_at(loop, addr, len);
	if (!*table)
		return violate(loop, q, RULE_DESC_OUTSIDE, addr);
	*n = len / sizeof(struct split_desc);
	return true;
}
