/* SPDX-License-Identifier: BSD-3-Clause */
#include "rate.h"

#include <stddef.h>
#include <string.h>

static const struct rate_suffix {
	const char *suffix;
	enum rate_unit unit;
	double factor;
} suffixes[] = {
	{ "pps", RATE_PPS, 1 },    { "kpps", RATE_PPS, 1e3 },  { "Kpps", RATE_PPS, 1e3 },
	{ "Mpps", RATE_PPS, 1e6 }, { "Gpps", RATE_PPS, 1e9 },  { "bps", RATE_BPS, 1 },
	{ "kbps", RATE_BPS, 1e3 }, { "Kbps", RATE_BPS, 1e3 },  { "Mbps", RATE_BPS, 1e6 },
	{ "Gbps", RATE_BPS, 1e9 }, { "Tbps", RATE_BPS, 1e12 },
};

bool rate_parse(const char *text, struct rate *out, struct why *why)
{
	const char *rest = text;
	double value;

	if (!strcmp(text, "max")) {
		*out = (struct rate){ .unit = RATE_MAX };
		return true;
	}
	if (!parse_decimal(&rest, &value))
		return why_set(why, "a rate is wanted, such as 10Mpps, 3.2Gbps or max");
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		if (strcmp(rest, suffixes[i].suffix))
			continue;
		value *= suffixes[i].factor;
		if (value < 1)
			return why_set(why, "the least rate is 1pps or 1bps");
		*out = (struct rate){ suffixes[i].unit, value };
		return true;
	}
	return why_set(why, "'%s' is no unit of a rate: pps, kpps, Mpps, kbps, Mbps, Gbps", rest);
}

double rate_pps(const struct rate *rate, double mean_size)
{
	if (rate->unit == RATE_MAX)
		return 0;
	return rate->unit == RATE_PPS ? rate->value : rate->value / (8 * mean_size);
}

void pacer_init(struct pacer *p, const struct rate *rate, double mean_size, uint16_t burst,
		uint64_t hz, uint64_t start)
{
	double pps = rate_pps(rate, mean_size), units, quantum;

	*p = (struct pacer){ .due = start, .burst = burst, .quantum = burst };
	p->unlimited = rate->unit == RATE_MAX;
	if (p->unlimited)
		return;
	p->per_byte = rate->unit == RATE_BPS;
	units = p->per_byte ? rate->value / 8 : rate->value;
	p->gap = (uint64_t)((double)hz / units * (double)(1 << PACER_FRAC_BITS) + 0.5);
	quantum = pps * PACER_QUANTUM_NS / 1e9 + 1e-6;
	p->quantum = quantum < 1 ? 1 : quantum > burst ? burst : (uint16_t)quantum;
	p->quantum_ticks = (uint64_t)((double)hz / pps * p->quantum);
}
