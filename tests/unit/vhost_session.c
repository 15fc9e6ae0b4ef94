/* SPDX-License-Identifier: BSD-3-Clause */
#include "vhost_session.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <vio/clock.h>

const struct fake_script usual = {
	.features = NET_BITS | PROTOCOL_BIT,
	.protocol = P_MQ | P_ACK | P_MTU | P_STATUS | BIT64(1) | BIT64(2) | BIT64(5),
	.queues = 2,
};

const uint32_t usual_requests[USUAL_REQUESTS] = {
	/* clang-format off */
	SET_OWNER, GET_FEATURES, GET_PROTO, SET_PROTO, QUEUE_NUM,
	SET_STATUS, GET_STATUS, SET_STATUS, SET_STATUS,
	SET_FEATURES, SET_STATUS, GET_STATUS, MEM_TABLE,
	NUM, BASE, ADDR, CALL, KICK,
	NUM, BASE, ADDR, CALL, KICK,
	ENABLE, ENABLE, SET_STATUS,
	ENABLE, ENABLE, GET_BASE, GET_BASE, SET_STATUS, GET_STATUS,
	/* clang-format on */
};

struct env env;

static unsigned int count_fds(void)
{
	unsigned int n = 0;
	DIR *d = opendir("/proc/self/fd");

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static int set_up(void **state)
{
	struct vio_region_opts opts =
		VIO_OPTS(struct vio_region_opts, .bytes = 1 << 20, .page = VIO_PAGE_NORMAL);

	(void)state;
	env = (struct env){ .dir = "/tmp/vio-vhost-XXXXXX", .timeout_ms = PATIENT_MS };
	if (!mkdtemp(env.dir))
		return -1;
	snprintf(env.path, sizeof(env.path), "%s/s", env.dir);
	env.fds = count_fds();
	if (vio_region_open(&opts, &env.region) < 0)
		return -1;
	vio_region_info(env.region, &env.mem);
	return 0;
}

/* Every test ends here: nothing may be left, neither a file descriptor nor a file. */
static int tear_down(void **state)
{
	(void)state;
	if (env.tp)
		ops->close(env.tp);
	vio_region_close(env.region);
	if (count_fds() != env.fds) {
		print_error("%u files were open before, %u are now\n", env.fds, count_fds());
		return -1;
	}
	return rmdir(env.dir);
}

/* The steps of a session, as the driver takes them. */

int open_at(const char *path, const char *options)
{
	struct address addr;
	char text[512];
	int rc;

	snprintf(text, sizeof(text), "vhost-user:%s%s", path, options);
	assert_int_equal(address_parse(text, &addr), 0);
	rc = ops->open(&addr, env.timeout_ms, &env.tp);
	if (rc >= 0)
		assert_int_equal(address_finish(&addr), 0);
	address_free(&addr);
	return rc;
}

void close_it(void)
{
	ops->close(env.tp);
	env.tp = NULL;
}

struct ring_place place_of(uint16_t index, bool packed)
{
	char *at = (char *)env.mem.base + index * 16384u;

	return (struct ring_place){
		.index = index,
		.entries = 256,
		.packed = packed,
		.desc = at,
		.driver = at + 4096,
		.device = at + 8192,
		.desc_bytes = 4096,
		.driver_bytes = 518,
		.device_bytes = 2054,
	};
}

const struct session plain = { .pairs = 1 };

static int negotiate(const struct session *s)
{
	struct vio_features f, taken;
	uint64_t bias = 1;
	int rc = 0;

	for (uint8_t status = 0; status <= 3 && rc >= 0; status += status ? 2 : 1)
		rc = ops->set_status(env.tp, status);
	if (rc < 0)
		return rc;
	if (s->map_first && (rc = ops->map(env.tp, env.region, &bias)) < 0)
		return rc;
	rc = ops->features(env.tp, &f);
	if (rc < 0)
		return rc;
	taken = (struct vio_features){ { f.word[0] & (BIT64(F_VERSION_1) | s->also) } };
	if (s->packed)
		features_add(&taken, F_RING_PACKED);
	rc = ops->accept(env.tp, &taken);
	if (rc < 0)
		return rc;
	rc = ops->set_status(env.tp, 0x0b);
	if (rc < 0)
		return rc;
	rc = ops->status(env.tp);
	if (rc < 0)
		return rc;
	assert_int_equal(rc, 0x0b);
	rc = ops->map(env.tp, env.region, &bias);
	if (rc >= 0)
		assert_int_equal(bias, 0);
	return rc;
}

static int set_rings(const struct session *s)
{
	int rc = 0;

	for (uint16_t i = 0; i < 2 * s->pairs && rc >= 0; i++) {
		struct ring_place place = place_of(i, s->packed);

		rc = ops->queue_enable(env.tp, &place, &env.db[i]);
	}
	return rc < 0 ? rc : ops->pairs_set(env.tp, s->pairs);
}

int bring_up(const struct session *s)
{
	int rc;

	rc = negotiate(s);
	if (rc < 0)
		return rc;
	rc = set_rings(s);
	return rc < 0 ? rc : ops->set_status(env.tp, 0x0f);
}

/* Open, bring up, check, reset and close. Return: the first error. */
int whole_session(const char *options, const struct session *s)
{
	int rc;

	rc = open_at(env.path, options);
	if (rc < 0)
		return rc;
	rc = bring_up(s);
	if (rc < 0)
		return rc;
	/* What it finds, the reset finds as well. */
	ops->check(env.tp);
	return ops->set_status(env.tp, 0);
}

/* What came to the fake backend. */

void finish(void)
{
	if (env.tp)
		close_it();
	fake_stop(&env.fake);
	if (env.fake.violation[0])
		fail_msg("the backend complains: %s", env.fake.violation);
}

void assert_requests(const uint32_t *expect, size_t n)
{
	for (size_t i = 0; i < n && i < env.fake.n; i++)
		if (env.fake.log[i].request != expect[i])
			fail_msg("message %zu is request %u, not %u", i + 1,
				 env.fake.log[i].request, expect[i]);
	assert_int_equal(env.fake.n, n);
}

/* The @nth message with that request, from 0. */
const struct fake_message *message(uint32_t request, unsigned int nth)
{
	for (unsigned int i = 0; i < env.fake.n; i++)
		if (env.fake.log[i].request == request && !nth--)
			return &env.fake.log[i];
	fail_msg("request %u did not come", request);
	return NULL;
}

void assert_error(int rc, int code, const char *id)
{
	if (rc != code || strcmp(vio_error_last()->id, id))
		fail_msg("returned %d with %s, not %d with %s: %s", rc, vio_error_last()->id, code,
			 id, vio_error_last()->what);
}

/* After the first failure each operation fails at once with the same error. */
void assert_dead(int rc, const char *id)
{
	struct vio_features f = { { BIT64(F_VERSION_1) } };
	uint64_t from = vio_clock_ns();

	assert_error(ops->set_status(env.tp, 0), rc, id);
	assert_error(ops->status(env.tp), rc, id);
	assert_error(ops->accept(env.tp, &f), rc, id);
	assert_error(ops->check(env.tp), -EPIPE, id);
	assert_true(vio_clock_ns() - from < HASTY_MS * UINT64_C(1000000));
}

#define TESTS_MAX 256

static struct CMUnitTest tests[TESTS_MAX];
static size_t n_tests;

void add(CMUnitTestFunction fn, const void *state, const char *fmt, ...)
{
	va_list ap;
	char *name;

	va_start(ap, fmt);
	if (n_tests == TESTS_MAX || vasprintf(&name, fmt, ap) < 0)
		abort();
	va_end(ap);
	tests[n_tests++] =
		(struct CMUnitTest){ name, fn, set_up, tear_down, (void *)(uintptr_t)state };
}

int run_group(const char *group)
{
	return _cmocka_run_group_tests(group, tests, n_tests, NULL, NULL);
}
