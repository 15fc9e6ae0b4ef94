/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../apps/vio/dump_print.h"

#define ETH "ffffffffffff020000000001"
#define IP4 "4500002000000000401100000a0000010a000002"

static const struct {
	const char *what, *hex, *line;
} cases[] = {
	{ "ARP that asks",
	  ETH "0806"
	      "0001080006040001"
	      "020000000001"
	      "0a000001"
	      "000000000000"
	      "0a000002",
	  "   42 02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff ARP who has 10.0.0.2? tell "
	  "10.0.0.1" },
	{ "ARP that answers",
	  ETH "0806"
	      "0001080006040002"
	      "020000000001"
	      "0a000001"
	      "020000000002"
	      "0a000002",
	  "   42 02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff ARP 10.0.0.1 is at "
	  "02:00:00:00:00:01" },
	{ "UDP over IPv4", ETH "0800" IP4 "04000009000c0000",
	  "   42 02:00:00:00:00:01 > "
	  "ff:ff:ff:ff:ff:ff IPv4 10.0.0.1 > 10.0.0.2 UDP 1024 > 9 len 12" },
	{ "two VLAN tags",
	  ETH "88a80064"
	      "8100f0c8"
	      "0800" IP4 "04000009000c0000",
	  "   50 02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff VLAN 100 VLAN 200 IPv4 10.0.0.1 > 10.0.0.2 "
	  "UDP 1024 > 9 len 12" },
	{ "TCP with its flags",
	  ETH "0800"
	      "4500002800000000400600000a0000010a000002"
	      "0050040000000001000000025012ffff00000000",
	  "   54 02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff "
	  "IPv4 10.0.0.1 > 10.0.0.2 TCP 80 > 1024 SA" },
	{ "an echo request",
	  ETH "0800"
	      "4500002800000000400100000a0000010a000002"
	      "0800f7ff00000000",
	  "   42 02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff IPv4 10.0.0.1 > 10.0.0.2 ICMP echo "
	  "request" },
	{ "a neighbour solicitation",
	  ETH "86dd"
	      "600000000018"
	      "3aff"
	      "20010002000000000000000000000001"
	      "ff0200000000000000000001ff000002"
	      "87000000",
	  "   58 02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff IPv6 2001:2::1 > ff02::1:ff00:2 ICMPv6 "
	  "neighbour solicitation" },
	{ "a type of ICMP that has no name",
	  ETH "0800"
	      "4500002800000000400100000a0000010a000002"
	      "05010000",
	  "   38 02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff IPv4 10.0.0.1 > 10.0.0.2 ICMP type "
	  "5 code 1" },
	{ "a fragment",
	  ETH "0800"
	      "4500002000002005401100000a0000010a000002"
	      "04000009000c0000",
	  "   42 02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff IPv4 10.0.0.1 > 10.0.0.2 protocol 17 "
	  "fragment "
	  "at 40" },
	{ "an unknown protocol",
	  ETH "0800"
	      "4500002000000000403200000a0000010a000002",
	  "   34 02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff IPv4 10.0.0.1 > 10.0.0.2 protocol 50" },
	{ "an unknown type",
	  ETH "88b5"
	      "0000",
	  "   16 02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff type "
	  "0x88b5" },
	{ "a header length that can't be",
	  ETH "0800"
	      "4400002000000000401100000a0000010a000002",
	  "   34 02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff IPv4 10.0.0.1 > 10.0.0.2 (bad header "
	  "length)" },
	{ "options that are not there",
	  ETH "0800"
	      "4f00002000000000401100000a0000010a000002",
	  "   34 02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff IPv4 10.0.0.1 > 10.0.0.2 (cut)" },
	{ "a tag without what it tags",
	  ETH "8100"
	      "00",
	  "   15 02:00:00:00:00:01 > "
	  "ff:ff:ff:ff:ff:ff (cut)" },
	{ "a frame that is too short for anything", "ffffffffffff02000000000108", "   13  (cut)" },
};

static uint32_t from_hex(const char *hex, uint8_t **out)
{
	uint32_t n = (uint32_t)strlen(hex) / 2;
	unsigned int byte;

	*out = malloc(n ? n : 1); /* of this size exactly, for the sanitizer */
	for (uint32_t i = 0; i < n; i++) {
		sscanf(hex + 2 * i, "%2x", &byte);
		(*out)[i] = (uint8_t)byte;
	}
	return n;
}

static void test_line(void **state)
{
	const struct {
		const char *what, *hex, *line;
	} *c = *state;
	char line[DUMP_LINE];
	uint8_t *frame;
	uint32_t n = from_hex(c->hex, &frame);

	dump_describe(frame, n, n, line);
	assert_string_equal(line, c->line);
	free(frame);
}

/* Cut at any byte, it reads nothing behind that. */
static void test_cut(void **state)
{
	char line[DUMP_LINE];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (uint32_t kept = (uint32_t)strlen(cases[i].hex) / 2; kept--;) {
			uint8_t *whole, *part = malloc(kept ? kept : 1);
			uint32_t n = from_hex(cases[i].hex, &whole);

			memcpy(part, whole, kept);
			dump_describe(part, kept, n, line);
			assert_true(strlen(line) < DUMP_LINE);
			free(whole);
			free(part);
		}
}

int main(void)
{
	struct case_list list = { 0 };

	CASES_ADD(&list, cases, test_line);
	case_add(&list, "frames that are cut", test_cut, NULL);
	return case_run("dump_print", &list);
}
