/* SPDX-License-Identifier: BSD-3-Clause */
#include "port_bench.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../../lib/base/err.h"
#include "ring_rig.h"

/*
 * The life cycle of a device against a transport that does what its script says, and fails where it
 * says so.
 */
enum op {
	OP_NONE,
	OP_FEATURES,
	OP_ACCEPT,
	OP_STATUS,
	OP_SET_STATUS,
	OP_CONFIG,
	OP_MAP,
	OP_SIZE,
	OP_ENABLE,
	OPS,
};

struct script {
	struct transport tp; /* first */
	uint64_t offered;
	uint16_t size_max, pairs, mtu;
	uint8_t hidden;         /* status bits that never show */
	uint16_t ctrl_size;     /* 0: as the others */
	unsigned int nodata_at; /* which reading of the configuration finds none, from 1 */
	bool ctrl_silent;
	enum op fail;
	unsigned int fail_at; /* which call of it, from 1 */
	int fail_rc;          /* 0: -ETIMEDOUT */
	int check;
	/* what was seen */
	unsigned int calls[OPS];
	uint8_t status, ever; /* and all bits that were ever written */
	struct rig ctrl;
	uint16_t ctrl_index, enabled;
};

#define BASE   (BIT64(F_VERSION_1) | BIT64(NET_F_MTU) | BIT64(NET_F_MAC) | BIT64(NET_F_STATUS))
#define MULTI  (BASE | BIT64(NET_F_MQ) | BIT64(NET_F_CTRL_VQ))
#define PACKED (MULTI | BIT64(F_RING_PACKED))

static int step(struct transport *tp, enum op op)
{
	struct script *s = (struct script *)tp;

	if (++s->calls[op] == s->fail_at && op == s->fail)
		return err_set(ERR_DEVICE_TIMEOUT, s->fail_rc ? s->fail_rc : -ETIMEDOUT,
			       "script: op %d fails", op);
	return 0;
}

static int op_features(struct transport *tp, struct vio_features *offered)
{
	*offered = (struct vio_features){ { ((struct script *)tp)->offered, 0 } };
	return step(tp, OP_FEATURES);
}

static int op_accept(struct transport *tp, const struct vio_features *taken)
{
	(void)taken;
	return step(tp, OP_ACCEPT);
}

static int op_status(struct transport *tp)
{
	const struct script *s = (struct script *)tp;
	int rc = step(tp, OP_STATUS);

	return rc < 0 ? rc : s->status & ~s->hidden;
}

static int op_set_status(struct transport *tp, uint8_t status)
{
	struct script *s = (struct script *)tp;

	s->ever |= status;
	s->status = status;
	return step(tp, OP_SET_STATUS);
}

static int op_config(struct transport *tp, size_t off, void *dst, size_t len)
{
	const struct script *s = (struct script *)tp;
	const struct net_config config = {
		.mac = { 2, 1, 2, 3, 4, 5 },
		.status = le16_from(NET_STATUS_LINK_UP),
		.max_virtqueue_pairs = le16_from(s->pairs),
		.mtu = le16_from(s->mtu),
	};
	int rc = step(tp, OP_CONFIG);

	if (s->calls[OP_CONFIG] == s->nodata_at)
		return -ENODATA;
	if (rc == 0)
		memcpy(dst, (const char *)&config + off, len);
	return rc;
}

static int op_map(struct transport *tp, const struct vio_region *region, uint64_t *bias)
{
	(void)region;
	*bias = 0;
	return step(tp, OP_MAP);
}

static int op_size(struct transport *tp, uint16_t index, uint16_t *entries)
{
	const struct script *s = (struct script *)tp;

	*entries = s->ctrl_size && index == s->ctrl_index ? s->ctrl_size : s->size_max;
	return step(tp, OP_SIZE);
}

static void ignore(struct doorbell *db)
{
	(void)db;
}

static void answer_ctrl(struct doorbell *db)
{
	struct script *s = db->arg;
	struct offer offer;

	if (!rig_pop(&s->ctrl, &offer) || s->ctrl_silent)
		return;
	*offer.last = CTRL_OK;
	rig_use(&s->ctrl, offer.id, 1, 1, offer.slots);
}

static int op_enable(struct transport *tp, const struct ring_place *ring, struct doorbell *db)
{
	struct script *s = (struct script *)tp;

	db->ring = ignore;
	if (ring->index == s->ctrl_index) {
		s->ctrl = (struct rig){ .kind = &ring_kinds[ring->packed ? 2 : 0],
					.place = *ring,
					.avail_wrap = true,
					.used_wrap = true };
		db->ring = answer_ctrl;
		db->arg = s;
	}
	s->enabled++;
	return step(tp, OP_ENABLE);
}

