/* SPDX-License-Identifier: BSD-3-Clause */
#include "port.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/base/err.h"
#include "config.h"
#include "control.h"
#include "wait.h"

static struct virtio_port *port_of(const struct vio_port *port)
{
	return container_of((struct vio_port *)port, struct virtio_port, pub);
}

struct transport *virtio_transport(const struct vio_port *port)
{
	return port->driver == &virtio_driver ? port_of(port)->tp : NULL;
}

static const struct transport_ops *transport_find(const char *scheme)
{
	for (size_t i = 0; transports[i]; i++)
		if (!strcmp(transports[i]->scheme, scheme))
			return transports[i];
	return NULL;
}

/* How often a device may be reset that goes on to ask for it. */
static int take_resets(struct virtio_port *port, struct address *addr, uint16_t wanted)
{
	const char *text = address_take(addr, "resets");
	uint64_t resets = wanted ? wanted : RESETS_DEFAULT;
	int rc = 0;

	if (text && !strcmp(text, "any"))
		resets = VIO_RESETS_ANY;
	else if (text)
		rc = address_take_number(addr, "resets", 1, RESETS_MAX, &resets);
	if (rc == 0 && resets > RESETS_MAX && resets != VIO_RESETS_ANY)
		rc = err_set(ERR_OPTS, -EINVAL, "%llu resets in 10 s; 1 to %u, or any",
			     (unsigned long long)resets, RESETS_MAX);
	port->recover.resets_max = resets == VIO_RESETS_ANY ? 0 : (uint16_t)resets;
	return rc;
}

/* What becomes of packets in flight. */
static int take_in_flight(struct virtio_port *port, struct address *addr, enum vio_in_flight wanted)
{
	const char *text = address_take(addr, "in_flight");

	if (text && strcmp(text, "drop") && strcmp(text, "resend"))
		return err_set(ERR_ADDR_VALUE, -EINVAL, "in_flight=%s: it is drop or resend", text);
	port->resend = text ? !strcmp(text, "resend") : wanted == VIO_IN_FLIGHT_RESEND;
	return 0;
}

/* The options that every kind of virtio port has; the address wins over the struct. */
static int take_options(struct virtio_port *port, struct address *addr,
			const struct vio_port_opts *opts)
{
	uint64_t queues = opts->queues ? opts->queues : 1, entries = opts->entries;
	uint64_t timeout = opts->timeout_ms ? opts->timeout_ms : TIMEOUT_DEFAULT;
	bool wait = opts->wait, recover = !opts->no_recover;
	int rc;

	port->wishes =
		(struct feature_wishes){ .on = opts->features_on, .off = opts->features_off };
	rc = features_parse(addr, &port->wishes);
	if (rc == 0)
		rc = address_take_number(addr, "queues", 1, QUEUE_PAIRS_MAX, &queues);
	if (rc == 0)
		rc = address_take_number(addr, "size", 2, SPLIT_ENTRIES_MAX, &entries);
	if (rc == 0)
		rc = address_take_bool(addr, "wait", &wait);
	if (rc == 0)
		rc = address_take_bool(addr, "recover", &recover);
	if (rc == 0)
		rc = take_resets(port, addr, opts->resets);
	if (rc == 0)
		rc = address_take_number(addr, "timeout", 1, 600000, &timeout);
	if (rc < 0)
		return rc;
	if (queues > QUEUE_PAIRS_MAX)
		return err_set(ERR_QUEUE_COUNT, -EINVAL, "%llu queue pairs asked for",
			       (unsigned long long)queues);
	port->queues_wanted = (uint16_t)queues;
	port->entries_wanted = (uint16_t)entries;
	port->timeout_ms = (uint32_t)timeout;
	port->wait = wait;
	port->recover.on = recover;
	return take_in_flight(port, addr, opts->in_flight);
}

