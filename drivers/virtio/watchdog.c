/* SPDX-License-Identifier: BSD-3-Clause */
#include "watchdog.h"

#include <vio/clock.h>

#include "device.h"

static bool has_moved(struct tx_watch *w, uint64_t posted, uint32_t waiting, uint64_t now_ns)
{
	if (w->since_ns && w->posted == posted && w->waiting == waiting)
		return false;
	*w = (struct tx_watch){ .since_ns = now_ns, .posted = posted, .waiting = waiting };
	return true;
}

static void look(struct txq *q, struct tx_watch *w, const struct mode mode)
{
	const uint64_t now_ns = vio_clock_ns(), posted = stat_read(&q->stats.packets);
	const uint32_t waiting = vring_waiting(&q->ring, mode);

	if (has_moved(w, posted, waiting, now_ns) || !waiting || w->kicked ||
	    now_ns - w->since_ns < WATCHDOG_MS * UINT64_C(1000000))
		return;
	w->kicked = true;
	stat_add(&q->stats.kicks_watchdog, 1);
	vring_kick_beside(&q->ring);
}

void watchdog_look(struct virtio_port *port)
{
	const struct mode mode = { .packed = features_have(&port->taken, F_RING_PACKED) };

	for (uint16_t i = 0; i < port->queues; i++)
		if (txq_running(port->txq[i]))
			look(port->txq[i], &port->watch[i], mode);
}
