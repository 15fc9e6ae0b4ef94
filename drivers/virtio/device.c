/* SPDX-License-Identifier: BSD-3-Clause */
#include "device.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "../../lib/base/err.h"
#include "../../lib/base/log.h"
#include "config.h"
#include "control.h"
#include "net_hdr.h"
#include "wait.h"

#define MTU_DEFAULT 1500u
#define VLAN_ROOM   8u /* two tags */

static const struct transport_ops *ops_of(const struct virtio_port *port)
{
	return port->tp->ops;
}

static bool is_legacy(const struct virtio_port *port)
{
	return ops_of(port)->legacy && ops_of(port)->legacy(port->tp);
}

static int status_add(struct virtio_port *port, uint8_t bits)
{
	int now = ops_of(port)->status(port->tp);

	return now < 0 ? now : ops_of(port)->set_status(port->tp, (uint8_t)(now | bits));
}

/*
 * The device's MTU, before it is accepted: a nonsensical one is not ("Driver Requirements: Device
 * configuration layout"). Return: 0, or a negative errno.
 */
static int mtu_offered(struct virtio_port *port, uint16_t *mtu)
{
	int rc;

	*mtu = MTU_DEFAULT;
	if (!features_have(&port->offered, NET_F_MTU))
		return 0;
	rc = config_le16(port, offsetof(struct net_config, mtu), mtu);
	if (rc < 0 || (rc > 0 && *mtu >= NET_MTU_MIN))
		return rc < 0 ? rc : 0;
	log_warn("%s: the device offers an MTU of %u: ignored", port->pub.address, *mtu);
	features_drop(&port->offered, NET_F_MTU);
	*mtu = MTU_DEFAULT;
	return 0;
}

static bool receives_large(const struct vio_features *on)
{
	static const uint8_t bits[] = { NET_F_GUEST_TSO4, NET_F_GUEST_TSO6, NET_F_GUEST_UFO,
					NET_F_GUEST_USO4, NET_F_GUEST_USO6 };

	for (size_t i = 0; i < ARRAY_SIZE(bits); i++)
		if (features_have(on, bits[i]))
			return true;
	return false;
}

/*
 * Wishes of our own, for what is offered and not switched off: mergeable buffers only where a frame
 * may exceed one, since they cost a look at each header; the control queue only for several queue
 * pairs.
 */
static void wish_what_fits(struct virtio_port *port, uint16_t mtu, struct feature_wishes *wishes)
{
	struct vio_pool_info pool;
	uint32_t frame = FRAME_MIN + VLAN_ROOM + mtu;

	vio_pool_info(port->pool, &pool);
	if ((frame > pool.buf_bytes - VIO_PKT_HEADROOM || receives_large(&wishes->on)) &&
	    features_have(&port->offered, NET_F_MRG_RXBUF) &&
	    !features_have(&wishes->off, NET_F_MRG_RXBUF))
		features_add(&wishes->on, NET_F_MRG_RXBUF);
	if (port->queues_wanted > 1 && !ops_of(port)->pairs_set &&
	    features_have(&port->offered, NET_F_MQ) &&
	    features_have(&port->offered, NET_F_CTRL_VQ) &&
	    !features_have(&wishes->off, NET_F_MQ) && !features_have(&wishes->off, NET_F_CTRL_VQ))
		features_add(&wishes->on, NET_F_MQ);
}

/* Without mergeable buffers each one must hold the largest frame ("Setting Up Receive Buffers"). */
static int check_buffer_size(const struct virtio_port *port)
{
	struct vio_pool_info pool;
	uint32_t need = receives_large(&port->taken) ? NET_LARGE_FRAME_MAX
						     : FRAME_MIN + (uint32_t)port->mtu;

	vio_pool_info(port->pool, &pool);
	if (features_have(&port->taken, NET_F_MRG_RXBUF) ||
	    need <= pool.buf_bytes - VIO_PKT_HEADROOM)
		return 0;
	return err_set(ERR_BUF_SIZE, -EINVAL,
		       "%s: frames of up to %u bytes do not fit receive buffers of %u bytes "
		       "(%u are headroom)",
		       port->pub.address, need, pool.buf_bytes, VIO_PKT_HEADROOM);
}

