/* SPDX-License-Identifier: BSD-3-Clause */
#include "vhost_session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <vio/clock.h>

/* clang-format off */
/* Neither protocol features nor a status. */
static const uint32_t bare_requests[] = {
	SET_OWNER, GET_FEATURES, SET_FEATURES, MEM_TABLE,
	NUM, BASE, ADDR, CALL, KICK,
	NUM, BASE, ADDR, CALL, KICK,
	GET_FEATURES, GET_BASE, GET_BASE,
};

static const uint32_t slot_requests[] = {
	SET_OWNER, GET_FEATURES, GET_PROTO, SET_PROTO,
	SET_FEATURES, MAX_SLOTS, ADD_MEM,
	NUM, BASE, ADDR, CALL, KICK,
	NUM, BASE, ADDR, CALL, KICK,
	ENABLE, ENABLE,
	ENABLE, ENABLE, GET_BASE, GET_BASE,
};
/* clang-format on */

/* Good sessions. */

static const struct good {
	const char *what;
	uint64_t features, protocol;
	const uint32_t *requests;
	size_t n;
	bool packed, map_first;
	unsigned int trickle_us;
} goods[] = {
	{ "a session sends the right messages in the right order, split", NET_BITS | PROTOCOL_BIT,
	  P_MQ | P_ACK | P_STATUS, usual_requests, ARRAY_SIZE(usual_requests), false, false, 0 },
	{ "a session sends the right messages in the right order, packed", NET_BITS | PROTOCOL_BIT,
	  P_MQ | P_ACK | P_STATUS, usual_requests, ARRAY_SIZE(usual_requests), true, false, 0 },
	{ "without REPLY_ACK the same is sent, and one answer is fetched at the end",
	  NET_BITS | PROTOCOL_BIT, P_MQ | P_STATUS, NULL, ARRAY_SIZE(usual_requests) + 1, false,
	  false, 0 },
	{ "a backend without protocol features is asked for nothing that it does not know",
	  NET_BITS, 0, bare_requests, ARRAY_SIZE(bare_requests), false, false, 0 },
	{ "memory goes into a slot where the backend has slots", NET_BITS | PROTOCOL_BIT,
	  P_ACK | P_SLOTS, slot_requests, ARRAY_SIZE(slot_requests), false, false, 0 },
	{ "memory that is mapped before the features is sent after them", NET_BITS | PROTOCOL_BIT,
	  P_ACK | P_SLOTS, slot_requests, ARRAY_SIZE(slot_requests), false, true, 0 },
	{ "answers may come byte by byte", NET_BITS | PROTOCOL_BIT, P_MQ | P_ACK | P_STATUS,
	  usual_requests, ARRAY_SIZE(usual_requests), false, false, 50 },
};

static void test_good(void **state)
{
	const struct good *c = *state;
	struct fake_script script = { .features = c->features,
				      .protocol = c->protocol,
				      .queues = 1,
				      .slots = 8,
				      .trickle_us = c->trickle_us };
	const struct session s = { .packed = c->packed, .map_first = c->map_first, .pairs = 1 };

	fake_listen(&env.fake, env.path, &script);
	assert_int_equal(whole_session("", &s), 0);
	finish();
	if (c->requests)
		assert_requests(c->requests, c->n);
	assert_int_equal(env.fake.n, c->n);
}

static void test_contents(void **state)
{
	const bool packed = *state;
	const struct session s = { .packed = packed, .pairs = 1 };
	const struct fake_message *m;
	struct ring_place ring = place_of(1, packed);

	fake_listen(&env.fake, env.path, &usual);
	assert_int_equal(whole_session("", &s), 0);
	finish();

	m = message(SET_FEATURES, 0);
	assert_int_equal(m->payload.u64, BIT64(F_VERSION_1) | PROTOCOL_BIT | BIT64(NET_F_MQ) |
						 (packed ? BIT64(F_RING_PACKED) : 0));
	m = message(SET_PROTO, 0);
	assert_int_equal(m->payload.u64, P_MQ | P_ACK | P_MTU | P_STATUS);
	m = message(MEM_TABLE, 0);
	assert_int_equal(m->payload.mem.guest, (uintptr_t)env.mem.base);
	assert_int_equal(m->payload.mem.user, (uintptr_t)env.mem.base);
	assert_int_equal(m->payload.mem.bytes, env.mem.bytes);
	assert_int_equal(m->payload.mem.offset, 0);
	m = message(NUM, 1);
	assert_int_equal(m->payload.state.index, 1);
	assert_int_equal(m->payload.state.num, 256);
	m = message(BASE, 1);
	assert_int_equal(m->payload.state.num, packed ? 0x80008000 : 0);
	m = message(ADDR, 1);
	assert_int_equal(m->payload.addr.desc, (uintptr_t)ring.desc);
	assert_int_equal(m->payload.addr.avail, (uintptr_t)ring.driver);
	assert_int_equal(m->payload.addr.used, (uintptr_t)ring.device);
}

