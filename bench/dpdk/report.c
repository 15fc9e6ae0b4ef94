/* SPDX-License-Identifier: BSD-3-Clause */
#include "report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "latency_report.h"
#include "slower.h"

/* One way, in ns: processors that share a cache are below it, others above. */
#define FAR_NS 100

void report_note_paths(struct report_paths *paths, const struct pair *pair)
{
	for (int i = 0; i < N_SIDES; i++)
		for (int dir = RX; dir <= TX; dir++) {
			const struct side *side = &pair->sides[i];

			snprintf(paths->text[i][dir], sizeof(paths->text[i][dir]), "%s",
				 side->driver->path(side->port, dir));
		}
}

static void print_number(int width, int digits, double value)
{
	if (isnan(value))
		printf("%*s", width, "-");
	else
		printf("%*.*f", width, digits, value);
}

/* A block is the figures of one ring and direction. */
static bool same_block(const struct result *a, const struct result *b)
{
	return a->entries == b->entries && a->move == b->move && a->mix == b->mix;
}

static bool same_row(const struct result *a, const struct result *b)
{
	return same_block(a, b) && a->mode == b->mode;
}

/* Return: the figure behind the last one of the row that begins with @from. */
static size_t row_end(const struct figures *f, size_t from)
{
	size_t end = from;

	while (end < f->n_results && same_row(&f->results[from], &f->results[end]))
		end++;
	return end;
}

/* @columns are the same for each burst. */
static void print_head(const struct figures *f, size_t from, const char *title, const char *columns)
{
	printf("\n%-26s", title);
	for (size_t i = from; i < row_end(f, from); i++)
		printf("  %17s %-7u", "burst", f->results[i].burst);
	printf("\n%-26s", "");
	for (size_t i = from; i < row_end(f, from); i++)
		printf("%27s", columns);
	printf("\n");
}

static void print_row(const struct figures *f, size_t from)
{
	printf("%-26s", f->results[from].mode->name);
	for (size_t i = from; i < row_end(f, from); i++) {
		const struct result *one = &f->results[i];

		printf("  ");
		print_number(5, 1, one->value[0].median);
		print_number(6, 1, one->value[1].median);
		print_number(7, 3, one->ratio.median);
		if (isnan(one->ratio.median))
			printf("%7s", "");
		else
			printf(" ±%.3f", stats_spread(&one->ratio));
	}
	printf("\n");
}

/* The best that a driver has in the block and burst of @like, over all modes; NAN: nothing. */
static double best(const struct figures *f, const struct result *like, int side)
{
	double found = NAN;

	for (size_t i = 0; i < f->n_results; i++)
		if (same_block(like, &f->results[i]) && f->results[i].burst == like->burst)
			found = (f->more_is_better ? fmax : fmin)(found,
								  f->results[i].value[side].median);
	return found;
}

static void print_best(const struct figures *f, size_t from)
{
	printf("%-26s", "best of each");
	for (size_t i = from; i < row_end(f, from); i++) {
		const double mine = best(f, &f->results[i], 0), its = best(f, &f->results[i], 1);

		printf("  ");
		print_number(5, 1, mine);
		print_number(6, 1, its);
		print_number(7, 3, mine / its);
		printf("%7s", "");
	}
	printf("\n");
}

static void print_percent(int width, double part)
{
	print_number(width - 1, 0, part * 100);
	printf("%c", isnan(part) ? ' ' : '%');
}

static void print_work(const struct figures *f, size_t from)
{
	printf("%-26s", f->results[from].mode->name);
	for (size_t i = from; i < row_end(f, from); i++) {
		const struct result *one = &f->results[i];

		print_number(8, 1, one->work[0].median);
		print_number(7, 1, one->work[1].median);
		print_percent(7, one->left[0].median);
		print_percent(5, one->left[1].median);
	}
	printf("\n");
}

/* The rows of the block that begins with @first, which lie apart in the results. */
static void print_rows(const struct figures *f, size_t first,
		       void (*print)(const struct figures *f, size_t from))
{
	for (size_t i = first; i < f->n_results; i = row_end(f, i))
		if (same_block(&f->results[first], &f->results[i]))
			print(f, i);
}

