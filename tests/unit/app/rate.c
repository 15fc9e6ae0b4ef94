/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../cases.h"

#include <string.h>

#include "../../../apps/vio/rate.h"

static const struct rate_case {
	const char *what, *text;
	enum rate_unit unit;
	double value;
} good[] = {
	{ "packets", "1000pps", RATE_PPS, 1e3 },
	{ "thousands of packets", "250kpps", RATE_PPS, 250e3 },
	{ "millions of packets", "10Mpps", RATE_PPS, 10e6 },
	{ "a fraction", "0.5Mpps", RATE_PPS, 5e5 },
	{ "an exponent", "1e6pps", RATE_PPS, 1e6 },
	{ "bits", "3.2Gbps", RATE_BPS, 3.2e9 },
	{ "megabits", "100Mbps", RATE_BPS, 1e8 },
	{ "as fast as can be", "max", RATE_MAX, 0 },
	{ "bits of layer 1", "3.2GbpsL1", RATE_BPS_L1, 3.2e9 },
	{ "a share of the line rate", "12.5%", RATE_PERCENT, 12.5 },
};

static const struct {
	const char *what, *text;
} bad[] = {
	{ "a number without unit", "1000" },
	{ "an unknown unit", "10Mpackets" },
	{ "a negative rate", "-1pps" },
	{ "no rate at all", "0pps" },
	{ "a unit without number", "Mpps" },
	{ "infinity", "infpps" },
	{ "a hexadecimal number", "0x10pps" },
	{ "nothing is no rate", "" },
	{ "two points", "1.2.3pps" },
	{ "text behind the unit", "1ppsx" },
	{ "more than the line", "101%" },
	{ "nothing of the line", "0%" },
	{ "packets of layer 1", "1MppsL1" },
	{ "a ramp without time", "ramp:1pps-2pps" },
	{ "a ramp without end", "ramp:1pps/1s" },
	{ "a ramp in no time", "ramp:1pps-2pps/0s" },
	{ "a ramp of two units", "ramp:1pps-2bps/1s" },
	{ "a ramp of max", "ramp:1pps-max/1s" },
	{ "a ramp from nothing", "ramp:0pps-9pps/1s" },
	{ "an empty ramp", "ramp:" },
};

static void test_good(void **state)
{
	const struct rate_case *c = *state;
	struct rate r;
	struct why why;

	assert_true(rate_parse(c->text, &r, &why));
	assert_int_equal(r.unit, c->unit);
	assert_float_equal(r.value, c->value, 1e-6);
}

static void test_bad(void **state)
{
	const char *text = ((const char *const *)*state)[1];
	struct rate r;
	struct why why = { "" };

	assert_false(rate_parse(text, &r, &why));
	assert_true(why.text[0]);
}

/* "ramp:..." */
static const struct ramp_case {
	const char *what, *text;
	enum rate_unit unit;
	double from, to;
	uint64_t ns;
} ramps[] = {
	{ "a ramp of packets", "ramp:1Mpps-20Mpps/10s", RATE_PPS, 1e6, 20e6, 10000000000u },
	{ "a ramp that falls", "ramp:5kpps-1kpps/200ms", RATE_PPS, 5e3, 1e3, 200000000u },
	{ "a ramp of bits", "ramp:1Gbps-10Gbps/1m", RATE_BPS, 1e9, 1e10, 60000000000u },
	{ "a ramp of shares", "ramp:10%-90%/1s", RATE_PERCENT, 10, 90, 1000000000u },
};

static void test_ramp(void **state)
{
	const struct ramp_case *c = *state;
	struct rate r;
	struct why why;

	assert_true(rate_parse(c->text, &r, &why));
	assert_int_equal(r.unit, c->unit);
	assert_float_equal(r.value, c->from, 1e-6);
	assert_float_equal(r.last, c->to, 1e-6);
	assert_int_equal(r.ramp_ns, c->ns);
}