static void test_again(void **state)
{
	(void)state;
	fake_listen(&env.fake, env.path, &usual);
	assert_int_equal(open_at(env.path, ""), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(bring_up(&plain), 0);
	finish();
	/* The memory stays with the backend. */
	assert_int_equal(message(MEM_TABLE, 0)->fds, 1);
	for (unsigned int i = 0, n = 0; i < env.fake.n; i++)
		assert_true(env.fake.log[i].request != MEM_TABLE || !n++);
}

static void test_close_stops(void **state)
{
	(void)state;
	fake_listen(&env.fake, env.path, &usual);
	assert_int_equal(open_at(env.path, ""), 0);
	assert_int_equal(bring_up(&plain), 0);
	finish();
	assert_requests(usual_requests, ARRAY_SIZE(usual_requests));
}

static void test_describe(void **state)
{
	char pid[32];

	(void)state;
	fake_listen(&env.fake, env.path, &usual);
	assert_int_equal(open_at(env.path, ""), 0);
	snprintf(pid, sizeof(pid), "(pid %d, ", (int)getpid());
	assert_non_null(strstr(ops->describe(env.tp), pid));
	assert_non_null(strstr(ops->describe(env.tp), "protocol features mq reply_ack net_mtu"));
	finish();
}

/* Features and configuration. */

static void test_withheld(void **state)
{
	static const uint8_t kept[] = { 0,  1,  7,  8,  9,  10, 11, 12, 13, 14,
					15, 28, 29, 32, 34, 35, 36, 54, 55, 56 };
	static const uint8_t gone[] = { 2,  3,  5,  16, 17, 18, 19, 20, 21, 22, 23, 24, 26, 30,
					33, 37, 38, 39, 40, 41, 43, 50, 51, 52, 53, 57, 60, 63 };
	struct fake_script script = { .features = UINT64_MAX };
	struct vio_features f;

	(void)state;
	fake_listen(&env.fake, env.path, &script);
	assert_int_equal(open_at(env.path, ""), 0);
	assert_int_equal(ops->features(env.tp, &f), 0);
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		if (!features_have(&f, kept[i]))
			fail_msg("bit %u is missing", kept[i]);
	for (size_t i = 0; i < ARRAY_SIZE(gone); i++)
		if (features_have(&f, gone[i]))
			fail_msg("bit %u came through", gone[i]);
	assert_int_equal(f.word[1], 0);
	finish();
}

static void test_mtu(void **state)
{
	const struct session s = { .pairs = 1, .also = BIT64(NET_F_MTU) };
	uint16_t mtu = 0;

	(void)state;
	fake_listen(&env.fake, env.path, &usual);
	assert_int_equal(open_at(env.path, ",host_mtu=9000"), 0);
	assert_int_equal(bring_up(&s), 0);
	assert_int_equal(ops->config_read(env.tp, offsetof(struct net_config, mtu), &mtu, 2), 0);
	assert_int_equal(mtu, 9000);
	assert_int_equal(ops->config_read(env.tp, 0, &mtu, 2), -ENODATA);
	assert_int_equal(ops->config_read(env.tp, offsetof(struct net_config, mtu), &mtu, 1),
			 -ENODATA);
	finish();
	assert_int_equal(message(SET_MTU, 0)->payload.u64, 9000);
}

static void test_no_config(void **state)
{
	char config[sizeof(struct net_config)];

	(void)state;
	fake_listen(&env.fake, env.path, &usual);
	assert_int_equal(open_at(env.path, ""), 0);
	for (size_t off = 0; off < sizeof(config); off++)
		assert_int_equal(ops->config_read(env.tp, off, config, 2), -ENODATA);
	finish();
}

static void test_mtu_not_offered(void **state)
{
	struct fake_script script = usual;

	(void)state;
	script.features &= ~BIT64(NET_F_MTU);
	fake_listen(&env.fake, env.path, &script);
	assert_error(open_at(env.path, ",host_mtu=9000"), -ENOTSUP, "VIO-DEV-01");
	finish();
}

static const struct count {
	const char *what;
	uint64_t queues;
	int rc;
	uint16_t pairs;
} counts[] = {
	{ "a backend with 0 queues is refused", 0, -EPROTO, 0 },
	{ "a backend with 1 queue has 1 pair", 1, 0, 1 },
	{ "a backend with 8 queues has 8 pairs", 8, 0, 8 },
	{ "128 pairs are what the protocol can name", 128, 0, 128 },
	{ "129 pairs are taken for 128", 129, 0, 128 },
	{ "2^16 pairs are taken for 128", 65536, 0, 128 },
	{ "2^64 - 1 pairs are taken for 128", UINT64_MAX, 0, 128 },
};

static void test_count(void **state)
{
	const struct count *c = *state;
	struct fake_script script = usual;
	uint16_t pairs = 0, entries = 0;
	int rc;

	script.queues = c->queues;
	fake_listen(&env.fake, env.path, &script);
	rc = open_at(env.path, "");
	if (c->rc < 0) {
		assert_error(rc, c->rc, "VIO-VU-02");
	} else {
		assert_int_equal(rc, 0);
		assert_int_equal(ops->pairs_max(env.tp, &pairs), 0);
		assert_int_equal(pairs, c->pairs);
		ops->queue_size_max(env.tp, (uint16_t)(2 * pairs - 1), &entries);
		assert_int_equal(entries, 32768);
		ops->queue_size_max(env.tp, (uint16_t)(2 * pairs), &entries);
		assert_int_equal(entries, 0);
		assert_error(ops->pairs_set(env.tp, 0), -EINVAL, "VIO-DEV-08");
		assert_error(ops->pairs_set(env.tp, (uint16_t)(pairs + 1)), -EINVAL, "VIO-DEV-08");
	}
	finish();
}

static void test_pairs_live(void **state)
{
	const struct session s = { .pairs = 2 };
	const uint32_t expect[][2] = { { 0, 1 }, { 1, 1 }, { 2, 1 }, { 3, 1 }, { 2, 0 },
				       { 3, 0 }, { 2, 1 }, { 3, 1 }, { 0, 0 } };

	(void)state;
	fake_listen(&env.fake, env.path, &usual);
	assert_int_equal(open_at(env.path, ""), 0);
	assert_int_equal(bring_up(&s), 0);
	assert_int_equal(ops->pairs_set(env.tp, 1), 0);
	assert_int_equal(ops->pairs_set(env.tp, 1), 0);
	assert_int_equal(ops->pairs_set(env.tp, 2), 0);
	finish();
	for (unsigned int i = 0; i < ARRAY_SIZE(expect); i++) {
		assert_int_equal(message(ENABLE, i)->payload.state.index, expect[i][0]);
		assert_int_equal(message(ENABLE, i)->payload.state.num, expect[i][1]);
	}
}

/* Misuse by the driver. */

static void test_misuse(void **state)
{
	struct vio_region_opts opts =
		VIO_OPTS(struct vio_region_opts, .bytes = 8192, .page = VIO_PAGE_NORMAL);
	struct ring_place ring = place_of(0, false), far = place_of(4, false);
	struct vio_region *other;
	uint64_t bias;

	(void)state;
	fake_listen(&env.fake, env.path, &usual);
	assert_int_equal(open_at(env.path, ""), 0);
	assert_error(ops->queue_enable(env.tp, &ring, &env.db[0]), -EINVAL, "VIO-ADDR-04");
	assert_error(ops->queue_enable(env.tp, &far, &env.db[0]), -EINVAL, "VIO-DEV-08");
	assert_int_equal(bring_up(&plain), 0);
	assert_int_equal(ops->map(env.tp, env.region, &bias), 0);
	assert_int_equal(vio_region_open(&opts, &other), 0);
	assert_error(ops->map(env.tp, other, &bias), -EINVAL, "VIO-ADDR-04");
	vio_region_close(other);
	finish();
}

/* After DRIVER_OK. */

static void test_doorbell(void **state)
{
	uint64_t kicks[2] = { 0 };

	(void)state;
	fake_listen(&env.fake, env.path, &usual);
	assert_int_equal(open_at(env.path, ""), 0);
	assert_int_equal(bring_up(&plain), 0);
	assert_null(env.db[0].reg);
	/* Each ring is kicked once by DRIVER_OK itself. */
	for (int i = 0; i < 2; i++)
		assert_int_equal(read(env.fake.rings[i].kick, kicks, 16), 8);
	env.db[1].ring(&env.db[1]);
	assert_int_equal(read(env.fake.rings[1].kick, kicks, 16), 8);
	assert_int_equal(kicks[0], 1);
	assert_int_equal(read(env.fake.rings[0].kick, kicks, 16), -1);
	assert_int_equal(errno, EAGAIN);
	finish();
}

static void test_doorbell_full(void **state)
{
	struct fake_script script = usual;
	uint64_t from;

	script.hostile_kicks = *state;
	fake_listen(&env.fake, env.path, &script);
	assert_int_equal(open_at(env.path, ""), 0);
	assert_int_equal(bring_up(&plain), 0);
	from = vio_clock_ns();
	alarm(10);
	for (int i = 0; i < 100000; i++)
		env.db[0].ring(&env.db[0]);
	alarm(0);
	assert_true(vio_clock_ns() - from < UINT64_C(5000000000));
	finish();
}

static void test_backend_dies(void **state)
{
	struct fake_script script = usual;

	(void)state;
	/* Right after its answer to DRIVER_OK. */
	script.at = 26;
	script.fault = FAULT_LAST;
	fake_listen(&env.fake, env.path, &script);
	assert_int_equal(open_at(env.path, ""), 0);
	assert_int_equal(bring_up(&plain), 0);
	fake_stop(&env.fake);
	for (int i = 0; i < 3; i++) {
		env.db[i & 1].ring(&env.db[i & 1]);
		assert_error(ops->check(env.tp), -EPIPE, "VIO-VU-01");
	}
	assert_dead(-EIO, "VIO-VU-01");
	env.db[0].ring(&env.db[0]);
	close_it();
}

static void test_unasked(void **state)
{
	struct fake_script script = usual;

	(void)state;
	script.at = 26;
	script.fault = FAULT_EXTRA;
	fake_listen(&env.fake, env.path, &script);
	assert_int_equal(open_at(env.path, ""), 0);
	assert_int_equal(bring_up(&plain), 0);
	assert_error(ops->check(env.tp), -EPIPE, "VIO-VU-02");
	assert_dead(-EPROTO, "VIO-VU-02");
	finish();
}

static void add_single(void)
{
	add(test_contents, NULL, "each message says the right thing, split");
	add(test_contents, (void *)1, "each message says the right thing, packed");
	add(test_again, NULL, "a device can be brought up again and again");
	add(test_close_stops, NULL, "close resets a device that is still running");
	add(test_describe, NULL, "the backend is described");
	add(test_withheld, NULL, "features that vhost-user can't carry are withheld");
	add(test_mtu, NULL, "host_mtu=9000 reaches driver and backend");
	add(test_mtu_not_offered, NULL,
	    "host_mtu=9000 is refused where the backend does not offer mtu");
	add(test_no_config, NULL, "there is no configuration space");
	add(test_pairs_live, NULL, "the number of pairs changes while running");
	add(test_misuse, NULL, "rings before memory, and a second region, are refused");
	add(test_doorbell, NULL, "the doorbell kicks its ring and no other");
	add(test_doorbell_full, NULL, "the doorbell does not block when kicks are not read");
	add(test_doorbell_full, (void *)1,
	    "the doorbell does not block when O_NONBLOCK is cleared");
	add(test_backend_dies, NULL,
	    "a backend that dies is noticed, and the doorbell is harmless");
	add(test_unasked, NULL, "a message that nobody asked for is noticed");
}

int main(void)
{
	ADD_TABLE(test_good, goods);
	add_single();
	ADD_TABLE(test_count, counts);
	return run_group("vhost_user");
}
