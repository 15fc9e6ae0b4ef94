/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../cases.h"

#include <math.h>
#include <string.h>

#include "../../../apps/vio/pacer.h"

#define HZ 2445000000ull

static struct pace pace_of(const char *rate, const char *pacing, double size, uint16_t burst)
{
	struct pace p = { .mean_size = size, .burst = burst, .hz = HZ };
	struct why why;

	assert_true(rate_parse(rate, &p.rate, &why));
	assert_true(pacing_parse(pacing, &p.pacing, &why));
	return p;
}

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
	{ "bits of layer 1 count the gap", "672MbpsL1", 64, 32, 1, 1e6 },
	{ "large frames at a rate of bits", "10Gbps", 1518, 32, 1, 10e9 / 8 / 1518 },
};

/* Poll at odd moments for a while: what was sent must never be off by more than a quantum. */
static void test_pace(void **state)
{
	const struct pace_case *c = *state;
	const uint64_t start = 12345;
	double ticks_per_packet = HZ / c->pps;
	uint64_t now = start, sent = 0, step = (uint64_t)(ticks_per_packet * 0.37) + 1;
	struct pace pace = pace_of(c->rate, "smooth", c->size, c->burst);
	struct pacer p;

	pacer_init(&p, &pace, start);
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
	struct pace pace = pace_of("1Mpps", "smooth", 64, 32);
	struct pacer p;
	uint64_t sent = 0;

	(void)state;
	pacer_init(&p, &pace, 0);
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
	struct pace pace = pace_of("max", "poisson", 64, 32);
	struct pacer p;

	(void)state;
	pacer_init(&p, &pace, 1000);
	assert_int_equal(pacer_due(&p, 5), 32);
	assert_float_equal(rate_pps(&pace.rate, 64), 0, 0);
}

/* Exact numbers of packets over simulated time. */
static const struct shape_case {
	const char *what, *rate, *pacing;
	double seconds;
	uint64_t packets;
} shapes[] = {
	{ "an even rate", "10kpps", "smooth", 2, 20000 },
	{ "a ramp has the mean of its ends, and holds the last", "ramp:1kpps-20kpps/1s", "smooth",
	  2, 30500 },
	{ "half of a ramp", "ramp:1kpps-3kpps/1s", "smooth", 0.5, 750 },
	{ "a ramp that falls", "ramp:20kpps-1kpps/1s", "smooth", 2, 11500 },
	{ "a ramp of bits", "ramp:512kbps-1536kbps/1s", "smooth", 1, 2000 },
	{ "bursts", "10kpps", "burst:32", 1, 10016 },
	{ "bursts larger than the sender's", "10kpps", "burst:250", 1, 10000 },
	{ "bursts along a ramp", "ramp:1kpps-3kpps/1s", "burst:10", 1, 2000 },
	{ "on and off", "20kpps", "onoff:10ms/40ms", 1, 4000 },
	{ "on and off, cut within a period", "20kpps", "onoff:10ms/40ms", 0.105, 500 },
	{ "on for a time in which no whole number of packets fits", "1kpps", "onoff:1500us/500us",
	  1, 750 },
	{ "a period shorter than a gap", "100pps", "onoff:1ms/1ms", 1, 50 },
	{ "on without a pause", "10kpps", "onoff:1ms/0", 1, 10000 },
	{ "a ramp stands still in pauses", "ramp:1kpps-3kpps/500ms", "onoff:10ms/10ms", 1, 1000 },
};

/* Poll every 30 us. Return: packets that were due before the end. */
static uint64_t simulate(struct pacer *p, uint64_t start, double seconds, void (*look)(uint64_t at))
{
	uint64_t end = start + (uint64_t)(seconds * HZ), sent = 0;

	for (uint64_t now = start; (int64_t)(p->due + p->slack - end) < 0; now += HZ * 3 / 100000) {
		uint16_t n = pacer_due(p, now < end ? now : end - 1);

		for (; n; n--) {
			if (look)
				look(p->due - start);
			pacer_advance(p, 1, 64);
			sent++;
		}
	}
	return sent;
}

static void test_shape(void **state)
{
	const struct shape_case *c = *state;
	struct pace pace = pace_of(c->rate, c->pacing, 64, 32);
	struct schedule s;
	struct pacer p;

	pacer_init(&p, &pace, 777);
	assert_int_equal(simulate(&p, 777, c->seconds, NULL), c->packets);
	schedule_init(&s, &pace.rate, &pace.pacing, 64);
	assert_float_equal(schedule_packets(&s, c->seconds), (double)c->packets, 1e-6);
}

