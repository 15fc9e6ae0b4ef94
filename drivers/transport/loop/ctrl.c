/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "shared.h"

/*
 * The control queue ("Control Virtqueue", 5.1.6.5). What it sets is kept in struct ctrl_state;
 * frames are not filtered by it.
 */
#define CTRL_DATA_MAX 8192

/* A command's data, and where its first piece ends. */
struct data {
	const uint8_t *p;
	size_t len, first;
};

static bool set_rx_mode(struct vio_loop *loop, uint8_t command, struct data data)
{
	loop->ctrl.rx_mode[command] = data.p[0] != 0;
	return data.p[0] <= 1;
}

/* A table: a count and as many addresses, each of them @multicast or not. Return: bytes; 0: it is
 * none, or too long. */
static size_t read_macs(const uint8_t *p, size_t len, bool multicast, struct vio_mac *to,
			uint16_t *n)
{
	uint32_t count;

	if (len < sizeof(le32))
		return 0;
	memcpy(&count, p, sizeof(le32));
	count = le32_to(count);
	if (count > LOOP_MACS_MAX / 2 || count > (len - sizeof(le32)) / sizeof(*to))
		return 0;
	memcpy(to, p + sizeof(le32), count * sizeof(*to));
	for (uint32_t i = 0; i < count; i++)
		if ((to[i].byte[0] & 1) != multicast)
			return 0;
	*n = (uint16_t)count;
	return sizeof(le32) + count * sizeof(*to);
}

/* Two tables, each in a descriptor of its own: QEMU takes them only so. */
static bool set_mac_table(struct vio_loop *loop, uint8_t command, struct data data)
{
	struct vio_mac macs[LOOP_MACS_MAX];
	uint16_t unicast = 0, multicast = 0;
	size_t one, two;

	(void)command;
	one = read_macs(data.p, data.len, false, macs, &unicast);
	if (!one || one != data.first)
		return false;
	two = read_macs(data.p + one, data.len - one, true, macs + unicast, &multicast);
	if (one + two != data.len)
		return false;
	loop->ctrl.unicast = unicast;
	loop->ctrl.multicast = multicast;
	memcpy(loop->ctrl.table, macs, sizeof(macs[0]) * (size_t)(unicast + multicast));
	return true;
}

static bool set_mac(struct vio_loop *loop, uint8_t command, struct data data)
{
	(void)command;
	if (data.p[0] & 1)
		return false;
	memcpy(loop->ctrl.mac, data.p, 6);
	memcpy(loop->config.mac, data.p, 6);
	loop->generation++;
	return true;
}

static uint16_t read_le16(const uint8_t *data)
{
	return (uint16_t)(data[0] | data[1] << 8);
}

static bool set_vlan(struct vio_loop *loop, uint8_t command, struct data data)
{
	uint16_t vlan = read_le16(data.p);

	if (vlan >= VLAN_IDS)
		return false;
	loop->ctrl.vlans[vlan / 64] &= ~BIT64(vlan % 64);
	loop->ctrl.vlans[vlan / 64] |= (uint64_t)(command == 0) << (vlan % 64);
	return true;
}

/* Only what was asked for can be acknowledged; the request is gone then. */
static bool ack_announce(struct vio_loop *loop, uint8_t command, struct data data)
{
	const uint16_t status = le16_to(loop->config.status);

	(void)command, (void)data;
	if (!(status & NET_STATUS_ANNOUNCE))
		return false;
	loop->config.status = le16_from((uint16_t)(status & ~NET_STATUS_ANNOUNCE));
	loop_config_changed(loop);
	return true;
}

static bool set_pairs(struct vio_loop *loop, uint8_t command, struct data data)
{
	uint16_t pairs = read_le16(data.p);

	(void)command;
	if (!pairs || pairs > loop->opt.max_queues)
		return false;
	loop->pairs = pairs;
	return true;
}

/* No hash type is supported (supported_hash_types is 0), so none can be asked for. */
static bool set_hash(struct vio_loop *loop, uint8_t command, struct data data)
{
	(void)command;
	memcpy(&loop->ctrl.hash_types, data.p, sizeof(loop->ctrl.hash_types));
	return !loop->ctrl.hash_types;
}