/* The device says whether it can do with what was chosen. Legacy ones are not asked. */
static int confirm_features(struct virtio_port *port)
{
	int rc, now;

	if (is_legacy(port))
		return 0;
	rc = status_add(port, STATUS_FEATURES_OK);
	if (rc < 0)
		return rc;
	now = ops_of(port)->status(port->tp);
	if (now < 0)
		return now;
	if (!(now & STATUS_FEATURES_OK))
		return err_set(ERR_FEATURE_REFUSED, -ENOTSUP,
			       "%s: the device refused the features 0x%llx%016llx",
			       port->pub.address, (unsigned long long)port->taken.word[1],
			       (unsigned long long)port->taken.word[0]);
	return 0;
}

static int negotiate(struct virtio_port *port)
{
	struct feature_wishes wishes = port->wishes;
	uint16_t mtu;
	int rc;

	wishes.legacy = is_legacy(port);
	rc = ops_of(port)->features(port->tp, &port->offered);
	if (rc < 0)
		return rc;
	rc = mtu_offered(port, &mtu);
	if (rc < 0)
		return rc;
	wish_what_fits(port, mtu, &wishes);
	rc = features_choose(&port->offered, &wishes, &port->taken);
	if (rc < 0)
		return rc;
	port->mtu = features_have(&port->taken, NET_F_MTU) ? mtu : MTU_DEFAULT;
	port->hdr_len = net_hdr_len(&port->taken);
	rc = check_buffer_size(port);
	if (rc < 0)
		return rc;
	rc = ops_of(port)->accept(port->tp, &port->taken);
	return rc < 0 ? rc : confirm_features(port);
}

/* A port's own address is one station's: no group's, and not the one that stands for none. */
static bool mac_is_own(const uint8_t *mac)
{
	static const uint8_t none[6];

	return !(mac[0] & 1) && memcmp(mac, none, sizeof(none)) != 0;
}

/* The device's address, or a random one that is local and unicast. Return: 0, or a negative errno.
 */
static int read_mac(struct virtio_port *port)
{
	int rc = 0;

	if (features_have(&port->taken, NET_F_MAC))
		rc = config_bytes(port, offsetof(struct net_config, mac), port->mac,
				  sizeof(port->mac));
	if (rc < 0 || (rc > 0 && mac_is_own(port->mac)))
		return rc < 0 ? rc : 0;
	if (rc > 0)
		log_warn("%s: the device's address is no station's: a random one is used",
			 port->pub.address);
	if (getrandom(port->mac, sizeof(port->mac), GRND_NONBLOCK) < 0)
		memcpy(port->mac, (const uint8_t[6]){ 2, 'v', 'i', 'o', 0, 1 }, sizeof(port->mac));
	port->mac[0] = (uint8_t)((port->mac[0] & ~1) | 2);
	return 0;
}

/* Queue pairs the device has. It may say 1 to 0x8000, but behind 0x8000 pairs the control queue has
 * no number of 16 bits. */
static int read_pairs_max(struct virtio_port *port)
{
	uint16_t max = 1;
	int rc = 0;

	if (ops_of(port)->pairs_max)
		rc = ops_of(port)->pairs_max(port->tp, &max);
	else if (features_have(&port->taken, NET_F_MQ))
		rc = config_le16(port, offsetof(struct net_config, max_virtqueue_pairs), &max);
	if (rc < 0)
		return rc;
	port->queues_max = max && max < 0x8000 ? max : 1;
	return 0;
}

static int read_pairs(struct virtio_port *port)
{
	int rc = read_pairs_max(port);

	if (rc < 0)
		return rc;
	port->queues = min_u16(port->queues_wanted, port->queues_max);
	if (port->queues < port->queues_wanted)
		log_warn("%s: %u queue pairs asked for, the device has %u", port->pub.address,
			 port->queues_wanted, port->queues_max);
	return 0;
}

/* The largest power of two up to @n, which is not 0. */
static uint16_t power_of_two_below(uint16_t n)
{
	while (!is_power_of_two(n))
		n &= (uint16_t)(n - 1);
	return n;
}

/* A legacy ring is as large as the device says. */
static int legacy_entries(const struct virtio_port *port, uint16_t wanted, uint16_t max,
			  uint16_t *entries)
{
	*entries = max;
	if ((!wanted || wanted == max) && max >= 2 && is_power_of_two(max))
		return 0;
	return err_set(ERR_QUEUE_SIZE, -EINVAL,
		       "%s: a ring of %u entries is not possible; this legacy device's has %u",
		       port->pub.address, wanted ? wanted : max, max);
}

