/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../cases.h"

#include <stdlib.h>
#include <string.h>

#include "../../../apps/vio/check.h"

static uint8_t buffer[4096];

struct rig {
	struct sizes sizes;
	struct frame_spec spec;
	struct frames frames;
	struct check_id id;
	struct vio_pkt pkt;
};

static void rig_init(struct rig *r, const char *size, bool v6, unsigned int vlans)
{
	struct frame_cursor cursor = { 0 };
	struct why why;

	assert_true(sizes_parse(size, &r->sizes, &why));
	r->spec =
		(struct frame_spec){ .src_mac = { 2, 0, 0, 0, 0, 1 },
				     .dst_mac = { 2, 0, 0, 0, 0, 2 },
				     .vlans = { vlans, { 100, 200 } },
				     .flow = { .v6 = v6, .sport = { 1024, 1 }, .dport = { 9, 1 } },
				     .sizes = &r->sizes };
	assert_true(ip_range_parse(v6 ? "2001:2::1" : "198.18.0.1", &r->spec.flow.src, &why));
	assert_true(ip_range_parse(v6 ? "2001:2::2" : "198.18.0.2", &r->spec.flow.dst, &why));
	assert_true(frames_init(&r->frames, &r->spec, &why));
	check_id_init(&r->id, &r->spec, &r->frames);
	r->pkt = (struct vio_pkt){ .data = buffer };
	frames_build(&r->frames, &cursor, &r->pkt, 1, 5, 123456, 1700000000987654321u);
}

static void rig_fini(struct rig *r)
{
	frames_fini(&r->frames);
	sizes_free(&r->sizes);
}

static const struct intact_case {
	const char *what, *size;
	bool v6;
	unsigned int vlans;
} intact[] = {
	{ "the least frame of IPv4", "64", false, 0 },
	{ "an odd frame of IPv4", "777", false, 0 },
	{ "a large frame with a VLAN tag", "1518", false, 1 },
	{ "two VLAN tags", "72", false, 2 },
	{ "the least frame of IPv6", "84", true, 0 },
	{ "an odd frame of IPv6 with two VLAN tags", "333", true, 2 },
};

static void test_intact(void **state)
{
	const struct intact_case *c = *state;
	struct check_info info;
	struct rig r;

	rig_init(&r, c->size, c->v6, c->vlans);
	assert_int_equal(check_frame(&r.id, buffer, r.pkt.len, false, &info), CHECK_OURS);
	assert_int_equal(info.seq, 123456);
	assert_int_equal(info.stream, 5);
	assert_true(info.sent_ns == 1700000000987654321u);
	rig_fini(&r);
}

/*
 * Every single bit but those of the MAC addresses and VLAN ids, which devices on the way may
 * rewrite, and IPv6's traffic class, flow label and hop limit, which no checksum covers.
 */
static void test_every_bit(void **state)
{
	const struct intact_case *c = *state;
	struct check_info info;
	struct rig r;
	unsigned int l3;

	rig_init(&r, c->size, c->v6, c->vlans);
	l3 = r.frames.l3;
	for (unsigned int bit = 8 * (l3 - 2); bit < 8 * r.pkt.len; bit++) {
		unsigned int at = bit / 8 - (bit / 8 >= l3 ? l3 : 0);
		bool uncovered =
			c->v6 && bit / 8 >= l3 &&
			(at == 1 || at == 2 || at == 3 || at == 7 || (at == 0 && bit % 8 >= 4));

		buffer[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		assert_int_equal(check_frame(&r.id, buffer, r.pkt.len, false, &info),
				 uncovered ? CHECK_OURS : CHECK_CORRUPT);
		buffer[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
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
	memcpy(buffer, r.spec.src_mac, 6);
	memcpy(buffer + 6, r.spec.dst_mac, 6);
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
	buffer[r.frames.l4 + 6] ^= 0x55;
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

	(void)state;
	rig_init(&r, "128", false, 0);
	srandom(1);
	for (int i = 0; i < 200000; i++) {
		uint32_t len = (uint32_t)random() % 128;
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
	CASES_ADD(&list, strangers, test_stranger);
	case_add(&list, "a truncated frame is corrupt while it shows two marks", test_truncated,
		 NULL);
	case_add(&list, "padding behind the datagram does not matter", test_padded, NULL);
	case_add(&list, "a frame that comes back with its addresses swapped", test_macs_swapped,
		 NULL);
	case_add(&list, "a checksum left to the device is not verified", test_csum_left_to_device,
		 NULL);
	case_add(&list, "one wrong bit in the MAC addresses is noticed", test_odd_macs, NULL);
	case_add(&list, "noise is survived", test_noise, NULL);
	return case_run("check", &list);
}
