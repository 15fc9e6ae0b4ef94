/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../cases.h"

#include <stdlib.h>
#include <string.h>

#include "../../../apps/vio/plain.h"
#include "frame_rig.h"

/* Is it plain? Then check_frame() must read it alike. */
static bool look(const struct rig *r, const uint8_t *frame, uint32_t len)
{
	struct check_info fast, slow;
	struct plain_like like;
	struct plain p;

	plain_begin(&like, &r->id);
	if (!plain_frame(&like, frame, len, &p))
		return false;
	plain_info(&p, &fast);
	assert_int_equal(check_frame(&r->id, frame, len, false, &slow), CHECK_OURS);
	assert_int_equal(fast.seq, slow.seq);
	assert_int_equal(fast.stream, slow.stream);
	assert_true(fast.sent_ns == slow.sent_ns);
	assert_false(slow.odd_macs);
	return true;
}

static const struct frame_case {
	const char *what, *size;
	bool v6;
	unsigned int vlans;
	bool plain;
} frame_cases[] = {
	{ "the least frame is plain", "64", false, 0, true },
	{ "an odd frame is plain", "777", false, 0, true },
	{ "a frame of 1518 is plain", "1518", false, 0, true },
	{ "the largest IPv4 that fits a test's buffer is plain", "3999", false, 0, true },
	{ "a frame with a tag is not", "128", false, 1, false },
	{ "a frame with two tags is not", "128", false, 2, false },
	{ "a frame of IPv6 is not", "128", true, 0, false },
};

static void test_frame(void **state)
{
	const struct frame_case *c = *state;
	struct rig r;

	rig_init(&r, c->size, c->v6, c->vlans);
	assert_int_equal(look(&r, buffer, r.pkt.len), c->plain);
	memcpy(buffer, "\2\0\0\0\0\1\2\0\0\0\0\2", 12);
	assert_int_equal(look(&r, buffer, r.pkt.len), c->plain);
	rig_fini(&r);
}

static bool flipped(struct rig *r, unsigned int bit)
{
	bool plain;

	buffer[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
	plain = look(r, buffer, r->pkt.len);
	buffer[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
	return plain;
}

/* No bit is left out of the checks, nor any pair of bits that a sum alone would not notice. */
static void test_every_bit(void **state)
{
	const struct frame_case *c = *state;
	struct rig r;

	rig_init(&r, c->size, c->v6, c->vlans);
	for (unsigned int bit = 0; bit < 8 * r.pkt.len; bit++)
		assert_false(flipped(&r, bit));
	rig_fini(&r);
}

static void test_length(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, "128", false, 0);
	for (uint32_t len = 0; len < sizeof(buffer); len++)
		assert_int_equal(look(&r, buffer, len), len == r.pkt.len);
	rig_fini(&r);
}

/* Whatever arrives, the check stays inside it: the sanitizers watch. */
static void test_noise(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, "128", false, 0);
	srandom(1);
	for (int i = 0; i < 200000; i++) {
		uint32_t len = (uint32_t)random() % 128;
		uint8_t *copy = malloc(len ? len : 1);

		assert_non_null(copy);
		memcpy(copy, buffer, len);
		for (int k = (int)(random() % 4); k && len; k--)
			copy[(uint32_t)random() % len] = (uint8_t)random();
		look(&r, copy, len);
		free(copy);
	}
	rig_fini(&r);
}

static void test_sum(void **state)
{
	(void)state;
	srandom(2);
	for (int i = 0; i < 200000; i++) {
		const size_t len = 8 + (size_t)random() % 300;
		const uint64_t begin = (uint64_t)random();
		uint8_t *copy = malloc(len);

		assert_non_null(copy);
		for (size_t k = 0; k < len; k++)
			copy[k] = random() & 1 ? 0xff : (uint8_t)random();
		assert_int_equal(sum_words(begin, copy, len) % 0xffff,
				 sum_add(begin, copy, len) % 0xffff);
		free(copy);
	}
}

static void test_zero(void **state)
{
	(void)state;
	srandom(3);
	for (uint64_t i = 0; i < 1000000; i++) {
		const uint64_t sum = i < 500000 ? i : (uint64_t)random() << 17 ^ (uint64_t)random();

		assert_int_equal(sum_is_zero(sum), sum % 0xffff == 0);
		assert_true(sum_is_zero(i * 0xffff));
	}
}

int main(void)
{
	struct case_list list = { 0 };

	CASES_ADD(&list, frame_cases, test_frame);
	case_add(&list, "a frame with any bit of it turned is not plain", test_every_bit,
		 &frame_cases[0]);
	case_add(&list, "an odd frame with any bit of it turned is not plain", test_every_bit,
		 &frame_cases[1]);
	case_add(&list, "a frame of another length is not plain", test_length, NULL);
	case_add(&list, "noise is read as check_frame() reads it", test_noise, NULL);
	case_add(&list, "words of 64 bits have the sum of words of 32", test_sum, NULL);
	case_add(&list, "a sum of zero is told without division", test_zero, NULL);
	return case_run("plain", &list);
}
