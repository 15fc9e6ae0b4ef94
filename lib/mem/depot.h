/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MEM_DEPOT_H
#define MEM_DEPOT_H

#include <stdbool.h>

#include "mem.h"

/*
 * The store behind the caches: a stack of full magazines, one of empty ones, and one place for a
 * part-full magazine. All three are lock-free: a magazine moves with one compare-and-swap, and a
 * thread that is stopped anywhere keeps nobody else waiting.
 *
 * Magazines have numbers, since a number leaves room in a word for a tag against ABA; they stand in
 * blocks that come when caches are opened and go with the depot, so that reading the link of a
 * magazine which another thread has just taken is harmless.
 *
 * There are always enough of them. With b buffers and c caches at most b/64 are full; of the others
 * a cache holds three at most (two, and one on its way), the depot one that is part full. So with
 * ceil(b/64) + 1 + 3 c there is an empty one whenever a cache wants it.
 */
#define MAGAZINE_NONE       UINT32_MAX
#define MAGAZINES_PER_CACHE 3
#define MAX_CACHES          8192

struct magazine_stack {
	uint64_t top; /* tag << 32 | number */
} CACHE_ALIGNED;

struct depot {
	struct magazine **blocks; /* depot_at() */
	uint32_t magazines;       /* that exist */
	uint32_t own;             /* of these, needed without any cache */
	struct magazine_stack full, empty;
	uint32_t partial CACHE_ALIGNED; /* number, or MAGAZINE_NONE */
};

/* An empty depot with the magazines that @buffers need. Return: 0, -ENOMEM. */
int depot_init(struct depot *depot, uint32_t buffers);
void depot_fini(struct depot *depot);

/*
 * Have magazines enough for @caches; those of caches that were closed are still there. Not by two
 * threads at once. Return: 0, -ENOMEM.
 */
int depot_serve(struct depot *depot, uint32_t caches);

struct magazine *depot_at(const struct depot *depot, uint32_t number);

/* Take a full or the part-full magazine; NULL: there is no free buffer in the depot. */
struct magazine *depot_pop_buffers(struct depot *depot);
/* Take an empty magazine; NULL only where buffers have been put twice. */
struct magazine *depot_pop_empty(struct depot *depot);

void depot_push_full(struct depot *depot, struct magazine *m);
void depot_push_empty(struct depot *depot, struct magazine *m);
/* Take in a magazine with any number of buffers. */
void depot_push_any(struct depot *depot, struct magazine *m);

#endif
