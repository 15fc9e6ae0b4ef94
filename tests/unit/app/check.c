/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../cases.h"

#include <stdlib.h>
#include <string.h>

#include "frame_rig.h"

static const struct kind intact[] = {
	{ "the least frame of IPv4", "64", false, 0, FRAME_UDP, NULL },
	{ "an odd frame of IPv4", "777", false, 0, FRAME_UDP, NULL },
	{ "a large frame with a VLAN tag", "1518", false, 1, FRAME_UDP, NULL },
	{ "two VLAN tags", "72", false, 2, FRAME_UDP, NULL },
	{ "the least frame of IPv6", "84", true, 0, FRAME_UDP, NULL },
	{ "an odd frame of IPv6 with two VLAN tags", "333", true, 2, FRAME_UDP, NULL },
	{ "the least frame of TCP", "76", false, 0, FRAME_TCP, NULL },
	{ "an odd frame of TCP over IPv6 with a VLAN tag", "201", true, 1, FRAME_TCP, NULL },
	{ "an echo request", "64", false, 0, FRAME_ICMP, NULL },
	{ "an odd echo request with two VLAN tags", "99", false, 2, FRAME_ICMP, NULL },
	{ "an echo request of ICMPv6", "85", true, 0, FRAME_ICMP, NULL },
	{ "an ARP request", "64", false, 0, FRAME_ARP, NULL },
	{ "an ARP request with two VLAN tags", "72", false, 2, FRAME_ARP, NULL },
	{ "UDP in VXLAN", "114", false, 0, FRAME_UDP, "5000" },
	{ "TCP over IPv6 in VXLAN with a VLAN tag", "151", true, 1, FRAME_TCP, "16777215" },
	{ "an echo request in VXLAN", "131", false, 0, FRAME_ICMP, "7" },
};

static void test_intact(void **state)
{
	struct check_info info;
	struct rig r;

	rig_make(&r, *state);
	assert_int_equal(check_frame(&r.id, buffer, r.pkt.len, false, &info), CHECK_OURS);
	assert_int_equal(info.seq, 123456);
	assert_int_equal(info.stream, 5);
	assert_true(info.sent_ns == 1700000000987654321u);
	rig_fini(&r);
}

/*
 * Does nothing cover byte @at? MAC addresses, which devices on the way may rewrite, and IPv6's
 * traffic class (of which half a byte is in byte 0), flow label and hop limit; of ARP what stands
 * behind the magic; of VXLAN the outer source port and what is reserved.
 */
static bool uncovered(const struct rig *r, unsigned int at, uint8_t bit)
{
	const struct frame_places *p = &r->frames.at;
	unsigned int l3 = at - p->l3, vxlan = at - p->outer_ip - 28u;

	if (p->outer_ip && at < p->l3) {
		if (vxlan < 8)
			return (vxlan && vxlan < 4) || vxlan == 7;
		return at - p->macs < 12 || at - p->outer_ip - 20u < 2;
	}
	if (r->frames.proto == FRAME_ARP)
		return at >= p->payload + 4u;
	return r->frames.v6 && at >= p->l3 &&
	       ((l3 > 0 && l3 < 4) || l3 == 7 || (l3 == 0 && bit < 0x10));
}

/* Every single bit but those of the first MAC addresses and VLAN ids. */
static void test_every_bit(void **state)
{
	struct check_info info;
	struct rig r;
	unsigned int first;

	rig_make(&r, *state);
	first = (r.frames.at.outer_ip ? r.frames.at.outer_ip : r.frames.at.l3) - 2u;
	for (unsigned int bit = 8 * first; bit < 8 * r.pkt.len; bit++) {
		uint8_t mask = (uint8_t)(0x80 >> bit % 8);

		buffer[bit / 8] ^= mask;
		assert_int_equal(check_frame(&r.id, buffer, r.pkt.len, false, &info),
				 uncovered(&r, bit / 8, mask) ? CHECK_OURS : CHECK_CORRUPT);
		buffer[bit / 8] ^= mask;
	}
	rig_fini(&r);
}

static void test_truncated(void **state)
{
	struct check_info info;
	struct rig r;

	(void)state;
	rig_init(&r, "128", false, 0);
	for (uint32_t len = 38; len < r.pkt.len; len++)
		assert_int_equal(check_frame(&r.id, buffer, len, false, &info), CHECK_CORRUPT);
	for (uint32_t len = 0; len < 38; len++)
		assert_int_equal(check_frame(&r.id, buffer, len, false, &info), CHECK_FOREIGN);
	rig_fini(&r);
}

