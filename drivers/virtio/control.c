/* SPDX-License-Identifier: BSD-3-Clause */
#include "control.h"

#include <errno.h>
#include <string.h>

#include "../../lib/base/err.h"
#include "config.h"

/*
 * What a program asks of the device beside the data path. Each call is one command of the control
 * queue (VIRTIO 1.4, 5.1.6.5), or what other transports and legacy devices have in its place; state
 * changes here once the device has accepted.
 */

static struct virtio_port *port_of(struct vio_port *pub)
{
	return container_of(pub, struct virtio_port, pub);
}

/* Return: 0 if @feature was negotiated; -ENOTSUP with the error set: it was not, so @what can't be
 * done. */
static int need(const struct virtio_port *port, unsigned int feature, const char *what)
{
	const char *name = vio_feature_name(feature);

	if (features_have(&port->taken, feature) && port->ctrl)
		return 0;
	err_set(ERR_CTRL_NONE, -ENOTSUP, "%s: %s needs the feature %s", port->pub.address, what,
		name);
	if (!features_have(&port->offered, feature))
		err_why("the device does not offer %s", name);
	else if (!features_have(&port->offered, NET_F_CTRL_VQ))
		err_why("the device offers %s, but no control queue (ctrl_vq) to use it by", name);
	else if (features_have(&port->taken, feature))
		err_why("the control queue of the device is too small");
	else {
		err_why("%s was not negotiated", name);
		err_fix("open the port with %s=on", name);
	}
	return -ENOTSUP;
}

static int send(const struct virtio_port *port, uint8_t class, uint8_t command, const void *data,
		size_t len)
{
	return ctrl_send(port->ctrl, class, command, &(struct ctrl_piece){ data, len },
			 len ? 1 : 0);
}

/* "Packet Receive Filtering": the command's number is the mode's. */
static int send_rx_mode(const struct virtio_port *port, enum vio_rx_mode mode, bool on)
{
	const uint8_t data = on;
	int rc = need(port, mode >= VIO_RX_ALLUNI ? NET_F_CTRL_RX_EXTRA : NET_F_CTRL_RX,
		      "this receive mode");

	if (rc < 0)
		return rc;
	return send(port, CTRL_CLASS_RX, (uint8_t)mode, &data, sizeof(data));
}

int control_rx_mode_set(struct vio_port *pub, enum vio_rx_mode mode, bool on)
{
	struct virtio_port *port = port_of(pub);
	const uint8_t bit = (uint8_t)(1u << mode);
	int rc = recover_ready(port);

	if (rc == 0)
		rc = send_rx_mode(port, mode, on);
	if (rc < 0)
		return rc;
	port->control.rx_known |= bit;
	port->control.rx_on = (uint8_t)((port->control.rx_on & ~bit) | (on ? bit : 0));
	return 0;
}

/* A legacy device may have its address in the configuration, where a later one's must not be
 * written. */
static bool mac_is_config(const struct virtio_port *port)
{
	return !features_have(&port->taken, F_VERSION_1) && port->tp->ops->config_write &&
	       features_have(&port->taken, NET_F_MAC) &&
	       !features_have(&port->taken, NET_F_CTRL_MAC_ADDR);
}

/* "Setting MAC Address Filtering" */
static int send_mac(const struct virtio_port *port, const struct vio_mac *mac)
{
	int rc;

	if (mac_is_config(port))
		return port->tp->ops->config_write(port->tp, offsetof(struct net_config, mac), mac,
						   sizeof(*mac));
	rc = need(port, NET_F_CTRL_MAC_ADDR, "another MAC address");
	if (rc < 0)
		return rc;
	return send(port, CTRL_CLASS_MAC, CTRL_MAC_ADDR_SET, mac, sizeof(*mac));
}

int control_mac_set(struct vio_port *pub, const struct vio_mac *mac)
{
	struct virtio_port *port = port_of(pub);
	int rc = recover_ready(port);

	if (rc == 0)
		rc = send_mac(port, mac);
	if (rc < 0)
		return rc;
	memcpy(port->mac, mac, sizeof(port->mac));
	port->control.mac = *mac;
	port->control.mac_set = true;
	return 0;
}

/* Two tables, each a count and so many addresses, each in a piece of its own. */
static int send_mac_table(const struct virtio_port *port, const struct mac_table *t)
{
	struct {
		le32 n;
		struct vio_mac mac[VIO_MAC_TABLE_MAX];
	} unicast = { .n = le32_from(t->unicast) }, multicast = { .n = le32_from(t->multicast) };
	const size_t head = sizeof(le32), each = sizeof(struct vio_mac);
	const struct ctrl_piece pieces[] = {
		{ &unicast, head + t->unicast * each },
		{ &multicast, head + t->multicast * each },
	};

	int rc = need(port, NET_F_CTRL_RX, "a MAC table");

	static_assert(2 * sizeof(le32) + VIO_MAC_TABLE_MAX * sizeof(struct vio_mac) <=
			      CTRL_DATA_MAX,
		      "a MAC table fits a command");
	if (rc < 0)
		return rc;
	memcpy(unicast.mac, t->mac, t->unicast * each);
	memcpy(multicast.mac, t->mac + t->unicast, t->multicast * each);
	return ctrl_send(port->ctrl, CTRL_CLASS_MAC, CTRL_MAC_TABLE_SET, pieces,
			 ARRAY_SIZE(pieces));
}

