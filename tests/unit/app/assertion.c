/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../cases.h"

#include <stdio.h>
#include <string.h>

#include "../../../apps/vio/assertion.h"

static const char document[] =
	"{\"rx\": {\"loss_ratio\": 2e-5, \"lost\": 0}, \"verdict\": \"valid\","
	" \"latency\": {\"unit\": \"us\", \"p99\": 12.5},"
	" \"ports\": [{\"size\": 256}, {\"size\": 1024}]}";

static const struct judged {
	const char *what, *text;
	bool holds, measured;
} judged[] = {
	{ "less than", "rx.loss_ratio<1e-4", true, true },
	{ "not less than", "rx.loss_ratio<2e-5", false, true },
	{ "at most", "rx.loss_ratio<=2e-5", true, true },
	{ "not at most", "rx.loss_ratio<=1e-6", false, true },
	{ "more than", "rx.loss_ratio > 1e-5", true, true },
	{ "not more than", "rx.lost>0", false, true },
	{ "at least", "rx.lost >=0", true, true },
	{ "not at least", "rx.lost>= 1", false, true },
	{ "equal", " rx.lost==0", true, true },
	{ "not equal", "rx.lost==1", false, true },
	{ "different", "rx.lost!=1", true, true },
	{ "not different", "rx.lost!=0", false, true },
	{ "a percentage", "rx.loss_ratio<=0.002%", true, true },
	{ "a percentage that is not reached", "rx.loss_ratio<0.0019%", false, true },
	{ "thousands", "ports.1.size<=1.024k", true, true },
	{ "an element of a list", "ports.0.size==256", true, true },
	{ "an element in brackets", "ports[1].size==1024", true, true },
	{ "a name with its object's unit", "latency.p99_us<13", true, true },
	{ "a name with another unit fails", "latency.p99_ms<13", false, false },
	{ "a member that is not there fails", "rx.nothing!=0", false, false },
	{ "an object that is not there fails", "tx.sent>=0", false, false },
	{ "an element that is not there fails", "ports.2.size>0", false, false },
	{ "a list without number fails", "ports.size>0", false, false },
	{ "a text fails", "verdict==0", false, false },
	{ "an object fails", "rx==0", false, false },
};

static void test_judged(void **state)
{
	const struct judged *c = *state;
	struct assertion_list list = { 0 };
	json_t *doc = json_loads(document, 0, NULL), *result, *o;
	struct why why = { "" };
	char line[256] = "";
	FILE *f = fmemopen(line, sizeof(line), "w");

	assert_true(assertion_parse(c->text, &list, &why));
	result = assertions_judge(&list, doc);
	assert_int_equal(json_array_size(result), 1);
	o = json_array_get(result, 0);
	assert_int_equal(json_is_true(json_object_get(o, "ok")), c->holds);
	assert_int_equal(!!json_object_get(o, "measured"), c->measured);
	assert_int_equal(!!json_object_get(o, "why"), !c->measured);
	assert_int_equal(assertions_print(result, f), !c->holds);
	fclose(f);
	assert_non_null(strstr(line, c->holds ? "ok" : "FAILED"));
	assert_int_equal(!strstr(line, " is "), !c->measured && !strstr(line, "is no number"));
	json_decref(result);
	json_decref(doc);
}

static const struct refused {
	const char *what, *text, *says;
} refused[] = {
	{ "nothing is refused", "", "begins with a name" },
	{ "no name is refused", "<1", "begins with a name" },
	{ "no operator is refused", "rx.lost", "behind the name" },
	{ "another operator is refused", "rx.lost=1", "behind the name" },
	{ "words are no operator", "rx.lost is 1", "behind the name" },
	{ "no number is refused", "rx.lost<", "is no number" },
	{ "a word is no number", "rx.lost<few", "is no number" },
	{ "a crippled number is refused", "rx.lost<1e-", "is no number" },
	{ "a number that is too large is refused", "rx.lost<1e400", "is too large" },
	{ "a unit that makes it too large is refused", "rx.lost<1e308k", "is too large" },
	{ "two numbers are refused", "rx.lost<1 2", "is no unit" },
	{ "an unknown unit is refused", "rx.lost<1us", "is no unit" },
};

static void test_refused(void **state)
{
	const struct refused *c = *state;
	struct assertion_list list = { 0 };
	struct why why = { "" };

	assert_false(assertion_parse(c->text, &list, &why));
	assert_non_null(strstr(why.text, c->says));
	assert_int_equal(list.n, 0);
}

static void test_too_many(void **state)
{
	static struct assertion_list list;
	struct why why = { "" };

	(void)state;
	for (unsigned int i = 0; i < ASSERTIONS_MAX; i++)
		assert_true(assertion_parse("a<1", &list, &why));
	assert_false(assertion_parse("a<1", &list, &why));
}

int main(void)
{
	struct case_list list = { 0 };

	CASES_ADD(&list, judged, test_judged);
	CASES_ADD(&list, refused, test_refused);
	case_add(&list, "there is a limit to their number", test_too_many, NULL);
	return case_run("assertion", &list);
}