static void test_padded(void **state)
{
	struct check_info info;
	struct rig r;

	(void)state;
	rig_init(&r, "64", false, 0);
	memset(buffer + r.pkt.len, 0x77, 20);
	assert_int_equal(check_frame(&r.id, buffer, r.pkt.len + 20, false, &info), CHECK_OURS);
	rig_fini(&r);
}

static void test_macs_swapped(void **state)
{
	struct check_info info;
	struct rig r;

	(void)state;
	rig_init(&r, "64", false, 0);
	memcpy(buffer, (uint8_t[6]){ 2, 0, 0, 0, 0, 1 }, 6);
	memcpy(buffer + 6, (uint8_t[6]){ 2, 0, 0, 0, 0, 2 }, 6);
	assert_int_equal(check_frame(&r.id, buffer, r.pkt.len, false, &info), CHECK_OURS);
	buffer[50] ^= 1;
	assert_int_equal(check_frame(&r.id, buffer, r.pkt.len, false, &info), CHECK_CORRUPT);
	rig_fini(&r);
}

static void test_csum_left_to_device(void **state)
{
	struct check_info info;
	struct rig r;

	(void)state;
	rig_init(&r, "64", false, 0);
	buffer[r.frames.at.l4 + 6] ^= 0x55;
	assert_int_equal(check_frame(&r.id, buffer, r.pkt.len, false, &info), CHECK_CORRUPT);
	assert_int_equal(check_frame(&r.id, buffer, r.pkt.len, true, &info), CHECK_OURS);
	rig_fini(&r);
}

/* clang-format off */
static const struct stranger {
	const char *what;
	uint32_t len;
	uint8_t frame[64];
} strangers[] = {
	{ "an ARP request is foreign", 60,
	  { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 9, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1 } },
	{ "an ARP reply between our addresses is foreign", 60,
	  { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 6, 0, 1, 8, 0, 6, 4, 0, 2 } },
	{ "LLDP is foreign", 60, { 1, 0x80, 0xc2, 0, 0, 0x0e, 2, 0, 0, 0, 0, 9, 0x88, 0xcc } },
	{ "a frame without payload is foreign", 14, { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0 } },
	{ "an empty frame is foreign", 0, { 0 } },
	{ "pktgen of another machine without checksum is foreign", 60,
	  { 2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8, 8, 0, 0x45, 0, 0, 46, 0, 0, 0, 0, 32, 17, 0, 0, 10, 0, 0, 1,
	    10, 0, 0, 2, 0, 7, 0, 7, 0, 26, 0, 0, 0xbe, 0x9b, 0xe9, 0x55 } },
};
/* clang-format on */

static void test_stranger(void **state)
{
	const struct stranger *s = *state;
	struct check_info info;
	struct rig r;

	rig_init(&r, "64", false, 0);
	assert_int_equal(check_frame(&r.id, s->frame, s->len, false, &info), CHECK_FOREIGN);
	rig_fini(&r);
}

/* Whatever arrives, the check stays inside it: the sanitizers watch. */
static void test_noise(void **state)
{
	struct check_info info;
	struct rig r;

	rig_make(&r, *state);
	srandom(1);
	for (int i = 0; i < 20000; i++) {
		uint32_t len = (uint32_t)random() % (r.pkt.len + 1);
		uint8_t *copy = malloc(len ? len : 1);

		assert_non_null(copy);
		memcpy(copy, buffer, len);
		for (int k = (int)(random() % 8); k && len; k--)
			copy[(uint32_t)random() % len] = (uint8_t)random();
		check_frame(&r.id, copy, len, random() & 1, &info);
		free(copy);
	}
	rig_fini(&r);
}

/* A host answers: the type changes, and with it the checksum (RFC 1624), which gains @csum. */
static const struct reply {
	const char *what;
	struct kind k;
	uint8_t type;
	unsigned int csum;
} replies[] = {
	{ "an echo reply is ours", { NULL, "64", false, 0, FRAME_ICMP, NULL }, 0, 0x0800 },
	{ "an echo reply of ICMPv6 is ours",
	  { NULL, "84", true, 0, FRAME_ICMP, NULL },
	  129,
	  0xfeff },
};

static void test_reply(void **state)
{
	const struct reply *c = *state;
	struct check_info info;
	struct rig r;
	uint8_t *l4;
	unsigned int csum;

	rig_make(&r, &c->k);
	l4 = buffer + r.frames.at.l4;
	csum = l4[2] * 256u + l4[3] + c->csum;
	csum = (csum & 0xffff) + (csum >> 16);
	l4[0] = c->type;
	l4[2] = (uint8_t)(csum >> 8);
	l4[3] = (uint8_t)csum;
	assert_int_equal(check_frame(&r.id, buffer, r.pkt.len, false, &info), CHECK_OURS);
	assert_int_equal(info.seq, 123456);
	l4[0] ^= 1;
	assert_int_equal(check_frame(&r.id, buffer, r.pkt.len, false, &info), CHECK_CORRUPT);
	rig_fini(&r);
}