static void print_block(const struct figures *f, size_t first)
{
	const struct result *like = &f->results[first];
	char title[64];

	snprintf(title, sizeof(title), "%s %s, ring %u", like->move, like->mix, like->entries);
	print_head(f, first, title, "vio  DPDK         ratio");
	print_rows(f, first, print_row);
	print_best(f, first);
	if (!f->has_work)
		return;
	print_head(f, first, "  cycles, and what is left", "vio   DPDK    vio DPDK");
	print_rows(f, first, print_work);
}

static bool seen(const struct figures *f, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (same_block(&f->results[i], &f->results[at]))
			return true;
	return false;
}

static void print_paths(const struct report *r)
{
	printf("\n%-26s%-34s%-34s%-30s%s\n", "what each driver chose", "vio receive",
	       "vio transmit", "DPDK receive", "DPDK transmit");
	for (size_t i = 0; i < N_MODES; i++) {
		const struct report_paths *p = &r->paths[i];

		if (!p->wanted)
			continue;
		if (p->lacks)
			printf("%-26snot measured: %s\n", modes[i].name, p->lacks);
		else
			printf("%-26s%-34s%-34s%-30s%s\n", modes[i].name, p->text[0][RX],
			       p->text[0][TX], p->text[1][RX], p->text[1][TX]);
	}
}

/* The fewest pairs of slices that any figure rests on; those that DPDK can't give do not count. */
static unsigned int least_kept(const struct report *r)
{
	const struct figures *all[] = { &r->alone, &r->pair };
	unsigned int least = r->effort.rounds;

	for (int k = 0; k < 2; k++)
		for (size_t i = 0; i < all[k]->n_results; i++)
			if (all[k]->results[i].kept && all[k]->results[i].kept < least)
				least = all[k]->results[i].kept;
	return least;
}

static void print_cores(const struct report *r)
{
	if (r->cores.other < 0)
		printf("Processor %d, and no other one.\n", r->core);
	else if (r->cores.one_way_ns == 0)
		printf("Processor %d; %d was too busy to tell how far away it is.\n", r->core,
		       r->cores.other);
	else
		printf("Processor %d; %d is %s: a cache line takes %.0f ns one way.\n", r->core,
		       r->cores.other, r->cores.one_way_ns < FAR_NS ? "close" : "far",
		       r->cores.one_way_ns);
}

static void print_figures(const struct figures *f)
{
	for (size_t i = 0; i < f->n_results; i = row_end(f, i))
		if (!seen(f, i))
			print_block(f, i);
}

void report_print(const struct report *r)
{
	printf("Medians; ratio of vio to DPDK with half of what lies between its quartiles.\n");
	if (r->alone.n_results)
		printf("\nThe driver alone: TSC cycles per packet in the burst calls, %d-byte "
		       "frames, the\n"
		       "device turns descriptors round in the same thread and copies nothing.\n",
		       FRAME_BYTES);
	print_figures(&r->alone);
	if (r->pair.n_results)
		printf("\nThe pair: million packets per second, librte_vhost on another processor "
		       "copies each;\nthen TSC cycles per packet in the driver's calls that moved "
		       "some, and which part of all\ncycles that leaves to the application: polls "
		       "of an empty ring, pushes at a full one and\nthe handling of buffers are in "
		       "it. Calls are timed in slices of their own, half as long,\nwith lfence and "
		       "rdtsc on both sides for both drivers, what these take subtracted.\nLengths "
		       "of frames count the 4 bytes of checksum that a wire "
		       "would add.\n");
	print_figures(&r->pair);
	if (r->pair.n_results)
		slower_print(&r->pair);
	if (r->n_latencies)
		latency_print(r->latencies, r->n_latencies);
	print_paths(r);
	printf("\n%u pairs of slices of %u us in random order; no figure rests on fewer than %u.\n",
	       r->effort.rounds, r->effort.slice_us, least_kept(r));
	for (int i = 0; i < N_SIDES; i++)
		printf("%s: %s.\n", drivers[i]->name, drivers[i]->settings());
	print_cores(r);
}

static void json_number(FILE *file, const char *name, double value)
{
	if (isnan(value))
		fprintf(file, ", \"%s\": null", name);
	else
		fprintf(file, ", \"%s\": %.4f", name, value);
}

