/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../lib/port/address.h"

#include <errno.h>
#include <string.h>

#include <vio/error.h>

#include "../cases.h"

static const struct parse_case {
	const char *what, *text;
	int rc;
	const char *scheme, *path;
	unsigned int options;
} parse_cases[] = {
	{ "a scheme and a path", "loop:echo", 0, "loop", "echo", 0 },
	{ "an empty path", "loop:", 0, "loop", "", 0 },
	{ "options behind the path", "vhost-user:/a/b,server,queues=2", 0, "vhost-user", "/a/b",
	  2 },
	{ "a path with colons", "pci:0000:00:04.0,size=4", 0, "pci", "0000:00:04.0", 1 },
	{ "a path with an equal sign", "vhost-user:/a=b", 0, "vhost-user", "/a=b", 0 },
	{ "options without a path", "loop:,a=b", 0, "loop", "", 1 },
	{ "empty options count for nothing", "loop:x,,a,,", 0, "loop", "x", 1 },
	{ "no colon is refused", "loop", -EINVAL, NULL, NULL, 0 },
	{ "no scheme is refused", ":echo", -EINVAL, NULL, NULL, 0 },
	{ "nothing is refused", "", -EINVAL, NULL, NULL, 0 },
};

static void parses(void **state)
{
	const struct parse_case *c = *state;
	struct address addr;

	assert_int_equal(address_parse(c->text, &addr), c->rc);
	if (c->rc < 0) {
		assert_string_equal(vio_error_last()->id, "VIO-ADDR-01");
		return;
	}
	assert_string_equal(addr.whole, c->text);
	assert_string_equal(addr.scheme, c->scheme);
	assert_string_equal(addr.path, c->path);
	assert_int_equal(addr.n, c->options);
	address_free(&addr);
}

static const struct number_case {
	const char *what, *text;
	int rc;
	uint64_t value;
} number_cases[] = {
	{ "a number in range", "x:,n=7", 0, 7 },
	{ "the least number", "x:,n=2", 0, 2 },
	{ "the largest number", "x:,n=100", 0, 100 },
	{ "an option not given leaves the default", "x:", 0, 55 },
	{ "the last of two counts", "x:,n=3,n=4", 0, 4 },
	{ "below the range", "x:,n=1", -EINVAL, 55 },
	{ "above the range", "x:,n=101", -EINVAL, 55 },
	{ "more than 64 bits", "x:,n=99999999999999999999999", -EINVAL, 55 },
	{ "a negative number", "x:,n=-5", -EINVAL, 55 },
	{ "a sign", "x:,n=+5", -EINVAL, 55 },
	{ "no number at all", "x:,n=many", -EINVAL, 55 },
	{ "letters behind the number", "x:,n=5k", -EINVAL, 55 },
	{ "an empty value", "x:,n=", -EINVAL, 55 },
	{ "no value", "x:,n", -EINVAL, 55 },
	{ "a space in front", "x:,n= 5", -EINVAL, 55 },
};

static void takes_number(void **state)
{
	const struct number_case *c = *state;
	struct address addr;
	uint64_t value = 55;

	assert_int_equal(address_parse(c->text, &addr), 0);
	assert_int_equal(address_take_number(&addr, "n", 2, 100, &value), c->rc);
	assert_int_equal(value, c->value);
	if (c->rc < 0)
		assert_string_equal(vio_error_last()->id, "VIO-ADDR-03");
	assert_int_equal(address_finish(&addr), 0);
	address_free(&addr);
}

static const struct bool_case {
	const char *what, *text;
	int rc;
	bool value;
} bool_cases[] = {
	{ "a flag alone is on", "x:,b", 0, true },
	{ "on", "x:,b=on", 0, true },
	{ "off", "x:,b=off", 0, false },
	{ "anything else is refused", "x:,b=maybe", -EINVAL, false },
};

static void takes_bool(void **state)
{
	const struct bool_case *c = *state;
	struct address addr;
	bool value = false;

	assert_int_equal(address_parse(c->text, &addr), 0);
	assert_int_equal(address_take_bool(&addr, "b", &value), c->rc);
	assert_int_equal(value, c->value);
	address_free(&addr);
}

static void names_the_option_left(void **state)
{
	struct address addr;

	(void)state;
	assert_int_equal(address_parse("x:,a=1,oops=2,b", &addr), 0);
	assert_string_equal(address_take(&addr, "a"), "1");
	assert_int_equal(address_finish(&addr), -EINVAL);
	assert_string_equal(vio_error_last()->id, "VIO-ADDR-02");
	assert_non_null(strstr(vio_error_last()->what, "oops"));
	address_free(&addr);
}

static void refuses_too_many_options(void **state)
{
	char text[1024] = "x:";
	struct address addr;

	(void)state;
	for (int i = 0; i <= ADDRESS_OPTIONS_MAX; i++)
		strcat(text, ",o");
	assert_int_equal(address_parse(text, &addr), -EINVAL);
	assert_string_equal(vio_error_last()->id, "VIO-ADDR-02");
}

int main(void)
{
	static struct case_list list;

	CASES_ADD(&list, parse_cases, parses);
	CASES_ADD(&list, number_cases, takes_number);
	CASES_ADD(&list, bool_cases, takes_bool);
	case_add(&list, "the first option that nobody understands is named", names_the_option_left,
		 NULL);
	case_add(&list, "more options than there is room for are refused", refuses_too_many_options,
		 NULL);
	return case_run("address", &list);
}