static const struct ctrl_command {
	uint8_t class, command, feature;
	uint16_t min, max; /* bytes of data */
	bool (*set)(struct vio_loop *loop, uint8_t command, struct data data);
} commands[] = {
	{ 0, 0, NET_F_CTRL_RX, 1, 1, set_rx_mode },
	{ 0, 1, NET_F_CTRL_RX, 1, 1, set_rx_mode },
	{ 0, 2, NET_F_CTRL_RX_EXTRA, 1, 1, set_rx_mode },
	{ 0, 3, NET_F_CTRL_RX_EXTRA, 1, 1, set_rx_mode },
	{ 0, 4, NET_F_CTRL_RX_EXTRA, 1, 1, set_rx_mode },
	{ 0, 5, NET_F_CTRL_RX_EXTRA, 1, 1, set_rx_mode },
	{ 1, 0, NET_F_CTRL_RX, 8, CTRL_DATA_MAX, set_mac_table },
	{ 1, 1, NET_F_CTRL_MAC_ADDR, 6, 6, set_mac },
	{ 2, 0, NET_F_CTRL_VLAN, 2, 2, set_vlan },
	{ 2, 1, NET_F_CTRL_VLAN, 2, 2, set_vlan },
	{ CTRL_CLASS_ANNOUNCE, CTRL_ANNOUNCE_ACK, NET_F_GUEST_ANNOUNCE, 0, 0, ack_announce },
	{ CTRL_CLASS_MQ, CTRL_MQ_VQ_PAIRS, NET_F_MQ, 2, 2, set_pairs },
	{ CTRL_CLASS_MQ, 2, NET_F_HASH_REPORT, 13, CTRL_DATA_MAX, set_hash },
};

static uint8_t obey(struct vio_loop *loop, const uint8_t *request, size_t len, size_t first)
{
	const struct data data = { request + 2, len - 2, first };

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct ctrl_command *c = &commands[i];

		if (c->class != request[0] || c->command != request[1] ||
		    !loop_has(loop, c->feature))
			continue;
		if (len - 2 < c->min || len - 2 > c->max)
			return CTRL_ERR;
		return c->set(loop, c->command, data) ? CTRL_OK : CTRL_ERR;
	}
	return CTRL_ERR;
}

static size_t gather(const struct queue *q, const struct chain *c, uint8_t *to, size_t room)
{
	size_t len = 0;

	for (uint32_t i = 0; i < c->n_read; i++) {
		const struct seg *s = &q->segs[c->seg + i];
		size_t n = min_size(s->len, room - len);

		memcpy(to + len, s->p, n);
		len += n;
	}
	return len;
}

static void serve_one(struct vio_loop *loop, struct queue *q, const struct chain *c)
{
	uint8_t request[CTRL_DATA_MAX + 3], ack = CTRL_ERR;
	size_t len = gather(q, c, request, sizeof(request));

	if (len < 2 || !c->n_write) {
		violate(loop, q, RULE_CTRL_SHAPE, len);
		queue_done(q, c, 0);
		return;
	}
	if (q->segs[c->seg].len != sizeof(struct ctrl_hdr) || c->write_bytes != 1)
		violate(loop, q, RULE_CTRL_PARTS, q->segs[c->seg].len);
	if (len < sizeof(request))
		ack = obey(loop, request, len, c->n_read > 1 ? q->segs[c->seg + 1].len : 0);
	shared_put8(q, WORD_CTRL_ACK, q->segs[c->seg + c->n_read].p, ack);
	queue_done(q, c, 1);
}

/*
 * Called out of the doorbell, since the thread that waits for the answer is often the very one that
 * steps the device; it is the control path, so the lock is no harm.
 */
void ctrl_serve(struct vio_loop *loop, struct queue *q)
{
	struct chain c;

	do {
		while (queue_take(q, &c))
			serve_one(loop, q, &c);
		queue_flush(q);
		q->ring->ask(q, true);
		ring_fence();
	} while (!q->broken && q->ring->available(q));
}

void ctrl_reset(struct vio_loop *loop)
{
	loop->ctrl = (struct ctrl_state){ 0 };
}
