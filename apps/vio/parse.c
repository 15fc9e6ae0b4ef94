/* SPDX-License-Identifier: BSD-3-Clause */
#include "parse.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool why_set(struct why *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	return false;
}

bool parse_decimal(const char **text, double *out)
{
	char digits[64];
	size_t n = strspn(*text, "0123456789.");
	char *end;

	/* strtod() alone would take "0x10", "inf" and a sign too. */
	if (!n || n >= sizeof(digits) - 8)
		return false;
	if ((*text)[n] == 'e' && isdigit((unsigned char)(*text)[n + 1]))
		n += 1 + strspn(*text + n + 1, "0123456789");
	if (n >= sizeof(digits))
		return false;
	memcpy(digits, *text, n);
	digits[n] = '\0';
	*out = strtod(digits, &end);
	*text += n;
	return !*end && isfinite(*out);
}

int parse_name(const char *text, const char *const names[], unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		if (!strcmp(text, names[i]))
			return (int)i;
	return -1;
}

static double suffix_factor(const char *suffix)
{
	static const struct {
		const char *suffix;
		double factor;
	} table[] = { { "", 1 }, { "k", 1e3 }, { "K", 1e3 }, { "M", 1e6 }, { "G", 1e9 } };

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (!strcmp(suffix, table[i].suffix))
			return table[i].factor;
	return 0;
}

bool parse_count(const char *text, uint64_t min, uint64_t max, uint64_t *out, struct why *why)
{
	const char *rest = text;
	double value, factor;

	if (!parse_decimal(&rest, &value))
		return why_set(why, "a number is wanted, such as 1000, 10k or 1.5M");
	factor = suffix_factor(rest);
	if (factor == 0)
		return why_set(why, "'%s' is no unit: a count ends in k, M, G or nothing", rest);
	value *= factor;
	if (value != floor(value))
		return why_set(why, "a whole number is wanted");
	if (value < (double)min || value > (double)max)
		return why_set(why, "the number must be from %llu to %llu", (unsigned long long)min,
			       (unsigned long long)max);
	*out = (uint64_t)value;
	return true;
}

bool parse_duration_ns(const char *text, uint64_t *out, struct why *why)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = { { "", 1e9 },   { "s", 1e9 },  { "ms", 1e6 },   { "us", 1e3 },
		      { "ns", 1e0 }, { "m", 60e9 }, { "min", 60e9 }, { "h", 3600e9 } };
	const char *rest = text;
	double value;

	if (!parse_decimal(&rest, &value))
		return why_set(why, "a duration is wanted, such as 10s, 200ms or 1m");
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(rest, units[i].unit))
			continue;
		value *= units[i].ns;
		if (value > 365 * 86400e9)
			return why_set(why, "a duration is at most a year");
		*out = (uint64_t)(value + 0.5);
		return true;
	}
	return why_set(why, "'%s' is no unit of time: ns, us, ms, s, m, h", rest);
}

bool parse_duration_least(const char *text, uint64_t least_ns, const char *otherwise, uint64_t *out,
			  struct why *why)
{
	uint64_t ns;

	if (!parse_duration_ns(text, &ns, why))
		return false;
	if (ns < least_ns)
		return why_set(why, "%s", otherwise);
	*out = ns;
	return true;
}

bool parse_mac(const char *text, uint8_t out[6], struct why *why)
{
	unsigned int b[6];
	int end = 0;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5],
		   &end) != 6 ||
	    end != 17 || text[end])
		return why_set(why, "a MAC address is wanted, such as 02:00:00:00:00:01");
	for (int i = 0; i < 6; i++)
		out[i] = (uint8_t)b[i];
	return true;
}

bool parse_percent(const char *text, double *out, struct why *why)
{
	const char *rest = text;
	double value;

	if (!parse_decimal(&rest, &value) || (*rest && strcmp(rest, "%")) || value > 100)
		return why_set(why, "a share from 0%% to 100%% is wanted");
	*out = value;
	return true;
}

static bool within(double percent, const struct percent_limits *l)
{
	if (l->open)
		return percent > l->least && percent < l->most;
	return percent >= l->least && percent <= l->most;
}

bool parse_percent_within(const char *text, const struct percent_limits *limits, double *out,
			  struct why *why)
{
	double percent;

	if (!parse_percent(text, &percent, why))
		return false;
	if (!within(percent, limits))
		return why_set(why, "%s", limits->otherwise);
	*out = percent;
	return true;
}

bool parse_range(const char **text, unsigned long min, unsigned long max, unsigned long *a,
		 unsigned long *b)
{
	char *end;

	if (!isdigit((unsigned char)**text))
		return false;
	*a = *b = strtoul(*text, &end, 10);
	if (*end == '-' && isdigit((unsigned char)end[1]))
		*b = strtoul(end + 1, &end, 10);
	*text = end;
	return *a >= min && *a <= *b && *b <= max;
}

bool parse_cpus(const char *text, struct cpu_list *out, struct why *why)
{
	struct cpu_list list = { 0 };
	unsigned long a, b;

	if (!strcmp(text, "auto")) {
		out->n = 0;
		return true;
	}
	do {
		text += list.n && *text == ',';
		if (!parse_range(&text, 0, CPUS_MAX - 1, &a, &b) || list.n + (b - a + 1) > CPUS_MAX)
			return why_set(why, "processors are wanted, such as 2-5 or 0,2,4, or auto");
		for (; a <= b; a++)
			list.cpu[list.n++] = (uint16_t)a;
	} while (*text == ',');
	if (*text)
		return why_set(why, "'%s' is not understood in a list of processors", text);
	*out = list;
	return true;
}
