/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LOOP_CHAIN_H
#define LOOP_CHAIN_H

#include "shared.h"

/* The rules that both layouts share. Each function returns false if the chain is of no use. */

/* Look at an indirect descriptor; @table and its @n entries are checked to lie in the region. */
bool chain_indirect(struct queue *q, uint64_t addr, uint32_t len, uint16_t flags, void **table,
		    uint32_t *n);

/* Add a piece to the chain. */
ALWAYS_INLINE bool chain_segment(struct queue *q, struct chain *c, uint64_t addr, uint32_t len,
				 bool writable)
{
	uint8_t *p = shared_at(q->loop, addr, len);

	if (unlikely(!len))
		return violate(q->loop, q, RULE_DESC_EMPTY, addr);
	if (unlikely(!p))
		return violate(q->loop, q, RULE_DESC_OUTSIDE, addr);
	if (unlikely(!writable && c->n_write))
		return violate(q->loop, q, RULE_DESC_ORDER, c->n_write);
	if (unlikely(c->n_read + c->n_write >= q->entries))
		return violate(q->loop, q, RULE_CHAIN_LONG, c->n_read + c->n_write + 1);

	q->segs[c->seg + c->n_read + c->n_write] = (struct seg){ p, len };
	if (writable) {
		c->n_write++;
		c->write_bytes += len;
	} else {
		c->n_read++;
		c->read_bytes += len;
	}
	return true;
}

/* Is the chain one that its queue is for? */
ALWAYS_INLINE bool chain_fits_role(struct queue *q, const struct chain *c)
{
	switch (q->role) {
	case ROLE_RX:
		if (unlikely(c->n_read))
			return violate(q->loop, q, RULE_RX_READABLE, c->id);
		if (unlikely(c->write_bytes < q->loop->rx_need))
			violate(q->loop, q, RULE_RX_SMALL, c->write_bytes);
		return true;
	case ROLE_TX:
		if (unlikely(c->n_write))
			return violate(q->loop, q, RULE_TX_WRITABLE, c->id);
		return true;
	default:
		return true;
	}
}

#endif