static int op_check(struct transport *tp)
{
	const int rc = ((struct script *)tp)->check;

	return rc ? err_set(ERR_NEEDS_RESET, rc, "script: check gives %d", rc) : 0;
}

static void op_close(struct transport *tp)
{
	(void)tp;
}

static const char *op_describe(struct transport *tp)
{
	(void)tp;
	return "script";
}

static const struct transport_ops scripted = {
	.scheme = "script",
	.close = op_close,
	.features = op_features,
	.accept = op_accept,
	.status = op_status,
	.set_status = op_set_status,
	.config_read = op_config,
	.map = op_map,
	.queue_size_max = op_size,
	.queue_enable = op_enable,
	.check = op_check,
	.describe = op_describe,
};

static struct script script(uint64_t offered)
{
	return (struct script){ .tp = { &scripted },
				.offered = offered,
				.size_max = 64,
				.pairs = 2,
				.mtu = 1500,
				.ctrl_index = 4 };
}

static const struct op_case {
	const char *what;
	enum op op;
	uint64_t offered;
} op_cases[] = {
	{ "reading the features fails", OP_FEATURES, MULTI },
	{ "accepting features fails", OP_ACCEPT, MULTI },
	{ "reading the status fails", OP_STATUS, MULTI },
	{ "writing the status fails", OP_SET_STATUS, MULTI },
	{ "sharing the region fails", OP_MAP, MULTI },
	{ "asking for a queue's size fails", OP_SIZE, MULTI },
	{ "handing over a queue fails", OP_ENABLE, MULTI },
	{ "handing over a packed queue fails", OP_ENABLE, PACKED },
	{ "reading the configuration fails", OP_CONFIG, MULTI },
};

/* At each of its calls in turn. */
static void op_fails(void **state)
{
	const struct op_case *c = *state;
	struct script good = script(c->offered), s;
	unsigned int calls;
	struct port_bench b;

	port_bench_open(&b, &good.tp, 2, 0);
	assert_int_equal(device_start(b.port), 0);
	calls = good.calls[c->op];
	assert_true(calls > 0);
	device_stop(b.port);
	port_bench_close(&b);
	for (unsigned int at = 1; at <= calls; at++) {
		s = script(c->offered);
		s.fail = c->op;
		s.fail_at = at;
		port_bench_open(&b, &s.tp, 2, 0);
		assert_int_equal(device_start(b.port), -ETIMEDOUT);
		assert_non_null(strstr(vio_error_last()->what, "script: op"));
		assert_true(s.ever & STATUS_FAILED);
		assert_int_equal(s.status, 0); /* and reset at last */
		assert_int_equal(b.port->rx_ready + b.port->tx_ready, 0);
		assert_null(b.port->ctrl);
		port_bench_close(&b);
	}
}

/* A device without one of the fields. */
static void config_lacks(void **state)
{
	struct port_bench b;

	(void)state;
	for (unsigned int at = 1; at <= 4; at++) {
		struct script s = script(MULTI);

		s.nodata_at = at;
		s.mtu = 1400;
		s.ctrl_index = at == 2 ? 2 : 4;
		port_bench_open(&b, &s.tp, 2, 0);
		assert_int_equal(device_start(b.port), 0);
		assert_int_equal(b.port->mtu, at == 1 ? 1500 : 1400);
		assert_int_equal(b.port->queues, at == 2 ? 1 : 2);
		assert_int_equal(b.port->mac[0] & 3, 2);
		assert_true(b.port->link.up);
		device_stop(b.port);
		port_bench_close(&b);
	}
}