/* The size of a ring: @wanted, if it is possible; where that is 0, the largest up to @most. */
static int choose_entries(const struct virtio_port *port, uint16_t index, uint16_t wanted,
			  uint16_t most, uint16_t *entries)
{
	const bool packed = features_have(&port->taken, F_RING_PACKED);
	uint16_t max = 0;
	int rc = ops_of(port)->queue_size_max(port->tp, index, &max);

	if (rc < 0)
		return rc;
	if (!max || max > SPLIT_ENTRIES_MAX)
		return err_set(ERR_QUEUE_NONE, -ENODEV, "%s: queue %u has %u entries",
			       port->pub.address, index, max);
	if (is_legacy(port))
		return legacy_entries(port, wanted, max, entries);
	*entries = wanted ? wanted : min_u16(max, most);
	if (!wanted && !packed)
		*entries = power_of_two_below(*entries);
	if (*entries < 2 || *entries > max || (!packed && !is_power_of_two(*entries)))
		return err_set(ERR_QUEUE_SIZE, -EINVAL,
			       "%s: a %s ring of %u entries is not possible; the device allows %u",
			       port->pub.address, packed ? "packed" : "split", *entries, max);
	return 0;
}

struct vring_opts vring_opts_of(const struct queue_opts *opts, bool tx)
{
	return (struct vring_opts){
		.entries = opts->entries,
		.packed = features_have(&opts->taken, F_RING_PACKED),
		.in_order = features_have(&opts->taken, F_IN_ORDER),
		.event_idx = features_have(&opts->taken, F_EVENT_IDX),
		.indirect = tx && features_have(&opts->taken, F_INDIRECT_DESC),
		.legacy = !features_have(&opts->taken, F_VERSION_1),
		.bias = opts->bias,
	};
}

static void *queue_alloc(size_t bytes)
{
	void *q = aligned_alloc(CACHE_LINE, align_up(bytes, CACHE_LINE));

	if (!q)
		err_set(ERR_NO_MEMORY, -ENOMEM, "no memory for a queue");
	return q;
}

static int enable(struct virtio_port *port, uint16_t index, struct ring *ring)
{
	ring->place.index = index;
	ring->doorbell.data = index;
	return ops_of(port)->queue_enable(port->tp, &ring->place, &ring->doorbell);
}

static int enable_rx(struct virtio_port *port, uint16_t i)
{
	struct rxq *q = port->rxq[i];
	int rc = enable(port, QUEUE_RX(i), &q->ring);

	return rc < 0 ? rc : wait_queue(port, q, QUEUE_RX(i));
}

static int enable_tx(struct virtio_port *port, uint16_t i)
{
	port->watch[i] = (struct tx_watch){ 0 };
	return enable(port, QUEUE_TX(i), &port->txq[i]->ring);
}

static uint16_t ctrl_index(const struct virtio_port *port)
{
	return QUEUE_RX(features_have(&port->taken, NET_F_MQ) ? port->queues_max : 1);
}

static int add_rxq(struct virtio_port *port, const struct queue_opts *opts)
{
	struct rxq *q = queue_alloc(sizeof(*q));
	struct ring_place place;
	int rc = q ? rxq_init(q, opts, &place) : -ENOMEM;

	if (rc < 0) {
		free(q);
		return rc;
	}
	q->ring.place.event = port->wait;
	port->rxq[port->rx_ready] = q;
	return enable_rx(port, port->rx_ready++);
}

static int add_txq(struct virtio_port *port, const struct queue_opts *opts)
{
	struct txq *q = queue_alloc(sizeof(*q));
	struct ring_place place;
	int rc = q ? txq_init(q, opts, &place) : -ENOMEM;

	if (rc < 0) {
		free(q);
		return rc;
	}
	port->txq[port->tx_ready] = q;
	return enable_tx(port, port->tx_ready++);
}

/* A control queue of no use is a loss only where several queue pairs need it. */
static int add_ctrl(struct virtio_port *port, const struct queue_opts *opts)
{
	const bool mq = features_have(&port->taken, NET_F_MQ);
	const uint16_t index = ctrl_index(port);
	struct vring_opts ring = vring_opts_of(opts, false);
	struct ring_place place;
	int rc = choose_entries(port, index, 0, CTRL_ENTRIES_MAX, &ring.entries);

	if ((rc == -EINVAL || rc == -ENODEV) && !mq) {
		log_warn("%s: no control queue: %s", port->pub.address, vio_error_last()->what);
		return 0;
	}
	if (rc < 0)
		return rc;
	port->ctrl = queue_alloc(sizeof(*port->ctrl));
	rc = port->ctrl ? ctrl_init(port->ctrl, port->region, &ring, port->timeout_ms, &place)
			: -ENOMEM;
	if (rc < 0) {
		free(port->ctrl);
		port->ctrl = NULL;
		return rc;
	}
	return enable(port, index, &port->ctrl->ring);
}

