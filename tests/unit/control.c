/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <vio/vio.h>

#include "../../drivers/transport/loop/device.h"
#include "../../drivers/virtio/device.h"
#include "../../drivers/virtio/port.h"
#include "../cases.h"

/* The control calls of a port, and what the device behind it then knows. */
static const char *const rings[] = {
	"packed=off,in_order=off",
	"packed=off,in_order=on",
	"packed=on,in_order=off",
	"packed=on,in_order=on",
};

static const struct vio_mac one = { { 2, 0, 0, 0, 0, 1 } }, two = { { 2, 0, 0, 0, 0, 2 } };
static const struct vio_mac group = { { 1, 0, 0x5e, 0, 0, 1 } },
			    other = { { 1, 0, 0x5e, 0, 0, 2 } };
static const struct vio_mac nobody;

struct bench {
	struct vio_pool *pool;
	struct vio_port *port;
	struct vio_loop *loop;
	struct vio_port_info info;
};

static void bench_open(struct bench *b, const char *device, const char *ring)
{
	const struct vio_region_opts pages =
		VIO_OPTS(struct vio_region_opts, .page = VIO_PAGE_NORMAL);
	const struct vio_pool_opts opts =
		VIO_OPTS(struct vio_pool_opts, .buffers = 4096, .region_opts = &pages);
	char address[256];

	snprintf(address, sizeof(address), "loop:echo,size=64,timeout=30,%s,%s", device, ring);
	assert_int_equal(vio_pool_open(&opts, &b->pool), 0);
	if (vio_port_open(address, b->pool, NULL, &b->port) < 0)
		fail_msg("%s", vio_error_text());
	b->loop = vio_port_loop(b->port);
	vio_port_info(b->port, &b->info);
}

static void bench_close(struct bench *b)
{
	const char *first = "";

	if (vio_loop_violations(b->loop, &first))
		fail_msg("%s", first);
	vio_port_close(b->port);
	assert_int_equal(vio_pool_close(b->pool), 0);
}

/* Reset and begin anew, as a later recovery does. */
static void restart(struct bench *b)
{
	struct virtio_port *port = container_of(b->port, struct virtio_port, pub);

	device_stop(port);
	assert_int_equal(device_start(port), 0);
	vio_port_info(b->port, &b->info);
}

/* ---- every call: what is done, and whether the device shows it ---- */

static int promisc(struct vio_port *p)
{
	return vio_port_rx_mode_set(p, VIO_RX_PROMISC, true);
}
static int allmulti(struct vio_port *p)
{
	return vio_port_rx_mode_set(p, VIO_RX_ALLMULTI, true);
}
static int nobcast(struct vio_port *p)
{
	return vio_port_rx_mode_set(p, VIO_RX_NOBCAST, true);
}
static int mac(struct vio_port *p)
{
	return vio_port_mac_set(p, &one);
}
static int mac_table(struct vio_port *p)
{
	return vio_port_mac_table_set(p, (const struct vio_mac[]){ one, two }, 2, &group, 1);
}
static int vlan(struct vio_port *p)
{
	return vio_port_vlan_set(p, 4095, true);
}
static int queues(struct vio_port *p)
{
	return vio_port_queues_set(p, 2);
}
static int announce(struct vio_port *p)
{
	vio_loop_announce(vio_port_loop(p));
	return vio_port_announce_ack(p);
}

static bool has_promisc(const struct vio_loop *l)
{
	return l->ctrl.rx_mode[0] && !l->ctrl.rx_mode[1] && !l->ctrl.rx_mode[5];
}
static bool has_allmulti(const struct vio_loop *l)
{
	return !l->ctrl.rx_mode[0] && l->ctrl.rx_mode[1];
}
static bool has_nobcast(const struct vio_loop *l)
{
	return !l->ctrl.rx_mode[0] && l->ctrl.rx_mode[5];
}
static bool has_mac(const struct vio_loop *l)
{
	return !memcmp(l->ctrl.mac, &one, 6);
}
static bool has_mac_table(const struct vio_loop *l)
{
	const struct vio_mac want[] = { one, two, group };

	return l->ctrl.unicast == 2 && l->ctrl.multicast == 1 &&
	       !memcmp(l->ctrl.table, want, sizeof(want));
}
static bool has_vlan(const struct vio_loop *l)
{
	return l->ctrl.vlans[63] == BIT64(63) && !l->ctrl.vlans[0];
}
static bool has_queues(const struct vio_loop *l)
{
	return l->pairs == 2;
}
static bool has_acked(const struct vio_loop *l)
{
	return !(le16_to(l->config.status) & NET_STATUS_ANNOUNCE);
}

