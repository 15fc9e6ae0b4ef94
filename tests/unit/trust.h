/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UNIT_TRUST_H
#define UNIT_TRUST_H

#include <stdio.h>

#include "../../drivers/virtio/feature_bits.h"
#include "ring_rig.h"

/* Cases of what a device may write into a queue, each once for every kind of ring. */
struct kind_case {
	const struct ring_kind *kind;
	const void *c; /* the entry of the test's own table, or NULL */
	uint64_t features;
};

struct kind_list {
	struct case_list cases;
	struct kind_case of[CASES_MAX];
	char name[CASES_MAX][160];
};

/* A case without a table of its own. */
struct plain_case {
	const char *what;
	CMUnitTestFunction fn;
};

/* The test finds its struct kind_case in *state; @mode stands behind the kind in its name. */
static inline void kind_add(struct kind_list *list, const struct ring_kind *kind, const char *mode,
			    const char *what, CMUnitTestFunction fn, const void *c,
			    uint64_t features)
{
	const size_t i = list->cases.n;

	if (i == CASES_MAX)
		abort();
	list->of[i] = (struct kind_case){ kind, c, features };
	snprintf(list->name[i], sizeof(list->name[i]), "%s%s: %s", kind->what, mode, what);
	case_add(&list->cases, list->name[i], fn, &list->of[i]);
}

/* Each entry of @table, a struct with a member what. */
#define KIND_ADD_TABLE(list, kind, mode, table, fn, features) \
	for (size_t i_ = 0; i_ < ARRAY_SIZE(table); i_++) \
	kind_add(list, kind, mode, (table)[i_].what, fn, &(table)[i_], features)

/* Each entry of @table, an array of struct plain_case. */
#define KIND_ADD_PLAIN(list, kind, mode, table, features) \
	for (size_t i_ = 0; i_ < ARRAY_SIZE(table); i_++) \
	kind_add(list, kind, mode, (table)[i_].what, (table)[i_].fn, NULL, features)

/* A counter of struct vio_queue_stats by its place, for tables that name one. */
#define COUNTER(name) offsetof(struct vio_queue_stats, name)

static inline uint64_t *counter(const struct rig *rig, size_t offset)
{
	return (uint64_t *)(void *)((char *)rig->stats + offset);
}

#endif
