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
};

static const struct frame_case cases[] = {
	{ "the least frame of IPv4", false, 0, "64", "198.18.0.1", "198.18.0.2", "1024", "9", 0, 1,
	  64 },
	{ "IPv4 with a VLAN tag", false, 1, "68", "198.18.0.1", "198.18.0.2", "1024", "9", 0, 1,
	  68 },
	{ "IPv4 with two VLAN tags", false, 2, "72", "198.18.0.1", "198.18.0.2", "1024", "9", 0, 1,
	  72 },
	{ "the least frame of IPv6", true, 0, "84", "2001:2::1", "2001:2::2", "1024", "9", 0, 1,
	  84 },
	{ "IPv6 with two VLAN tags", true, 2, "92", "2001:2::1", "2001:2::2", "1024", "9", 0, 1,
	  92 },
	{ "every size of IPv4", false, 0, "64-1518", "198.18.0.1", "198.18.0.2", "1024", "9", 0, 1,
	  64 },
	{ "every size of IPv6", true, 0, "84-1518", "2001:2::1", "2001:2::2", "1024", "9", 0, 1,
	  84 },
	{ "the largest frame", false, 0, "9216", "198.18.0.1", "198.18.0.2", "1024", "9", 0, 1,
	  64 },
	{ "sizes around the template's end, two tags", false, 2, "72-200", "10.0.0.1", "10.0.0.2",
	  "1", "2", 0, 1, 72 },
	{ "a range of source ports", false, 0, "64", "10.0.0.1", "10.0.0.2", "1000-1999", "9", 0,
	  1000, 64 },
	{ "ports and addresses combine", false, 0, "64,65,128", "10.0.0.1-10.0.0.3", "10.1.0.0/30",
	  "1-5", "7-8", 0, 120, 64 },
	{ "fewer flows than the ranges make", false, 0, "64", "10.0.0.0/24", "10.1.0.0/24", "1-5",
	  "9", 77, 77, 64 },
	{ "a range over the end of an octet", false, 0, "64", "10.0.0.250-10.0.1.9", "10.1.0.1",
	  "9", "9", 0, 16, 64 },
	{ "flows of IPv6", true, 1, "88-140", "2001:2::/124", "2001:2:0:1::fffe-2001:2:0:1::1:1",
	  "1-3", "9", 0, 192, 88 },
};

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
	unsigned int tags, vlan[2], sport, dport, stream, ns;
	uint8_t addr[32];
	uint32_t seq, sec, usec;
};

static void parse_ip(const uint8_t *ip, size_t len, bool v6, size_t *hdr, struct parsed *out)
{
	if (v6) {
		assert_int_equal(ip[0], 0x60);
		assert_int_equal(be16(ip + 4), len - 40);
		assert_int_equal(ip[6], 17);
		assert_true(ip[7] > 1);
		memcpy(out->addr, ip + 8, 32);
		*hdr = 40;
		return;
	}
	assert_int_equal(ip[0], 0x45);
	assert_int_equal(be16(ip + 2), len);
	assert_int_equal(ip[9], 17);
	assert_int_equal(be16(ip + 6), 0x4000);
	assert_true(ip[8] > 1);
	assert_int_equal(sum_words(0, ip, 20), 0xffff);
	memcpy(out->addr, ip + 12, 8);
	*hdr = 20;
}

static void parse(const uint8_t *f, size_t len, bool v6, struct parsed *out)
{
	size_t at = 12, hdr = 0, udp_len;
	const uint8_t *ip, *udp;
	uint32_t sum;

	*out = (struct parsed){ 0 };
	while (be16(f + at) == 0x8100 || be16(f + at) == 0x88a8) {
		out->vlan[out->tags++] = be16(f + at + 2);
		at += 4;
	}
	assert_int_equal(be16(f + at), v6 ? 0x86dd : 0x0800);
	ip = f + at + 2;
	parse_ip(ip, len - at - 2, v6, &hdr, out);
	udp = ip + hdr;
	udp_len = (size_t)(f + len - udp);
	out->sport = be16(udp);
	out->dport = be16(udp + 2);
	assert_int_equal(be16(udp + 4), udp_len);
	assert_true(be16(udp + 6) != 0);
	sum = sum_words((uint32_t)(17 + udp_len), out->addr, v6 ? 32 : 8);
	assert_int_equal(sum_words(sum, udp, udp_len), 0xffff);
	assert_int_equal(be32(udp + 8), 0xbe9be955);
	out->seq = be32(udp + 12);
	out->sec = be32(udp + 16);
	out->usec = be32(udp + 20);
	out->stream = be16(udp + 24) >> 10;
	out->ns = be16(udp + 24) & 0x3ff;
}

static void spec_init(struct frame_spec *spec, struct sizes *sizes, const struct frame_case *c)
{
	struct why why;

	*spec = (struct frame_spec){ .src_mac = { 2, 0, 0, 0, 0, 1 },
				     .dst_mac = { 2, 0, 0, 0, 0, 2 },
				     .vlans = { .n = c->vlans, .id = { 100, 200 } },
				     .sizes = sizes };
	spec->flow.v6 = c->v6;
	spec->flow.flows = c->flows;
	assert_true(sizes_parse(c->sizes, sizes, &why));
	assert_true(ip_range_parse(c->src, &spec->flow.src, &why));
	assert_true(ip_range_parse(c->dst, &spec->flow.dst, &why));
	assert_true(parse_port_range(c->sport, &spec->flow.sport, &why));
	assert_true(parse_port_range(c->dport, &spec->flow.dport, &why));
}

