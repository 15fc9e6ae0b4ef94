/* SPDX-License-Identifier: BSD-3-Clause */
#include "control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_MAX 64

static int number(char **words)
{
	char *word = strsep(words, " ");

	return word ? atoi(word) : -1;
}

static bool address(char **words, struct vio_mac *mac)
{
	const char *word = strsep(words, " ");
	uint8_t *b = mac->byte;

	return word && sscanf(word, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &b[0], &b[1], &b[2], &b[3],
			      &b[4], &b[5]) == 6;
}

static int mode(struct vio_port *port, char *words)
{
	const int which = number(&words);

	return vio_port_rx_mode_set(port, (enum vio_rx_mode)which, number(&words) == 1);
}

static int mac(struct vio_port *port, char *words)
{
	struct vio_mac one;

	return address(&words, &one) ? vio_port_mac_set(port, &one) : -EINVAL;
}

static int table(struct vio_port *port, char *words)
{
	struct vio_mac unicast[TABLE_MAX], multicast[TABLE_MAX], one;
	uint16_t n_unicast = 0, n_multicast = 0;

	while (n_unicast < TABLE_MAX && n_multicast < TABLE_MAX && address(&words, &one)) {
		if (one.byte[0] & 1)
			multicast[n_multicast++] = one;
		else
			unicast[n_unicast++] = one;
	}
	return vio_port_mac_table_set(port, unicast, n_unicast, multicast, n_multicast);
}

static int vlan(struct vio_port *port, char *words)
{
	const int which = number(&words);

	return vio_port_vlan_set(port, (uint16_t)which, number(&words) == 1);
}

static int queues(struct vio_port *port, char *words)
{
	return vio_port_queues_set(port, (uint16_t)number(&words));
}

static int announce(struct vio_port *port, char *words)
{
	(void)words;
	return vio_port_announce_ack(port);
}

static const struct {
	const char *name;
	int (*call)(struct vio_port *port, char *words);
} calls[] = {
	{ "mode", mode }, { "mac", mac },       { "table", table },
	{ "vlan", vlan }, { "queues", queues }, { "announce", announce },
};

int control_call(struct vio_port *port, char *words)
{
	const char *name = strsep(&words, " ");

	for (size_t i = 0; name && i < sizeof(calls) / sizeof(calls[0]); i++)
		if (!strcmp(calls[i].name, name))
			return calls[i].call(port, words);
	return -EINVAL;
}
