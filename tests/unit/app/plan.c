/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../cases.h"

#include <string.h>

#include "../../../apps/vio/plan.h"

static const struct plan_case {
	const char *what;
	unsigned int tx, rx;
	bool device;
	unsigned int cpus, workers;
	int tx0, rx0, tx_last, rx_last, device_worker; /* -1: none */
} cases[] = {
	{ "one processor does everything", 1, 1, true, 1, 1, 0, 0, 0, 0, 0 },
	{ "two: the device gets one", 1, 1, true, 2, 2, 0, 0, 0, 0, 1 },
	{ "three: everybody has one", 1, 1, true, 3, 3, 0, 1, 0, 1, 2 },
	{ "more than needed stay free", 1, 1, true, 8, 3, 0, 1, 0, 1, 2 },
	{ "without a device, two are enough", 1, 1, false, 2, 2, 0, 1, 0, 1, -1 },
	{ "a sender alone", 1, 0, false, 4, 1, 0, -1, 0, -1, -1 },
	{ "a receiver alone", 0, 1, true, 4, 2, -1, 0, -1, 0, 1 },
	{ "four queues on four: pairs", 4, 4, false, 4, 4, 0, 0, 3, 3, -1 },
	{ "four queues on eight: each its own", 4, 4, false, 8, 8, 0, 4, 3, 7, -1 },
	{ "four queues on seven: pairs", 4, 4, false, 7, 4, 0, 0, 3, 3, -1 },
	{ "four queues on three take turns", 4, 4, false, 3, 3, 0, 0, 0, 0, -1 },
	{ "many queues on one", 64, 64, true, 1, 1, 0, 0, 0, 0, 0 },
	{ "many queues on two with a device", 64, 64, true, 2, 2, 0, 0, 0, 0, 1 },
};

static void test_case(void **state)
{
	const struct plan_case *c = *state;
	struct cpu_list cpus = { .n = c->cpus };
	static struct plan p;

	for (unsigned int i = 0; i < c->cpus; i++)
		cpus.cpu[i] = (uint16_t)(10 + i);
	plan_make(&p, c->tx, c->rx, c->device, &cpus);
	assert_int_equal(p.workers, c->workers);
	if (c->tx0 >= 0) {
		assert_int_equal(p.tx[0], c->tx0);
		assert_int_equal(p.tx[c->tx - 1], c->tx_last);
	}
	if (c->rx0 >= 0) {
		assert_int_equal(p.rx[0], c->rx0);
		assert_int_equal(p.rx[c->rx - 1], c->rx_last);
	}
	if (c->device_worker >= 0)
		assert_int_equal(p.device_worker, c->device_worker);
	for (unsigned int i = 0; i < p.workers; i++)
		assert_int_equal(p.cpu[i], 10 + i);
}

static const struct lane_case {
	const char *what;
	unsigned int streams, queues, lanes;
} lane_cases[] = {
	{ "one stream on one queue", 1, 1, 1 },
	{ "one stream on four queues", 1, 4, 4 },
	{ "three streams on one queue", 3, 1, 3 },
	{ "three streams on two queues", 3, 2, 3 },
	{ "two streams on five queues", 2, 5, 5 },
	{ "as many streams as queues", 4, 4, 4 },
	{ "the most of both", 64, 64, 64 },
	{ "the most streams on three queues", 64, 3, 64 },
};

/* Each stream is whole, each queue has something, and neither has much more than another. */
static void test_lanes(void **state)
{
	const struct lane_case *c = *state;
	unsigned int parts[64] = { 0 }, load[64] = { 0 };
	struct plan_lane lane[64];

	assert_int_equal(plan_lanes(c->streams, c->queues, lane), c->lanes);
	for (unsigned int i = 0; i < c->lanes; i++) {
		assert_true(lane[i].stream < c->streams && lane[i].queue < c->queues);
		assert_int_equal(lane[i].part, parts[lane[i].stream]);
		assert_int_equal(c->streams >= c->queues ? lane[i].stream : lane[i].queue, i);
		parts[lane[i].stream]++;
		load[lane[i].queue]++;
	}
	for (unsigned int i = 0; i < c->lanes; i++)
		assert_int_equal(lane[i].parts, parts[lane[i].stream]);
	for (unsigned int i = 0; i < c->queues; i++)
		assert_true(load[i] >= c->lanes / c->queues &&
			    load[i] <= (c->lanes + c->queues - 1) / c->queues);
}

int main(void)
{
	struct case_list list = { 0 };

	CASES_ADD(&list, lane_cases, test_lanes);

	CASES_ADD(&list, cases, test_case);
	return case_run("plan", &list);
}
