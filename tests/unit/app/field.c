/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../cases.h"

#include "../../../apps/vio/field.h"

typedef bool (*read_fn)(const char *text, struct field *out, struct why *why);

/* What is read, and the first and last value as they lie in a frame. */
static const struct read_case {
	const char *what;
	read_fn read;
	const char *text;
	size_t bytes;
	uint64_t count;
	uint8_t first[16], last[16];
} cases[] = {
	{ "one address", field_read_ips, "10.0.0.1", 4, 1, { 10, 0, 0, 1 }, { 10, 0, 0, 1 } },
	{ "a prefix", field_read_ips, "10.0.0.0/24", 4, 256, { 10 }, { 10, 0, 0, 255 } },
	{ "a prefix with host bits",
	  field_read_ips,
	  "10.0.0.77/24",
	  4,
	  256,
	  { 10 },
	  { 10, 0, 0, 255 } },
	{ "a host prefix", field_read_ips, "10.0.0.1/32", 4, 1, { 10, 0, 0, 1 }, { 10, 0, 0, 1 } },
	{ "every address",
	  field_read_ips,
	  "0.0.0.0/0",
	  4,
	  UINT64_C(1) << 32,
	  { 0 },
	  { 255, 255, 255, 255 } },
	{ "a range of addresses",
	  field_read_ips,
	  "10.0.0.1-10.0.1.0",
	  4,
	  256,
	  { 10, 0, 0, 1 },
	  { 10, 0, 1, 0 } },
	{ "a list of addresses",
	  field_read_ips,
	  "10.0.0.9,10.0.0.1",
	  4,
	  2,
	  { 10, 0, 0, 9 },
	  { 10, 0, 0, 1 } },
	{ "a list of ranges and prefixes",
	  field_read_ips,
	  "1.0.0.0/30,2.0.0.1-2.0.0.3,3.0.0.7",
	  4,
	  8,
	  { 1 },
	  { 3, 0, 0, 7 } },
	{ "one IPv6 address",
	  field_read_ips,
	  "2001:2::1",
	  16,
	  1,
	  { 0x20, 1, 0, 2, [15] = 1 },
	  { 0x20, 1, 0, 2, [15] = 1 } },
	{ "an IPv6 prefix",
	  field_read_ips,
	  "2001:2::/120",
	  16,
	  256,
	  { 0x20, 1, 0, 2 },
	  { 0x20, 1, 0, 2, [15] = 255 } },
	{ "an IPv6 range",
	  field_read_ips,
	  "2001:2::ffff-2001:2::1:0",
	  16,
	  2,
	  { 0x20, 1, 0, 2, [14] = 255, [15] = 255 },
	  { 0x20, 1, 0, 2, [13] = 1 } },
	{ "a large IPv6 prefix",
	  field_read_ips,
	  "2001:2::/65",
	  16,
	  UINT64_C(1) << 63,
	  { 0x20, 1, 0, 2 },
	  { 0x20, 1, 0, 2, 0, 0, 0, 0, 127, 255, 255, 255, 255, 255, 255, 255 } },
	{ "IPv6 networks in a list",
	  field_read_ips,
	  "2001:2::/127,2001:3::5",
	  16,
	  3,
	  { 0x20, 1, 0, 2 },
	  { 0x20, 1, 0, 3, [15] = 5 } },
	{ "one port", field_read_ports, "1024", 2, 1, { 4 }, { 4 } },
	{ "a range of ports", field_read_ports, "1024-2047", 2, 1024, { 4 }, { 7, 255 } },
	{ "all ports", field_read_ports, "0-65535", 2, 65536, { 0 }, { 255, 255 } },
	{ "a list of ports", field_read_ports, "80,53,256-258", 2, 5, { 0, 80 }, { 1, 2 } },
	{ "one MAC address",
	  field_read_macs,
	  "02:00:00:00:00:0a",
	  6,
	  1,
	  { 2, 0, 0, 0, 0, 10 },
	  { 2, 0, 0, 0, 0, 10 } },
	{ "a range of MAC addresses",
	  field_read_macs,
	  "02:00:00:00:00:ff-02:00:00:00:01:01",
	  6,
	  3,
	  { 2, 0, 0, 0, 0, 255 },
	  { 2, 0, 0, 0, 1, 1 } },
	{ "a list of MAC addresses",
	  field_read_macs,
	  "02:00:00:00:00:01,04:00:00:00:00:00",
	  6,
	  2,
	  { 2, 0, 0, 0, 0, 1 },
	  { 4 } },
};

