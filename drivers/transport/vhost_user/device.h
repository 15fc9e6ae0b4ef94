/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VHOST_USER_DEVICE_H
#define VHOST_USER_DEVICE_H

#include <limits.h>

#include "../../virtio/feature_bits.h"
#include "../../virtio/spec.h"
#include "msg.h"
#include "socket.h"
#include "vhost_user.h"

/* Kick and call messages name the ring in 8 bits: vhost-user, "SET_VRING_KICK". */
#define VU_PAIRS_MAX 128u
#define VU_RINGS_MAX (2 * VU_PAIRS_MAX)

/* Protocol features that are taken where offered: X(name, bit). */
#define VU_PROTOCOL_FEATURES(X) \
	X(MQ, "mq", 0) \
	X(REPLY_ACK, "reply_ack", 3) \
	X(NET_MTU, "net_mtu", 4) \
	X(CONFIGURE_MEM_SLOTS, "configure_mem_slots", 15) \
	X(STATUS, "status", 16)

enum vu_protocol_feature {
#define X(name, text, bit) VU_PROTOCOL_##name = bit,
	VU_PROTOCOL_FEATURES(X)
#undef X
};

/* The files of a ring stay from its first use to the end of the device, so that a doorbell never
 * leads to a number that means another file by now. */
struct vu_ring {
	bool set;       /* handed over */
	bool enabled;   /* SET_VRING_ENABLE 1 has been sent */
	bool has_files; /* the three below are open */
	int kick_write; /* ours */
	int kick_read;  /* the backend's end of the pipe, held so that writing never meets a pipe
			 * without readers */
	int call;
};

struct vu_device {
	struct transport tp;
	struct vu_conn conn;
	struct sock_file file;
	bool server;
	int listener;           /* while nobody is connected to a server; otherwise -1 */
	struct deadline answer; /* of a backend that was reached again */
	int events;             /* epoll: conn and listener; -1: not asked for */
	uint64_t offered;       /* by the backend, as first read; never asked for again */
	uint64_t protocol;      /* VU_PROTOCOL_* bits in use */
	bool has_protocol;      /* bit 30: rings start disabled, protocol features exist */
	bool accepted;          /* SET_FEATURES has been sent since the last reset */
	bool shared;            /* the backend has the region */
	uint8_t status;         /* as written last */
	uint16_t mtu;           /* 0: not given */
	uint16_t pairs_max, pairs;
	struct vio_region_info region; /* bytes 0: none yet */
	struct vu_ring rings[VU_RINGS_MAX];
	char path[PATH_MAX];
	char text[256];
};

static inline bool vu_protocol_has(const struct vu_device *dev, enum vu_protocol_feature bit)
{
	return dev->protocol >> bit & 1;
}

/* Rings, in ring.c. Errors as vu_call(). */
int vu_ring_set(struct vu_device *dev, const struct ring_place *place, struct doorbell *db);

/* Enable the rings of the first dev->pairs pairs, and disable the others. */
int vu_rings_enable(struct vu_device *dev);

/* Wake the backend on every ring: it starts a ring at its first kick. */
void vu_rings_kick(struct vu_device *dev);

/* The backend that knew the rings has gone. */
void vu_rings_forget(struct vu_device *dev);

/* Disable and stop every ring; the backend uses none of them any more when this returns 0. */
int vu_rings_stop(struct vu_device *dev);

void vu_rings_close(struct vu_device *dev);

#endif
