/* SPDX-License-Identifier: BSD-3-Clause */
#include "latency_report.h"

static void print_head(void)
{
	printf("\nLatency: a 64-byte packet is sent, sent back by librte_vhost on another "
	       "processor "
	       "and received,\nthen the next one. Nanoseconds of a round trip, with getting and "
	       "giving back its buffer, by the TSC;\nratios of slices, with half of what lies "
	       "between the quartiles.\n\n%-26s%6s",
	       "", "ring");
	for (int side = 0; side < N_SIDES; side++)
		for (int i = 0; i < N_PERCENTILES; i++)
			printf("%6s%6s", i ? "" : drivers[side]->name, percentiles[i].name);
	for (int i = 0; i < N_COMPARED; i++)
		printf("%10s %-5s", "ratio", percentiles[compared[i]].name);
	printf("%8s\n", "trips");
}

static void print_row(const struct latency *one)
{
	printf("%-26s%6u", one->mode->name, one->entries);
	for (int side = 0; one->trips && side < N_SIDES; side++)
		for (int i = 0; i < N_PERCENTILES; i++)
			printf("%12.0f", one->ns[side][i]);
	for (int i = 0; one->trips && i < N_COMPARED; i++)
		printf("%9.3f ±%.3f", one->ratio[i].median, stats_spread(&one->ratio[i]));
	printf("%8u\n", one->trips);
}

void latency_print(const struct latency *results, size_t n)
{
	print_head();
	for (size_t i = 0; i < n; i++)
		print_row(&results[i]);
}

static void json_row(FILE *file, const struct latency *one)
{
	fprintf(file, "\t\t{ \"mode\": \"%s\", \"entries\": %u, \"trips\": %u", one->mode->name,
		one->entries, one->trips);
	for (int side = 0; one->trips && side < N_SIDES; side++)
		for (int i = 0; i < N_PERCENTILES; i++)
			fprintf(file, ", \"%s_%s_ns\": %.1f", drivers[side]->name,
				percentiles[i].name, one->ns[side][i]);
	for (int i = 0; one->trips && i < N_COMPARED; i++) {
		const struct summary *ratio = &one->ratio[i];
		const char *name = percentiles[compared[i]].name;

		fprintf(file,
			", \"ratio_%s\": %.4f, \"ratio_%s_lower\": %.4f, \"ratio_%s_upper\": %.4f",
			name, ratio->median, name, ratio->lower, name, ratio->upper);
	}
	fprintf(file, " }");
}

void latency_json(FILE *file, const struct latency *results, size_t n)
{
	fprintf(file, "\t\"latency\": [\n");
	for (size_t i = 0; i < n; i++) {
		json_row(file, &results[i]);
		fprintf(file, i + 1 < n ? ",\n" : "\n");
	}
	fprintf(file, "\t]");
}
