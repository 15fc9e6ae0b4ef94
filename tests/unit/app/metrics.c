/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../cases.h"

#include <arpa/inet.h>
#include <string.h>

#include "../../../apps/vio/metrics_server.h"

static const struct address {
	const char *what, *text;
	bool ok, ipv6;
	const char *path; /* or, of a refused one, a part of the reason */
	uint32_t ip;
	uint16_t port;
} addresses[] = {
	{ "a UNIX socket", "unix:/run/m.sock", true, false, "/run/m.sock", 0, 0 },
	{ "a path with colons", "unix:a:1", true, false, "a:1", 0, 0 },
	{ "loopback", "127.0.0.1:9464", true, false, "", 0x7f000001, 9464 },
	{ "any loopback", "127.1.2.3:1", true, false, "", 0x7f010203, 1 },
	{ "loopback of IPv6", "[::1]:65535", true, true, "", 0, 65535 },
	{ "all addresses are refused", "0.0.0.0:9464", false, false, "other machines", 0, 0 },
	{ "another machine's is refused", "192.0.2.1:9464", false, false, "other machines", 0, 0 },
	{ "all addresses of IPv6 are refused", "[::]:9464", false, false, "no address", 0, 0 },
	{ "a name is refused", "localhost:9464", false, false, "no address", 0, 0 },
	{ "a port alone is refused", ":9464", false, false, "no address", 0, 0 },
	{ "no port is refused", "127.0.0.1", false, false, "is wanted", 0, 0 },
	{ "port 0 is refused", "127.0.0.1:0", false, false, "from 1 to 65535", 0, 0 },
	{ "port 65536 is refused", "127.0.0.1:65536", false, false, "from 1 to 65535", 0, 0 },
	{ "an empty path is refused", "unix:", false, false, "1 to 107", 0, 0 },
};

static void test_address(void **state)
{
	const struct address *c = *state;
	struct metrics_address at = { 0 };
	struct why why = { "" };

	assert_int_equal(metrics_address_parse(c->text, &at, &why), c->ok);
	if (!c->ok) {
		assert_non_null(strstr(why.text, c->path));
		assert_null(at.text);
		return;
	}
	assert_string_equal(at.path, c->path);
	assert_int_equal(at.ipv6, c->ipv6);
	assert_int_equal(ntohl(at.ipv4), c->ip);
	assert_int_equal(at.port, c->port);
}

static void test_long_path(void **state)
{
	char text[5 + 109];
	struct metrics_address at;
	struct why why;

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "unix:", 5);
	text[5 + 108] = '\0';
	assert_false(metrics_address_parse(text, &at, &why));
	text[5 + 107] = '\0';
	assert_true(metrics_address_parse(text, &at, &why));
}

int main(void)
{
	struct case_list list = { 0 };

	CASES_ADD(&list, addresses, test_address);
	case_add(&list, "a path is as long as the system takes", test_long_path, NULL);
	return case_run("metrics", &list);
}
