/* SPDX-License-Identifier: BSD-3-Clause */
#include "rate.h"

#include <stddef.h>
#include <string.h>

#define PACING_BURST_MAX  (1u << 20)
#define PACING_PERIOD_MAX (UINT64_C(3600) * 1000000000)
#define PACING_PERIOD_MIN UINT64_C(1000)

static const struct rate_suffix {
	const char *suffix;
	enum rate_unit unit;
	double factor;
} suffixes[] = {
	{ "pps", RATE_PPS, 1 },          { "kpps", RATE_PPS, 1e3 },
	{ "Kpps", RATE_PPS, 1e3 },       { "Mpps", RATE_PPS, 1e6 },
	{ "Gpps", RATE_PPS, 1e9 },       { "bps", RATE_BPS, 1 },
	{ "kbps", RATE_BPS, 1e3 },       { "Kbps", RATE_BPS, 1e3 },
	{ "Mbps", RATE_BPS, 1e6 },       { "Gbps", RATE_BPS, 1e9 },
	{ "Tbps", RATE_BPS, 1e12 },      { "bpsL1", RATE_BPS_L1, 1 },
	{ "kbpsL1", RATE_BPS_L1, 1e3 },  { "KbpsL1", RATE_BPS_L1, 1e3 },
	{ "MbpsL1", RATE_BPS_L1, 1e6 },  { "GbpsL1", RATE_BPS_L1, 1e9 },
	{ "TbpsL1", RATE_BPS_L1, 1e12 }, { "%", RATE_PERCENT, 1 },
};

/* A number with a unit. */
static bool read_rate(const char *text, struct rate *out, struct why *why)
{
	const char *rest = text;
	double value;

	if (!parse_decimal(&rest, &value))
		return why_set(why, "a rate is wanted, such as 10Mpps, 3.2Gbps, 50%%, max or "
				    "ramp:1Mpps-20Mpps/10s");
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		if (strcmp(rest, suffixes[i].suffix))
			continue;
		value *= suffixes[i].factor;
		if (suffixes[i].unit == RATE_PERCENT && (value <= 0 || value > 100))
			return why_set(why, "a share of the line rate is above 0%% and at most "
					    "100%%");
		if (suffixes[i].unit != RATE_PERCENT && value < 1)
			return why_set(why, "the least rate is 1pps or 1bps");
		*out = (struct rate){ .unit = suffixes[i].unit, .value = value };
		return true;
	}
	return why_set(why,
		       "'%s' is no unit of a rate: pps, kpps, Mpps, kbps, Mbps, Gbps, GbpsL1, %%",
		       rest);
}

/* What stands behind "ramp:". */
static bool read_ramp(const char *text, struct rate *out, struct why *why)
{
	char copy[96];
	struct rate first, last;
	char *to, *time;
	uint64_t ns;

	if (strlen(text) >= sizeof(copy))
		return why_set(why, "the text is too long for a ramp");
	strcpy(copy, text);
	to = strchr(copy, '-');
	time = strchr(copy, '/');
	if (!to || !time || time < to)
		return why_set(why,
			       "a ramp is written ramp:FROM-TO/TIME, as ramp:1Mpps-20Mpps/10s");
	*to++ = '\0';
	*time++ = '\0';
	if (!read_rate(copy, &first, why) || !read_rate(to, &last, why) ||
	    !parse_duration_ns(time, &ns, why))
		return false;
	if (first.unit != last.unit)
		return why_set(why, "both ends of a ramp are packets, or both bits of one layer");
	if (!ns)
		return why_set(why, "a ramp takes some time");
	first.last = last.value;
	first.ramp_ns = ns;
	*out = first;
	return true;
}

bool rate_parse(const char *text, struct rate *out, struct why *why)
{
	static const char ramp[] = "ramp:";

	if (!strcmp(text, "max")) {
		*out = (struct rate){ .unit = RATE_MAX };
		return true;
	}
	if (!strncmp(text, ramp, strlen(ramp)))
		return read_ramp(text + strlen(ramp), out, why);
	return read_rate(text, out, why);
}