static const struct start_case {
	const char *what;
	uint64_t offered;
	uint16_t size_max, pairs, mtu, queues, entries;
	uint8_t hidden;
	int rc;
	/* what comes of it */
	uint16_t got_queues, got_entries, got_mtu;
} start_cases[] = {
	{ "a legacy device", BASE & ~BIT64(F_VERSION_1), 64, 2, 1500, 1, 0, 0, -ENOTSUP, 0, 0, 0 },
	{ "a device that refuses the features", BASE, 64, 2, 1500, 1, 0, STATUS_FEATURES_OK,
	  -ENOTSUP, 0, 0, 0 },
	{ "queues of no entries", BASE, 0, 2, 1500, 1, 0, 0, -ENODEV, 0, 0, 0 },
	{ "queues of one entry", BASE, 1, 2, 1500, 1, 0, 0, -EINVAL, 0, 0, 0 },
	{ "split queues of three entries", BASE, 3, 2, 1500, 1, 0, 0, 0, 1, 2, 1500 },
	{ "packed queues of three entries", PACKED, 3, 2, 1500, 1, 0, 0, 0, 1, 3, 1500 },
	{ "queues of 65535 entries", BASE, 65535, 2, 1500, 1, 0, 0, -ENODEV, 0, 0, 0 },
	{ "queues of 32768 entries", BASE, 32768, 2, 1500, 1, 0, 0, 0, 1, 1024, 1500 },
	{ "one entry asked for", BASE, 64, 2, 1500, 1, 1, 0, -EINVAL, 0, 0, 0 },
	{ "more entries asked for than there are", BASE, 64, 2, 1500, 1, 128, 0, -EINVAL, 0, 0, 0 },
	{ "an odd size asked for of a split ring", BASE, 64, 2, 1500, 1, 48, 0, -EINVAL, 0, 0, 0 },
	{ "an odd size asked for of a packed ring", PACKED, 64, 2, 1500, 1, 49, 0, 0, 1, 49, 1500 },
	{ "no queue pairs", MULTI, 64, 0, 1500, 2, 0, 0, 0, 1, 64, 1500 },
	{ "65535 queue pairs", MULTI, 64, 65535, 1500, 2, 0, 0, 0, 1, 64, 1500 },
	{ "32768 queue pairs, where the control queue's number does not fit", MULTI, 64, 32768,
	  1500, 2, 0, 0, 0, 1, 64, 1500 },
	{ "two queue pairs of more", MULTI, 64, 2, 1500, 2, 0, 0, 0, 2, 64, 1500 },
	{ "an MTU of 67", BASE, 64, 2, 67, 1, 0, 0, 0, 1, 64, 1500 },
	{ "an MTU of 68", BASE, 64, 2, 68, 1, 0, 0, 0, 1, 64, 68 },
	{ "an MTU above the buffers", BASE, 64, 2, 65535, 1, 0, 0, -EINVAL, 0, 0, 0 },
};

static void starts(void **state)
{
	const struct start_case *c = *state;
	struct script s = script(c->offered);
	struct port_bench b;

	s.size_max = c->size_max;
	s.pairs = c->pairs;
	s.mtu = c->mtu;
	s.hidden = c->hidden;
	port_bench_open(&b, &s.tp, c->queues, c->entries);
	assert_int_equal(device_start(b.port), c->rc);
	if (c->rc < 0) {
		assert_int_equal(vio_error_last()->code, c->rc);
		assert_true(s.ever & STATUS_FAILED);
	} else {
		assert_false(s.ever & STATUS_FAILED);
		assert_int_equal(b.port->queues, c->got_queues);
		assert_int_equal(b.port->entries, c->got_entries);
		assert_int_equal(b.port->mtu, c->got_mtu);
		if (b.port->ctrl) /* behind the pairs, never in place of one */
			assert_true(b.port->ctrl->ring.doorbell.data >= 2);
		device_stop(b.port);
	}
	port_bench_close(&b);
}

static const struct ctrl_size_case {
	const char *what;
	uint64_t offered;
	uint16_t size, queues;
	int rc;
	uint16_t entries; /* 0: no control queue */
} ctrl_sizes[] = {
	{ "a split control queue of 64", MULTI, 64, 2, 0, 64 },
	{ "a split control queue of 63 is rounded down", MULTI, 63, 2, 0, 32 },
	{ "a packed control queue of 63 stays", PACKED, 63, 2, 0, 63 },
	{ "a control queue of 1024 is not needed whole", MULTI, 1024, 2, 0, 64 },
	{ "a control queue of 1 is not used for one queue pair", MULTI & ~BIT64(NET_F_MQ), 1, 1, 0,
	  0 },
	{ "a control queue of 64 is used for one queue pair", MULTI, 64, 1, 0, 64 },
	{ "a control queue of 1 can't serve several queue pairs", MULTI, 1, 2, -EINVAL, 0 },
};

static void ctrl_sized(void **state)
{
	const struct ctrl_size_case *c = *state;
	struct script s = script(c->offered);
	struct port_bench b;

	s.ctrl_size = c->size;
	port_bench_open(&b, &s.tp, c->queues, 0);
	s.ctrl_index = c->queues > 1 ? 4 : 2;
	assert_int_equal(device_start(b.port), c->rc);
	if (c->rc == 0) {
		assert_int_equal(b.port->ctrl ? b.port->ctrl->ring.entries : 0, c->entries);
		device_stop(b.port);
	}
	port_bench_close(&b);
}

