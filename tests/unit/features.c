/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../drivers/virtio/features.h"

#include <errno.h>
#include <string.h>

#include <vio/error.h>

#include "../cases.h"

#define F(bit) (UINT64_C(1) << (bit))
#define V1     F(F_VERSION_1)

static const struct choose_case {
	const char *what;
	uint64_t offered, on, off;
	int rc;
	uint64_t taken;
	const char *named; /* in the error */
} choose_cases[] = {
	{ "nothing but version_1", V1, 0, 0, 0, V1, NULL },
	{ "a legacy device is refused", F(NET_F_MAC), 0, 0, -ENOTSUP, 0, "version_1" },
	{ "a device that offers nothing is refused", 0, 0, 0, -ENOTSUP, 0, "version_1" },
	{ "version_1 can't be switched off", V1, 0, V1, -ENOTSUP, 0, "version_1" },
	{ "unknown bits are not taken", V1 | F(42) | F(44) | F(49) | F(58), 0, 0, 0, V1, NULL },
	{ "bits known by name only are not taken", V1 | F(F_SR_IOV) | F(F_ADMIN_VQ) | F(NET_F_RSS),
	  0, 0, 0, V1, NULL },
	{ "rings are taken as offered", V1 | F(F_RING_PACKED) | F(F_IN_ORDER) | F(F_EVENT_IDX), 0,
	  0, 0, V1 | F(F_RING_PACKED) | F(F_IN_ORDER) | F(F_EVENT_IDX), NULL },
	{ "an offer can be switched off", V1 | F(F_RING_PACKED) | F(F_IN_ORDER), 0,
	  F(F_RING_PACKED), 0, V1 | F(F_IN_ORDER), NULL },
	{ "offloads are not taken unasked", V1 | F(NET_F_CSUM) | F(NET_F_GUEST_CSUM), 0, 0, 0, V1,
	  NULL },
	{ "offloads are taken when asked for", V1 | F(NET_F_CSUM) | F(NET_F_GUEST_CSUM),
	  F(NET_F_CSUM), 0, 0, V1 | F(NET_F_CSUM), NULL },
	{ "asking for a feature asks for what it needs",
	  V1 | F(NET_F_GUEST_CSUM) | F(NET_F_GUEST_TSO4), F(NET_F_GUEST_TSO4), 0, 0,
	  V1 | F(NET_F_GUEST_CSUM) | F(NET_F_GUEST_TSO4), NULL },
	{ "the control queue is taken with what goes through it",
	  V1 | F(NET_F_CTRL_VQ) | F(NET_F_CTRL_RX) | F(NET_F_CTRL_RX_EXTRA) |
		  F(NET_F_CTRL_MAC_ADDR),
	  0, 0, 0,
	  V1 | F(NET_F_CTRL_VQ) | F(NET_F_CTRL_RX) | F(NET_F_CTRL_RX_EXTRA) |
		  F(NET_F_CTRL_MAC_ADDR),
	  NULL },
	{ "what goes through a control queue that is not offered is not taken",
	  V1 | F(NET_F_CTRL_RX) | F(NET_F_CTRL_RX_EXTRA) | F(NET_F_CTRL_MAC_ADDR), 0, 0, 0, V1,
	  NULL },
	{ "what goes through a control queue that is switched off is not taken",
	  V1 | F(NET_F_CTRL_VQ) | F(NET_F_CTRL_RX), 0, F(NET_F_CTRL_VQ), 0, V1, NULL },
	{ "a VLAN filter, which begins empty, is not taken unasked",
	  V1 | F(NET_F_CTRL_VQ) | F(NET_F_CTRL_VLAN), 0, 0, 0, V1 | F(NET_F_CTRL_VQ), NULL },
	{ "a VLAN filter can be asked for", V1 | F(NET_F_CTRL_VQ) | F(NET_F_CTRL_VLAN),
	  F(NET_F_CTRL_VLAN), 0, 0, V1 | F(NET_F_CTRL_VQ) | F(NET_F_CTRL_VLAN), NULL },
	{ "an announcement that nobody could see is not taken",
	  V1 | F(NET_F_CTRL_VQ) | F(NET_F_GUEST_ANNOUNCE), 0, 0, 0, V1 | F(NET_F_CTRL_VQ), NULL },
	{ "an announcement is taken where the status shows it",
	  V1 | F(NET_F_CTRL_VQ) | F(NET_F_GUEST_ANNOUNCE) | F(NET_F_STATUS), 0, 0, 0,
	  V1 | F(NET_F_CTRL_VQ) | F(NET_F_GUEST_ANNOUNCE) | F(NET_F_STATUS), NULL },
	{ "speed and duplex are taken", V1 | F(NET_F_SPEED_DUPLEX), 0, 0, 0,
	  V1 | F(NET_F_SPEED_DUPLEX), NULL },
	{ "asking through two steps", V1 | F(NET_F_CTRL_VQ) | F(NET_F_MQ), F(NET_F_MQ), 0, 0,
	  V1 | F(NET_F_CTRL_VQ) | F(NET_F_MQ), NULL },
	{ "a wish without its prerequisite is an error", V1 | F(NET_F_GUEST_TSO4),
	  F(NET_F_GUEST_TSO4), 0, -ENOTSUP, 0, "guest_tso4" },
	{ "ecn without either tso is an error", V1 | F(NET_F_GUEST_CSUM) | F(NET_F_GUEST_ECN),
	  F(NET_F_GUEST_ECN), 0, -ENOTSUP, 0, "guest_ecn" },
	{ "ecn with one of the two",
	  V1 | F(NET_F_GUEST_CSUM) | F(NET_F_GUEST_TSO6) | F(NET_F_GUEST_ECN),
	  F(NET_F_GUEST_ECN) | F(NET_F_GUEST_TSO6), 0, 0,
	  V1 | F(NET_F_GUEST_CSUM) | F(NET_F_GUEST_TSO6) | F(NET_F_GUEST_ECN), NULL },
	{ "what is not offered can't be had", V1, F(F_RING_PACKED), 0, -ENOTSUP, 0, "packed" },
	{ "on and off at once is an error", V1 | F(F_RING_PACKED), F(F_RING_PACKED),
	  F(F_RING_PACKED), -ENOTSUP, 0, "packed" },
	{ "what the driver does not use can't be asked for", V1 | F(F_SR_IOV), F(F_SR_IOV), 0,
	  -ENOTSUP, 0, "sr_iov" },
	{ "a prerequisite switched off takes its dependents along",
	  V1 | F(NET_F_CSUM) | F(NET_F_HOST_TSO4), F(NET_F_HOST_TSO4), F(NET_F_CSUM), -ENOTSUP, 0,
	  "host_tso4" },
};

