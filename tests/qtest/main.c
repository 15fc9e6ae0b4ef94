/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../drivers/virtio/device.h"
#include "../../lib/base/compiler.h"
#include "control.h"
#include "function.h"
#include "traffic.h"

/*
 * The driver in a process of its own, told what to do line by line, and answering each with a line
 * of JSON:
 *
 *   listen PATH         where QEMU will connect its qtest to
 *   accept              wait for it
 *   peer PATH PATH      the other end of a datagram netdev: ours, and QEMU's
 *   tap NAME            or that of a tap
 *   open OPTIONS        open the port: ",size=64"
 *   traffic FRAMES MIN MAX WINDOW SEGMENTS STOP_AT
 *   state               look after the port
 *   drain               take what comes, until nothing does
 *   kick PAIR           notify the device of this transmit queue
 *   queue-reset INDEX   give a queue back to the device, and no other
 *   asleep FRAMES       traffic one by one, sleeping between
 *   config-wait MS      sleep until the configuration has changed
 *   control WORDS       a control call: see control.h
 *   close               and count what is missing
 */

#define REGION_BYTES (32u << 20)

struct driver {
	struct vio_region *region;
	struct vio_pool *pool;
	struct vio_cache *cache;
	struct vio_port *port;
	struct peer peer;
	bool has_peer;
	int listen_fd, qtest_fd;
};

static void fail(const char *what)
{
	printf("{\"error\": \"%s\"}\n", what);
}

static void fail_last(void)
{
	const struct vio_error *e = vio_error_last();

	printf("{\"error\": \"%s\", \"id\": \"%s\", \"why\": \"%s\"}\n", e->what, e->id, e->why);
}

static bool unix_address(struct sockaddr_un *a, const char *path)
{
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	return snprintf(a->sun_path, sizeof(a->sun_path), "%s", path) < (int)sizeof(a->sun_path);
}

static void do_listen(struct driver *d, char *args)
{
	struct sockaddr_un a;

	d->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (!unix_address(&a, args) || bind(d->listen_fd, (struct sockaddr *)&a, sizeof(a)) ||
	    listen(d->listen_fd, 1))
		fail(strerror(errno));
	else
		printf("{}\n");
}

static void do_accept(struct driver *d, char *args)
{
	(void)args;
	d->qtest_fd = accept(d->listen_fd, NULL, NULL);
	if (d->qtest_fd < 0)
		fail(strerror(errno));
	else
		printf("{}\n");
}

static void begin_peer(struct driver *d, int fd)
{
	d->has_peer = !peer_start(&d->peer, fd);
	if (d->has_peer)
		printf("{}\n");
	else
		fail("no peer");
}

static void do_peer(struct driver *d, char *args)
{
	char *ours = strtok(args, " "), *theirs = strtok(NULL, " ");
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un a, b;

	if (!ours || !theirs || !unix_address(&a, ours) || !unix_address(&b, theirs) ||
	    bind(fd, (struct sockaddr *)&a, sizeof(a)) ||
	    connect(fd, (struct sockaddr *)&b, sizeof(b)))
		fail(strerror(errno));
	else
		begin_peer(d, fd);
}

static void do_tap(struct driver *d, char *args)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0x0300 /* all protocols */);
	struct sockaddr_ll a = { .sll_family = AF_PACKET, .sll_protocol = 0x0300 };
	int bytes = 8 << 20;

	a.sll_ifindex = (int)if_nametoindex(args);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if (fd < 0 || !a.sll_ifindex || bind(fd, (struct sockaddr *)&a, sizeof(a)))
		fail(strerror(errno));
	else
		begin_peer(d, fd);
}

static void print_features(const char *name, const struct vio_features *f)
{
	const char *comma = "";

	printf("\"%s\": [", name);
	for (unsigned int bit = 0; bit < 128; bit++)
		if (vio_feature_in(f, bit)) {
			printf("%s%u", comma, bit);
			comma = ", ";
		}
	printf("], ");
}

static void print_port(const struct driver *d)
{
	struct vio_port_info i;

	vio_port_info(d->port, &i);
	printf("{\"backend\": \"%s\", \"queues\": %u, \"queues_max\": %u, \"entries\": %u, "
	       "\"hdr_len\": %u, \"rx_variant\": \"%s\", \"tx_variant\": \"%s\", "
	       "\"mac\": \"%02x:%02x:%02x:%02x:%02x:%02x\", \"mtu\": %u, \"link_up\": %s, "
	       "\"announce\": %s, \"speed\": %u, ",
	       i.backend, i.queues, i.queues_max, i.entries, i.net_hdr_len, i.rx_variant,
	       i.tx_variant, i.mac[0], i.mac[1], i.mac[2], i.mac[3], i.mac[4], i.mac[5], i.mtu,
	       i.link_up ? "true" : "false", i.announce ? "true" : "false", i.speed_mbps);
	print_features("offered", &i.offered);
	print_features("taken", &i.taken);
}