int control_mac_table_set(struct vio_port *pub, const struct mac_table *table)
{
	struct virtio_port *port = port_of(pub);
	int rc = recover_ready(port);

	if (rc == 0)
		rc = send_mac_table(port, table);
	if (rc < 0)
		return rc;
	port->control.table = *table;
	port->control.table_set = true;
	return 0;
}

/* "VLAN Filtering" */
static int send_vlan(const struct virtio_port *port, uint16_t vlan, bool on)
{
	const le16 data = le16_from(vlan);
	int rc = need(port, NET_F_CTRL_VLAN, "a VLAN filter");

	if (rc < 0)
		return rc;
	return send(port, CTRL_CLASS_VLAN, on ? CTRL_VLAN_ADD : CTRL_VLAN_DEL, &data, sizeof(data));
}

int control_vlan_set(struct vio_port *pub, uint16_t vlan, bool on)
{
	struct virtio_port *port = port_of(pub);
	uint64_t *word = &port->control.vlans[vlan / 64];
	int rc = recover_ready(port);

	if (rc == 0)
		rc = send_vlan(port, vlan, on);
	if (rc < 0)
		return rc;
	*word = (*word & ~BIT64(vlan % 64)) | (uint64_t)on << (vlan % 64);
	return 0;
}

/* "Gratuitous Packet Sending": the device takes its request back with the command. */
int control_announce_ack(struct vio_port *pub)
{
	struct virtio_port *port = port_of(pub);
	int rc = recover_ready(port);

	if (rc == 0)
		rc = need(port, NET_F_GUEST_ANNOUNCE, "acknowledging an announcement");
	if (rc == 0)
		rc = send(port, CTRL_CLASS_ANNOUNCE, CTRL_ANNOUNCE_ACK, NULL, 0);
	return rc < 0 ? rc : config_link(port);
}

/* Transmit queues behind the pairs in use take nothing ("Automatic receive steering in multiqueue
 * mode"). One that broke stays as it is. */
static void pause_tx(struct virtio_port *port, uint16_t queues)
{
	for (uint16_t i = 0; i < port->queues; i++) {
		const uint64_t bit = BIT64(i);

		if (i >= queues && txq_running(port->txq[i])) {
			txq_stop(port->txq[i]);
			port->control.tx_paused |= bit;
		} else if (i < queues && port->control.tx_paused & bit) {
			txq_start(port->txq[i]);
			port->control.tx_paused &= ~bit;
		}
	}
}

uint16_t control_queues(const struct virtio_port *port)
{
	const uint16_t queues = port->control.queues;

	return queues ? min_u16(queues, port->queues) : port->queues;
}

static int send_queues(const struct virtio_port *port, uint16_t queues)
{
	const struct transport_ops *ops = port->tp->ops;
	int rc;

	if (ops->pairs_set)
		return ops->pairs_set(port->tp, queues);
	rc = need(port, NET_F_MQ, "another number of queue pairs");
	return rc < 0 ? rc : ctrl_set_pairs(port->ctrl, queues);
}

int control_queues_set(struct vio_port *pub, uint16_t queues)
{
	struct virtio_port *port = port_of(pub);
	const uint16_t before = control_queues(port);
	int rc = recover_ready(port);

	if (rc < 0)
		return rc;
	if (!queues || queues > port->queues)
		return err_set(ERR_CTRL_VALUE, -EINVAL, "%s: %u queue pairs; the port has %u",
			       port->pub.address, queues, port->queues);
	if (queues == before)
		return 0;
	pause_tx(port, min_u16(queues, before));
	rc = send_queues(port, queues);
	if (rc == 0)
		port->control.queues = queues;
	pause_tx(port, control_queues(port));
	return rc;
}

static int replay_rx_modes(const struct virtio_port *port)
{
	const struct control_state *c = &port->control;
	int rc = 0;

	for (unsigned int mode = 0; mode <= VIO_RX_NOBCAST && rc == 0; mode++)
		if (c->rx_known >> mode & 1)
			rc = send_rx_mode(port, (enum vio_rx_mode)mode, c->rx_on >> mode & 1);
	return rc;
}

static int replay_vlans(const struct virtio_port *port)
{
	int rc = 0;

	for (uint16_t vlan = 0; vlan < VLAN_IDS && rc == 0; vlan++)
		if (port->control.vlans[vlan / 64] >> (vlan % 64) & 1)
			rc = send_vlan(port, vlan, true);
	return rc;
}

int control_replay(struct virtio_port *port)
{
	const struct control_state *c = &port->control;
	int rc = 0;

	if (c->mac_set)
		rc = send_mac(port, &c->mac);
	if (rc == 0 && c->table_set)
		rc = send_mac_table(port, &c->table);
	if (rc == 0)
		rc = replay_rx_modes(port);
	if (rc == 0)
		rc = replay_vlans(port);
	if (rc == 0 && c->mac_set)
		memcpy(port->mac, &c->mac, sizeof(port->mac));
	return rc;
}