static void chooses(void **state)
{
	const struct choose_case *c = *state;
	const struct vio_features offered = { { c->offered, 0 } };
	const struct feature_wishes wishes = { .on = { { c->on, 0 } }, .off = { { c->off, 0 } } };
	struct vio_features taken = { { 0, 0 } };

	assert_int_equal(features_choose(&offered, &wishes, &taken), c->rc);
	assert_int_equal(taken.word[0], c->taken);
	assert_int_equal(taken.word[1], 0);
	if (c->named)
		assert_non_null(strstr(vio_error_last()->what, c->named));
}

/* Of a legacy device: no VERSION_1, and ANY_LAYOUT, which others have without saying so. */
static void chooses_for_legacy(void **state)
{
	const struct vio_features offered = {
		{ F(F_ANY_LAYOUT) | F(F_NOTIFY_ON_EMPTY) | F(6) | F(NET_F_MAC) | F(F_EVENT_IDX), 0 }
	};
	struct feature_wishes wishes = { .legacy = true };
	struct vio_features taken;

	(void)state;
	assert_int_equal(features_choose(&offered, &wishes, &taken), 0);
	assert_int_equal(taken.word[0], F(F_ANY_LAYOUT) | F(NET_F_MAC) | F(F_EVENT_IDX));
	wishes.legacy = false;
	assert_int_equal(features_choose(&offered, &wishes, &taken), -ENOTSUP);
}

