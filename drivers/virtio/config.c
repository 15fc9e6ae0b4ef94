/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include <errno.h>

int config_bytes(const struct virtio_port *port, size_t off, void *to, size_t len)
{
	const int rc = port->tp->ops->config_read(port->tp, off, to, len);

	if (rc == -ENODATA)
		return 0;
	return rc < 0 ? rc : 1;
}

int config_le16(const struct virtio_port *port, size_t off, uint16_t *value)
{
	le16 raw;
	const int rc = config_bytes(port, off, &raw, sizeof(raw));

	if (rc > 0)
		*value = le16_to(raw);
	return rc;
}

/* Speed and duplex, in one reading; what a device can't know it gives as all ones. */
static int read_speed(const struct virtio_port *port, struct link_state *link)
{
	struct {
		le32 speed;
		uint8_t duplex;
	} __attribute__((packed)) raw;
	const size_t off = offsetof(struct net_config, speed);
	int rc = 0;

	static_assert(offsetof(struct net_config, duplex) == offsetof(struct net_config, speed) + 4,
		      "duplex stands behind speed");
	if (features_have(&port->taken, NET_F_SPEED_DUPLEX))
		rc = config_bytes(port, off, &raw, sizeof(raw));
	if (rc <= 0)
		return rc;
	if (le32_to(raw.speed) <= NET_SPEED_MAX)
		link->speed_mbps = le32_to(raw.speed);
	if (raw.duplex == NET_DUPLEX_FULL)
		link->duplex = VIO_DUPLEX_FULL;
	else if (raw.duplex == NET_DUPLEX_HALF)
		link->duplex = VIO_DUPLEX_HALF;
	return 0;
}

int config_link(struct virtio_port *port)
{
	struct link_state link = { 0 };
	uint16_t status = NET_STATUS_LINK_UP;
	int rc = 0;

	if (features_have(&port->taken, NET_F_STATUS))
		rc = config_le16(port, offsetof(struct net_config, status), &status);
	if (rc >= 0)
		rc = read_speed(port, &link);
	if (rc < 0)
		return rc;
	link.up = status & NET_STATUS_LINK_UP;
	link.announce =
		status & NET_STATUS_ANNOUNCE && features_have(&port->taken, NET_F_GUEST_ANNOUNCE);
	port->link = link;
	return 0;
}
