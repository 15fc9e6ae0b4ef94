/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../cases.h"

#include <stdlib.h>
#include <string.h>

#include "../../../apps/vio/respond.h"

/* Requests are built by hand, spoilt byte by byte, and lie in memory of exactly their size. */
enum base { ARP, ECHO4, NS, DAD, ECHO6 };

static const uint8_t us[6] = { 2, 0, 0, 0, 0, 1 }, peer[6] = { 2, 0, 0, 0, 0, 2 };

struct frame {
	uint8_t data[2000];
	uint32_t len, l3;
};

/* RFC 1071 word by word, big endian. */
static uint32_t sum_words(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		sum += (i & 1) ? p[i] : p[i] * 256u;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

static unsigned int be16(const uint8_t *p)
{
	return p[0] * 256u + p[1];
}

static void put(struct frame *f, const void *data, uint32_t len)
{
	memcpy(f->data + f->len, data, len);
	f->len += len;
}

#define PUT(f, ...) \
	put(f, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static uint32_t icmp6_sum(const uint8_t *ip)
{
	uint32_t len = be16(ip + 4);

	return sum_words(sum_words(58 + len, ip + 8, 32), ip + 40, len);
}

static void put_sum(uint8_t *at, uint32_t sum)
{
	at[0] = (uint8_t)(~sum >> 8);
	at[1] = (uint8_t)~sum;
}

/* Make the checksums right again. */
static void resum(struct frame *f, enum base base)
{
	uint8_t *ip = f->data + f->l3;

	if (base == ECHO4) {
		uint32_t len = be16(ip + 2);

		ip[10] = ip[11] = 0;
		put_sum(ip + 10, sum_words(0, ip, 20));
		if (len < 24 || f->l3 + len > f->len)
			return;
		ip[22] = ip[23] = 0;
		put_sum(ip + 22, sum_words(0, ip + 20, len - 20));
	} else if (base != ARP && be16(ip + 4) >= 4 && f->l3 + 40 + be16(ip + 4) <= f->len) {
		ip[42] = ip[43] = 0;
		put_sum(ip + 42, icmp6_sum(ip));
	}
}

#define HOST6(last) 0x20, 0x01, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last
#define NODE(last)  0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, last

static void build(struct frame *f, enum base base, unsigned int tags)
{
	static const uint8_t everybody[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	static const uint8_t group[6] = { 0x33, 0x33, 0xff, 0, 0, 9 };
	static const uint8_t types[][2] = {
		{ 8, 6 }, { 8, 0 }, { 0x86, 0xdd }, { 0x86, 0xdd }, { 0x86, 0xdd }
	};

	f->len = 0;
	put(f, base == ARP ? everybody : base == NS || base == DAD ? group : us, 6);
	put(f, peer, 6);
	for (unsigned int i = 0; i < tags; i++)
		PUT(f, 0x81, 0, 0, (uint8_t)(i + 5));
	put(f, types[base], 2);
	f->l3 = f->len;
	if (base == ARP) {
		PUT(f, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 2, 10, 0, 0, 77, 0, 0, 0, 0, 0, 0, 10,
		    0, 0, 9);
	} else if (base == ECHO4) {
		PUT(f, 0x45, 0, 0, 33, 1, 2, 0x40, 0, 55, 1, 0, 0, 10, 0, 0, 77, 10, 0, 0, 9);
		PUT(f, 8, 0, 0, 0, 0x12, 0x34, 0, 1, 'h', 'e', 'l', 'l', 'o');
	} else if (base == ECHO6) {
		PUT(f, 0x60, 0, 0, 0, 0, 11, 58, 60, HOST6(77), HOST6(9));
		PUT(f, 128, 0, 0, 0, 0x12, 0x34, 0, 1, 'a', 'b', 'c');
	} else if (base == NS) {
		PUT(f, 0x60, 0, 0, 0, 0, 32, 58, 255, HOST6(77), NODE(9));
		PUT(f, 135, 0, 0, 0, 0, 0, 0, 0, HOST6(9), 1, 1, 2, 0, 0, 0, 0, 2);
	} else {
		PUT(f, 0x60, 0, 0, 0, 0, 24, 58, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		    0, NODE(9));
		PUT(f, 135, 0, 0, 0, 0, 0, 0, 0, HOST6(9));
	}
	resum(f, base);
}

static struct responder responder(bool v6)
{
	struct responder r = { .kinds = { true, true, true } };
	struct why why;

	memcpy(r.mac, us, 6);
	assert_true(field_read_ips(v6 ? "2001:2::1-2001:2::10" : "10.0.0.1-10.0.0.16", &r.addresses,
				   &why));
	return r;
}

/* Ask with memory of exactly the frame's size. */
static uint32_t ask(const struct responder *r, const struct frame *f, uint8_t *out,
		    enum respond_kind *kind)
{
	uint8_t *exact = malloc(f->len ? f->len : 1);
	uint32_t n;

	memcpy(exact, f->data, f->len);
	n = respond_make(r, exact, f->len, out, kind);
	free(exact);
	return n;
}

static const struct {
	const char *what;
	enum base base;
	enum respond_kind kind;
	unsigned int tags;
	uint32_t len;
} answered[] = {
	{ "ARP is answered", ARP, RESPOND_ARP, 0, 60 },
	{ "ARP in a VLAN is answered in it", ARP, RESPOND_ARP, 1, 60 },
	{ "an echo request is answered", ECHO4, RESPOND_ICMP, 0, 60 },
	{ "an echo request with two tags is answered", ECHO4, RESPOND_ICMP, 2, 60 },
	{ "a neighbour solicitation is answered", NS, RESPOND_ND, 0, 86 },
	{ "a neighbour solicitation in a VLAN is answered in it", NS, RESPOND_ND, 1, 90 },
	{ "duplicate address detection is answered", DAD, RESPOND_ND, 0, 86 },
	{ "an echo request of IPv6 is answered", ECHO6, RESPOND_ICMP, 0, 65 },
};

static void check_arp(const uint8_t *p)
{
	static const uint8_t want[28] = { 0,  1, 8, 0, 6, 4, 0, 2, 2, 0, 0,  0, 0, 1,
					  10, 0, 0, 9, 2, 0, 0, 0, 0, 2, 10, 0, 0, 77 };

	assert_memory_equal(p, want, sizeof(want));
}

static void check_echo4(const uint8_t *p, const uint8_t *request)
{
	assert_int_equal(sum_words(0, p, 20), 0xffff);
	assert_int_equal(sum_words(0, p + 20, 13), 0xffff);
	assert_memory_equal(p + 12, request + 16, 4);
	assert_memory_equal(p + 16, request + 12, 4);
	assert_int_equal(p[20], 0);
	assert_memory_equal(p + 24, request + 24, 9);
}

static void check_na(const uint8_t *p, bool solicited)
{
	static const uint8_t target[] = { HOST6(9) }, asker[] = { HOST6(77) };
	static const uint8_t all[16] = { 0xff, 2, [15] = 1 };
	static const uint8_t option[] = { 2, 1, 2, 0, 0, 0, 0, 1 };

	assert_int_equal(icmp6_sum(p), 0xffff);
	assert_int_equal(p[7], 255);
	assert_memory_equal(p + 8, target, 16);
	assert_memory_equal(p + 24, solicited ? asker : all, 16);
	assert_int_equal(p[40], 136);
	assert_int_equal(p[44], solicited ? 0x60 : 0x20);
	assert_memory_equal(p + 48, target, 16);
	assert_memory_equal(p + 64, option, 8);
}

static void check_echo6(const uint8_t *p, const uint8_t *request)
{
	assert_int_equal(icmp6_sum(p), 0xffff);
	assert_memory_equal(p + 8, request + 24, 16);
	assert_memory_equal(p + 24, request + 8, 16);
	assert_int_equal(p[40], 129);
	assert_memory_equal(p + 44, request + 44, 7);
}

static void test_answered(void **state)
{
	static const uint8_t all[6] = { 0x33, 0x33, 0, 0, 0, 1 };
	const struct {
		const char *what;
		enum base base;
		enum respond_kind kind;
		unsigned int tags;
		uint32_t len;
	} *c = *state;
	struct responder r = responder(c->base >= NS);
	enum respond_kind kind = RESPOND_KINDS;
	uint8_t out[RESPOND_MAX];
	struct frame f;

	build(&f, c->base, c->tags);
	assert_int_equal(ask(&r, &f, out, &kind), c->len);
	assert_int_equal(kind, c->kind);
	assert_memory_equal(out, c->base == DAD ? all : peer, 6);
	assert_memory_equal(out + 6, us, 6);
	assert_memory_equal(out + 12, f.data + 12, f.l3 - 12);
	if (c->base == ARP)
		check_arp(out + f.l3);
	else if (c->base == ECHO4)
		check_echo4(out + f.l3, f.data + f.l3);
	else if (c->base == ECHO6)
		check_echo6(out + f.l3, f.data + f.l3);
	else
		check_na(out + f.l3, c->base == NS);
	r.kinds[c->kind] = false;
	assert_int_equal(ask(&r, &f, out, &kind), 0);
}

/* One byte is different. Offsets are from the Ethernet header; the third header begins at 14. */
static const struct {
	const char *what;
	enum base base;
	uint32_t at;
	uint8_t value;
	bool sums; /* checksums are right nevertheless */
} spoilt[] = {
	{ "an ARP reply", ARP, 14 + 7, 2, true },
	{ "ARP for another hardware", ARP, 14 + 1, 6, true },
	{ "ARP for another protocol", ARP, 14 + 3, 1, true },
	{ "ARP with a wrong length of addresses", ARP, 14 + 4, 8, true },
	{ "ARP for somebody else", ARP, 14 + 27, 17, true },
	{ "ARP for an address below ours", ARP, 14 + 27, 0, true },
	{ "ARP to somebody else's MAC address", ARP, 0, 2, true },
	{ "ARP from a group", ARP, 14 + 8, 3, true },
	{ "a frame from a group", ARP, 6, 3, true },
	{ "an echo reply", ECHO4, 14 + 20, 0, true },
	{ "an echo request with a code", ECHO4, 14 + 21, 1, true },
	{ "an echo request with a wrong checksum", ECHO4, 14 + 30, 0, false },
	{ "a header with a wrong checksum", ECHO4, 14 + 4, 0, false },
	{ "a fragment", ECHO4, 14 + 6, 0x20, true },
	{ "a later fragment", ECHO4, 14 + 7, 1, true },
	{ "an echo request for somebody else", ECHO4, 14 + 19, 99, true },
	{ "an echo request from a group", ECHO4, 14 + 12, 224, true },
	{ "an echo request from network 0", ECHO4, 14 + 12, 0, true },
	{ "an echo request to another MAC address", ECHO4, 5, 9, true },
	{ "an echo request with IP options", ECHO4, 14, 0x46, true },
	{ "a length beyond the frame", ECHO4, 14 + 3, 34, true },
	{ "a length that holds no header", ECHO4, 14 + 3, 27, true },
	{ "another protocol than ICMP", ECHO4, 14 + 9, 17, true },
	{ "another version of IP", ECHO4, 14, 0x55, true },
	{ "a solicitation that was routed", NS, 14 + 7, 254, true },
	{ "a solicitation with a code", NS, 14 + 41, 1, true },
	{ "a solicitation with a wrong checksum", NS, 14 + 60, 1, false },
	{ "a solicitation for somebody else", NS, 14 + 63, 99, true },
	{ "a solicitation to the group of others", NS, 14 + 39, 8, true },
	{ "a solicitation to the wrong group of Ethernet", NS, 5, 8, true },
	{ "an option of no length", NS, 14 + 65, 0, true },
	{ "an option beyond the message", NS, 14 + 65, 2, true },
	{ "a solicitation from a group of Ethernet", NS, 14 + 66, 3, true },
	{ "a solicitation from a group of IPv6", NS, 14 + 8, 0xff, true },
	{ "an advertisement", NS, 14 + 40, 136, true },
	{ "a message longer than the frame", NS, 14 + 5, 33, true },
	{ "a message too short for a solicitation", NS, 14 + 5, 23, true },
	{ "another protocol than ICMPv6", NS, 14 + 6, 17, true },
	{ "an echo reply of IPv6", ECHO6, 14 + 40, 129, true },
	{ "an echo request of IPv6 with a code", ECHO6, 14 + 41, 1, true },
	{ "an echo request of IPv6 with a wrong checksum", ECHO6, 14 + 49, 0, false },
	{ "an echo request of IPv6 for somebody else", ECHO6, 14 + 39, 99, true },
	{ "an echo request of IPv6 for another network", ECHO6, 14 + 27, 3, true },
};

static void test_spoilt(void **state)
{
	const struct {
		const char *what;
		enum base base;
		uint32_t at;
		uint8_t value;
		bool sums;
	} *c = *state;
	const struct responder r = responder(c->base >= NS);
	uint8_t out[RESPOND_MAX];
	enum respond_kind kind;
	struct frame f;

	build(&f, c->base, 0);
	assert_true(ask(&r, &f, out, &kind) > 0);
	assert_int_not_equal(f.data[c->at], c->value);
	f.data[c->at] = c->value;
	if (c->sums)
		resum(&f, c->base);
	assert_int_equal(ask(&r, &f, out, &kind), 0);
}

static void test_announcement(void **state)
{
	const struct responder r = responder(false);
	uint8_t out[RESPOND_MAX];
	enum respond_kind kind;
	struct frame f;

	(void)state;
	build(&f, ARP, 0);
	memcpy(f.data + 14 + 14, f.data + 14 + 24, 4);
	assert_int_equal(ask(&r, &f, out, &kind), 0);
}

static void test_nameless_with_option(void **state)
{
	const struct responder r = responder(true);
	uint8_t out[RESPOND_MAX];
	enum respond_kind kind;
	struct frame f;

	(void)state;
	build(&f, NS, 0);
	memset(f.data + 14 + 8, 0, 16);
	resum(&f, NS);
	assert_int_equal(ask(&r, &f, out, &kind), 0);
}

static void test_cut(void **state)
{
	uint8_t out[RESPOND_MAX];
	enum respond_kind kind;
	struct frame f;

	(void)state;
	for (enum base base = ARP; base <= ECHO6; base++) {
		const struct responder r = responder(base >= NS);

		for (unsigned int tags = 0; tags < 4; tags++) {
			build(&f, base, tags);
			while (f.len--)
				assert_int_equal(ask(&r, &f, out, &kind), 0);
		}
	}
}

static void test_too_long(void **state)
{
	const struct responder r = responder(false);
	uint8_t out[RESPOND_MAX];
	enum respond_kind kind;
	struct frame f;

	(void)state;
	build(&f, ECHO4, 0);
	memset(f.data + f.len, 1, sizeof(f.data) - f.len);
	for (uint32_t len = RESPOND_MAX - 2; len <= RESPOND_MAX + 2; len++) {
		f.len = len;
		f.data[14 + 2] = (uint8_t)((len - 14) >> 8);
		f.data[14 + 3] = (uint8_t)(len - 14);
		resum(&f, ECHO4);
		assert_int_equal(ask(&r, &f, out, &kind), len <= RESPOND_MAX ? len : 0);
	}
}

/* Whatever comes, nothing is read or written that should not be. */
static void test_random(void **state)
{
	uint8_t out[RESPOND_MAX];
	enum respond_kind kind;
	uint32_t rng = 7, n = 0;
	struct frame f;

	(void)state;
	for (unsigned int i = 0; i < 200000; i++) {
		enum base base = i % 5;
		const struct responder r = responder(base >= NS);

		build(&f, base, i % 3);
		for (unsigned int k = 0; k < 1 + i % 3; k++) {
			rng = rng * 1664525u + 1013904223u;
			f.data[(rng >> 16) % f.len] = (uint8_t)(rng >> 8);
		}
		resum(&f, base);
		n += ask(&r, &f, out, &kind) > 0;
	}
	assert_true(n > 0 && n < 200000);
}

static void test_announce(void **state)
{
	static const uint8_t ip4[4] = { 10, 0, 0, 9 }, ip6[16] = { HOST6(9) };
	const struct vlan_list vlans = { 2, { FIELD_ONE(5), FIELD_ONE(6) } };
	uint8_t out[RESPOND_MAX];

	(void)state;
	assert_int_equal(respond_announce(us, false, ip4, &(struct vlan_list){ 0 }, out), 60);
	assert_int_equal(out[0], 0xff);
	assert_memory_equal(out + 14 + 8, us, 6);
	assert_memory_equal(out + 14 + 14, ip4, 4);
	assert_memory_equal(out + 14 + 24, ip4, 4);
	assert_int_equal(respond_announce(us, true, ip6, &vlans, out), 94);
	assert_memory_equal(out + 12, "\x88\xa8\0\5\x81\0\0\6\x86\xdd", 10);
	check_na(out + 22, false);
}

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		bool good, arp, nd, icmp;
	} table[] = {
		{ "arp", true, true, false, false },     { "arp,icmp,nd", true, true, true, true },
		{ "nd,nd", true, false, true, false },   { "", false, false, false, false },
		{ "arp,", false, false, false, false },  { "ar", false, false, false, false },
		{ "arp;nd", false, false, false, false }
	};
	struct why why;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		bool kinds[RESPOND_KINDS] = { false };

		assert_int_equal(respond_parse(table[i].text, kinds, &why), table[i].good);
		assert_int_equal(kinds[RESPOND_ARP], table[i].arp);
		assert_int_equal(kinds[RESPOND_ND], table[i].nd);
		assert_int_equal(kinds[RESPOND_ICMP], table[i].icmp);
	}
}

int main(void)
{
	struct case_list list = { 0 };

	CASES_ADD(&list, answered, test_answered);
	CASES_ADD(&list, spoilt, test_spoilt);
	case_add(&list, "an announcement of an address of ours", test_announcement, NULL);
	case_add(&list, "a solicitation from nobody that names him", test_nameless_with_option,
		 NULL);
	case_add(&list, "requests that are cut, or have too many tags", test_cut, NULL);
	case_add(&list, "an echo request that is too long for an answer", test_too_long, NULL);
	case_add(&list, "requests with random bytes", test_random, NULL);
	case_add(&list, "announcements", test_announce, NULL);
	case_add(&list, "what is to be answered, as text", test_parse, NULL);
	return case_run("respond", &list);
}