static const struct call {
	const char *what;
	int (*call)(struct vio_port *port);
	bool (*shows)(const struct vio_loop *loop);
	const char *feature;
	bool stays; /* told to the device again after a reset */
} calls[] = {
	{ "promiscuous mode", promisc, has_promisc, "ctrl_rx", true },
	{ "all-multicast mode", allmulti, has_allmulti, "ctrl_rx", true },
	{ "an extra mode", nobcast, has_nobcast, "ctrl_rx_extra", true },
	{ "a MAC address", mac, has_mac, "ctrl_mac_addr", true },
	{ "a MAC table", mac_table, has_mac_table, "ctrl_rx", true },
	{ "a VLAN", vlan, has_vlan, "ctrl_vlan", true },
	{ "a number of queue pairs", queues, has_queues, "mq", true },
	{ "an acknowledged announcement", announce, has_acked, "guest_announce", false },
};

#define ALL "max_queues=3,queues=3,ctrl_vlan=on"

struct cell {
	const struct call *call;
	const char *ring;
};

static void reaches_device(void **state)
{
	const struct cell *c = *state;
	struct bench b;

	bench_open(&b, ALL, c->ring);
	assert_true(c->call->shows == has_acked || !c->call->shows(b.loop));
	for (int again = 0; again < 40; again++)
		if (c->call->call(b.port) < 0)
			fail_msg("%s", vio_error_text());
	assert_true(c->call->shows(b.loop));
	restart(&b);
	assert_true(c->call->shows(b.loop) || !c->call->stays);
	bench_close(&b);
}

/* Answers of the device that are changed on their way. */
static uint32_t refuse(void *arg, struct queue *q, enum word word, uint32_t value)
{
	(void)arg, (void)q;
	return word == WORD_CTRL_ACK ? CTRL_ERR : value;
}

/* The used index stays, or the descriptor is not marked as used. */
static uint32_t keep_silent(void *arg, struct queue *q, enum word word, uint32_t value)
{
	(void)arg;
	if (q->role != ROLE_CTRL)
		return value;
	if (word == WORD_USED_INDEX)
		return value - 1;
	return word == WORD_USED_FLAGS ? value ^ PACKED_USED : value;
}

static const struct bad_answer {
	uint32_t (*word)(void *arg, struct queue *q, enum word word, uint32_t value);
	int rc, rc_next;
} bad_answers[] = { { refuse, -EIO, 0 }, { keep_silent, -ETIMEDOUT, -ETIMEDOUT } };

/* What the device did not acknowledge is not remembered. */
static void answered_badly(void **state)
{
	const struct cell *c = *state;

	for (size_t i = 0; i < ARRAY_SIZE(bad_answers); i++) {
		const struct loop_fault fault = { .word = bad_answers[i].word };
		struct bench b;

		bench_open(&b, ALL, c->ring);
		b.loop->fault = &fault;
		assert_int_equal(c->call->call(b.port), bad_answers[i].rc);
		b.loop->fault = NULL;
		assert_int_equal(c->call->call(b.port), bad_answers[i].rc_next);
		assert_int_equal(vio_port_check(b.port), VIO_PORT_UP);
		bench_close(&b);

		bench_open(&b, ALL, c->ring);
		b.loop->fault = &fault;
		assert_int_equal(c->call->call(b.port), bad_answers[i].rc);
		b.loop->fault = NULL;
		restart(&b);
		assert_true(c->call->shows == has_acked || !c->call->shows(b.loop));
		assert_memory_not_equal(b.info.mac, &one, 6);
		assert_int_equal(b.info.rx_modes, 0);
		assert_int_equal(b.info.queues_live, 3);
		bench_close(&b);
	}
}