static int virtio_open(struct address *addr, struct vio_pool *pool,
		       const struct vio_port_opts *opts, struct vio_port **out)
{
	const struct transport_ops *ops = transport_find(addr->scheme);
	struct virtio_port *port = calloc(1, sizeof(*port));
	struct vio_pool_info info;
	int rc;

	if (!port)
		return err_set(ERR_NO_MEMORY, -ENOMEM, "no memory for a port");
	vio_pool_info(pool, &info);
	port->pool = pool;
	port->region = info.region;
	port->pub.address = addr->whole;
	rc = take_options(port, addr, opts);
	if (rc < 0)
		goto free_port;
	rc = recover_open(port);
	if (rc < 0)
		goto free_port;
	rc = ops->open(addr, port->timeout_ms, &port->tp);
	if (rc < 0)
		goto free_port;
	rc = address_finish(addr);
	if (rc < 0)
		goto close_transport;
	rc = device_start(port);
	if (rc < 0)
		goto close_transport;
	pool_hold(pool);
	*out = &port->pub;
	return 0;

close_transport:
	ops->close(port->tp);
free_port:
	free(port);
	return rc;
}

static void virtio_close(struct vio_port *pub)
{
	struct virtio_port *port = port_of(pub);

	device_stop(port);
	port->tp->ops->close(port->tp);
	pool_release(port->pool);
	free(port);
}

static bool virtio_physical(struct address *addr)
{
	const struct transport_ops *ops = transport_find(addr->scheme);

	return ops->physical && ops->physical(addr);
}

static size_t shared_bytes(const struct virtio_port *port)
{
	size_t bytes = port->ctrl ? port->ctrl->ring.shared_bytes : 0;

	for (uint16_t i = 0; i < port->queues; i++)
		bytes += port->rxq[i]->ring.shared_bytes + port->txq[i]->ring.shared_bytes;
	return bytes;
}

static size_t private_bytes(const struct virtio_port *port)
{
	size_t bytes = sizeof(*port);

	for (uint16_t i = 0; i < port->queues; i++) {
		const struct rxq *rx = port->rxq[i];
		const struct txq *tx = port->txq[i];

		bytes += sizeof(*rx) + rx->ring.private_bytes +
			 rx->merge_max * sizeof(*rx->partial) + sizeof(*tx) +
			 tx->ring.private_bytes;
	}
	return bytes;
}

/* The longest frame that receive buffers take. */
static uint32_t frame_max(const struct virtio_port *port)
{
	const struct rxq *q = port->rxq[0];
	const uint32_t room = q->len_max - port->hdr_len;

	if (!features_have(&port->taken, NET_F_MRG_RXBUF))
		return room;
	return min_u32(NET_LARGE_FRAME_MAX, room + (q->merge_max - 1u) * q->len_max);
}

/* Is there nothing more to be hoped for? */
static bool stays_down(const struct virtio_port *port)
{
	return port->state != VIO_PORT_UP &&
	       (!port->recover.on || port->recover.given_up || port->state == VIO_PORT_DEVICE_GONE);
}

static void virtio_info(const struct vio_port *pub, struct vio_port_info *info)
{
	struct virtio_port *port = port_of(pub);

	if (port->state == VIO_PORT_UP)
		config_link(port); /* what was seen last will do where it fails */
	*info = (struct vio_port_info){
		.transport = port->tp->ops->scheme,
		.backend = port->tp->ops->describe(port->tp),
		.offered = port->offered,
		.taken = port->taken,
		.queues = port->queues,
		.queues_max = port->queues_max,
		.entries = port->entries,
		.net_hdr_len = port->hdr_len,
		.rx_variant = rxq_variant_name(port->rxq[0]),
		.tx_variant = txq_variant_name(port->txq[0]),
		.mtu = port->mtu,
		.link_up = port->link.up,
		.speed_mbps = port->link.speed_mbps,
		.duplex = port->link.duplex,
		.announce = port->link.announce,
		.queues_live = control_queues(port),
		.rx_frame_max = frame_max(port),
		.rx_modes = port->control.rx_on,
		.ring_bytes = shared_bytes(port),
		.private_bytes = private_bytes(port),
		.recoveries = port->recover.done,
		.recoveries_failed = port->recover.failed,
		.recovered_ns = port->recover.up_ns,
		.given_up = stays_down(port),
	};
	memcpy(info->mac, port->mac, sizeof(info->mac));
}

