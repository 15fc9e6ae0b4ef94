/* SPDX-License-Identifier: BSD-3-Clause */
#include "vhost_session.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vio/vio.h>

#include "../../drivers/virtio/device.h"

/* A vhost-user port whose backend goes, hangs or comes back as another one. */
#define PACKETS 8

static struct bench {
	struct vio_pool *pool;
	struct vio_cache *cache;
	struct vio_port *port;
} bench;

static const struct fake_script both = {
	.features = NET_BITS | PROTOCOL_BIT | BIT64(F_IN_ORDER),
	.protocol = P_MQ | P_ACK | P_MTU | P_STATUS,
	.queues = 2,
};

static const struct kind {
	const char *what, *options;
	bool server;
	uint32_t base;
} kinds[] = {
	{ "split: the backend goes and comes back", "packed=off", false, 0 },
	{ "packed: the backend goes and comes back", "packed=on", false, 0x80008000 },
	{ "split in order: the backend goes and comes back", "packed=off,in_order=on", false, 0 },
	{ "packed in order: the backend goes and comes back", "packed=on,in_order=on", false,
	  0x80008000 },
	{ "split, as server: the backend goes and comes back", "packed=off,server", true, 0 },
	{ "packed, as server: the backend goes and comes back", "packed=on,server", true,
	  0x80008000 },
};

static void backend_start(const struct kind *k, const struct fake_script *script)
{
	if (k->server)
		fake_connect(&env.fake, env.path, script);
	else
		fake_listen(&env.fake, env.path, script);
}

/* As a process does that is killed. */
static void backend_kill(void)
{
	shutdown(env.fake.fd, SHUT_RDWR);
	fake_stop(&env.fake);
	assert_string_equal(env.fake.violation, "");
}

static void bench_open(const struct kind *k, const char *more)
{
	const struct vio_region_opts pages =
		VIO_OPTS(struct vio_region_opts, .page = VIO_PAGE_NORMAL);
	const struct vio_pool_opts opts =
		VIO_OPTS(struct vio_pool_opts, .buffers = 512, .region_opts = &pages);
	char address[256];

	snprintf(address, sizeof(address), "vhost-user:%s,size=64,timeout=%u,%s%s", env.path,
		 env.timeout_ms, k->options, more);
	assert_int_equal(vio_pool_open(&opts, &bench.pool), 0);
	assert_int_equal(vio_cache_open(bench.pool, &bench.cache), 0);
	backend_start(k, &both);
	if (vio_port_open(address, bench.pool, NULL, &bench.port) < 0)
		fail_msg("%s", vio_error_text());
}

static void check_accounts(void)
{
	struct vio_queue_stats s;
	const struct vio_txq *q = vio_port_txq(bench.port, 0);

	vio_txq_stats(q, &s);
	assert_int_equal(s.packets, s.completed + s.taken_back + vio_txq_in_flight(q));
}

static void bench_close(void)
{
	struct vio_pool_info info;

	check_accounts();
	vio_port_close(bench.port);
	vio_cache_close(bench.cache);
	vio_pool_info(bench.pool, &info);
	assert_int_equal(info.out, 0);
	assert_int_equal(vio_pool_close(bench.pool), 0);
}

static uint16_t send_some(void)
{
	struct vio_pkt pkts[PACKETS];
	uint16_t took;

	assert_int_equal(vio_pkt_get(bench.cache, pkts, PACKETS), PACKETS);
	for (int i = 0; i < PACKETS; i++)
		pkts[i].len = 60;
	took = vio_tx_burst(vio_port_txq(bench.port, 0), pkts, PACKETS);
	vio_pkt_put(bench.cache, pkts + took, (uint16_t)(PACKETS - took));
	return took;
}

/* Check until the port is in @state. */
static void reach(enum vio_port_state state)
{
	enum vio_port_state is = vio_port_check(bench.port);

	for (unsigned int i = 0; is != state; i++) {
		if (i > 4000)
			fail_msg("state %d, not %d: %s", is, state, vio_error_text());
		usleep(1000);
		is = vio_port_check(bench.port);
	}
}