static void drop_queues(struct virtio_port *port)
{
	while (port->rx_ready) {
		wait_close(port->rxq[--port->rx_ready]);
		rxq_fini(port->rxq[port->rx_ready]);
		free(port->rxq[port->rx_ready]);
	}
	while (port->tx_ready) {
		txq_fini(port->txq[--port->tx_ready]);
		free(port->txq[port->tx_ready]);
	}
	if (port->ctrl)
		ctrl_fini(port->ctrl);
	free(port->ctrl);
	port->ctrl = NULL;
}

static int add_queues(struct virtio_port *port)
{
	struct queue_opts opts = {
		.pool = port->pool,
		.taken = port->taken,
		.hdr_len = port->hdr_len,
		.bias = port->bias,
		.resend = port->resend,
	};
	int rc;

	for (uint16_t i = 0; i < port->queues; i++) {
		rc = choose_entries(port, QUEUE_RX(i), port->entries_wanted, ENTRIES_DEFAULT,
				    &opts.entries);
		if (rc == 0)
			rc = add_rxq(port, &opts);
		if (rc == 0)
			rc = choose_entries(port, QUEUE_TX(i), port->entries_wanted,
					    ENTRIES_DEFAULT, &opts.entries);
		if (rc == 0)
			rc = add_txq(port, &opts);
		if (rc < 0)
			return rc;
		port->entries = opts.entries;
	}
	return features_have(&port->taken, NET_F_CTRL_VQ) ? add_ctrl(port, &opts) : 0;
}

/* Say how many pairs are used: the frontend's own business with vhost-user, the control queue's
 * elsewhere. */
static int set_pairs(struct virtio_port *port)
{
	if (ops_of(port)->pairs_set)
		return ops_of(port)->pairs_set(port->tp, control_queues(port));
	return port->queues > 1 ? ctrl_set_pairs(port->ctrl, control_queues(port)) : 0;
}

static int go_live(struct virtio_port *port)
{
	const bool early = ops_of(port)->pairs_set != NULL;
	int rc = early ? set_pairs(port) : 0;

	if (rc == 0)
		rc = status_add(port, STATUS_DRIVER_OK);
	if (rc == 0 && !early)
		rc = set_pairs(port);
	if (rc == 0)
		rc = control_replay(port);
	if (rc < 0)
		return rc;
	port->control.tx_paused = 0;
	for (uint16_t i = 0; i < port->queues; i++) {
		rxq_start(port->rxq[i]);
		if (i < control_queues(port))
			txq_start(port->txq[i]);
		else
			port->control.tx_paused |= BIT64(i);
	}
	return 0;
}

static int say_hello(struct virtio_port *port)
{
	int rc = status_add(port, STATUS_ACKNOWLEDGE);

	return rc < 0 ? rc : status_add(port, STATUS_DRIVER);
}

/* Steps 1 to 8 of the section, each by name. */
static int bring_up(struct virtio_port *port)
{
	int rc = ops_of(port)->set_status(port->tp, 0);

	if (rc == 0)
		rc = say_hello(port);
	if (rc == 0)
		rc = negotiate(port);
	if (rc == 0)
		rc = wait_config(port);
	if (rc == 0)
		rc = read_pairs(port);
	if (rc == 0)
		rc = ops_of(port)->map(port->tp, port->region, &port->bias);
	if (rc < 0)
		return rc;
	rc = read_mac(port);
	if (rc == 0)
		rc = config_link(port);
	if (rc == 0)
		rc = add_queues(port);
	return rc < 0 ? rc : go_live(port);
}

int device_start(struct virtio_port *port)
{
	int rc = bring_up(port);
	const struct vio_error why = *vio_error_last();

	if (rc == 0)
		return 0;
	/* Giving up is told to the device; what it answers does not matter any more. */
	status_add(port, STATUS_FAILED);
	device_stop(port);
	err_restore(&why);
	return rc;
}

void device_stop(struct virtio_port *port)
{
	for (uint16_t i = 0; i < port->rx_ready; i++)
		rxq_stop(port->rxq[i]);
	for (uint16_t i = 0; i < port->tx_ready; i++)
		txq_stop(port->txq[i]);
	if (ops_of(port)->set_status(port->tp, 0) < 0)
		log_warn("%s: the device did not confirm its reset", port->pub.address);
	drop_queues(port);
}