/* What a rate means for frames of 64 bytes on a line of 10G. */
static const struct resolve_case {
	const char *what, *text;
	bool count_l1;
	double pps;
} resolves[] = {
	{ "packets stay packets", "1Mpps", false, 1e6 },
	{ "bits of layer 2", "512Mbps", false, 1e6 },
	{ "bits of layer 1 have 20 bytes more per frame", "672MbpsL1", false, 1e6 },
	{ "bits are of layer 1 if asked for", "672Mbps", true, 1e6 },
	{ "a line at 100 %", "100%", false, 14880952.38 },
	{ "a line at half its rate", "50%", false, 7440476.19 },
};

static void test_resolve(void **state)
{
	const struct resolve_case *c = *state;
	struct rate r;
	struct why why;

	assert_true(rate_parse(c->text, &r, &why));
	assert_true(rate_resolve(&r, 10e9, c->count_l1, &why));
	assert_float_equal(rate_pps(&r, 64), c->pps, 0.01);
}

static void test_no_line(void **state)
{
	struct rate r = { .unit = RATE_PERCENT, .value = 50 };
	struct why why = { "" };

	(void)state;
	assert_false(rate_resolve(&r, 0, false, &why));
	assert_non_null(strstr(why.text, "--line-rate"));
}

static const struct line_case {
	const char *what, *text;
	double bps; /* 0: refused */
} lines[] = {
	{ "a line of 10G", "10G", 10e9 },          { "a line of 2.5G", "2.5G", 2.5e9 },
	{ "a line of 100M", "100Mbps", 100e6 },    { "a line without unit", "10", 0 },
	{ "a line of an unknown unit", "10X", 0 }, { "a line of nothing", "0G", 0 },
};

static void test_line(void **state)
{
	const struct line_case *c = *state;
	double bps = 0;
	struct why why = { "" };

	assert_int_equal(rate_parse_line(c->text, &bps, &why), c->bps > 0);
	assert_float_equal(bps, c->bps, 0.1);
}

static const struct pacing_case {
	const char *what, *text;
	bool good;
	struct pacing want;
} pacings[] = {
	{ "smooth", "smooth", true, { PACING_SMOOTH, 0, 1, 0, 0 } },
	{ "bursts", "burst:32", true, { PACING_BURST, 32, 1, 0, 0 } },
	{ "large bursts", "burst:1k", true, { PACING_BURST, 1000, 1, 0, 0 } },
	{ "random gaps", "poisson", true, { PACING_POISSON, 0, 1, 0, 0 } },
	{ "random gaps with a seed", "poisson:7", true, { PACING_POISSON, 0, 7, 0, 0 } },
	{ "on and off", "onoff:10ms/90ms", true, { PACING_ONOFF, 0, 1, 10000000, 90000000 } },
	{ "no pause", "onoff:1s/0", true, { PACING_ONOFF, 0, 1, 1000000000, 0 } },
	{ "an unknown kind", "bursty", false, { 0 } },
	{ "smooth takes nothing", "smooth:1", false, { 0 } },
	{ "bursts of nothing", "burst:0", false, { 0 } },
	{ "bursts of an unknown size", "burst", false, { 0 } },
	{ "a seed that is no number", "poisson:x", false, { 0 } },
	{ "on without off", "onoff:10ms", false, { 0 } },
	{ "never on", "onoff:0/10ms", false, { 0 } },
	{ "off for a day", "onoff:1s/24h", false, { 0 } },
};

static void test_pacing(void **state)
{
	const struct pacing_case *c = *state;
	struct pacing p = { 0 };
	struct why why = { "" };

	assert_int_equal(pacing_parse(c->text, &p, &why), c->good);
	assert_int_equal(!why.text[0], c->good);
	assert_int_equal(p.kind, c->want.kind);
	assert_int_equal(p.burst, c->want.burst);
	assert_int_equal(p.seed, c->want.seed);
	assert_int_equal(p.on_ns, c->want.on_ns);
	assert_int_equal(p.off_ns, c->want.off_ns);
}

int main(void)
{
	struct case_list list = { 0 };

	CASES_ADD(&list, good, test_good);
	CASES_ADD(&list, bad, test_bad);
	CASES_ADD(&list, ramps, test_ramp);
	CASES_ADD(&list, resolves, test_resolve);
	CASES_ADD(&list, lines, test_line);
	CASES_ADD(&list, pacings, test_pacing);
	case_add(&list, "a share of an unknown line rate is refused", test_no_line, NULL);
	return case_run("rate", &list);
}