static const struct refused_case {
	const char *what;
	read_fn read;
	const char *text;
} refused[] = {
	{ "an IPv6 prefix that is too large", field_read_ips, "2001:2::/64" },
	{ "an IPv6 range that is too large", field_read_ips, "2001:2::-2001:3::" },
	{ "IPv6 ranges that add up to too much", field_read_ips, "::/65,1::/65" },
	{ "three octets", field_read_ips, "10.0.0" },
	{ "a name", field_read_ips, "localhost" },
	{ "a prefix that is too long", field_read_ips, "10.0.0.0/33" },
	{ "a prefix without length", field_read_ips, "10.0.0.0/" },
	{ "a range of addresses the wrong way round", field_read_ips, "10.0.0.2-10.0.0.1" },
	{ "a range across versions", field_read_ips, "10.0.0.2-::1" },
	{ "a list across versions", field_read_ips, "10.0.0.2,::1" },
	{ "a list of addresses that ends in a comma", field_read_ips, "10.0.0.2," },
	{ "no address", field_read_ips, "" },
	{ "an address that never ends", field_read_ips,
	  "1111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"
	  "1111111111111111111111111111111111111111111111111" },
	{ "a range of ports the wrong way round", field_read_ports, "20-10" },
	{ "a port that does not exist", field_read_ports, "65536" },
	{ "a range without end", field_read_ports, "5-" },
	{ "an empty part of a list", field_read_ports, "5,,6" },
	{ "more parts than are kept", field_read_ports,
	  "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,"
	  "33" },
	{ "a range of MAC addresses the wrong way round", field_read_macs,
	  "02:00:00:00:00:02-02:00:00:00:00:01" },
	{ "a range of MAC addresses without end", field_read_macs, "02:00:00:00:00:02-" },
};

static void test_read(void **state)
{
	const struct read_case *c = *state;
	struct field f;
	struct why why = { "" };
	uint8_t value[16];

	assert_true(c->read(c->text, &f, &why));
	assert_true(f.count == c->count);
	field_write(&f, 0, value, c->bytes);
	assert_memory_equal(value, c->first, c->bytes);
	assert_true(field_holds(&f, value, c->bytes));
	field_write(&f, f.count - 1, value, c->bytes);
	assert_memory_equal(value, c->last, c->bytes);
	assert_true(field_holds(&f, value, c->bytes));
}

static void test_refused(void **state)
{
	const struct refused_case *c = *state;
	struct field f;
	struct why why = { "" };

	assert_false(c->read(c->text, &f, &why));
	assert_true(why.text[0]);
}

static const struct vlan_case {
	const char *what, *text;
	unsigned int n;
	uint64_t first[2], count[2];
} vlan_cases[] = {
	{ "one VLAN", "100", 1, { 100 }, { 1 } },
	{ "two VLANs", "100,200", 2, { 100, 200 }, { 1, 1 } },
	{ "a range of VLANs", "100-199", 1, { 100 }, { 100 } },
	{ "a range of VLANs in another", "5,1-4094", 2, { 5, 1 }, { 1, 4094 } },
	{ "three VLANs", "1,2,3", 0, { 0 }, { 0 } },
	{ "VLAN 0 is none", "0", 0, { 0 }, { 0 } },
	{ "VLAN 4095 is reserved", "4000-4095", 0, { 0 }, { 0 } },
};

static void test_vlans(void **state)
{
	const struct vlan_case *c = *state;
	struct vlan_list l;
	struct why why = { "" };

	assert_int_equal(field_read_vlans(c->text, &l, &why), c->n != 0);
	assert_int_equal(why.text[0] != 0, c->n == 0);
	for (unsigned int i = 0; i < c->n; i++) {
		assert_int_equal(l.n, c->n);
		assert_int_equal(l.id[i].part[0].first, c->first[i]);
		assert_int_equal(l.id[i].count, c->count[i]);
	}
}

/* What a list holds is what it gives, and nothing else. */
static void test_holds(void **state)
{
	bool held[65536] = { false };
	struct field f;
	struct why why;
	uint8_t port[2];

	(void)state;
	assert_true(field_read_ports("7,100-199,90-110,65535", &f, &why));
	for (uint64_t i = 0; i < f.count; i++) {
		field_write(&f, i, port, 2);
		held[port[0] * 256 + port[1]] = true;
	}
	for (unsigned int p = 0; p < 65536; p++)
		assert_int_equal(field_holds(&f, (uint8_t[]){ (uint8_t)(p >> 8), (uint8_t)p }, 2),
				 held[p]);
}

int main(void)
{
	struct case_list list = { 0 };

	CASES_ADD(&list, cases, test_read);
	CASES_ADD(&list, refused, test_refused);
	CASES_ADD(&list, vlan_cases, test_vlans);
	case_add(&list, "a list holds what it gives", test_holds, NULL);
	return case_run("field", &list);
}