/* Buffers that are neither in the pool nor in a cache of ours. */
static uint32_t out(void)
{
	struct vio_pool_info info;

	vio_cache_close(bench.cache);
	vio_pool_info(bench.pool, &info);
	assert_int_equal(vio_cache_open(bench.pool, &bench.cache), 0);
	return info.out;
}

/* What the new backend was told, as the old one: the same features, and rings from their beginning.
 */
static void check_session(uint64_t features, uint32_t base)
{
	assert_int_equal(env.fake.taken_features, features);
	for (unsigned int i = 0; i < 2; i++) {
		const struct fake_message *m = message(BASE, i);

		assert_int_equal(m->payload.state.index, i);
		assert_int_equal(m->payload.state.num, base);
		assert_true(env.fake.rings[i].enabled);
	}
}

static void test_comes_back(void **state)
{
	const struct kind *k = *state;
	struct vio_queue_stats s;
	struct vio_port_info info;
	uint64_t features;

	bench_open(k, "");
	for (unsigned int round = 0; round < 3; round++) {
		assert_int_equal(vio_port_check(bench.port), VIO_PORT_UP);
		assert_int_equal(send_some(), PACKETS);
		backend_kill();
		features = env.fake.taken_features;
		assert_int_equal(vio_port_check(bench.port), VIO_PORT_BACKEND_GONE);
		assert_string_equal(vio_error_last()->id, "VIO-VU-01");
		assert_int_equal(send_some(), 0);
		/* Nobody there: buffers are back, and it is no attempt. */
		assert_int_equal(vio_port_check(bench.port), VIO_PORT_BACKEND_GONE);
		assert_non_null(strstr(vio_error_last()->fix, env.path));
		assert_int_equal(out(), 0);
		vio_txq_stats(vio_port_txq(bench.port, 0), &s);
		assert_int_equal(s.taken_back, PACKETS * (round + 1));
		backend_start(k, &both);
		reach(VIO_PORT_UP);
		vio_port_info(bench.port, &info);
		assert_int_equal(info.recoveries, round + 1);
		assert_int_equal(info.recoveries_failed, 0);
	}
	backend_kill();
	check_session(features, k->base);
	bench_close();
}

static void test_lacks(void **state)
{
	struct fake_script less = both;
	struct vio_port_info info;

	(void)state;
	less.features &= ~BIT64(F_RING_PACKED);
	bench_open(&kinds[1], "");
	backend_kill();
	assert_int_equal(vio_port_check(bench.port), VIO_PORT_BACKEND_GONE);
	backend_start(&kinds[1], &less);
	reach(VIO_PORT_REFUSED);
	assert_string_equal(vio_error_last()->id, "VIO-VU-01");
	assert_non_null(strstr(vio_error_last()->fix, "came back without packed"));
	assert_int_equal(vio_port_rx_mode_set(bench.port, VIO_RX_PROMISC, true), -EAGAIN);
	fake_stop(&env.fake);
	backend_start(&kinds[1], &both);
	reach(VIO_PORT_UP);
	vio_port_info(bench.port, &info);
	assert_int_equal(info.recoveries, 1);
	assert_int_equal(info.recoveries_failed, 1);
	assert_int_equal(send_some(), PACKETS);
	backend_kill();
	bench_close();
}

/* A backend that hangs, and keeps what it has. */
static void test_hangs(void **state)
{
	struct fake_script script = both;
	int held;

	(void)state;
	env.timeout_ms = HASTY_MS;
	bench_open(&kinds[0], ",queues=2");
	assert_int_equal(send_some(), PACKETS);
	held = dup(env.fake.fd);
	env.fake.script.fault = FAULT_SILENT;
	env.fake.script.at = env.fake.n + 1;
	assert_int_equal(vio_port_queues_set(bench.port, 1), -ETIMEDOUT);
	assert_int_equal(vio_port_check(bench.port), VIO_PORT_BACKEND_GONE);
	fake_stop(&env.fake);
	backend_start(&kinds[0], &script);
	for (int i = 0; i < 50; i++) {
		assert_int_equal(vio_port_check(bench.port), VIO_PORT_BACKEND_GONE);
		assert_non_null(strstr(vio_error_last()->fix, "has not closed its end"));
		usleep(1000);
	}
	assert_true(out() >= PACKETS);
	close(held);
	reach(VIO_PORT_UP);
	backend_kill();
	bench_close();
}

