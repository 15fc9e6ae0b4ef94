/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../cases.h"

#include <arpa/inet.h>
#include <string.h>

#include "../../../apps/vio/flow.h"

static const struct range_case {
	const char *what, *text;
	bool ok;
	const char *first;
	uint64_t count;
} cases[] = {
	{ "one address", "10.0.0.1", true, "10.0.0.1", 1 },
	{ "a prefix", "10.0.0.0/24", true, "10.0.0.0", 256 },
	{ "a prefix with host bits set", "10.0.0.77/24", true, "10.0.0.0", 256 },
	{ "a host prefix", "10.0.0.1/32", true, "10.0.0.1", 1 },
	{ "everything", "0.0.0.0/0", true, "0.0.0.0", UINT64_C(1) << 32 },
	{ "a range", "10.0.0.1-10.0.1.0", true, "10.0.0.1", 256 },
	{ "one IPv6 address", "2001:2::1", true, "2001:2::1", 1 },
	{ "an IPv6 prefix", "2001:2::/120", true, "2001:2::", 256 },
	{ "an IPv6 range", "2001:2::ffff-2001:2::1:0", true, "2001:2::ffff", 2 },
	{ "a large IPv6 prefix", "2001:2::/65", true, "2001:2::", UINT64_C(1) << 63 },
	{ "an IPv6 prefix that is too large", "2001:2::/64", false, NULL, 0 },
	{ "an IPv6 range that is too large", "2001:2::-2001:3::", false, NULL, 0 },
	{ "three octets", "10.0.0", false, NULL, 0 },
	{ "a name", "localhost", false, NULL, 0 },
	{ "a prefix that is too long", "10.0.0.0/33", false, NULL, 0 },
	{ "a prefix without length", "10.0.0.0/", false, NULL, 0 },
	{ "a range the wrong way round", "10.0.0.2-10.0.0.1", false, NULL, 0 },
	{ "a range across versions", "10.0.0.2-::1", false, NULL, 0 },
	{ "nothing", "", false, NULL, 0 },
	{ "an address that never ends",
	  "1111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"
	  "1111111111111111111111111111111111111111111111111",
	  false, NULL, 0 },
};

static void test_range(void **state)
{
	const struct range_case *c = *state;
	uint8_t first[16] = { 0 };
	struct ip_range r;
	struct why why = { "" };
	bool ok = ip_range_parse(c->text, &r, &why);

	assert_int_equal(ok, c->ok);
	if (!ok) {
		assert_true(why.text[0]);
		return;
	}
	assert_int_equal(inet_pton(r.v6 ? AF_INET6 : AF_INET, c->first, first), 1);
	assert_memory_equal(r.first, first, r.v6 ? 16 : 4);
	assert_true(r.count == c->count);
}

int main(void)
{
	struct case_list list = { 0 };

	CASES_ADD(&list, cases, test_range);
	return case_run("flow", &list);
}