/* A tunnel's end on the way takes the outer header away, or has put one on. */
static void test_tunnel(void **state)
{
	static const struct kind plain = { NULL, "64", false, 0, FRAME_UDP, NULL };
	static const struct kind tunnel = { NULL, "114", false, 0, FRAME_UDP, "5" };
	struct check_info info;
	struct check_id id;
	struct rig r;

	(void)state;
	rig_make(&r, &plain);
	id = r.id;
	rig_fini(&r);
	rig_make(&r, &tunnel);
	assert_int_equal(check_frame(&id, buffer, r.pkt.len, false, &info), CHECK_OURS);
	assert_int_equal(check_frame(&r.id, buffer + 50, r.pkt.len - 50, false, &info), CHECK_OURS);
	assert_int_equal(info.seq, 123456);
	rig_fini(&r);
}

/* Frames of ours of any kind are known, whatever the run sends itself. */
static void test_other_kinds(void **state)
{
	static const struct kind plain = { NULL, "64", false, 0, FRAME_UDP, NULL };
	struct check_info info;
	struct check_id id;
	struct rig r;

	rig_make(&r, &plain);
	id = r.id;
	rig_fini(&r);
	rig_make(&r, *state);
	assert_int_equal(check_frame(&id, buffer, r.pkt.len, false, &info), CHECK_OURS);
	rig_fini(&r);
}

static void test_mac_range(void **state)
{
	struct kind k = { NULL, "64", false, 0, FRAME_UDP, NULL };
	struct check_info info;
	struct rig r;
	struct why why;

	(void)state;
	rig_make(&r, &k);
	assert_true(
		field_read_macs("02:00:00:00:00:01-02:00:00:00:00:09", &r.spec.flow.src_mac, &why));
	frames_fini(&r.frames);
	assert_true(frames_init(&r.frames, &r.spec, &why));
	check_id_init(&r.id, &r.spec, &r.frames);
	buffer[11] = 0x11;
	assert_int_equal(check_frame(&r.id, buffer, r.pkt.len, false, &info), CHECK_OURS);
	assert_false(info.odd_macs);
	buffer[11] = 9;
	buffer[r.frames.at.payload] ^= 1;
	assert_int_equal(check_frame(&r.id, buffer, r.pkt.len, false, &info), CHECK_CORRUPT);
	buffer[11] = 10;
	assert_int_equal(check_frame(&r.id, buffer, r.pkt.len, false, &info), CHECK_FOREIGN);
	rig_fini(&r);
}

static void test_odd_macs(void **state)
{
	static const struct {
		uint8_t at, flip;
		bool odd;
	} table[] = { { 0, 1, true }, { 11, 0x80, true }, { 5, 3, false }, { 6, 0xff, false } };
	struct check_info info;
	struct rig r;

	(void)state;
	rig_init(&r, "64", false, 0);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		buffer[table[i].at] ^= table[i].flip;
		assert_int_equal(check_frame(&r.id, buffer, r.pkt.len, false, &info), CHECK_OURS);
		assert_int_equal(info.odd_macs, table[i].odd);
		buffer[table[i].at] ^= table[i].flip;
	}
	assert_int_equal(check_frame(&r.id, buffer, r.pkt.len, false, &info), CHECK_OURS);
	assert_false(info.odd_macs);
	rig_fini(&r);
}

int main(void)
{
	struct case_list list = { 0 };

	CASES_ADD(&list, intact, test_intact);
	CASES_ADD(&list, intact, test_every_bit);
	CASES_ADD(&list, intact, test_other_kinds);
	CASES_ADD(&list, intact, test_noise);
	CASES_ADD(&list, replies, test_reply);
	CASES_ADD(&list, strangers, test_stranger);
	case_add(&list, "a truncated frame is corrupt while it shows two marks", test_truncated,
		 NULL);
	case_add(&list, "padding behind the datagram does not matter", test_padded, NULL);
	case_add(&list, "a frame that comes back with its addresses swapped", test_macs_swapped,
		 NULL);
	case_add(&list, "a checksum left to the device is not verified", test_csum_left_to_device,
		 NULL);
	case_add(&list, "one wrong bit in the MAC addresses is noticed", test_odd_macs, NULL);
	case_add(&list, "a frame out of a tunnel, or in one", test_tunnel, NULL);
	case_add(&list, "each of a range of MAC addresses is a mark", test_mac_range, NULL);
	return case_run("check", &list);
}
