/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "shared.h"

/*
 * The control queue ("Control Virtqueue", 5.1.6.5). What it sets is kept in struct ctrl_state;
 * frames are not filtered by it.
 */
#define CTRL_DATA_MAX 8192

static bool set_rx_mode(struct vio_loop *loop, uint8_t command, const uint8_t *data, size_t len)
{
	(void)len;
	loop->ctrl.rx_mode[command] = data[0] != 0;
	return data[0] <= 1;
}

/* Two tables, each a count and as many addresses. */
static bool set_mac_table(struct vio_loop *loop, uint8_t command, const uint8_t *data, size_t len)
{
	uint32_t n[2];

	(void)command;
	for (unsigned int i = 0; i < 2; i++) {
		if (len < sizeof(le32))
			return false;
		memcpy(&n[i], data, sizeof(le32));
		n[i] = le32_to(n[i]);
		if (n[i] > (len - sizeof(le32)) / 6)
			return false;
		data += sizeof(le32) + 6 * (size_t)n[i];
		len -= sizeof(le32) + 6 * (size_t)n[i];
	}
	loop->ctrl.unicast = (uint16_t)n[0];
	loop->ctrl.multicast = (uint16_t)n[1];
	return true;
}

static bool set_mac(struct vio_loop *loop, uint8_t command, const uint8_t *data, size_t len)
{
	(void)command, (void)len;
	if (data[0] & 1)
		return false;
	memcpy(loop->ctrl.mac, data, 6);
	memcpy(loop->config.mac, data, 6);
	loop->generation++;
	return true;
}

static uint16_t read_le16(const uint8_t *data)
{
	return (uint16_t)(data[0] | data[1] << 8);
}

static bool set_vlan(struct vio_loop *loop, uint8_t command, const uint8_t *data, size_t len)
{
	uint16_t vlan = read_le16(data);

	(void)len;
	if (vlan >= 4096)
		return false;
	loop->ctrl.vlans[vlan / 64] &= ~BIT64(vlan % 64);
	loop->ctrl.vlans[vlan / 64] |= (uint64_t)(command == 0) << (vlan % 64);
	return true;
}

static bool set_pairs(struct vio_loop *loop, uint8_t command, const uint8_t *data, size_t len)
{
	uint16_t pairs = read_le16(data);

	(void)command, (void)len;
	if (!pairs || pairs > loop->opt.max_queues)
		return false;
	loop->pairs = pairs;
	return true;
}

/* No hash type is supported (supported_hash_types is 0), so none can be asked for. */
static bool set_hash(struct vio_loop *loop, uint8_t command, const uint8_t *data, size_t len)
{
	(void)command, (void)len;
	memcpy(&loop->ctrl.hash_types, data, sizeof(loop->ctrl.hash_types));
	return !loop->ctrl.hash_types;
}

static const struct ctrl_command {
	uint8_t class, command, feature;
	uint16_t min, max; /* bytes of data */
	bool (*set)(struct vio_loop *loop, uint8_t command, const uint8_t *data, size_t len);
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
	{ CTRL_CLASS_MQ, CTRL_MQ_VQ_PAIRS, NET_F_MQ, 2, 2, set_pairs },
	{ CTRL_CLASS_MQ, 2, NET_F_HASH_REPORT, 13, CTRL_DATA_MAX, set_hash },
};

static uint8_t obey(struct vio_loop *loop, const uint8_t *request, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct ctrl_command *c = &commands[i];

		if (c->class != request[0] || c->command != request[1] ||
		    !loop_has(loop, c->feature))
			continue;
		if (len - 2 < c->min || len - 2 > c->max)
			return CTRL_ERR;
		return c->set(loop, c->command, request + 2, len - 2) ? CTRL_OK : CTRL_ERR;
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
	if (len < sizeof(request))
		ack = obey(loop, request, len);
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