/* The device has come back as another one. Return: -ENOTSUP. */
static int refuse(const struct virtio_port *port, const char *what)
{
	return err_set(ERR_RECOVER_REFUSED, -ENOTSUP, "%s: the device came back %s",
		       port->pub.address, what);
}

/* The rings and buffers that there are were made for the features that are in use. */
static int check_features(const struct virtio_port *port)
{
	char names[200] = "without";
	size_t n = strlen(names), before = n;

	for (unsigned int bit = 0; bit < 128; bit++)
		if (features_have(&port->taken, bit) && !features_have(&port->offered, bit) &&
		    n < sizeof(names))
			n += (size_t)snprintf(names + n, sizeof(names) - n, " %s",
					      vio_feature_name(bit));
	return n == before ? 0 : refuse(port, names);
}

static int negotiate_again(struct virtio_port *port)
{
	uint16_t mtu = 0;
	int rc = ops_of(port)->features(port->tp, &port->offered);

	if (rc == 0)
		rc = mtu_offered(port, &mtu);
	if (rc == 0)
		rc = check_features(port);
	if (rc < 0)
		return rc;
	if (features_have(&port->taken, NET_F_MTU))
		port->mtu = mtu;
	rc = check_buffer_size(port);
	if (rc == 0)
		rc = ops_of(port)->accept(port->tp, &port->taken);
	return rc < 0 ? rc : confirm_features(port);
}

static int pairs_again(struct virtio_port *port)
{
	char what[64];
	int rc = read_pairs_max(port);

	if (rc < 0 || port->queues_max >= port->queues)
		return rc;
	snprintf(what, sizeof(what), "with %u queue pairs; %u are in use", port->queues_max,
		 port->queues);
	return refuse(port, what);
}

static int map_again(struct virtio_port *port)
{
	uint64_t bias = port->bias;
	int rc = ops_of(port)->map(port->tp, port->region, &bias);

	if (rc < 0 || bias == port->bias)
		return rc;
	return refuse(port, "with other addresses of the memory that it shares");
}

/* Is a ring of the size that it has still possible? */
static int size_again(struct virtio_port *port, uint16_t index, const struct ring *ring)
{
	const uint16_t entries = (uint16_t)ring->entries;
	uint16_t max = 0;
	char what[64];
	int rc = ops_of(port)->queue_size_max(port->tp, index, &max);

	if (rc < 0 || max == entries || (max > entries && !is_legacy(port)))
		return rc;
	snprintf(what, sizeof(what), "with %u entries for queue %u; it has %u", max, index,
		 entries);
	return refuse(port, what);
}

static int queues_again(struct virtio_port *port)
{
	int rc = 0;

	for (uint16_t i = 0; i < port->queues && rc == 0; i++) {
		rc = size_again(port, QUEUE_RX(i), &port->rxq[i]->ring);
		if (rc == 0)
			rc = enable_rx(port, i);
		if (rc == 0)
			rc = size_again(port, QUEUE_TX(i), &port->txq[i]->ring);
		if (rc == 0)
			rc = enable_tx(port, i);
	}
	if (rc < 0 || !port->ctrl)
		return rc;
	rc = size_again(port, ctrl_index(port), &port->ctrl->ring);
	return rc < 0 ? rc : enable(port, ctrl_index(port), &port->ctrl->ring);
}

int device_restart(struct virtio_port *port)
{
	int rc = say_hello(port);

	if (rc == 0)
		rc = negotiate_again(port);
	if (rc == 0)
		rc = wait_config(port);
	if (rc == 0)
		rc = pairs_again(port);
	if (rc == 0)
		rc = map_again(port);
	if (rc == 0 && features_have(&port->taken, NET_F_MAC))
		rc = read_mac(port);
	if (rc == 0)
		rc = config_link(port);
	if (rc == 0)
		rc = queues_again(port);
	return rc < 0 ? rc : go_live(port);
}

int device_requeue(struct virtio_port *port, uint16_t index)
{
	const uint16_t i = index / 2;
	const bool tx = index % 2;
	int rc = tx ? enable_tx(port, i) : enable_rx(port, i);

	if (rc < 0)
		return rc;
	if (tx)
		txq_start(port->txq[i]);
	else
		rxq_start(port->rxq[i]);
	return 0;
}
