/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../cases.h"

#include "../../../apps/vio/flow.h"

/* The first flows, as source port * 1000 + last octet of the source address * 10 + last of its MAC
 * address, with ports 1 to 2, addresses .3 to .5 and MAC addresses 7 to 8. */
static const struct order_case {
	const char *what, *step;
	unsigned int flow[8];
} orders[] = {
	{ "ports vary first, then addresses, then MAC addresses",
	  "inc",
	  { 1037, 2037, 1047, 2047, 1057, 2057, 1038, 2038 } },
	{ "downwards the last come first",
	  "dec",
	  { 2058, 1058, 2048, 1048, 2038, 1038, 2057, 1057 } },
};

static void spec_init(struct flow_spec *spec, const char *step)
{
	struct why why;

	*spec = (struct flow_spec){ .dst = FIELD_ONE(1),
				    .dport = FIELD_ONE(9),
				    .dst_mac = FIELD_ONE(2) };
	assert_true(field_read_ports("1-2", &spec->sport, &why));
	assert_true(field_read_ips("10.0.0.3-10.0.0.5", &spec->src, &why));
	assert_true(field_read_macs("02:00:00:00:00:07-02:00:00:00:00:08", &spec->src_mac, &why));
	assert_true(flow_step_read(step, &spec->step, &why));
}

static unsigned int flow_number(const struct flow_table *t, uint32_t i)
{
	const uint8_t *tuple = t->flows[i].tuple;

	return tuple[9] * 1000u + tuple[3] * 10u + t->links[i].macs[11];
}

static void test_order(void **state)
{
	const struct order_case *c = *state;
	struct flow_spec spec;
	struct flow_table t;
	struct why why;

	spec_init(&spec, c->step);
	assert_true(flows_init(&t, &spec, &why));
	assert_int_equal(t.n, 12);
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(flow_number(&t, i), c->flow[i]);
	flows_fini(&t);
}

/* How many of the twelve flows stand elsewhere than with @step. */
static unsigned int moved(const char *step, const char *other)
{
	const char *steps[] = { step, other };
	struct flow_table t[2];
	struct flow_spec spec;
	struct why why;
	unsigned int n = 0;

	for (int k = 0; k < 2; k++) {
		spec_init(&spec, steps[k]);
		assert_true(flows_init(&t[k], &spec, &why));
	}
	for (uint32_t i = 0; i < 12; i++)
		n += flow_number(&t[0], i) != flow_number(&t[1], i);
	flows_fini(&t[0]);
	flows_fini(&t[1]);
	return n;
}

static void test_random(void **state)
{
	(void)state;
	assert_true(moved("inc", "random") > 6);
	assert_true(moved("random", "random:1") > 6);
	assert_int_equal(moved("random", "random:0"), 0);
}

static void test_spread(void **state)
{
	static const struct {
		enum frame_proto proto;
		uint32_t flows;
		uint64_t ports, sources, targets;
	} table[] = {
		{ FRAME_UDP, 10, 10, 1, 1 },          { FRAME_ICMP, 10, 10, 1, 1 },
		{ FRAME_ARP, 10, 1, 1, 10 },          { FRAME_UDP, 0, 1, 1, 1 },
		{ FRAME_UDP, 65535, 65535, 1, 1 },    { FRAME_UDP, 65536, 65535, 2, 1 },
		{ FRAME_TCP, 1 << 20, 65535, 17, 1 }, { FRAME_ARP, 70000, 1, 1, 70000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct flow_spec spec = { .proto = table[i].proto,
					  .src = FIELD_ONE(1),
					  .dst = FIELD_ONE(1),
					  .sport = FIELD_ONE(1),
					  .dport = FIELD_ONE(1),
					  .src_mac = FIELD_ONE(1),
					  .dst_mac = FIELD_ONE(1),
					  .flows = table[i].flows };

		flow_spec_spread(&spec);
		assert_int_equal(spec.sport.count, table[i].ports);
		assert_int_equal(spec.src.count, table[i].sources);
		assert_int_equal(spec.dst.count, table[i].targets);
	}
}

/* The way back: each case's source port there, and its destination port. */
static void test_turn(void **state)
{
	static const struct {
		enum frame_proto proto;
		uint64_t sport, dport;
	} table[] = { { FRAME_UDP, 9, 1 }, { FRAME_TCP, 9, 1 }, { FRAME_ICMP, 1, 9 } };

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct flow_spec spec;

		spec_init(&spec, "inc");
		spec.proto = table[i].proto;
		flow_spec_turn(&spec);
		assert_int_equal(spec.sport.part[0].first, table[i].sport);
		assert_int_equal(spec.dport.part[0].first, table[i].dport);
		assert_int_equal(spec.src.count, 1);
		assert_int_equal(spec.dst.count, 3);
		assert_int_equal(spec.src_mac.count, 1);
		assert_int_equal(spec.dst_mac.count, 2);
	}
}

static void test_no_spread(void **state)
{
	struct flow_spec spec;

	(void)state;
	spec_init(&spec, "inc");
	spec.sport = (struct field)FIELD_ONE(1);
	spec.flows = 4;
	flow_spec_spread(&spec);
	assert_int_equal(spec.sport.count, 1);
}

static const struct {
	const char *what, *text;
} refused[] = {
	{ "no order", "" },
	{ "half a word of an order", "ran" },
	{ "an unknown order", "shuffle" },
	{ "a seed of no chance", "inc:7" },
	{ "a seed of an order that is no number", "random:x" },
};

static void test_refused(void **state)
{
	const char *text = ((const char *const *)*state)[1];
	struct flow_step step;
	struct why why = { "" };

	assert_false(flow_step_read(text, &step, &why));
	assert_true(why.text[0]);
}

int main(void)
{
	struct case_list list = { 0 };

	CASES_ADD(&list, orders, test_order);
	CASES_ADD(&list, refused, test_refused);
	case_add(&list, "chance is the same in every run, and other with another seed", test_random,
		 NULL);
	case_add(&list, "flows without lists are of source ports or targets", test_spread, NULL);
	case_add(&list, "the way back has source and destination exchanged", test_turn, NULL);
	case_add(&list, "flows with a list are of nothing else", test_no_spread, NULL);
	return case_run("flow", &list);
}
