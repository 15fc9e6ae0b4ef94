/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../cases.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "../../../apps/vio/frame.h"

/* What is asked for, and what a parser that shares no code with the builder must find. */
struct frame_case {
	const char *what;
	bool v6;
	unsigned int vlans;
	const char *sizes, *src, *dst, *sport, *dport;
	uint32_t flows, flows_want;
	unsigned int least;
	enum frame_proto proto;
	const char *vxlan, *vlan, *src_mac, *dst_mac, *step, *payload;
	unsigned int tos, ttl;
};

/* Addresses that most cases have. */
#define ADDRESSES  .src = "198.18.0.1", .dst = "198.18.0.2", .sport = "1024", .dport = "9"
#define ADDRESSES6 .src = "2001:2::1", .dst = "2001:2::2", .sport = "1024", .dport = "9"

/* clang-format off */
static const struct frame_case cases[] = {
	{ .what = "the least frame of IPv4", .sizes = "64", ADDRESSES, .flows_want = 1,
	  .least = 64 },
	{ .what = "IPv4 with a VLAN tag", .vlans = 1, .sizes = "68", ADDRESSES,
	  .flows_want = 1, .least = 68 },
	{ .what = "IPv4 with two VLAN tags", .vlans = 2, .sizes = "72", ADDRESSES,
	  .flows_want = 1, .least = 72 },
	{ .what = "the least frame of IPv6", .v6 = true, .sizes = "84", ADDRESSES6,
	  .flows_want = 1, .least = 84 },
	{ .what = "IPv6 with two VLAN tags", .v6 = true, .vlans = 2, .sizes = "92", ADDRESSES6,
	  .flows_want = 1, .least = 92 },
	{ .what = "every size of IPv4", .sizes = "64-1518", ADDRESSES, .flows_want = 1,
	  .least = 64 },
	{ .what = "every size of IPv6", .v6 = true, .sizes = "84-1518", ADDRESSES6,
	  .flows_want = 1, .least = 84 },
	{ .what = "the largest frame", .sizes = "9216", ADDRESSES, .flows_want = 1, .least = 64 },
	{ .what = "sizes around the template's end, two tags", .vlans = 2, .sizes = "72-200",
	  .src = "10.0.0.1", .dst = "10.0.0.2", .sport = "1", .dport = "2", .flows_want = 1,
	  .least = 72 },
	{ .what = "a range of source ports", .sizes = "64", .src = "10.0.0.1",
	  .dst = "10.0.0.2", .sport = "1000-1999", .dport = "9", .flows_want = 1000, .least = 64 },
	{ .what = "ports and addresses combine", .sizes = "64,65,128",
	  .src = "10.0.0.1-10.0.0.3", .dst = "10.1.0.0/30", .sport = "1-5", .dport = "7-8",
	  .flows_want = 120, .least = 64 },
	{ .what = "fewer flows than the ranges make", .sizes = "64", .src = "10.0.0.0/24",
	  .dst = "10.1.0.0/24", .sport = "1-5", .dport = "9", .flows = 77, .flows_want = 77,
	  .least = 64 },
	{ .what = "a range over the end of an octet", .sizes = "64",
	  .src = "10.0.0.250-10.0.1.9", .dst = "10.1.0.1", .sport = "9", .dport = "9",
	  .flows_want = 16, .least = 64 },
	{ .what = "flows of IPv6", .v6 = true, .vlans = 1, .sizes = "88-140",
	  .src = "2001:2::/124", .dst = "2001:2:0:1::fffe-2001:2:0:1::1:1", .sport = "1-3",
	  .dport = "9", .flows_want = 192, .least = 88 },
	{ .what = "the least frame of TCP", .proto = FRAME_TCP, .sizes = "76-300", ADDRESSES,
	  .flows_want = 1, .least = 76 },
	{ .what = "TCP over IPv6, with two VLAN tags", .proto = FRAME_TCP, .v6 = true,
	  .vlans = 2, .sizes = "104-300", ADDRESSES6, .flows_want = 1, .least = 104 },
	{ .what = "flows of TCP", .proto = FRAME_TCP, .sizes = "76,77", .src = "10.0.0.0/24",
	  .dst = "10.1.0.0/30", .sport = "1-5", .dport = "80,443", .flows_want = 10240,
	  .least = 76 },
	{ .what = "echo requests", .proto = FRAME_ICMP, .sizes = "64-300", ADDRESSES,
	  .flows_want = 1, .least = 64 },
	{ .what = "echo requests of ICMPv6", .proto = FRAME_ICMP, .v6 = true,
	  .sizes = "84-300", ADDRESSES6, .flows_want = 1, .least = 84 },
	{ .what = "flows of echo requests", .proto = FRAME_ICMP, .vlans = 1, .sizes = "68-80",
	  .src = "10.0.0.0/24", .dst = "10.0.1.1", .sport = "7-9", .dport = "9",
	  .flows_want = 768, .least = 68 },
	{ .what = "flows of ICMPv6", .proto = FRAME_ICMP, .v6 = true, .sizes = "84-101",
	  .src = "2001:2::/124", .dst = "2001:3::1,2001:4::1", .sport = "7-9", .dport = "9",
	  .flows_want = 96, .least = 84 },
	{ .what = "ARP requests", .proto = FRAME_ARP, .sizes = "64-100", .src = "10.0.0.1",
	  .dst = "10.0.0.0/24", .sport = "1", .dport = "1", .flows_want = 256, .least = 64 },
	{ .what = "ARP requests of many hosts, with a VLAN tag", .proto = FRAME_ARP,
	  .vlans = 1, .sizes = "68", .src = "10.0.0.1", .dst = "10.0.0.2-10.0.0.9",
	  .sport = "1", .dport = "1", .src_mac = "02:00:00:00:01:00-02:00:00:00:01:0f",
	  .flows_want = 128, .least = 68 },
	{ .what = "a type of service and a time to live", .tos = 0xb8, .ttl = 3,
	  .sizes = "64-70", ADDRESSES, .flows_want = 1, .least = 64 },
	{ .what = "a traffic class and a hop limit", .v6 = true, .tos = 0xb9, .ttl = 255,
	  .sizes = "84-90", ADDRESSES6, .flows_want = 1, .least = 84 },
	{ .what = "MAC addresses that vary", .sizes = "64", ADDRESSES,
	  .src_mac = "02:00:00:00:00:f0-02:00:00:00:01:0f",
	  .dst_mac = "02:00:00:01:00:01,02:00:00:02:00:02", .flows_want = 64, .least = 64 },
	{ .what = "VLAN ids that vary", .vlans = 2, .vlan = "10-19,200-204",
	  .sizes = "72,1526", ADDRESSES, .flows_want = 50, .least = 72 },
	{ .what = "fewer flows than MAC addresses and ports make", .sizes = "64",
	  .src = "10.0.0.1", .dst = "10.0.0.2", .sport = "1-4", .dport = "9",
	  .src_mac = "02:00:00:00:00:00-02:00:00:00:ff:ff", .flows = 1000, .flows_want = 1000,
	  .least = 64 },
	{ .what = "flows downwards", .step = "dec", .sizes = "64", .src = "10.0.0.0/24",
	  .dst = "10.1.0.0/24", .sport = "1-5", .dport = "9", .flows = 77, .flows_want = 77,
	  .least = 64 },
	{ .what = "all flows by chance", .step = "random", .sizes = "64", .src = "10.0.0.0/24",
	  .dst = "10.1.0.0/30", .sport = "1-5", .dport = "9", .flows_want = 5120, .least = 64 },
	{ .what = "some of many flows by chance", .v6 = true, .step = "random:5",
	  .sizes = "84", .src = "2001:2::/65", .dst = "2001:3::/65", .sport = "0-65535",
	  .dport = "9", .flows = 5000, .flows_want = 5000, .least = 84 },
	{ .what = "VXLAN", .vxlan = "5000", .sizes = "114-300", ADDRESSES, .flows_want = 1,
	  .least = 114 },
	{ .what = "VXLAN around TCP over IPv6, with two VLAN tags", .proto = FRAME_TCP,
	  .v6 = true, .vlans = 2, .vxlan = "16777215,src=1.2.3.4,dst=5.6.7.8", .tos = 4,
	  .ttl = 9, .sizes = "154-300", ADDRESSES6, .flows_want = 1, .least = 154 },
	{ .what = "flows in VXLAN",
	  .vxlan = "0,src-mac=02:00:00:00:0a:0a,dst-mac=02:00:00:00:0b:0b", .sizes = "114-116",
	  .src = "10.0.0.0/24", .dst = "10.0.1.1", .sport = "7-9", .dport = "9",
	  .dst_mac = "02:00:00:01:00:01,02:00:00:02:00:02", .flows_want = 1536, .least = 114 },
	{ .what = "echo requests in VXLAN", .proto = FRAME_ICMP, .vxlan = "7",
	  .sizes = "114-120", ADDRESSES, .flows_want = 1, .least = 114 },
	{ .what = "ARP requests in VXLAN", .proto = FRAME_ARP, .vxlan = "7",
	  .sizes = "114-120", .src = "10.0.0.1", .dst = "10.0.0.2-10.0.0.9", .sport = "1",
	  .dport = "1", .flows_want = 8, .least = 114 },
	{ .what = "a payload of zeros", .payload = "zero", .sizes = "64-300", ADDRESSES,
	  .flows_want = 1, .least = 64 },
	{ .what = "a payload by chance", .payload = "random", .sizes = "64-300", ADDRESSES,
	  .flows_want = 1, .least = 64 },
};
/* clang-format on */