/* Away for half the time: what is sent and what is missed is the whole. */
static void miss_half(const struct shape_case *c)
{
	struct pace pace = pace_of(c->rate, c->pacing, 64, 32);
	uint64_t away = 777 + (uint64_t)(c->seconds * HZ / 2), missed, sent;
	struct pacer p;

	pacer_init(&p, &pace, 777);
	missed = pacer_missed(&p, away);
	pacer_skip(&p, away);
	assert_true(p.due >= away);
	sent = simulate(&p, 777, c->seconds, NULL);
	assert_true(missed > 0 && missed < c->packets);
	assert_true(llabs((long long)(sent + missed) - (long long)c->packets) <= 1);
}

static void test_missed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		miss_half(&shapes[i]);
}

static void within_on(uint64_t at)
{
	assert_true(at % (HZ / 20) < HZ / 100);
}

static void test_silence(void **state)
{
	struct pace pace = pace_of("20kpps", "onoff:10ms/40ms", 64, 32);
	struct pacer p;

	(void)state;
	pacer_init(&p, &pace, 0);
	simulate(&p, 0, 5, within_on);
}

static void on_group(uint64_t at)
{
	uint64_t gap = HZ / 10;

	assert_true(at % gap < 2 || gap - at % gap < 2);
}

static void test_together(void **state)
{
	struct pace pace = pace_of("1kpps", "burst:100", 64, 32);
	struct pacer p;

	(void)state;
	pacer_init(&p, &pace, 0);
	assert_int_equal(pacer_due(&p, 0), 32);
	simulate(&p, 0, 1, on_group);
}

static void test_late(void **state)
{
	struct pace pace = pace_of("ramp:1pps-1Mpps/10s", "smooth", 64, 32);
	struct pacer p;

	(void)state;
	pacer_init(&p, &pace, 0);
	assert_int_equal(p.quantum_ticks, HZ / 1000000);
}

/* Per interval of 1 ms a Poisson process has as much variance as mean. */
#define SLOTS 2000

static unsigned int slot[SLOTS];

static void into_slot(uint64_t at)
{
	slot[at / (HZ / 1000) % SLOTS]++;
}

static void test_poisson(void **state)
{
	struct pace pace = pace_of("20kpps", "poisson:3", 64, 32);
	double mean, var = 0;
	uint64_t n;
	struct pacer p;

	(void)state;
	memset(slot, 0, sizeof(slot));
	pacer_init(&p, &pace, 0);
	n = simulate(&p, 0, SLOTS / 1000.0, into_slot);
	mean = (double)n / SLOTS;
	for (int i = 0; i < SLOTS; i++)
		var += (slot[i] - mean) * (slot[i] - mean) / SLOTS;
	assert_true(fabs((double)n - 40000) < 5 * sqrt(40000));
	assert_true(var / mean > 0.85 && var / mean < 1.15);
}

static void test_seed(void **state)
{
	struct pace a = pace_of("20kpps", "poisson:3", 64, 32);
	struct pace b = pace_of("20kpps", "poisson:4", 64, 32);
	static struct pacer p, same, other;

	(void)state;
	pacer_init(&p, &a, 0);
	pacer_init(&same, &a, 0);
	pacer_init(&other, &b, 0);
	assert_memory_equal(p.shape.at, same.shape.at, sizeof(p.shape.at));
	assert_memory_not_equal(p.shape.at, other.shape.at, sizeof(p.shape.at));
}

static void invert(const struct shape_case *c)
{
	struct pace pace = pace_of(c->rate, c->pacing, 64, 32);
	struct schedule s;

	schedule_init(&s, &pace.rate, &pace.pacing, 64);
	for (double units = 0; units < (double)c->packets; units += 0.5)
		assert_float_equal(schedule_units(&s, schedule_at(&s, units)), units, 2e-3);
}

static void test_inverse(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		invert(&shapes[i]);
}

int main(void)
{
	struct case_list list = { 0 };

	CASES_ADD(&list, paces, test_pace);
	CASES_ADD(&list, shapes, test_shape);
	case_add(&list, "whoever has been away gives up what was due then", test_missed, NULL);
	case_add(&list, "moments and numbers belong together", test_inverse, NULL);
	case_add(&list, "a sender that was held up catches up in bursts", test_catch_up, NULL);
	case_add(&list, "no limit means a full burst each time", test_max, NULL);
	case_add(&list, "nothing is due in a pause", test_silence, NULL);
	case_add(&list, "a burst is due as one", test_together, NULL);
	case_add(&list, "late on a ramp is what is late at its faster end", test_late, NULL);
	case_add(&list, "random gaps have the mean and the variance of their kind", test_poisson,
		 NULL);
	case_add(&list, "a seed makes gaps repeatable", test_seed, NULL);
	return case_run("pacer", &list);
}