static void do_open(struct driver *d, char *args)
{
	char address[512];
	uint64_t begin = vio_clock_ns();

	if (d->port) {
		fail("the port is open already");
		return;
	}
	snprintf(address, sizeof(address), "qtest:%d%s%s", d->qtest_fd, *args ? "," : "", args);
	if (vio_port_open(address, d->pool, NULL, &d->port)) {
		fail_last();
		return;
	}
	print_port(d);
	printf("\"accesses\": %" PRIu64 ", \"us\": %" PRIu64 "}\n", qtest_function()->accesses,
	       (vio_clock_ns() - begin) / 1000);
}

static const char *const state_names[] = {
	[VIO_PORT_UP] = "up",
	[VIO_PORT_QUEUE_BROKEN] = "queue broken",
	[VIO_PORT_NEEDS_RESET] = "needs reset",
	[VIO_PORT_BACKEND_GONE] = "backend gone",
	[VIO_PORT_DEVICE_GONE] = "gone",
	[VIO_PORT_REFUSED] = "refused",
};

static void do_state(struct driver *d, char *args)
{
	enum vio_port_state state;

	(void)args;
	if (!d->port) {
		fail("no port is open");
		return;
	}
	state = vio_port_check(d->port);
	print_port(d);
	printf("\"state\": \"%s\", \"why\": \"%s\"}\n", state_names[state],
	       state == VIO_PORT_UP ? "" : vio_error_last()->what);
}

static uint64_t rules_broken(const struct driver *d, uint16_t queues)
{
	struct vio_queue_stats s[2];
	uint64_t n = 0;

	for (uint16_t i = 0; i < queues; i++) {
		vio_rxq_stats(vio_port_rxq(d->port, i), &s[0]);
		vio_txq_stats(vio_port_txq(d->port, i), &s[1]);
		for (unsigned int j = 0; j < 2; j++)
			n += s[j].drop_invalid + s[j].drop_foreign + s[j].drop_truncated +
			     s[j].bad_id + s[j].bad_len + s[j].bad_index + s[j].bad_merge;
	}
	return n;
}

static uint64_t kicks(const struct driver *d, uint16_t queues)
{
	struct vio_queue_stats s;
	uint64_t n = 0;

	for (uint16_t i = 0; i < queues; i++) {
		vio_rxq_stats(vio_port_rxq(d->port, i), &s);
		n += s.kicks;
		vio_txq_stats(vio_port_txq(d->port, i), &s);
		n += s.kicks;
	}
	return n;
}

static void print_tally(const char *name, const struct tally *t)
{
	printf("\"%s\": {\"good\": %" PRIu64 ", \"bad\": %" PRIu64 ", \"twice\": %" PRIu64
	       ", \"reordered\": %" PRIu64 ", \"foreign\": %" PRIu64 "}, ",
	       name, t->good, t->bad, t->twice, t->reordered, t->foreign);
}

static void do_traffic(struct driver *d, char *args)
{
	struct traffic t = { .seconds = 15 };
	struct outcome out = { 0 };
	struct vio_port_info info;

	if (sscanf(args, "%" SCNu64 " %u %u %u %u %" SCNu64, &t.frames, &t.lengths.min,
		   &t.lengths.max, &t.window, &t.segments, &t.stop_at) != 6 ||
	    !d->port || !d->has_peer || t.frames > FRAMES_MAX || t.segments > 8) {
		fail("traffic needs six numbers, a port and a peer");
		return;
	}
	peer_clear(&d->peer, &t.lengths);
	out.tally.seen = calloc(1, FRAMES_MAX / 8);
	traffic_run(d->port, d->cache, &t, &out);
	free(out.tally.seen);
	vio_port_info(d->port, &info);
	printf("{\"sent\": %" PRIu64 ", \"ms\": %" PRIu64 ", ", out.sent, out.ms);
	print_tally("driver", &out.tally);
	print_tally("peer", &d->peer.tally);
	printf("\"peer_why\": \"%s\", \"rules_broken\": %" PRIu64 ", \"kicks\": %" PRIu64
	       ", \"why\": \"%s\"}\n",
	       d->peer.why, rules_broken(d, info.queues), kicks(d, info.queues),
	       out.why ? out.why : "");
}

