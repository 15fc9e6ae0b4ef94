/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "driver.h"

/* Control calls: what is checked here holds for every driver. */

#define VLAN_MAX 4095u

static bool is_multicast(const struct vio_mac *mac)
{
	return mac->byte[0] & 1;
}

static bool is_zero(const struct vio_mac *mac)
{
	static const struct vio_mac zero;

	return !memcmp(mac, &zero, sizeof(zero));
}

static int bad_mac(const struct vio_port *port, const struct vio_mac *mac, const char *why)
{
	const uint8_t *b = mac->byte;

	return err_set(ERR_CTRL_VALUE, -EINVAL, "%s: address %02x:%02x:%02x:%02x:%02x:%02x is %s",
		       port->address, b[0], b[1], b[2], b[3], b[4], b[5], why);
}

static int check_unicast(const struct vio_port *port, const struct vio_mac *mac)
{
	if (is_multicast(mac))
		return bad_mac(port, mac, "no unicast address");
	return is_zero(mac) ? bad_mac(port, mac, "nobody's") : 0;
}

int vio_port_rx_mode_set(struct vio_port *port, enum vio_rx_mode mode, bool on)
{
	if ((unsigned int)mode > VIO_RX_NOBCAST)
		return err_set(ERR_CTRL_VALUE, -EINVAL, "%s: there is no receive mode %d",
			       port->address, (int)mode);
	return port->driver->rx_mode_set(port, mode, on);
}

int vio_port_mac_set(struct vio_port *port, const struct vio_mac *mac)
{
	int rc = check_unicast(port, mac);

	return rc < 0 ? rc : port->driver->mac_set(port, mac);
}

int vio_port_mac_table_set(struct vio_port *port, const struct vio_mac *unicast, uint16_t n_unicast,
			   const struct vio_mac *multicast, uint16_t n_multicast)
{
	struct mac_table table = { .unicast = n_unicast, .multicast = n_multicast };

	if ((uint32_t)n_unicast + n_multicast > VIO_MAC_TABLE_MAX)
		return err_set(ERR_CTRL_VALUE, -EINVAL, "%s: a MAC table of %u and %u addresses",
			       port->address, n_unicast, n_multicast);
	for (uint16_t i = 0; i < n_unicast; i++) {
		int rc = check_unicast(port, &unicast[i]);

		if (rc < 0)
			return rc;
		table.mac[i] = unicast[i];
	}
	for (uint16_t i = 0; i < n_multicast; i++) {
		if (!is_multicast(&multicast[i]))
			return bad_mac(port, &multicast[i], "no multicast address");
		table.mac[n_unicast + i] = multicast[i];
	}
	return port->driver->mac_table_set(port, &table);
}

int vio_port_vlan_set(struct vio_port *port, uint16_t vlan, bool on)
{
	if (vlan > VLAN_MAX)
		return err_set(ERR_CTRL_VALUE, -EINVAL, "%s: there is no VLAN %u", port->address,
			       vlan);
	return port->driver->vlan_set(port, vlan, on);
}

int vio_port_queues_set(struct vio_port *port, uint16_t queues)
{
	return port->driver->queues_set(port, queues);
}

int vio_port_announce_ack(struct vio_port *port)
{
	return port->driver->announce_ack(port);
}

int vio_port_event_fd(struct vio_port *port)
{
	return port->driver->event_fd(port);
}
