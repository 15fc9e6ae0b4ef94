/* SPDX-License-Identifier: BSD-3-Clause */
#include "histfile.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hdr.h"
#include "units.h"

enum histfile_kind histfile_kind(const char *path)
{
	static const struct {
		const char *ending;
		enum histfile_kind kind;
	} kinds[] = { { ".hlog", HISTFILE_LOG }, { ".hgrm", HISTFILE_TEXT } };
	size_t len = path ? strlen(path) : 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t n = strlen(kinds[i].ending);

		if (len > n && !strcmp(path + len - n, kinds[i].ending))
			return kinds[i].kind;
	}
	return HISTFILE_NONE;
}

void histfile_log_begin(uint64_t start_ns, FILE *f)
{
	time_t s = (time_t)(start_ns / 1000000000u);
	char text[64];

	strftime(text, sizeof(text), "%a %b %d %H:%M:%S UTC %Y", gmtime(&s));
	fprintf(f,
		"#[Histogram log format version 1.3]\n"
		"#[StartTime: %.3f (seconds since epoch), %s]\n"
		"\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","
		"\"Interval_Compressed_Histogram\"\n",
		(double)start_ns / 1e9, text);
}

bool histfile_log(const struct hist *h, double from_s, double to_s, FILE *f)
{
	char *text = hdr_encode(h);

	if (!text)
		return false;
	/* Its tools show the largest value in milliseconds. */
	fprintf(f, "%.3f,%.3f,%.3f,%s\n", from_s, to_s - from_s, (double)hist_largest(h) / 1e6,
		text);
	free(text);
	return true;
}

void histfile_text(const struct hist *h, FILE *f)
{
	fprintf(f, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount",
		"1/(1-Percentile)");
	for (double p = 0; h->count; p = hist_next_percent(p)) {
		uint64_t value = hist_percentile(h, p), n = hist_count_to(h, value);

		if (n >= h->count)
			break;
		fprintf(f, "%12.3f %2.12f %10llu %14.2f\n", us(value), p / 100,
			(unsigned long long)n, 100 / (100 - p));
	}
	if (h->count)
		fprintf(f, "%12.3f %2.12f %10llu\n", us(hist_largest(h)), 1.0,
			(unsigned long long)h->count);
	fprintf(f, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n", hist_mean(h) / 1000,
		hist_deviation(h) / 1000);
	fprintf(f, "#[Max     = %12.3f, Total count    = %12llu]\n", us(hist_largest(h)),
		(unsigned long long)h->count);
	fprintf(f, "#[Buckets = %12u, SubBuckets     = %12u]\n", HIST_BUCKETS / HIST_SUB - 1,
		2 * HIST_SUB);
}