static void json_work(FILE *file, const struct result *one)
{
	char name[32];

	for (int i = 0; i < N_SIDES; i++) {
		snprintf(name, sizeof(name), "%s_cycles", drivers[i]->name);
		json_number(file, name, one->work[i].median);
		snprintf(name, sizeof(name), "%s_cycles_spread", drivers[i]->name);
		json_number(file, name, stats_spread(&one->work[i]));
		snprintf(name, sizeof(name), "%s_left", drivers[i]->name);
		json_number(file, name, one->left[i].median);
		snprintf(name, sizeof(name), "%s_left_spread", drivers[i]->name);
		json_number(file, name, stats_spread(&one->left[i]));
	}
}

static void json_result(FILE *file, const struct figures *f, const struct result *one)
{
	char name[32];

	fprintf(file, "\t\t{ \"mode\": \"%s\", \"move\": \"%s\", \"frames\": \"%s\", ",
		one->mode->name, one->move, one->mix);
	fprintf(file, "\"entries\": %u, \"burst\": %u, \"kept\": %u", one->entries, one->burst,
		one->kept);
	for (int i = 0; i < N_SIDES; i++) {
		snprintf(name, sizeof(name), "%s_%s", drivers[i]->name, f->unit);
		json_number(file, name, one->value[i].median);
		snprintf(name, sizeof(name), "%s_spread", drivers[i]->name);
		json_number(file, name, stats_spread(&one->value[i]));
		snprintf(name, sizeof(name), "%s_least", drivers[i]->name);
		json_number(file, name, one->value[i].least);
	}
	if (f->has_work)
		json_work(file, one);
	json_number(file, "ratio", one->ratio.median);
	json_number(file, "ratio_lower", one->ratio.lower);
	json_number(file, "ratio_upper", one->ratio.upper);
	json_number(file, "ratio_spread", stats_spread(&one->ratio));
	fprintf(file, " }");
}

static void json_figures(FILE *file, const struct figures *f)
{
	fprintf(file, "\t\"%s\": [\n", f->name);
	for (size_t i = 0; i < f->n_results; i++) {
		json_result(file, f, &f->results[i]);
		fprintf(file, i + 1 < f->n_results ? ",\n" : "\n");
	}
	fprintf(file, "\t]");
}

static void json_paths(FILE *file, const struct report *r)
{
	const char *comma = "";

	fprintf(file, "\t\"paths\": {");
	for (size_t i = 0; i < N_MODES; i++) {
		const struct report_paths *p = &r->paths[i];

		if (!p->wanted || p->lacks)
			continue;
		fprintf(file, "%s\n\t\t\"%s\": [ \"%s\", \"%s\", \"%s\", \"%s\" ]", comma,
			modes[i].name, p->text[0][RX], p->text[0][TX], p->text[1][RX],
			p->text[1][TX]);
		comma = ",";
	}
	fprintf(file, "\n\t},\n");
}

static void json_missing(FILE *file, const struct report *r)
{
	const char *comma = "";

	fprintf(file, "\t\"missing\": {");
	for (size_t i = 0; i < N_MODES; i++)
		if (r->paths[i].lacks) {
			fprintf(file, "%s \"%s\": \"%s\"", comma, modes[i].name, r->paths[i].lacks);
			comma = ",";
		}
	fprintf(file, " },\n");
}

int report_json(const struct report *r, const char *path)
{
	FILE *file = fopen(path, "we");
	bool good;

	if (!file) {
		perror(path);
		return -1;
	}
	fprintf(file, "{\n\t\"frame_bytes\": %d,\n\t\"rounds\": %u,\n\t\"slice_us\": %u,\n",
		FRAME_BYTES, r->effort.rounds, r->effort.slice_us);
	fprintf(file, "\t\"core\": %d,\n\t\"other_core\": %d,\n\t\"one_way_ns\": %.1f,\n", r->core,
		r->cores.other, r->cores.one_way_ns);
	for (int i = 0; i < N_SIDES; i++)
		fprintf(file, "\t\"%s\": \"%s\",\n", drivers[i]->name, drivers[i]->settings());
	json_missing(file, r);
	json_paths(file, r);
	json_figures(file, &r->alone);
	fprintf(file, ",\n");
	json_figures(file, &r->pair);
	fprintf(file, ",\n");
	slower_json(file, &r->pair);
	fprintf(file, ",\n");
	latency_json(file, r->latencies, r->n_latencies);
	fprintf(file, "\n}\n");
	good = !ferror(file);
	if (fclose(file) == 0 && good)
		return 0;
	perror(path);
	return -1;
}
