/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../cases.h"

#include <string.h>

#include "../../../apps/vio/parse.h"

/* One table for all parsers of single values: the text, and the value as a number; -1: refused. */
#define REFUSED (-1.0)

typedef double (*parse_fn)(const char *text, struct why *why);

static double count(const char *text, struct why *why)
{
	uint64_t v;

	return parse_count(text, 1, 1000000000000u, &v, why) ? (double)v : REFUSED;
}

static double duration(const char *text, struct why *why)
{
	uint64_t v;

	return parse_duration_ns(text, &v, why) ? (double)v : REFUSED;
}

static double half_second(const char *text, struct why *why)
{
	uint64_t v;

	return parse_duration_least(text, 500000000, "too short", &v, why) ? (double)v : REFUSED;
}

static double mac(const char *text, struct why *why)
{
	uint8_t m[6];

	return parse_mac(text, m, why) ? m[0] * 256 + m[5] : REFUSED;
}

static double percent(const char *text, struct why *why)
{
	double v;

	return parse_percent(text, &v, why) ? v : REFUSED;
}

static double from_1_to_50(const char *text, struct why *why)
{
	const struct percent_limits limits = { 1, 50, false, "too little or too much" };
	double v;

	return parse_percent_within(text, &limits, &v, why) ? v : REFUSED;
}

static double between_0_and_100(const char *text, struct why *why)
{
	const struct percent_limits limits = { 0, 100, true, "none or all" };
	double v;

	return parse_percent_within(text, &limits, &v, why) ? v : REFUSED;
}

static double cpus(const char *text, struct why *why)
{
	struct cpu_list l = { 0 };

	return parse_cpus(text, &l, why) ? l.n * 10000 + (l.n ? l.cpu[l.n - 1] : 0) : REFUSED;
}

static double name(const char *text, struct why *why)
{
	static const char *const names[] = { "io", "mac", "macswap" };
	int i = parse_name(text, names, 3);

	if (i < 0)
		why_set(why, "no such name");
	return i < 0 ? REFUSED : i;
}

static const struct parse_case {
	const char *what;
	parse_fn fn;
	const char *text;
	double want;
} cases[] = {
	{ "a plain count", count, "1000", 1000 },
	{ "a count in thousands", count, "10k", 10000 },
	{ "a count with a fraction of millions", count, "1.5M", 1500000 },
	{ "a count with exponent", count, "1e9", 1e9 },
	{ "half a packet", count, "0.5", REFUSED },
	{ "a count of zero where one is needed", count, "0", REFUSED },
	{ "a count beyond the limit", count, "1e13", REFUSED },
	{ "a negative count", count, "-5", REFUSED },
	{ "a count with an unknown unit", count, "5x", REFUSED },
	{ "an empty count", count, "", REFUSED },
	{ "a count that overflows a double", count, "1e999", REFUSED },
	{ "the first of some names", name, "io", 0 },
	{ "a name that another one begins with", name, "mac", 1 },
	{ "the last of some names", name, "macswap", 2 },
	{ "the beginning of a name", name, "m", REFUSED },
	{ "a name that is none of them", name, "macs", REFUSED },
	{ "no name", name, "", REFUSED },
	{ "seconds", duration, "10s", 1e10 },
	{ "bare seconds", duration, "10", 1e10 },
	{ "fractions of seconds", duration, "0.25s", 25e7 },
	{ "milliseconds", duration, "200ms", 2e8 },
	{ "microseconds", duration, "50us", 50000 },
	{ "minutes", duration, "2m", 120e9 },
	{ "no time at all", duration, "0", 0 },
	{ "an unknown unit of time", duration, "3d", REFUSED },
	{ "a negative time", duration, "-1s", REFUSED },
	{ "more than a year", duration, "9000h", REFUSED },
	{ "the least duration that is taken", half_second, "500ms", 5e8 },
	{ "a longer duration", half_second, "1m", 60e9 },
	{ "too short a duration", half_second, "499999999ns", REFUSED },
	{ "an unknown unit where there is a least duration", half_second, "3d", REFUSED },
	{ "a MAC address", mac, "02:00:00:00:00:0a", 2 * 256 + 10 },
	{ "a MAC address in capitals", mac, "FE:00:00:00:00:FF", 254 * 256 + 255 },
	{ "a MAC address that is too short", mac, "02:00:00:00:00", REFUSED },
	{ "a MAC address that is too long", mac, "02:00:00:00:00:01:02", REFUSED },
	{ "a MAC address without zeros", mac, "2:0:0:0:0:1", REFUSED },
	{ "a percentage", percent, "0.5%", 0.5 },
	{ "a percentage without sign", percent, "100", 100 },
	{ "more than all", percent, "101%", REFUSED },
	{ "the least percentage that is taken", from_1_to_50, "1%", 1 },
	{ "the largest percentage that is taken", from_1_to_50, "50", 50 },
	{ "too small a percentage", from_1_to_50, "0.999%", REFUSED },
	{ "too large a percentage", from_1_to_50, "50.001%", REFUSED },
	{ "more than all where there are limits", from_1_to_50, "101%", REFUSED },
	{ "a percentage between open limits", between_0_and_100, "0.01%", 0.01 },
	{ "the lower one of open limits", between_0_and_100, "0%", REFUSED },
	{ "the upper one of open limits", between_0_and_100, "100%", REFUSED },
	{ "one processor", cpus, "3", 10003 },
	{ "a range of processors", cpus, "2-5", 40005 },
	{ "a list of processors", cpus, "0,2,4-7", 60007 },
	{ "processors as the tool likes", cpus, "auto", 0 },
	{ "a list that ends in a comma", cpus, "1,", REFUSED },
	{ "a list that begins with a comma", cpus, ",1", REFUSED },
	{ "a processor beyond all", cpus, "1024", REFUSED },
	{ "text behind processors", cpus, "1x", REFUSED },
};

static void test_case(void **state)
{
	const struct parse_case *c = *state;
	struct why why = { "" };
	double got = c->fn(c->text, &why);

	assert_float_equal(got, c->want, 1e-6);
	assert_int_equal(why.text[0] != 0, c->want == REFUSED);
}

int main(void)
{
	struct case_list list = { 0 };

	CASES_ADD(&list, cases, test_case);
	return case_run("parse", &list);
}
