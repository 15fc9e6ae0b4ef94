/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"

/*
 * Every variant of the data path against every scenario, over the loop device. Each cell is a test.
 * An argument chooses the cells by a pattern: matrix '*pool*'. --quarter, where processors are
 * slow, runs a quarter of the variants: every body, and any two options in all combinations.
 */
#define VARIANTS 64

struct cell {
	const struct scenario *scenario;
	struct variant variant;
	char name[160];
};

static struct variant variant_at(unsigned int i)
{
	return (struct variant){
		.packed = i & 1,
		.in_order = i & 2,
		.mrg = i & 4,
		.event_idx = i & 8,
		.indirect = i & 16,
		.offload = i & 32,
	};
}

static bool in_quarter(const struct variant *v)
{
	return v->event_idx == (v->packed != v->mrg) && v->indirect == (v->in_order != v->offload);
}

static void name_cell(struct cell *c)
{
	const struct variant *v = &c->variant;

	snprintf(c->name, sizeof(c->name), "%s%s%s%s%s%s: %s", v->packed ? "packed" : "split",
		 v->in_order ? " in_order" : "", v->mrg ? " mrg_rxbuf" : "",
		 v->event_idx ? " event_idx" : "", v->indirect ? " indirect" : "",
		 v->offload ? " offload" : "", c->scenario->what);
}

static void run_cell(void **state)
{
	const struct cell *c = *state;

	c->scenario->run(&c->variant, c->scenario->arg);
}

int main(int argc, char **argv)
{
	struct cell *cells = calloc(n_scenarios * VARIANTS, sizeof(*cells));
	struct CMUnitTest *tests = calloc(n_scenarios * VARIANTS, sizeof(*tests));
	const bool quarter = argc > 1 && !strcmp(argv[1], "--quarter");
	size_t n = 0;
	int failed;

	if (!cells || !tests)
		return 1;
	if (argc > 1 && !quarter)
		cmocka_set_test_filter(argv[1]);
	for (size_t i = 0; i < n_scenarios * VARIANTS; i++) {
		struct cell *c = &cells[n];

		c->scenario = &scenarios[i / VARIANTS];
		c->variant = variant_at(i % VARIANTS);
		if (c->scenario->fits && !c->scenario->fits(&c->variant))
			continue;
		if (quarter && !in_quarter(&c->variant))
			continue;
		name_cell(c);
		tests[n++] = (struct CMUnitTest){ c->name, run_cell, NULL, NULL, c };
	}
	failed = _cmocka_run_group_tests("matrix", tests, n, NULL, NULL);
	free(tests);
	free(cells);
	return failed;
}