static void do_asleep(struct driver *d, char *args)
{
	struct traffic t = {
		.frames = (uint64_t)atoi(args), .window = 1, .segments = 1, .lengths = { 60, 1514 }
	};
	struct outcome out = { 0 };
	unsigned int missed;

	peer_clear(&d->peer, &t.lengths);
	out.tally.seen = calloc(1, FRAMES_MAX / 8);
	missed = traffic_asleep(d->port, d->cache, &t, &out);
	free(out.tally.seen);
	printf("{\"missed\": %u, \"good\": %" PRIu64 ", \"ms\": %" PRIu64 ", \"signals\": %" PRIu64
	       ", \"why\": \"%s\"}\n",
	       missed, out.tally.good, out.ms, qtest_function()->irq.signals,
	       out.why ? out.why : "");
}

static void do_config_wait(struct driver *d, char *args)
{
	struct pollfd fd = { .fd = vio_port_event_fd(d->port), .events = POLLIN };

	if (fd.fd < 0)
		fail_last();
	else
		printf("{\"woken\": %d}\n", poll(&fd, 1, atoi(args)));
}

static void do_control(struct driver *d, char *args)
{
	if (control_call(d->port, args))
		fail_last();
	else
		printf("{}\n");
}

#define DRAIN_NS 100000000u

static void do_drain(struct driver *d, char *args)
{
	uint64_t last = vio_clock_ns();
	unsigned int n = 0;

	(void)args;
	while (vio_clock_ns() - last < DRAIN_NS) {
		struct vio_pkt pkts[64];
		uint16_t got = vio_rx_burst(vio_port_rxq(d->port, 0), pkts, 64);

		vio_pkt_put(d->cache, pkts, got);
		if (got)
			last = vio_clock_ns();
		n += got;
	}
	printf("{\"frames\": %u}\n", n);
}

static struct virtio_port *inside(const struct driver *d)
{
	return container_of(d->port, struct virtio_port, pub);
}

static void do_kick(struct driver *d, char *args)
{
	vring_kick(&inside(d)->txq[atoi(args)]->ring);
	printf("{}\n");
}

static void do_queue_reset(struct driver *d, char *args)
{
	struct transport *tp = inside(d)->tp;
	int rc = -ENOTSUP;

	if (tp->ops->queue_disable)
		rc = tp->ops->queue_disable(tp, (uint16_t)atoi(args));
	if (rc)
		printf("{\"error\": \"queue_disable\", \"code\": %d}\n", rc);
	else
		printf("{}\n");
}

static void do_close(struct driver *d, char *args)
{
	struct vio_pool_info info;

	(void)args;
	vio_port_close(d->port);
	d->port = NULL;
	vio_pool_info(d->pool, &info);
	printf("{\"out\": %u, \"bad_puts\": %" PRIu64 "}\n", info.out,
	       info.double_puts + info.foreign_puts);
}

static const struct {
	const char *name;
	void (*run)(struct driver *d, char *args);
} commands[] = {
	{ "listen", do_listen },
	{ "accept", do_accept },
	{ "peer", do_peer },
	{ "tap", do_tap },
	{ "open", do_open },
	{ "traffic", do_traffic },
	{ "state", do_state },
	{ "close", do_close },
	{ "drain", do_drain },
	{ "asleep", do_asleep },
	{ "config-wait", do_config_wait },
	{ "control", do_control },
	{ "kick", do_kick },
	{ "queue-reset", do_queue_reset },
};

static void obey(struct driver *d, char *line)
{
	char *args;

	line[strcspn(line, "\n")] = '\0';
	args = line + strcspn(line, " ");
	if (*args)
		*args++ = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, line)) {
			commands[i].run(d, args);
			return;
		}
	fail("no such command");
}

static int open_memory(struct driver *d)
{
	const struct vio_region_opts region =
		VIO_OPTS(struct vio_region_opts, .bytes = REGION_BYTES, .page = VIO_PAGE_NORMAL);
	struct vio_pool_opts pool = VIO_OPTS(struct vio_pool_opts, .buffers = 8192);
	struct vio_region_info info;
	int rc = vio_region_open(&region, &d->region);

	pool.region = d->region;
	if (rc == 0)
		rc = vio_pool_open(&pool, &d->pool);
	if (rc == 0)
		rc = vio_cache_open(d->pool, &d->cache);
	if (rc < 0)
		return rc;
	vio_region_info(d->region, &info);
	printf("{\"memory\": \"/proc/%d/fd/%d\", \"bytes\": %zu}\n", (int)getpid(), info.fd,
	       info.bytes);
	return 0;
}

int main(void)
{
	static struct driver d;
	char line[1024];
	int rc;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (open_memory(&d) < 0) {
		fail_last();
		return 1;
	}
	while (fgets(line, sizeof(line), stdin))
		obey(&d, line);
	vio_port_close(d.port);
	if (d.has_peer)
		peer_stop(&d.peer);
	vio_cache_close(d.cache);
	rc = vio_pool_close(d.pool);
	return rc < 0 || vio_region_close(d.region) < 0;
}
