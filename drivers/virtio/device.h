/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_DEVICE_H
#define VIRTIO_DEVICE_H

#include <vio/error.h>

#include "../../lib/port/driver.h"
#include "ctrl.h"
#include "features.h"
#include "queue.h"
#include "recover.h"
#include "watchdog.h"

#define QUEUE_PAIRS_MAX  64
#define ENTRIES_DEFAULT  1024u
#define TIMEOUT_DEFAULT  1000u
#define CTRL_ENTRIES_MAX 64u

/* What the configuration says of the link. */
struct link_state {
	bool up;       /* true where the device does not tell */
	bool announce; /* the device asks for an announcement */
	uint32_t speed_mbps;
	enum vio_duplex duplex;
};

/* What becomes readable when the configuration changes. */
struct config_event {
	bool there;
	struct transport_event on;
};

/* What control calls have set and the device has accepted: to be set again after a reset. */
struct control_state {
	uint8_t rx_known, rx_on; /* a bit for each enum vio_rx_mode */
	bool mac_set, table_set;
	struct vio_mac mac;
	struct mac_table table;
	uint64_t vlans[VLAN_IDS / 64];
	uint16_t queues;    /* pairs in use; 0: all */
	uint64_t tx_paused; /* pairs whose transmit queue waits to be in use again */
};

/* A network device and its driver's state; the port embeds it. */
struct virtio_port {
	struct vio_port pub;
	struct transport *tp;
	struct vio_pool *pool;
	struct vio_region *region;
	uint32_t timeout_ms;

	/* asked for */
	struct feature_wishes wishes;
	uint16_t queues_wanted, entries_wanted;
	bool wait;   /* events */
	bool resend; /* what was in flight when the port comes back */

	/* what came of it */
	struct vio_features offered, taken;
	uint64_t bias;
	uint16_t queues, queues_max, entries, hdr_len, mtu;
	uint8_t mac[6];
	struct link_state link; /* as last read */
	struct config_event config_event;
	enum vio_port_state state; /* as last seen by the check */
	struct vio_error why;      /* it is not up any more */
	struct recover recover;

	uint16_t rx_ready, tx_ready; /* queues that exist */
	struct rxq *rxq[QUEUE_PAIRS_MAX];
	struct txq *txq[QUEUE_PAIRS_MAX];
	struct tx_watch watch[QUEUE_PAIRS_MAX];
	struct ctrl *ctrl; /* NULL: there is none */
	struct control_state control;
};

/*
 * From reset to DRIVER_OK (VIRTIO 1.4, 3.1.1); the transport is open and the wishes are filled in.
 * Return: 0; a negative errno with the error set: the device is reset or FAILED then, and nothing
 * is left of the queues.
 */
int device_start(struct virtio_port *port);

/*
 * The same again for a device that has been reset, or reached anew, and whose rings have been
 * reset: with the features, rings and control state that it had. Return: 0; a negative errno with
 * the error set, and the device is to be reset before the next try: -ENOTSUP it has come back as
 * another one.
 */
int device_restart(struct virtio_port *port);

/* Hand queue @index alone over again, which was given back and reset, and let its bursts run.
 * Return as above. */
int device_requeue(struct virtio_port *port, uint16_t index);

/* Stop the bursts, reset the device, take every buffer back. */
void device_stop(struct virtio_port *port);

#endif