/* The error names the feature that is missing, and why it is. */
static void lacks_feature(void **state)
{
	const struct call *c = ((const struct cell *)*state)->call;
	static const struct {
		const char *option, *why;
	} lacks[] = {
		{ "no=%s", "does not offer" },
		{ "%s=off", "was not negotiated" },
		{ "no=ctrl_vq", "not offer" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(lacks); i++) {
		char option[64];
		struct bench b;

		snprintf(option, sizeof(option), i == 2 ? "%s" : lacks[i].option,
			 i == 2 ? lacks[i].option : c->feature);
		bench_open(&b, option, c->call == queues ? "queues=3,max_queues=3" : "queues=1");
		if (c->call == queues) { /* and then there is one pair only */
			assert_int_equal(b.info.queues, 1);
			assert_int_equal(c->call(b.port), -EINVAL);
		} else {
			assert_int_equal(c->call(b.port), -ENOTSUP);
			assert_non_null(strstr(vio_error_last()->what, c->feature));
			assert_non_null(strstr(vio_error_last()->why, lacks[i].why));
		}
		bench_close(&b);
	}
}

/* As QEMU does with ctrl_vq=off: what goes through a control queue is offered, and none is there.
 */
static void offered_without_queue(void **state)
{
	struct virtio_port *port;
	struct bench b;

	(void)state;
	bench_open(&b, "no=ctrl_vq", rings[0]);
	port = container_of(b.port, struct virtio_port, pub);
	features_add(&port->offered, NET_F_CTRL_RX);
	assert_int_equal(promisc(b.port), -ENOTSUP);
	assert_non_null(strstr(vio_error_last()->why, "no control queue (ctrl_vq)"));
	bench_close(&b);
}

/* A legacy device has its address in the configuration. */
static struct {
	size_t off, len;
	struct vio_mac mac;
	int rc;
} written;

static int record_write(struct transport *tp, size_t off, const void *src, size_t len)
{
	(void)tp;
	written.off = off;
	written.len = len;
	memcpy(&written.mac, src, sizeof(written.mac));
	return written.rc;
}

static void legacy_mac(void **state)
{
	struct transport_ops ops = loop_transport;
	struct virtio_port *port;
	struct bench b;

	(void)state;
	bench_open(&b, "no=ctrl_mac_addr", rings[0]);
	port = container_of(b.port, struct virtio_port, pub);
	ops.config_write = record_write;
	port->tp->ops = &ops;
	assert_int_equal(mac(b.port), -ENOTSUP); /* VERSION_1: the configuration is not written */
	features_drop(&port->taken, F_VERSION_1);
	written.rc = -EIO;
	assert_int_equal(mac(b.port), -EIO);
	assert_memory_not_equal(port->mac, &one, sizeof(one));
	written.rc = 0;
	assert_int_equal(mac(b.port), 0);
	assert_memory_equal(port->mac, &one, sizeof(one));
	assert_memory_equal(&written.mac, &one, sizeof(one));
	assert_int_equal(written.off, 0);
	assert_int_equal(written.len, 6);
	port->tp->ops = &loop_transport;
	bench_close(&b);
}

/* ---- arguments ---- */

static int no_mode(struct vio_port *p)
{
	return vio_port_rx_mode_set(p, (enum vio_rx_mode)6, true);
}
static int zero_mac(struct vio_port *p)
{
	return vio_port_mac_set(p, &nobody);
}
static int group_mac(struct vio_port *p)
{
	return vio_port_mac_set(p, &group);
}
static int vlan_4096(struct vio_port *p)
{
	return vio_port_vlan_set(p, 4096, true);
}
static int no_queues(struct vio_port *p)
{
	return vio_port_queues_set(p, 0);
}
static int more_queues(struct vio_port *p)
{
	return vio_port_queues_set(p, 4);
}
static int swapped_table(struct vio_port *p)
{
	return vio_port_mac_table_set(p, &group, 1, &one, 1);
}
static int unicast_group(struct vio_port *p)
{
	return vio_port_mac_table_set(p, NULL, 0, &one, 1);
}
static int long_table(struct vio_port *p)
{
	return vio_port_mac_table_set(p, NULL, 65535, NULL, 1);
}

static const struct argument {
	const char *what;
	int (*call)(struct vio_port *port);
} arguments[] = {
	{ "there is no seventh receive mode", no_mode },
	{ "a port has not the address of nobody", zero_mac },
	{ "a port has no multicast address", group_mac },
	{ "there is no VLAN 4096", vlan_4096 },
	{ "a port has not 0 queue pairs", no_queues },
	{ "a port has not more queue pairs than were set up", more_queues },
	{ "multicast addresses are not among the unicast ones", swapped_table },
	{ "unicast addresses are not among the multicast ones", unicast_group },
	{ "a MAC table of 65536 addresses is too long", long_table },
};

static void out_of_range(void **state)
{
	const struct argument *c = *state;
	struct bench b;

	bench_open(&b, ALL, rings[0]);
	assert_int_equal(c->call(b.port), -EINVAL);
	assert_string_equal(vio_error_last()->id, "VIO-CTRL-02");
	bench_close(&b);
}

/* ---- what else is to be said of single calls ---- */

static void modes(void **state)
{
	struct bench b;

	bench_open(&b, ALL, *state);
	for (unsigned int m = 0; m < 6; m++) {
		assert_int_equal(vio_port_rx_mode_set(b.port, (enum vio_rx_mode)m, true), 0);
		assert_true(b.loop->ctrl.rx_mode[m]);
		vio_port_info(b.port, &b.info);
		assert_int_equal(b.info.rx_modes, (2u << m) - 1);
	}
	assert_int_equal(vio_port_rx_mode_set(b.port, VIO_RX_ALLUNI, false), 0);
	restart(&b);
	assert_int_equal(b.info.rx_modes, 0x3b);
	for (unsigned int m = 0; m < 6; m++)
		assert_int_equal(b.loop->ctrl.rx_mode[m], m != VIO_RX_ALLUNI);
	bench_close(&b);
}

static void full_table(void **state)
{
	struct vio_mac macs[VIO_MAC_TABLE_MAX + 1];
	struct bench b;

	bench_open(&b, ALL, *state);
	for (size_t i = 0; i < ARRAY_SIZE(macs); i++) {
		macs[i] = i < 100 ? one : other;
		macs[i].byte[4] = (uint8_t)i;
	}
	assert_int_equal(vio_port_mac_table_set(b.port, macs, 100, macs + 100, 28), 0);
	assert_int_equal(b.loop->ctrl.unicast, 100);
	assert_int_equal(b.loop->ctrl.multicast, 28);
	assert_memory_equal(b.loop->ctrl.table, macs, 128 * sizeof(macs[0]));
	assert_int_equal(vio_port_mac_table_set(b.port, macs, 100, macs + 100, 29), -EINVAL);
	assert_int_equal(vio_port_mac_table_set(b.port, NULL, 0, NULL, 0), 0);
	assert_int_equal(b.loop->ctrl.unicast + b.loop->ctrl.multicast, 0);
	bench_close(&b);
}

static void mac_shows(void **state)
{
	struct bench b;

	bench_open(&b, ALL, *state);
	assert_int_equal(vio_port_mac_set(b.port, &two), 0);
	vio_port_info(b.port, &b.info);
	assert_memory_equal(b.info.mac, &two, 6);
	restart(&b);
	assert_memory_equal(b.info.mac, &two, 6);
	bench_close(&b);
}

static void vlans(void **state)
{
	struct bench b;

	bench_open(&b, ALL, *state);
	for (uint16_t v = 0; v < 4096; v += 5)
		assert_int_equal(vio_port_vlan_set(b.port, v, true), 0);
	assert_int_equal(vio_port_vlan_set(b.port, 100, false), 0);
	assert_int_equal(vio_port_vlan_set(b.port, 101, false), 0);
	restart(&b);
	for (uint16_t v = 0; v < 4096; v++)
		assert_int_equal(b.loop->ctrl.vlans[v / 64] >> (v % 64) & 1,
				 v % 5 == 0 && v != 100);
	bench_close(&b);
}

/* Which queue pairs take frames, at each number of them. */
static void queue_pairs(void **state)
{
	static const uint16_t steps[] = { 3, 1, 2, 1, 3, 2, 3 };
	struct vio_cache *cache;
	struct bench b;

	bench_open(&b, ALL, *state);
	assert_int_equal(vio_cache_open(b.pool, &cache), 0);
	for (size_t s = 0; s < ARRAY_SIZE(steps); s++) {
		assert_int_equal(vio_port_queues_set(b.port, steps[s]), 0);
		vio_port_info(b.port, &b.info);
		assert_int_equal(b.info.queues_live, steps[s]);
		assert_int_equal(b.info.queues, 3);
		for (uint16_t q = 0; q < 3; q++) {
			struct vio_pkt pkt;
			uint16_t took;

			assert_int_equal(vio_pkt_get(cache, &pkt, 1), 1);
			pkt.len = 60;
			took = vio_tx_burst(vio_port_txq(b.port, q), &pkt, 1);
			assert_int_equal(took, q < steps[s]);
			vio_pkt_put(cache, &pkt, (uint16_t)(1 - took));
			vio_loop_step(b.loop, 8);
			assert_int_equal(vio_rx_burst(vio_port_rxq(b.port, q), &pkt, 1), took);
			vio_pkt_put(cache, &pkt, took);
		}
		assert_int_equal(vio_port_check(b.port), VIO_PORT_UP);
	}
	vio_cache_close(cache);
	bench_close(&b);
}

/* A queue that broke does not come back with the number of pairs. */
static void broken_stays(void **state)
{
	struct virtio_port *port;
	struct bench b;

	bench_open(&b, ALL, *state);
	port = container_of(b.port, struct virtio_port, pub);
	txq_stop(port->txq[2]);
	assert_int_equal(vio_port_queues_set(b.port, 1), 0);
	assert_int_equal(vio_port_queues_set(b.port, 3), 0);
	assert_true(txq_running(port->txq[1]));
	assert_false(txq_running(port->txq[2]));
	assert_int_equal(vio_port_check(b.port), VIO_PORT_QUEUE_BROKEN);
	bench_close(&b);
}

static void announces(void **state)
{
	struct bench b;

	bench_open(&b, ALL, *state);
	assert_false(b.info.announce);
	assert_int_equal(vio_port_announce_ack(b.port), -EIO); /* nobody asked */
	vio_loop_announce(b.loop);
	assert_int_equal(vio_port_check(b.port), VIO_PORT_UP);
	vio_port_info(b.port, &b.info);
	assert_true(b.info.announce);
	assert_true(b.info.link_up);
	assert_int_equal(vio_port_announce_ack(b.port), 0);
	vio_port_info(b.port, &b.info);
	assert_false(b.info.announce);
	bench_close(&b);
}

static void link_flaps(void **state)
{
	struct bench b;

	bench_open(&b, ALL, *state);
	for (int i = 0; i < 6; i++) {
		assert_int_equal(b.info.link_up, !(i & 1));
		vio_loop_link_set(b.loop, i & 1);
		assert_int_equal(vio_port_check(b.port), VIO_PORT_UP);
		vio_port_info(b.port, &b.info);
	}
	bench_close(&b);
}

static const struct speed {
	const char *what, *option;
	uint32_t mbps;
	enum vio_duplex duplex;
} speeds[] = {
	{ "a speed of 10 Gb/s", "speed=10000", 10000, VIO_DUPLEX_FULL },
	{ "a speed that the device does not know", "speed=4294967295", 0, VIO_DUPLEX_UNKNOWN },
	{ "a speed of 0 is unknown", "speed=0", 0, VIO_DUPLEX_FULL },
	{ "the largest speed", "speed=2147483647", INT32_MAX, VIO_DUPLEX_FULL },
	{ "a speed above what there is", "speed=2147483648", 0, VIO_DUPLEX_FULL },
	{ "a device that tells no speed", "no=speed_duplex", 0, VIO_DUPLEX_UNKNOWN },
};

static void speed(void **state)
{
	const struct speed *c = *state;
	struct bench b;

	bench_open(&b, c->option, rings[0]);
	assert_int_equal(b.info.speed_mbps, c->mbps);
	assert_int_equal(b.info.duplex, c->duplex);
	bench_close(&b);
}

static const struct jumbo {
	const char *what, *option;
	uint16_t mtu;
	uint32_t frame_max;
} jumbos[] = {
	{ "buffers of 2048 bytes take what their headroom leaves", "mrg_rxbuf=off", 1500,
	  2048 - VIO_PKT_HEADROOM },
	{ "frames of 9000 bytes merge buffers", "max_mtu=9000", 9000, NET_LARGE_FRAME_MAX },
};

static void jumbo(void **state)
{
	const struct jumbo *c = *state;
	struct bench b;

	bench_open(&b, c->option, rings[0]);
	assert_int_equal(b.info.mtu, c->mtu);
	assert_int_equal(b.info.rx_frame_max, c->frame_max);
	bench_close(&b);
}

static void add_cells(struct case_list *list)
{
	static const struct {
		const char *what;
		CMUnitTestFunction fn;
	} tests[] = {
		{ "reaches the device, and again after a reset", reaches_device },
		{ "is not remembered unless it is acknowledged", answered_badly },
	}, each_ring[] = {
		{ "every receive mode", modes },
		{ "the longest MAC table, and the empty one", full_table },
		{ "the port's information shows its new MAC address", mac_shows },
		{ "820 VLANs", vlans },
		{ "queue pairs that come and go", queue_pairs },
		{ "a broken queue stays broken", broken_stays },
		{ "an announcement is asked for, seen and acknowledged", announces },
		{ "the link goes down and up", link_flaps },
	};
	static struct cell cells[CASES_MAX];
	static char names[CASES_MAX][160];

	for (size_t r = 0; r < ARRAY_SIZE(rings); r++) {
		for (size_t i = 0; i < ARRAY_SIZE(calls) * ARRAY_SIZE(tests); i++) {
			const struct call *call = &calls[i / ARRAY_SIZE(tests)];
			const size_t t = i % ARRAY_SIZE(tests), n = list->n;

			cells[n] = (struct cell){ call, rings[r] };
			snprintf(names[n], sizeof(names[n]), "%s: %s %s", rings[r], call->what,
				 tests[t].what);
			case_add(list, names[n], tests[t].fn, &cells[n]);
		}
		for (size_t i = 0; i < ARRAY_SIZE(each_ring); i++) {
			const size_t n = list->n;

			snprintf(names[n], sizeof(names[n]), "%s: %s", rings[r], each_ring[i].what);
			case_add(list, names[n], each_ring[i].fn, rings[r]);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		const size_t n = list->n;

		cells[n] = (struct cell){ &calls[i], NULL };
		snprintf(names[n], sizeof(names[n]), "%s needs %s", calls[i].what,
			 calls[i].feature);
		case_add(list, names[n], lacks_feature, &cells[n]);
	}
}

int main(void)
{
	static struct case_list list;

	add_cells(&list);
	CASES_ADD(&list, arguments, out_of_range);
	case_add(&list, "what is offered without a control queue can't be used",
		 offered_without_queue, NULL);
	case_add(&list, "a legacy device's address is written into its configuration", legacy_mac,
		 NULL);
	CASES_ADD(&list, speeds, speed);
	CASES_ADD(&list, jumbos, jumbo);
	return case_run("control", &list);
}
