/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../../apps/vio/netuse.h"

#include <stdio.h>
#include <string.h>

#include "../../cases.h"
#include "../fake_tree.h"
#include "fake_host.h"

#define HEAD4 "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
/* 10.0.0.0/24 and 192.168.0.0/16, as little-endian machines print them. */
#define NET10(dev)  dev "\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
#define NET192(dev) dev "\t0000A8C0\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"

#define ZERO "00000000000000000000000000000000"
#define ROUTE6(to, prefix, flags, dev) \
	to " " prefix " " ZERO " 00 " ZERO " 00000400 00000001 00000000 " flags "     " dev "\n"
#define DB8  "20010db8000000000000000000000000"
#define DB8A "20010db8000000000000000000000005"

static const struct use_case {
	const char *what;
	const char *ssh, *route, *route6;
	struct tree_entry more[6];
	bool default_route, is_ssh;
	const char *via;
} use_cases[] = {
	{ "no routes at all", "", HEAD4, "", { { 0 } }, false, false, "" },
	{ "no file of routes", "", NULL, NULL, { { 0 } }, false, false, "" },
	{ "a default route", "", HEAD4 DEFAULT_ROUTE("eth0"), "", { { 0 } }, true, false, "eth0" },
	{ "a default route of another interface",
	  "",
	  HEAD4 DEFAULT_ROUTE("eth1") NET10("eth0"),
	  "",
	  { { 0 } },
	  false,
	  false,
	  "" },
	{ "a default route of an interface with a longer name",
	  "",
	  HEAD4 DEFAULT_ROUTE("eth00"),
	  "",
	  { { 0 } },
	  false,
	  false,
	  "" },
	{ "a default route that is down",
	  "",
	  HEAD4 "eth0\t00000000\t0100000A\t0002\t0\t0\t0\t00000000\t0\t0\t0\n",
	  "",
	  { { 0 } },
	  false,
	  false,
	  "" },
	{ "a default route of IPv6",
	  "",
	  HEAD4,
	  ROUTE6(ZERO, "00", "00000003", "eth0"),
	  { { 0 } },
	  true,
	  false,
	  "eth0" },
	{ "a default of IPv6 that only refuses",
	  "",
	  HEAD4,
	  ROUTE6(ZERO, "00", "00200200", "eth0") ROUTE6(ZERO, "00", "00000201", "eth0"),
	  { { 0 } },
	  false,
	  false,
	  "" },
	{ "the session's own address lies in a net of the interface",
	  "192.168.9.9 5555 10.0.0.5 22",
	  HEAD4 NET10("eth0") DEFAULT_ROUTE("eth1"),
	  "",
	  { { 0 } },
	  false,
	  true,
	  "eth0" },
	{ "the session's peer is reached through the interface",
	  "192.168.9.9 5555 172.16.0.1 22",
	  HEAD4 NET192("eth0") DEFAULT_ROUTE("eth1"),
	  "",
	  { { 0 } },
	  false,
	  true,
	  "eth0" },
	{ "the longer prefix counts",
	  "192.168.9.9 5555 10.0.0.5 22",
	  HEAD4 DEFAULT_ROUTE("eth0") NET10("eth1") NET192("eth1"),
	  "",
	  { { 0 } },
	  true,
	  false,
	  "eth0" },
	{ "a session over IPv6",
	  "2001:db8::9 5555 2001:db8::5 22",
	  HEAD4,
	  ROUTE6(DB8, "40", "00000001", "eth1") ROUTE6(DB8A, "80", "80200001", "eth0"),
	  { { 0 } },
	  false,
	  true,
	  "eth0" },
	{ "a prefix that ends inside a byte",
	  "2001:db9::9 5555 2001:db9::5 22",
	  HEAD4,
	  ROUTE6(DB8, "1f", "00000001", "eth0"),
	  { { 0 } },
	  false,
	  true,
	  "eth0" },
	{ "a prefix that ends inside a byte and differs",
	  "2001:dba::9 5555 2001:dba::5 22",
	  HEAD4,
	  ROUTE6(DB8, "1f", "00000001", "eth0"),
	  { { 0 } },
	  false,
	  false,
	  "" },
	{ "a link-local session names its interface",
	  "fe80::9%eth0 5555 fe80::5%eth0 22",
	  HEAD4,
	  "",
	  { { 0 } },
	  false,
	  true,
	  "eth0" },
	{ "a session variable that is damaged",
	  "hello",
	  HEAD4 NET10("eth0"),
	  "",
	  { { 0 } },
	  false,
	  false,
	  "" },
	{ "a session address that is none",
	  "x 1 y 2",
	  HEAD4 NET10("eth0"),
	  "",
	  { { 0 } },
	  false,
	  false,
	  "" },
	{ "the default route of its bond",
	  "",
	  HEAD4 DEFAULT_ROUTE("bond0"),
	  "",
	  { { "sys/class/net/eth0/master", "-> ../bond0" } },
	  true,
	  false,
	  "bond0" },
	{ "the default route of a VLAN on the bridge of its bond",
	  "",
	  HEAD4 DEFAULT_ROUTE("br0.7"),
	  "",
	  { { "sys/class/net/eth0/master", "-> ../bond0" },
	    { "sys/class/net/bond0/master", "-> ../br0" },
	    { "sys/class/net/br0/upper_br0.7", "-> ../br0.7" } },
	  true,
	  false,
	  "br0.7" },
	{ "the session on a macvlan of it",
	  "10.0.0.9 5555 10.0.0.5 22",
	  HEAD4 NET10("mac0"),
	  "",
	  { { "sys/class/net/eth0/upper_mac0", "-> ../mac0" } },
	  false,
	  true,
	  "mac0" },
	{ "masters in a circle end",
	  "",
	  HEAD4,
	  "",
	  { { "sys/class/net/eth0/master", "-> ../br0" },
	    { "sys/class/net/br0/master", "-> ../eth0" } },
	  false,
	  false,
	  "" },
	{ "lines that make no sense count for nothing",
	  "",
	  HEAD4 "eth0\nxx yy zz\n\n",
	  "zz eth0\n" ROUTE6("00", "00", "00000003", "eth0"),
	  { { 0 } },
	  false,
	  false,
	  "" },
};

static void uses(void **state)
{
	const struct use_case *c = *state;
	struct host h = { 0 };
	struct net_use use;

	fake_host(&h, false);
	snprintf(h.ssh, sizeof(h.ssh), "%s", c->ssh);
	if (c->route)
		tree_put("proc/net/route", c->route);
	if (c->route6)
		tree_put("proc/net/ipv6_route", c->route6);
	tree_add(c->more);
	assert_int_equal(net_in_use(&h, "eth0", &use), c->default_route || c->is_ssh);
	assert_int_equal(use.default_route, c->default_route);
	assert_int_equal(use.ssh, c->is_ssh);
	assert_string_equal(use.via, c->via);
}

int main(void)
{
	static struct case_list list;

	CASES_ADD(&list, use_cases, uses);
	return tree_case_run("netuse", &list);
}