/* The first queue that broke, in words. */
static bool find_broken(const struct virtio_port *port)
{
	for (uint16_t i = 0; i < port->queues; i++) {
		const bool tx = txq_running(port->txq[i]) || port->control.tx_paused >> i & 1;

		if (rxq_running(port->rxq[i]) && tx)
			continue;
		err_set(ERR_QUEUE_BROKEN, -EPROTO, "%s: %s queue %u is broken", port->pub.address,
			tx ? "receive" : "transmit", i);
		return true;
	}
	return false;
}

/* The transport's look and ours. Return: what they found, with the error set where it is not up. */
static enum vio_port_state look(struct virtio_port *port)
{
	int rc;

	wait_config_clear(port);
	rc = port->tp->ops->check(port->tp);
	if (rc == 0 && config_link(port) == -EIO) {
		rc = port->tp->ops->check(port->tp);
		rc = rc < 0 ? rc : -EPIPE;
	}
	if (rc == -ENODEV)
		return VIO_PORT_DEVICE_GONE;
	if (rc < 0)
		return rc == -ESTALE ? VIO_PORT_NEEDS_RESET : VIO_PORT_BACKEND_GONE;
	watchdog_look(port);
	return find_broken(port) ? VIO_PORT_QUEUE_BROKEN : VIO_PORT_UP;
}

/* What happened, and what is being done about it. */
static void explain(const struct virtio_port *port)
{
	const struct recover *rec = &port->recover;

	err_restore(&port->why);
	if (stays_down(port))
		return;
	if (rec->cause.code)
		err_fix("the port is being brought back, so far in vain: %.200s", rec->cause.what);
	else
		err_fix("the port is being brought back: call vio_port_check() on");
}

static enum vio_port_state virtio_check(struct vio_port *pub)
{
	struct virtio_port *port = port_of(pub);
	const bool known = port->state != VIO_PORT_UP;

	if (!port->recover.down) {
		const enum vio_port_state found = look(port);

		if (found != VIO_PORT_UP)
			recover_begin(port, found);
	}
	if (known)
		recover_step(port);
	if (port->state != VIO_PORT_UP)
		explain(port);
	return port->state;
}

static struct vio_rxq *virtio_rxq(struct vio_port *pub, uint16_t i)
{
	struct virtio_port *port = port_of(pub);

	return i < port->queues ? &port->rxq[i]->pub : NULL;
}

static struct vio_txq *virtio_txq(struct vio_port *pub, uint16_t i)
{
	struct virtio_port *port = port_of(pub);

	return i < port->queues ? &port->txq[i]->pub : NULL;
}

const struct port_driver virtio_driver = {
	.open = virtio_open,
	.close = virtio_close,
	.physical = virtio_physical,
	.info = virtio_info,
	.check = virtio_check,
	.rxq = virtio_rxq,
	.txq = virtio_txq,
	.rx_mode_set = control_rx_mode_set,
	.mac_set = control_mac_set,
	.mac_table_set = control_mac_table_set,
	.vlan_set = control_vlan_set,
	.queues_set = control_queues_set,
	.announce_ack = control_announce_ack,
	.event_fd = wait_config_fd,
};

/* Counters have one writer each; a snapshot reads them one by one. */
static void stats_copy(const struct vio_queue_stats *from, struct vio_queue_stats *to)
{
#define X(name, what) to->name = stat_read(&from->name);
	VIO_QUEUE_STATS(X)
#undef X
}

void vio_rxq_stats(const struct vio_rxq *rxq, struct vio_queue_stats *stats)
{
	stats_copy(&container_of(rxq, const struct rxq, pub)->stats, stats);
}

void vio_txq_stats(const struct vio_txq *txq, struct vio_queue_stats *stats)
{
	const struct txq *q = container_of(txq, const struct txq, pub);
	const uint64_t told = stat_read(&q->stats.kicks) + stat_read(&q->silent);

	stats_copy(&q->stats, stats);
	/* Each other burst has asked whether the device wants a kick. */
	stats->kicks_suppressed = stats->bursts > told ? stats->bursts - told : 0;
}

uint32_t vio_txq_in_flight(const struct vio_txq *txq)
{
	struct txq *q = container_of((struct vio_txq *)(uintptr_t)txq, struct txq, pub);
	uint32_t n;

	if (!gate_enter(&q->gate))
		return 0; /* just now being taken back */
	n = ring_in_flight(&q->ring);
	gate_leave(&q->gate);
	return n;
}
