/* SPDX-License-Identifier: BSD-3-Clause */
#include "slower.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Figures of one mode and direction; NULL: of all. */
struct group {
	const struct mode *mode;
	const char *move;
	struct summary ratio;
	unsigned int n, slower;
};

static bool is_slower(const struct result *one)
{
	return one->ratio.upper < 1; /* false where there is none */
}

static bool belongs(const struct group *g, const struct result *one)
{
	return !isnan(one->ratio.median) && (!g->mode || g->mode == one->mode) &&
	       (!g->move || strcmp(g->move, one->move) == 0);
}

static struct group group_of(const struct figures *f, const struct mode *mode, const char *move)
{
	struct group g = { .mode = mode, .move = move };
	double *values = calloc(f->n_results + 1, sizeof(*values));

	for (size_t i = 0; values && i < f->n_results; i++) {
		const struct result *one = &f->results[i];

		if (!belongs(&g, one))
			continue;
		values[g.n++] = one->ratio.median;
		g.slower += is_slower(one);
	}
	g.ratio = stats_summary(values, g.n);
	free(values);
	return g;
}

/* Columns: each direction, then all. */
static const char *column(int i)
{
	return i < N_TRAFFICS ? traffic_names[i] : NULL;
}

static void print_row(const struct figures *f, const struct mode *mode)
{
	printf("%-26s", mode ? mode->name : "all modes");
	for (int i = 0; i <= N_TRAFFICS; i++) {
		const struct group g = group_of(f, mode, column(i));

		if (g.n)
			printf("  %.3f %.3f..%.3f%4u/%-3u", g.ratio.median, g.ratio.lower,
			       g.ratio.upper, g.slower, g.n);
		else
			printf("%29s", "-");
	}
	printf("\n");
}

static void print_slower(const struct figures *f)
{
	const char *head = "\nSlower are, ratio with quartiles:\n";

	for (size_t i = 0; i < f->n_results; i++) {
		const struct result *one = &f->results[i];

		if (!is_slower(one))
			continue;
		printf("%s  %-26s %-9s %-5s ring %-5u burst %-3u %.3f %.3f..%.3f\n", head,
		       one->mode->name, one->move, one->mix, one->entries, one->burst,
		       one->ratio.median, one->ratio.lower, one->ratio.upper);
		head = "";
	}
}

/* Were there figures of this mode? */
static bool measured(const struct figures *f, const struct mode *mode)
{
	return group_of(f, mode, NULL).n > 0;
}

void slower_print(const struct figures *f)
{
	printf("\nThe pair in sum: median and quartiles of the ratios over rings, frames and "
	       "bursts, and how many\nfigures are slower than DPDK's beyond the spread: the upper "
	       "quartile of their ratio is below 1.\n\n%-26s",
	       "");
	for (int i = 0; i <= N_TRAFFICS; i++)
		printf("  %-21s slower", column(i) ? column(i) : "all");
	printf("\n");
	for (size_t i = 0; i < N_MODES; i++)
		if (measured(f, &modes[i]))
			print_row(f, &modes[i]);
	print_row(f, NULL);
	print_slower(f);
}

static void json_group(FILE *file, const struct group *g, const char *comma)
{
	fprintf(file,
		"%s\n\t\t{ \"mode\": \"%s\", \"move\": \"%s\", \"figures\": %u, \"slower\": %u, "
		"\"ratio\": %.4f, \"ratio_lower\": %.4f, \"ratio_upper\": %.4f, "
		"\"ratio_least\": %.4f }",
		comma, g->mode ? g->mode->name : "all", g->move ? g->move : "all", g->n, g->slower,
		g->ratio.median, g->ratio.lower, g->ratio.upper, g->ratio.least);
}

void slower_json(FILE *file, const struct figures *f)
{
	const char *comma = "";

	fprintf(file, "\t\"pair_summary\": [");
	for (size_t i = 0; i <= N_MODES; i++) /* the last one: all */
		for (int k = 0; k <= N_TRAFFICS; k++) {
			const struct group g =
				group_of(f, i < N_MODES ? &modes[i] : NULL, column(k));

			if (!g.n)
				continue;
			json_group(file, &g, comma);
			comma = ",";
		}
	fprintf(file, "%s]", *comma ? "\n\t" : "");
}
