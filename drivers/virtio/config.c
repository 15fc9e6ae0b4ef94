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

int config_link(struct virtio_port *port)
{
	uint16_t status = NET_STATUS_LINK_UP;
	int rc = 0;

	if (features_have(&port->taken, NET_F_STATUS))
		rc = config_le16(port, offsetof(struct net_config, status), &status);
	if (rc < 0)
		return rc;
	port->link.up = status & NET_STATUS_LINK_UP;
	port->link.announce =
		status & NET_STATUS_ANNOUNCE && features_have(&port->taken, NET_F_GUEST_ANNOUNCE);
	return 0;
}