bool rate_parse_line(const char *text, double *out, struct why *why)
{
	static const struct {
		const char *suffix;
		double factor;
	} units[] = { { "M", 1e6 }, { "Mbps", 1e6 }, { "G", 1e9 }, { "Gbps", 1e9 }, { "T", 1e12 } };
	const char *rest = text;
	double value;

	if (parse_decimal(&rest, &value) && value > 0)
		for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
			if (!strcmp(rest, units[i].suffix)) {
				*out = value * units[i].factor;
				return true;
			}
	return why_set(why, "a line rate in bits per second is wanted, such as 10G, 2.5G or 100M");
}

bool rate_resolve(struct rate *rate, double line_bps, bool count_l1, struct why *why)
{
	if (rate->unit == RATE_PERCENT) {
		if (line_bps <= 0)
			return why_set(why, "a percentage is of the line rate, which only "
					    "--line-rate tells");
		*rate = rate_scaled(rate, line_bps / 100);
		rate->unit = RATE_BPS_L1;
	} else if (rate->unit == RATE_BPS && count_l1) {
		rate->unit = RATE_BPS_L1;
	}
	return true;
}

struct rate rate_scaled(const struct rate *rate, double share)
{
	struct rate r = *rate;

	r.value *= share;
	r.last *= share;
	return r;
}

double rate_value_pps(const struct rate *rate, double value, double mean_size)
{
	if (rate->unit == RATE_PPS)
		return value;
	return value / (8 * (mean_size + (rate->unit == RATE_BPS_L1 ? RATE_L1_BYTES : 0)));
}

double rate_pps(const struct rate *rate, double mean_size)
{
	return rate->unit == RATE_MAX ? 0 : rate_value_pps(rate, rate->value, mean_size);
}

static bool read_burst(const char *text, struct pacing *p, struct why *why)
{
	return parse_count(text, 1, PACING_BURST_MAX, &p->burst, why);
}

static bool read_seed(const char *text, struct pacing *p, struct why *why)
{
	return parse_count(text, 0, UINT32_MAX, &p->seed, why);
}

static bool read_onoff(const char *text, struct pacing *p, struct why *why)
{
	char on[64];
	const char *mark = strchr(text, '/');

	if (!mark || (size_t)(mark - text) >= sizeof(on))
		return why_set(why, "two durations are wanted, as onoff:10ms/90ms");
	memcpy(on, text, (size_t)(mark - text));
	on[mark - text] = '\0';
	if (!parse_duration_ns(on, &p->on_ns, why) || !parse_duration_ns(mark + 1, &p->off_ns, why))
		return false;
	if (p->on_ns < PACING_PERIOD_MIN || p->on_ns > PACING_PERIOD_MAX ||
	    p->off_ns > PACING_PERIOD_MAX)
		return why_set(why, "ON takes from 1us to 1h, OFF at most 1h");
	return true;
}

bool pacing_parse(const char *text, struct pacing *out, struct why *why)
{
	static const struct {
		const char *name;
		enum pacing_kind kind;
		bool bare; /* without ":VALUE" */
		bool (*read)(const char *text, struct pacing *p, struct why *why);
	} kinds[] = { { "smooth", PACING_SMOOTH, true, NULL },
		      { "burst", PACING_BURST, false, read_burst },
		      { "poisson", PACING_POISSON, true, read_seed },
		      { "onoff", PACING_ONOFF, false, read_onoff } };
	size_t len = strcspn(text, ":");

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct pacing p = { .kind = kinds[i].kind, .seed = 1 };

		if (strlen(kinds[i].name) != len || strncmp(text, kinds[i].name, len))
			continue;
		if (text[len] ? !kinds[i].read : !kinds[i].bare)
			break;
		if (text[len] && !kinds[i].read(text + len + 1, &p, why))
			return false;
		*out = p;
		return true;
	}
	return why_set(why, "smooth, burst:N, poisson, poisson:SEED or onoff:ON/OFF is wanted");
}