static void ctrl_never_answers(void **state)
{
	struct script s = script(MULTI);
	struct port_bench b;

	(void)state;
	s.ctrl_silent = true;
	port_bench_open(&b, &s.tp, 2, 0);
	assert_int_equal(device_start(b.port), -ETIMEDOUT);
	assert_true(s.ever & STATUS_FAILED);
	port_bench_close(&b);
}

static const struct check_case {
	const char *what;
	int rc;
	enum vio_port_state state;
} check_cases[] = {
	{ "a device that needs a reset", -ESTALE, VIO_PORT_NEEDS_RESET },
	{ "a backend that has gone", -EPIPE, VIO_PORT_BACKEND_GONE },
};

static void check_sticks(void **state)
{
	const struct check_case *c = *state;
	struct script s = script(BASE);
	struct vio_pkt pkts[4];
	struct port_bench b;

	port_bench_open(&b, &s.tp, 1, 0);
	assert_int_equal(device_start(b.port), 0);
	assert_int_equal(vio_port_check(&b.port->pub), VIO_PORT_UP);
	s.check = c->rc;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(vio_port_check(&b.port->pub), c->state);
		assert_int_equal(vio_error_last()->code, c->rc);
		s.check = i ? 0 : -EPIPE; /* what it says later changes nothing */
		err_set(ERR_OPTS, -EINVAL, "another error");
	}
	assert_int_equal(vio_rx_burst(vio_port_rxq(&b.port->pub, 0), pkts, 4), 0);
	assert_int_equal(vio_tx_burst(vio_port_txq(&b.port->pub, 0), pkts, 4), 0);
	device_stop(b.port);
	port_bench_close(&b);
}

static const struct link_case {
	const char *what;
	int rc;
	enum vio_port_state state;
} link_cases[] = {
	{ "a device that has gone shows when the link's state is read", -EIO,
	  VIO_PORT_BACKEND_GONE },
	{ "a link's state that can't be read now is what it was", -ETIMEDOUT, VIO_PORT_UP },
};

static void link_fails(void **state)
{
	const struct link_case *c = *state;
	struct script s = script(BASE);
	struct vio_port_info info;
	struct port_bench b;

	port_bench_open(&b, &s.tp, 1, 0);
	assert_int_equal(device_start(b.port), 0);
	s.fail = OP_CONFIG;
	s.fail_rc = c->rc;
	s.fail_at = s.calls[OP_CONFIG] + 1;
	assert_int_equal(vio_port_check(&b.port->pub), c->state);
	vio_port_info(&b.port->pub, &info);
	assert_true(info.link_up);
	device_stop(b.port);
	port_bench_close(&b);
}

static void broken_queue(void **state)
{
	struct script s = script(BASE);
	struct split_used *used;
	struct vio_pkt pkts[4];
	struct port_bench b;

	(void)state;
	port_bench_open(&b, &s.tp, 1, 0);
	assert_int_equal(device_start(b.port), 0);
	used = b.port->rxq[0]->ring.device.used;
	used->idx = le16_from(999);
	assert_int_equal(vio_rx_burst(vio_port_rxq(&b.port->pub, 0), pkts, 4), 0);
	assert_int_equal(vio_port_check(&b.port->pub), VIO_PORT_QUEUE_BROKEN);
	assert_int_equal(vio_port_check(&b.port->pub), VIO_PORT_QUEUE_BROKEN);
	assert_true(txq_running(b.port->txq[0]));
	s.check = -EPIPE;
	assert_int_equal(vio_port_check(&b.port->pub), VIO_PORT_BACKEND_GONE);
	device_stop(b.port);
	port_bench_close(&b);
}

int main(void)
{
	static struct case_list list;

	CASES_ADD(&list, op_cases, op_fails);
	CASES_ADD(&list, start_cases, starts);
	CASES_ADD(&list, check_cases, check_sticks);
	CASES_ADD(&list, ctrl_sizes, ctrl_sized);
	CASES_ADD(&list, link_cases, link_fails);
	case_add(&list, "the configuration lacks a field", config_lacks, NULL);
	case_add(&list, "the control queue never answers", ctrl_never_answers, NULL);
	case_add(&list, "a queue breaks, the other goes on", broken_queue, NULL);
	return case_run("device", &list);
}
