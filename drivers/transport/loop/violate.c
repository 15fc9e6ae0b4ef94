/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "device.h"

static const struct {
	const char *sentence;
	bool breaks;
} rules[] = {
#define X(name, breaks, sentence) [RULE_##name] = { sentence, breaks },
	LOOP_RULES(X)
#undef X
};

/* The first violation tells most, since the others often follow from it. */
static COLD void keep_first(struct vio_loop *loop, const struct queue *q, enum rule rule,
			    uint64_t detail)
{
	char where[16] = "the device";

	if (__atomic_exchange_n(&loop->first_claimed, 1, __ATOMIC_RELAXED))
		return;
	if (q)
		snprintf(where, sizeof(where), "queue %u", q->index);
	snprintf(loop->first_text, sizeof(loop->first_text), "%s: %s; found %llu (0x%llx)", where,
		 rules[rule].sentence, (unsigned long long)detail, (unsigned long long)detail);
	/* Pairs with the acquire in vio_loop_violations(). */
	__atomic_store_n(&loop->first, loop->first_text, __ATOMIC_RELEASE);
}

bool violate(struct vio_loop *loop, struct queue *q, enum rule rule, uint64_t detail)
{
	keep_first(loop, q, rule, detail);
	__atomic_fetch_add(&loop->violations, 1, __ATOMIC_RELEASE);
	if (rules[rule].breaks && q) {
		q->broken = true;
		loop_needs_reset(loop);
	}
	return false;
}

const char *violation_first(const struct vio_loop *loop)
{
	const char *first = __atomic_load_n(&loop->first, __ATOMIC_ACQUIRE);

	return first ? first : "";
}

uint64_t vio_loop_violations(const struct vio_loop *loop, const char **first)
{
	uint64_t n = __atomic_load_n(&loop->violations, __ATOMIC_ACQUIRE);

	if (first)
		*first = __atomic_load_n(&loop->first, __ATOMIC_ACQUIRE);
	return n;
}