/* The next attempt is made at once. */
static void do_not_wait(void)
{
	container_of(bench.port, struct virtio_port, pub)->recover.next_ns = 0;
}

/* One that dies at each message while it is reached again. */
static void test_dies_again(void **state)
{
	struct fake_script script = both;
	unsigned int all;

	(void)state;
	bench_open(&kinds[0], "");
	backend_kill();
	vio_port_check(bench.port);
	backend_start(&kinds[0], &both);
	reach(VIO_PORT_UP);
	backend_kill();
	all = env.fake.n;
	for (unsigned int at = 1; at <= all; at++) {
		vio_port_check(bench.port);
		script.at = at;
		script.fault = FAULT_CLOSE;
		backend_start(&kinds[0], &script);
		while (__atomic_load_n(&env.fake.n, __ATOMIC_ACQUIRE) < at) {
			do_not_wait();
			vio_port_check(bench.port);
			usleep(200);
		}
		fake_stop(&env.fake);
		assert_string_equal(env.fake.violation, "");
		check_accounts();
	}
	vio_port_check(bench.port);
	do_not_wait();
	backend_start(&kinds[0], &both);
	reach(VIO_PORT_UP);
	assert_int_equal(send_some(), PACKETS);
	backend_kill();
	bench_close();
}

/* One that listens and does not come to the door: nobody waits for it, and not for ever. */
static void test_slow(void **state)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct vio_port_info info;

	(void)state;
	env.timeout_ms = HASTY_MS;
	bench_open(&kinds[0], "");
	backend_kill();
	assert_int_equal(vio_port_check(bench.port), VIO_PORT_BACKEND_GONE);
	snprintf(un.sun_path, sizeof(un.sun_path), "%s", env.path);
	assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof(un)) | listen(fd, 4), 0);
	assert_int_equal(vio_port_check(bench.port), VIO_PORT_BACKEND_GONE);
	assert_non_null(strstr(vio_error_last()->fix, "no answer yet"));
	do {
		usleep(1000);
		vio_port_check(bench.port);
		vio_port_info(bench.port, &info);
	} while (!info.recoveries_failed);
	vio_port_check(bench.port);
	assert_non_null(strstr(vio_error_last()->fix, "no answer in"));
	close(fd);
	unlink(env.path);
	backend_start(&kinds[0], &both);
	reach(VIO_PORT_UP);
	backend_kill();
	bench_close();
}

static bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

static void test_event(void **state)
{
	const struct kind *k = &kinds[4];
	int fd;

	(void)state;
	bench_open(k, ",wait=on");
	fd = vio_port_event_fd(bench.port);
	assert_true(fd >= 0);
	assert_false(readable(fd));
	backend_kill();
	assert_true(readable(fd));
	assert_int_equal(vio_port_check(bench.port), VIO_PORT_BACKEND_GONE);
	assert_int_equal(vio_port_check(bench.port), VIO_PORT_BACKEND_GONE);
	assert_false(readable(fd));
	backend_start(k, &both);
	for (int i = 0; !readable(fd); i++) {
		assert_true(i < 2000);
		usleep(1000);
	}
	reach(VIO_PORT_UP);
	assert_int_equal(vio_port_event_fd(bench.port), fd);
	assert_false(readable(fd));
	backend_kill();
	bench_close();
}

int main(void)
{
	ADD_TABLE(test_comes_back, kinds);
	add(test_lacks, NULL,
	    "a backend that lacks a feature is refused by name, the next is taken");
	add(test_hangs, NULL, "the memory is not used anew while a backend that hangs may use it");
	add(test_dies_again, NULL, "a backend may die at each message of its return");
	add(test_slow, NULL, "a backend that is slow to answer holds nobody up");
	add(test_event, NULL,
	    "the port's event tells of a backend that goes, and of one that comes");
	return run_group("reconnect");
}