static const struct parse_case {
	const char *what, *text;
	int rc;
	uint64_t on, off;
} parse_cases[] = {
	{ "no wishes", "x:", 0, 0, 0 },
	{ "a name alone means on", "x:,packed", 0, F(F_RING_PACKED), 0 },
	{ "on and off", "x:,packed=on,in_order=off", 0, F(F_RING_PACKED), F(F_IN_ORDER) },
	{ "auto wishes nothing", "x:,packed=auto", 0, 0, 0 },
	{ "anything else is refused", "x:,packed=yes", -EINVAL, 0, 0 },
};

static void parses(void **state)
{
	const struct parse_case *c = *state;
	struct feature_wishes wishes = { 0 };
	struct address addr;

	assert_int_equal(address_parse(c->text, &addr), 0);
	assert_int_equal(features_parse(&addr, &wishes), c->rc);
	assert_int_equal(wishes.on.word[0], c->on);
	assert_int_equal(wishes.off.word[0], c->off);
	address_free(&addr);
}

/* Bits of VIRTIO 1.4 that a network device can have: 0-23, 24-41 and 43 of the common ones, 50-70;
 * less the holes. */
static bool bit_has_meaning(unsigned int bit)
{
	static const uint8_t holes[] = { 4, 6, 25, 26, 30, 31, 42, 44, 45, 46, 47, 48, 49, 58 };

	for (size_t i = 0; i < sizeof(holes); i++)
		if (holes[i] == bit)
			return false;
	return bit <= 70;
}

static void knows_every_bit(void **state)
{
	(void)state;
	for (unsigned int bit = 0; bit < 128; bit++) {
		const char *name = vio_feature_name(bit);

		assert_int_equal(name != NULL, bit_has_meaning(bit));
		if (name)
			assert_int_equal(vio_feature_bit(name), bit);
	}
	assert_int_equal(vio_feature_bit("no_such_feature"), -ENOENT);
}

/* Whatever is offered and wished for: the choice is offered, known, closed and contains every wish.
 */
static void choice_is_always_sound(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		uint64_t r[6];
		struct vio_features offered, taken;
		struct feature_wishes wishes = { 0 };
		unsigned int lacking;

		for (int i = 0; i < 6; i++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			r[i] = seed ^ seed >> 29;
		}
		offered = (struct vio_features){ { r[0] | V1, r[1] } };
		wishes.on = (struct vio_features){ { r[2] & r[3] & r[5], 0 } };
		wishes.off = (struct vio_features){ { r[4] & r[3], r[5] } };
		if (features_choose(&offered, &wishes, &taken) < 0)
			continue;
		assert_true(features_closed(&taken, &lacking));
		for (int w = 0; w < 2; w++) {
			assert_int_equal(taken.word[w] & ~offered.word[w], 0);
			assert_int_equal(taken.word[w] & wishes.off.word[w], 0);
		}
		for (unsigned int bit = 0; bit < 128; bit++)
			if (vio_feature_in(&wishes.on, bit) && vio_feature_name(bit))
				assert_true(vio_feature_in(&taken, bit));
	}
}

int main(void)
{
	static struct case_list list;

	CASES_ADD(&list, choose_cases, chooses);
	CASES_ADD(&list, parse_cases, parses);
	case_add(&list, "the table knows every bit of VIRTIO 1.4, each by one name",
		 knows_every_bit, NULL);
	case_add(&list, "whatever is offered and wished for, the choice is sound",
		 choice_is_always_sound, NULL);
	case_add(&list, "a legacy device needs no version_1", chooses_for_legacy, NULL);
	return case_run("features", &list);
}