#define BURST 32

static uint8_t buffers[BURST][16384];

static void buffers_get(struct vio_pkt *pkts)
{
	memset(buffers, 0xa5, sizeof(buffers));
	for (int i = 0; i < BURST; i++)
		pkts[i] = (struct vio_pkt){ .data = buffers[i] + 128 };
}

static int compare_tuples(const void *a, const void *b)
{
	return memcmp(a, b, 36);
}

/* Distinct flows among @n tuples of 36 bytes. */
static size_t distinct(uint8_t *tuples, size_t n)
{
	size_t d = n != 0;

	qsort(tuples, n, 36, compare_tuples);
	for (size_t i = 1; i < n; i++)
		d += memcmp(tuples + 36 * i, tuples + 36 * (i - 1), 36) != 0;
	return d;
}

static void test_frames(void **state)
{
	const struct frame_case *c = *state;
	const uint64_t now = 1700000000123456789u;
	struct frame_cursor cursor = { 0 };
	struct vio_pkt pkts[BURST];
	struct frame_spec spec;
	struct frames f;
	struct sizes sizes;
	struct why why;
	uint8_t *tuples;
	uint32_t seq = 0xfffffff0u, n = 0, total;

	spec_init(&spec, &sizes, c);
	assert_int_equal(frame_least_size(&spec), c->least);
	assert_true(frames_init(&f, &spec, &why));
	assert_int_equal(f.n_flows, c->flows_want);
	total = c->flows_want > sizes.pattern_len ? c->flows_want : sizes.pattern_len;
	tuples = calloc(total, 36);
	assert_non_null(tuples);

	while (n < total) {
		uint16_t k = total - n < BURST ? (uint16_t)(total - n) : BURST;
		uint32_t bytes = 0, said;

		buffers_get(pkts);
		said = frames_build(&f, &cursor, pkts, k, 37, seq + n, now + n);
		for (uint16_t i = 0; i < k; i++, n++) {
			struct parsed p;

			parse(pkts[i].data, pkts[i].len, c->v6, &p);
			assert_int_equal(pkts[i].len + 4,
					 sizes.size[sizes.pattern[n % sizes.pattern_len]]);
			assert_int_equal(p.tags, c->vlans);
			assert_int_equal(p.vlan[0], c->vlans ? 100 : 0);
			assert_int_equal(p.vlan[1], c->vlans > 1 ? 200 : 0);
			assert_int_equal(p.seq, seq + n);
			assert_int_equal(p.stream, 37);
			assert_int_equal(p.sec, 1700000000);
			assert_int_equal(p.usec * 1000 + p.ns, 123456789 + n - i);
			assert_int_equal(buffers[i][127], 0xa5);
			bytes += pkts[i].len + 4;
			memcpy(tuples + 36 * n, p.addr, 32);
			memcpy(tuples + 36 * n + 32,
			       (uint16_t[]){ (uint16_t)p.sport, (uint16_t)p.dport }, 4);
		}
		assert_int_equal(said, bytes);
	}
	assert_int_equal(distinct(tuples, n), c->flows_want);
	free(tuples);
	frames_fini(&f);
	sizes_free(&sizes);
}

static const struct {
	struct frame_case c;
} refused[] = {
	{ { "64 bytes do not hold a VLAN tag", false, 1, "64", "1.1.1.1", "1.1.1.2", "1", "2", 0, 0,
	    68 } },
	{ { "64 bytes do not hold IPv6", true, 0, "64,128", "::1", "::2", "1", "2", 0, 0, 84 } },
	{ { "more flows than the ranges make", false, 0, "64", "1.1.1.1", "1.1.1.2", "1-9", "2", 10,
	    0, 64 } },
	{ { "more flows than memory is meant for", false, 0, "64", "10.0.0.0/8", "1.1.1.2", "1-9",
	    "2", 0, 0, 64 } },
	{ { "IPv4 addresses in IPv6", true, 0, "84", "1.1.1.1", "::2", "1", "2", 0, 0, 84 } },
};

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
	const struct frame_case c = {
		"", false, 0, "64,65,66,67,68", "10.0.0.1-10.0.0.7", "10.0.0.9", "1", "2", 0, 7, 64
	};
	struct frame_cursor cursor = { 0 }, before;
	struct vio_pkt pkts[BURST];
	struct frame_spec spec;
	struct frames f;
	struct sizes sizes;
	struct why why;

	(void)state;
	spec_init(&spec, &sizes, &c);
	assert_true(frames_init(&f, &spec, &why));
	buffers_get(pkts);
	frames_build(&f, &cursor, pkts, 13, 0, 0, 0);
	before = cursor;
	frames_build(&f, &cursor, pkts, 32, 0, 0, 0);
	frames_rewind(&f, &cursor, 32);
	assert_memory_equal(&cursor, &before, sizeof(cursor));
	frames_fini(&f);
	sizes_free(&sizes);
}

int main(void)
{
	struct case_list list = { 0 };

	CASES_ADD(&list, cases, test_frames);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		case_add(&list, refused[i].c.what, test_refused, &refused[i].c);
	case_add(&list, "frames that were not taken are built again", test_rewind, NULL);
	return case_run("frame_build", &list);
}
