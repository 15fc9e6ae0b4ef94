/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_FORWARD_H
#define APP_FORWARD_H

#include <vio/vio.h>

enum forward_mode { FORWARD_IO, FORWARD_MAC, FORWARD_MACSWAP };

/* As a frame begins. */
struct mac {
	uint8_t byte[6];
};
struct addresses {
	struct mac dst, src;
};

/* One direction: from a queue to another. */
struct lane {
	struct vio_rxq *from;
	struct vio_txq *to;
	struct addresses mac; /* what FORWARD_MAC writes */
	uint64_t received, sent, dropped;
};

/* Two ports and both directions between them, or one port that answers itself. */
struct forward {
	enum forward_mode mode;
	unsigned int n;
	struct vio_pool *pool;
	struct vio_cache *cache;
	struct vio_port *ports[2];
	struct lane lanes[2];
};

/*
 * Open @n ports by their addresses. Return: 0, or a negative errno; vio_error_text() tells more,
 * and what was opened is left for forward_close().
 */
int forward_open(struct forward *f, enum forward_mode mode, char **address, unsigned int n);
void forward_close(struct forward *f);

/* Move what has come, at most a burst in each direction. */
void forward_poll(struct forward *f);

#endif