static unsigned int be16(const uint8_t *p)
{
	return p[0] * 256u + p[1];
}

static uint32_t be32(const uint8_t *p)
{
	return be16(p) * 65536u + be16(p + 2);
}

/* RFC 1071 word by word, big endian. */
static uint32_t sum_words(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		sum += (i & 1) ? p[i] : p[i] * 256u;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

struct parsed {
	unsigned int tags, vlan[2], stream, ns;
	uint32_t seq, sec, usec;
	unsigned int outer_port;
	uint8_t flow[52]; /* addresses, ports or what stands for them, MAC addresses, VLAN ids */
};

/* The IP header around @len bytes, its own included. Return: its length. */
static size_t parse_ip(const uint8_t *ip, size_t len, bool v6, const struct frame_case *c,
		       unsigned int proto, uint8_t addr[32])
{
	memset(addr, 0, 32);
	if (v6) {
		assert_int_equal(be16(ip), 0x6000 | c->tos << 4);
		assert_int_equal(be16(ip + 2), 0);
		assert_int_equal(be16(ip + 4), len - 40);
		assert_int_equal(ip[6], proto);
		assert_int_equal(ip[7], c->ttl ? c->ttl : 64);
		memcpy(addr, ip + 8, 32);
		return 40;
	}
	assert_int_equal(ip[0], 0x45);
	assert_int_equal(ip[1], c->tos);
	assert_int_equal(be16(ip + 2), len);
	assert_int_equal(be16(ip + 4), 0);
	assert_int_equal(be16(ip + 6), 0x4000);
	assert_int_equal(ip[8], c->ttl ? c->ttl : 64);
	assert_int_equal(ip[9], proto);
	assert_int_equal(sum_words(0, ip, 20), 0xffff);
	memcpy(addr, ip + 12, 8);
	return 20;
}

/* Return: where our payload stands. */
static const uint8_t *parse_l4(const uint8_t *l4, size_t len, const struct frame_case *c,
			       const uint8_t addr[32], struct parsed *out)
{
	static const unsigned int numbers[] = { 17, 6, 1 }, lens[] = { 8, 20, 8 };
	unsigned int proto = c->v6 && c->proto == FRAME_ICMP ? 58 : numbers[c->proto];
	uint32_t sum = sum_words((uint32_t)(proto + len), addr, c->v6 ? 32 : 8);

	if (proto == 1)
		sum = 0;
	assert_int_equal(sum_words(sum, l4, len), 0xffff);
	if (c->proto == FRAME_ICMP) {
		assert_int_equal(be16(l4), c->v6 ? 0x8000 : 0x0800);
		memcpy(out->flow + 32, l4 + 4, 2);
		assert_int_equal(be16(l4 + 6), be32(l4 + 12) & 0xffff);
		return l4 + 8;
	}
	memcpy(out->flow + 32, l4, 4);
	if (c->proto == FRAME_UDP) {
		assert_int_equal(be16(l4 + 4), len);
		assert_true(be16(l4 + 6) != 0);
	} else {
		assert_int_equal(be16(l4 + 12), 0x5018);
		assert_int_equal(be16(l4 + 18), 0);
	}
	return l4 + lens[c->proto];
}

static const uint8_t *parse_arp(const uint8_t *arp, const uint8_t *eth, struct parsed *out)
{
	static const uint8_t begin[] = { 0, 1, 8, 0, 6, 4, 0, 1 }, nobody[6] = { 0 };

	assert_memory_equal(arp, begin, sizeof(begin));
	assert_memory_equal(arp + 8, eth + 6, 6);
	assert_memory_equal(arp + 18, nobody, 6);
	memcpy(out->flow, arp + 14, 4);
	memcpy(out->flow + 4, arp + 24, 4);
	return arp + 28;
}

/* RFC 7348. Return: the frame inside the one whose IPv4 header is at @ip. */
static const uint8_t *parse_vxlan(const uint8_t *ip, size_t len, const struct frame_case *c,
				  struct parsed *out)
{
	uint8_t addr[32];
	const uint8_t *udp = ip + parse_ip(ip, len, false, c, 17, addr), *vxlan = udp + 8;
	bool given = strstr(c->vxlan, "src=1.2.3.4") != NULL;

	assert_int_equal(be32(ip + 12), given ? 0x01020304 : 0xc6130001);
	assert_int_equal(be32(ip + 16), given ? 0x05060708 : 0xc6130002);
	out->outer_port = be16(udp);
	assert_in_range(out->outer_port, 49152, 65535);
	assert_int_equal(be16(udp + 2), 4789);
	assert_int_equal(be16(udp + 4), len - 20);
	assert_int_equal(be16(udp + 6), 0);
	assert_int_equal(be32(vxlan), 0x08000000);
	assert_int_equal(be32(vxlan + 4), (uint32_t)atoi(c->vxlan) << 8);
	return vxlan + 8;
}

static void parse(const uint8_t *f, size_t len, const struct frame_case *c, struct parsed *out)
{
	static const unsigned int numbers[] = { 17, 6, 1 };
	const uint8_t *l3, *p, *eth = f, *end = f + len;
	uint8_t addr[32];
	size_t at = 12;

	*out = (struct parsed){ 0 };
	while (be16(f + at) == 0x8100 || be16(f + at) == 0x88a8) {
		memcpy(out->flow + 48 + 2 * out->tags, f + at + 2, 2);
		out->vlan[out->tags++] = be16(f + at + 2);
		at += 4;
	}
	if (c->vxlan) {
		assert_int_equal(be16(f + at), 0x0800);
		eth = parse_vxlan(f + at + 2, len - at - 2, c, out);
		at = (size_t)(eth - f) + 12;
	}
	memcpy(out->flow + 36, eth, 12);
	l3 = f + at + 2;
	if (c->proto == FRAME_ARP) {
		assert_int_equal(be16(f + at), 0x0806);
		p = parse_arp(l3, eth, out);
	} else {
		unsigned int proto = c->v6 && c->proto == FRAME_ICMP ? 58 : numbers[c->proto];
		const uint8_t *l4 = l3 + parse_ip(l3, (size_t)(end - l3), c->v6, c, proto, addr);

		assert_int_equal(be16(f + at), c->v6 ? 0x86dd : 0x0800);
		memcpy(out->flow, addr, 32);
		p = parse_l4(l4, (size_t)(end - l4), c, addr, out);
	}
	assert_true(p + 18 <= end);
	assert_int_equal(be32(p), 0xbe9be955);
	out->seq = be32(p + 4);
	out->sec = be32(p + 8);
	out->usec = be32(p + 12);
	out->stream = be16(p + 16) >> 10;
	out->ns = be16(p + 16) & 0x3ff;
	if (c->payload && !strcmp(c->payload, "zero"))
		for (p += 18; p < end; p++)
			assert_int_equal(*p, 0);
}

static void spec_init(struct frame_spec *spec, struct sizes *sizes, const struct frame_case *c)
{
	struct flow_spec *flow = &spec->flow;
	struct why why;

	*spec = (struct frame_spec){ .sizes = sizes };
	*flow = (struct flow_spec){ .v6 = c->v6,
				    .proto = c->proto,
				    .src_mac = FIELD_ONE(0x020000000001),
				    .dst_mac = FIELD_ONE(0x020000000002),
				    .vlans = { c->vlans, { FIELD_ONE(100), FIELD_ONE(200) } },
				    .flows = c->flows,
				    .outer_ports = c->vxlan };
	spec->style.tos = c->tos;
	spec->style.ttl = c->ttl;
	assert_true(sizes_parse(c->sizes, sizes, &why));
	assert_true(field_read_ips(c->src, &flow->src, &why));
	assert_true(field_read_ips(c->dst, &flow->dst, &why));
	assert_true(field_read_ports(c->sport, &flow->sport, &why));
	assert_true(field_read_ports(c->dport, &flow->dport, &why));
	assert_true(!c->src_mac || field_read_macs(c->src_mac, &flow->src_mac, &why));
	assert_true(!c->dst_mac || field_read_macs(c->dst_mac, &flow->dst_mac, &why));
	assert_true(!c->vlan || field_read_vlans(c->vlan, &flow->vlans, &why));
	assert_true(!c->step || flow_step_read(c->step, &flow->step, &why));
	assert_true(!c->vxlan || vxlan_read(c->vxlan, &spec->style.vxlan, &why));
	assert_true(!c->payload || payload_read(c->payload, &spec->style.payload, &why));
}

/* What frames are made with. */
struct making {
	struct frame_spec spec;
	struct sizes sizes;
	struct frames f;
	struct frame_cursor cursor;
};

static void making_begin(struct making *m, const struct frame_case *c, bool turned)
{
	struct why why;

	spec_init(&m->spec, &m->sizes, c);
	if (turned)
		frame_spec_turn(&m->spec);
	assert_true(frames_init(&m->f, &m->spec, &why));
	m->cursor = (struct frame_cursor){ 0 };
}

static void making_end(struct making *m)
{
	frames_fini(&m->f);
	sizes_free(&m->sizes);
}

#define BURST 32

static uint8_t buffers[BURST][16384];

static void buffers_get(struct vio_pkt *pkts)
{
	memset(buffers, 0xa5, sizeof(buffers));
	for (int i = 0; i < BURST; i++)
		pkts[i] = (struct vio_pkt){ .data = buffers[i] + 128 };
}

static int compare_flows(const void *a, const void *b)
{
	return memcmp(a, b, 52);
}

/* Distinct flows among @n of 52 bytes. */
static size_t distinct(uint8_t *flows, size_t n)
{
	size_t d = n != 0;

	qsort(flows, n, 52, compare_flows);
	for (size_t i = 1; i < n; i++)
		d += memcmp(flows + 52 * i, flows + 52 * (i - 1), 52) != 0;
	return d;
}

static void test_frames(void **state)
{
	const struct frame_case *c = *state;
	const uint64_t now = 1700000000123456789u;
	struct vio_pkt pkts[BURST];
	struct making m;
	uint8_t *seen;
	uint32_t seq = 0xfffffff0u, n = 0, total;

	making_begin(&m, c, false);
	assert_int_equal(frame_least_size(&m.spec), c->least);
	assert_int_equal(m.f.flows.n, c->flows_want);
	total = c->flows_want > m.sizes.pattern_len ? c->flows_want : m.sizes.pattern_len;
	seen = calloc(total, 52);
	assert_non_null(seen);

	while (n < total) {
		uint16_t k = total - n < BURST ? (uint16_t)(total - n) : BURST;
		uint32_t bytes = 0, said;

		buffers_get(pkts);
		said = frames_build(&m.f, &m.cursor, pkts, k, 37, seq + n, now + n);
		for (uint16_t i = 0; i < k; i++, n++) {
			struct parsed p;

			parse(pkts[i].data, pkts[i].len, c, &p);
			assert_int_equal(pkts[i].len + 4,
					 m.sizes.size[m.sizes.pattern[n % m.sizes.pattern_len]]);
			assert_int_equal(p.tags, c->vlans);
			if (!c->vlan) {
				assert_int_equal(p.vlan[0], c->vlans ? 100 : 0);
				assert_int_equal(p.vlan[1], c->vlans > 1 ? 200 : 0);
			}
			assert_int_equal(p.seq, seq + n);
			assert_int_equal(p.stream, 37);
			assert_int_equal(p.sec, 1700000000);
			assert_int_equal(p.usec * 1000 + p.ns, 123456789 + n - i);
			assert_int_equal(buffers[i][127], 0xa5);
			bytes += pkts[i].len + 4;
			memcpy(seen + 52 * n, p.flow, 52);
		}
		assert_int_equal(said, bytes);
	}
	assert_int_equal(distinct(seen, n), c->flows_want);
	free(seen);
	making_end(&m);
}

/* clang-format off */
static const struct frame_case refused[] = {
	{ .what = "64 bytes do not hold a VLAN tag", .vlans = 1, .sizes = "64",
	  .src = "1.1.1.1", .dst = "1.1.1.2", .sport = "1", .dport = "2", .least = 68 },
	{ .what = "64 bytes do not hold IPv6", .v6 = true, .sizes = "64,128", .src = "::1",
	  .dst = "::2", .sport = "1", .dport = "2", .least = 84 },
	{ .what = "more flows than the ranges make", .sizes = "64", .src = "1.1.1.1",
	  .dst = "1.1.1.2", .sport = "1-9", .dport = "2", .flows = 10, .least = 64 },
	{ .what = "more flows than memory is meant for", .sizes = "64", .src = "10.0.0.0/8",
	  .dst = "1.1.1.2", .sport = "1-9", .dport = "2", .least = 64 },
	{ .what = "IPv4 addresses in IPv6", .v6 = true, .sizes = "84", .src = "1.1.1.1",
	  .dst = "::2", .sport = "1", .dport = "2", .least = 84 },
	{ .what = "75 bytes do not hold TCP", .proto = FRAME_TCP, .sizes = "75", ADDRESSES },
	{ .what = "113 bytes do not hold VXLAN", .vxlan = "1", .sizes = "113", ADDRESSES },
	{ .what = "ARP of IPv6", .proto = FRAME_ARP, .v6 = true, .sizes = "128", ADDRESSES6 },
	{ .what = "ARP with a time to live", .proto = FRAME_ARP, .ttl = 1, .sizes = "128",
	  ADDRESSES },
	{ .what = "ARP with ports", .proto = FRAME_ARP, .sizes = "64", .src = "10.0.0.1",
	  .dst = "10.0.0.2", .sport = "1-2", .dport = "1" },
	{ .what = "ICMP with destination ports", .proto = FRAME_ICMP, .sizes = "64",
	  .src = "10.0.0.1", .dst = "10.0.0.2", .sport = "1", .dport = "1-2" },
	{ .what = "a payload from an empty file", .payload = "@/dev/null", .sizes = "64",
	  ADDRESSES },
};
/* clang-format on */

static void test_refused(void **state)
{
	const struct frame_case *c = *state;
	struct frame_spec spec;
	struct frames f;
	struct sizes sizes;
	struct why why = { "" };

	spec_init(&spec, &sizes, c);
	assert_false(frames_init(&f, &spec, &why));
	assert_true(why.text[0]);
	sizes_free(&sizes);
}

static void test_rewind(void **state)
{
	const struct frame_case c = { .sizes = "64,65,66,67,68",
				      .src = "10.0.0.1-10.0.0.7",
				      .dst = "10.0.0.9",
				      .sport = "1",
				      .dport = "2" };
	struct frame_cursor before;
	struct vio_pkt pkts[BURST];
	struct making m;

	(void)state;
	making_begin(&m, &c, false);
	buffers_get(pkts);
	frames_build(&m.f, &m.cursor, pkts, 13, 0, 0, 0);
	before = m.cursor;
	frames_build(&m.f, &m.cursor, pkts, 32, 0, 0, 0);
	frames_rewind(&m.f, &m.cursor, 32);
	assert_memory_equal(&m.cursor, &before, sizeof(before));
	making_end(&m);
}

static void test_turn(void **state)
{
	static const uint8_t macs[] = { 2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 2 },
			     ips[] = { 2, 2, 2, 2, 1, 1, 1, 1 };
	const struct frame_case c = { .sizes = "114",
				      .vxlan = "5,src=1.1.1.1,dst=2.2.2.2,"
					       "src-mac=02:00:00:00:00:09",
				      ADDRESSES };
	struct vio_pkt pkt = { .data = buffers[0] };
	struct making m;

	(void)state;
	making_begin(&m, &c, true);
	frames_build(&m.f, &m.cursor, &pkt, 1, 0, 0, 0);
	assert_memory_equal(buffers[0], macs, sizeof(macs));
	assert_memory_equal(buffers[0] + 26, ips, sizeof(ips));
	making_end(&m);
}

/* UDP writes 0xffff for a checksum of 0, which says that there is none (RFC 768); the others 0,
 * which is what comes out (RFC 1624). 65536 numbers make every checksum, 0 among them. */
static const struct zero_case {
	const char *what;
	unsigned int csum; /* offset */
	uint8_t never;
	struct frame_case frame;
} zero_cases[] = {
	{ "a checksum of UDP is never 0", 40, 0, { .sizes = "64", ADDRESSES } },
	{ "a checksum of TCP is never 0xffff",
	  50,
	  0xff,
	  { .sizes = "76", ADDRESSES, .proto = FRAME_TCP } },
	{ "a checksum of ICMP is never 0xffff",
	  36,
	  0xff,
	  { .sizes = "64", ADDRESSES, .proto = FRAME_ICMP } },
};

static void test_zero(void **state)
{
	const struct zero_case *c = *state;
	struct vio_pkt pkt = { .data = buffers[0] };
	unsigned int zeros = 0;
	struct making m;

	making_begin(&m, &c->frame, false);
	for (uint32_t seq = 0; seq < 0x10000; seq++) {
		const uint8_t *csum = buffers[0] + c->csum;
		uint8_t zero = (uint8_t)~c->never;

		frames_build(&m.f, &m.cursor, &pkt, 1, 0, seq, 0);
		assert_false(csum[0] == c->never && csum[1] == c->never);
		zeros += csum[0] == zero && csum[1] == zero;
	}
	assert_true(zeros > 0);
	making_end(&m);
}

int main(void)
{
	struct case_list list = { 0 };

	CASES_ADD(&list, cases, test_frames);
	CASES_ADD(&list, refused, test_refused);
	CASES_ADD(&list, zero_cases, test_zero);
	case_add(&list, "on the way back the outer addresses are exchanged", test_turn, NULL);
	case_add(&list, "frames that were not taken are built again", test_rewind, NULL);
	return case_run("frame_build", &list);
}
