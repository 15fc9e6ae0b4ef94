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
};

static const struct {
	const char *what, *text;
} bad[] = {
	{ "a number without unit", "1000" },   { "an unknown unit", "10Mpackets" },
	{ "a negative rate", "-1pps" },        { "no rate at all", "0pps" },
	{ "a unit without number", "Mpps" },   { "infinity", "infpps" },
	{ "a hexadecimal number", "0x10pps" }, { "nothing is no rate", "" },
	{ "two points", "1.2.3pps" },          { "text behind the unit", "1ppsx" },
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

#define HZ 2445000000ull

static const struct pace_case {
	const char *what, *rate;
	double size;
	uint16_t burst, quantum;
	double pps;
} paces[] = {
	{ "1 pps", "1pps", 64, 32, 1, 1 },
	{ "10 kpps go one at a time", "10kpps", 64, 32, 1, 1e4 },
	{ "1 Mpps", "1Mpps", 64, 32, 1, 1e6 },
	{ "5 Mpps go by eight", "5Mpps", 64, 32, 8, 5e6 },
	{ "14.88 Mpps", "14.88Mpps", 64, 32, 23, 14.88e6 },
	{ "100 Mpps are cut at the burst", "100Mpps", 64, 32, 32, 100e6 },
	{ "bits count the FCS", "512Mbps", 64, 32, 1, 1e6 },
	{ "large frames at a rate of bits", "10Gbps", 1518, 32, 1, 10e9 / 8 / 1518 },
};

/* Poll at odd moments for a while: what was sent must never be off by more than a quantum. */
static void test_pace(void **state)
{
	const struct pace_case *c = *state;
	const uint64_t start = 12345;
	double ticks_per_packet = HZ / c->pps;
	uint64_t now = start, sent = 0, step = (uint64_t)(ticks_per_packet * 0.37) + 1;
	struct rate r;
	struct pacer p;
	struct why why;

	assert_true(rate_parse(c->rate, &r, &why));
	pacer_init(&p, &r, c->size, c->burst, HZ, start);
	assert_int_equal(p.quantum, c->quantum);
	assert_int_equal(pacer_due(&p, start - 1), 0);
	for (int i = 0; i < 2000000; i++, now += step) {
		uint16_t n = pacer_due(&p, now);
		double due = (double)(now - start) / ticks_per_packet;

		assert_true(n <= c->burst);
		sent += n;
		pacer_advance(&p, n, (uint32_t)(n * c->size));
		if (!n || n < c->burst)
			assert_true((double)sent + 0.1 >= due - c->quantum &&
				    (double)sent <= due + c->quantum + 0.1);
	}
	assert_float_equal((double)sent, (double)(now - start) / ticks_per_packet,
			   c->quantum + 1.0);
}

static void test_catch_up(void **state)
{
	struct rate r = { RATE_PPS, 1e6 };
	struct pacer p;
	uint64_t sent = 0;

	(void)state;
	pacer_init(&p, &r, 64, 32, HZ, 0);
	for (int i = 0; i < 1000; i++) {
		uint16_t n = pacer_due(&p, HZ / 1000);

		assert_true(n <= 32);
		sent += n;
		pacer_advance(&p, n, n * 64u);
	}
	assert_int_equal(sent, 1001);
}

static void test_max(void **state)
{
	struct rate r = { RATE_MAX, 0 };
	struct pacer p;

	(void)state;
	pacer_init(&p, &r, 64, 32, HZ, 1000);
	assert_int_equal(pacer_due(&p, 5), 32);
	assert_float_equal(rate_pps(&r, 64), 0, 0);
}

int main(void)
{
	struct case_list list = { 0 };

	CASES_ADD(&list, good, test_good);
	CASES_ADD(&list, bad, test_bad);
	CASES_ADD(&list, paces, test_pace);
	case_add(&list, "a sender that was held up catches up in bursts", test_catch_up, NULL);
	case_add(&list, "no limit means a full burst each time", test_max, NULL);
	return case_run("rate", &list);
}
