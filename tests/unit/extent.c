/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../lib/mem/extent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/base/compiler.h"
#include "sentence.h"

#define RANGE  4096
#define PIECES 64
#define ROUNDS 20000

/* The model: which piece each byte belongs to; 0: free. */
struct model {
	uint8_t owner[RANGE];
	size_t off[PIECES + 1], len[PIECES + 1];
};

static size_t model_first_fit(const struct model *m, uintptr_t base, size_t len, size_t align)
{
	for (size_t off = 0, run; off + len <= RANGE; off++) {
		if ((base + off) & (align - 1))
			continue;
		for (run = 0; run < len && !m->owner[off + run]; run++)
			;
		if (run == len)
			return off;
	}
	return SIZE_MAX;
}

static void check_list(const struct extent *e, const struct model *m)
{
	size_t off = 0;
	bool was_free = false;

	for (; e; e = e->next) {
		assert_int_equal(e->off, off);
		assert_true(e->len > 0);
		assert_false(was_free && !e->used);
		assert_int_equal(e->used, m->owner[off] > 0);
		was_free = !e->used;
		off += e->len;
	}
	assert_int_equal(off, RANGE);
}

static void take_one(struct extent *list, struct model *m, uint8_t piece, uintptr_t base)
{
	size_t len = 1 + (size_t)rand() % 400, align = (size_t)1 << rand() % 9;
	size_t want = model_first_fit(m, base, len, align), off;
	int rc = extent_take(list, base, len, align, &off);

	assert_int_equal(rc, want == SIZE_MAX ? -ENOSPC : 0);
	if (rc < 0)
		return;
	assert_int_equal(off, want);
	memset(m->owner + off, piece, len);
	m->off[piece] = off;
	m->len[piece] = len;
}

static void give_one(struct extent *list, struct model *m, uint8_t piece)
{
	assert_int_equal(extent_give(list, m->off[piece]), m->len[piece]);
	memset(m->owner + m->off[piece], 0, m->len[piece]);
	m->len[piece] = 0;
}

static void random_against_model(void **state)
{
	const uintptr_t base = 0x12340 + 0x40;
	struct extent *list = extent_list(RANGE);
	struct model *m = calloc(1, sizeof(*m));

	(void)state;
	srand(1);
	for (int i = 0; i < ROUNDS; i++) {
		uint8_t piece = (uint8_t)(1 + rand() % PIECES);

		if (m->len[piece])
			give_one(list, m, piece);
		else
			take_one(list, m, piece, base);
		if (i % 16 == 0)
			check_list(list, m);
	}
	for (uint8_t piece = 1; piece <= PIECES; piece++)
		if (m->len[piece])
			give_one(list, m, piece);
	assert_null(list->next);
	assert_int_equal(extent_largest(list), RANGE);
	extent_list_free(list);
	free(m);
}

static void give_of_nothing(void **state)
{
	struct extent *list = extent_list(RANGE);
	size_t off;

	(void)state;
	assert_int_equal(extent_take(list, 0, 100, 1, &off), 0);
	assert_int_equal(extent_give(list, 1), 0);
	assert_int_equal(extent_give(list, 100), 0);
	assert_int_equal(extent_give(list, RANGE), 0);
	assert_int_equal(extent_give(list, 0), 100);
	assert_int_equal(extent_give(list, 0), 0);
	extent_list_free(list);
}

static void whole_range(void **state)
{
	struct extent *list = extent_list(RANGE);
	size_t off;

	(void)state;
	assert_int_equal(extent_take(list, 0, RANGE + 1, 1, &off), -ENOSPC);
	assert_int_equal(extent_take(list, 0, RANGE, 64, &off), 0);
	assert_int_equal(extent_largest(list), 0);
	assert_int_equal(extent_take(list, 0, 1, 1, &off), -ENOSPC);
	assert_int_equal(extent_give(list, 0), RANGE);
	extent_list_free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT("takes and gives in random order agree with a map of every byte",
		     random_against_model),
		UNIT("what was not taken can't be given back", give_of_nothing),
		UNIT("the whole range can be taken and given back", whole_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
