/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UNIT_LOOP_RIG_H
#define UNIT_LOOP_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* After those above. */
#include <cmocka.h>

#include <vio/error.h>
#include <vio/region.h>

#include "../../drivers/transport/loop/loop.h"
#include "../../drivers/virtio/feature_bits.h"
#include "../../drivers/virtio/spec.h"
#include "../../lib/base/atomics.h"
#include "../../lib/mem/mem.h"

/*
 * A driver by hand: it has no checks and no bookkeeping but what a test needs, so that it can break
 * every rule of the device.
 */
#define RIG_QUEUES    3 /* receive, transmit, control */
#define RIG_BUFS      512
#define RIG_BUF_BYTES 2048

enum rig_level { RIG_OPEN, RIG_DRIVER, RIG_FEATURES, RIG_QUEUED, RIG_LIVE };

struct rig_ring {
	struct ring_place place;
	struct doorbell db;
	uint16_t n;
	struct split_desc *desc;
	struct split_avail *avail;
	struct split_used *used;
	struct packed_desc *slots;
	struct packed_event *driver, *device;
	uint16_t next, used_next; /* split: free-running; packed: slot */
	bool wrap, used_wrap;
};

struct rig {
	struct vio_region *region;
	struct transport *tp;
	struct vio_loop *loop;
	struct vio_features taken;
	bool packed;
	uint16_t hdr_len;
	struct rig_ring q[RIG_QUEUES];
	uint8_t *bufs;
};

/* The queues. */
enum { RX, TX, CTRL };

/* Bits for the list below, each + 1 so that 0 can end it. */
#define PACKED     (F_RING_PACKED + 1)
#define EVENT      (F_EVENT_IDX + 1)
#define ORDER      (F_IN_ORDER + 1)
#define INDIRECT   (F_INDIRECT_DESC + 1)
#define MRG        (NET_F_MRG_RXBUF + 1)
#define MTU        (NET_F_MTU + 1)
#define CSUM       (NET_F_CSUM + 1)
#define TSO4       (NET_F_HOST_TSO4 + 1)
#define TSO6       (NET_F_HOST_TSO6 + 1)
#define USO        (NET_F_HOST_USO + 1)
#define TUNNEL     (NET_F_HOST_UDP_TUNNEL_GSO + 1)
#define GUEST_CSUM (NET_F_GUEST_CSUM + 1)
#define GUEST_TSO4 (NET_F_GUEST_TSO4 + 1)
#define CTRL_VQ    (NET_F_CTRL_VQ + 1)
#define RSS        (NET_F_RSS + 1)
#define BITS(...)  ((const uint8_t[]){ __VA_ARGS__, 0 })
#define NONE       ((const uint8_t[]){ 0 })

/* Take a device at @address to @level with VERSION_1 and @bits; rings of @entries. */
void rig_open(struct rig *r, const char *address, const uint8_t *bits, enum rig_level level,
	      uint16_t entries);
void rig_close(struct rig *r);

/* Fail unless the device has found nothing wrong. */
void rig_rules_kept(struct rig *r);

/* Lay out ring @i and hand it over. */
int rig_enable(struct rig *r, uint16_t i, uint16_t entries);
void rig_place(struct rig *r, uint16_t i, uint16_t entries);

/* The frame that most tests use, and with its header. */
#define FRAME 60u
static inline uint32_t rig_frame_room(const struct rig *r)
{
	return r->hdr_len + FRAME;
}

uint8_t *rig_buf(struct rig *r, unsigned int i);
uint64_t rig_addr(struct rig *r, unsigned int i);

/* Write descriptor @at, as available in this lap where it is packed: there @next is the id. */
void rig_desc(struct rig *r, uint16_t q, uint16_t at, uint64_t addr, uint32_t len, uint16_t flags,
	      uint16_t next);
/* Split: put @head into the available ring and publish it. Packed: nothing, the flags did it. */
void rig_avail(struct rig *r, uint16_t q, uint16_t head);
/* Descriptor and publication of one buffer in the next slot. */
void rig_post(struct rig *r, uint16_t q, unsigned int buf, uint32_t len, bool writable);
/* Send a control command of zeroes: @len bytes in one piece, and room for an ack of @ack_len. */
void rig_command(struct rig *r, uint16_t q, uint32_t len, uint32_t ack_len);
/* Take the next used buffer. False: there is none. */
bool rig_used(struct rig *r, uint16_t q, uint32_t *id, uint32_t *len);

/* Fill buffer @buf with a header of zeroes and a frame of @len bytes that begins with @mark. */
void rig_frame(struct rig *r, unsigned int buf, uint32_t len, uint32_t mark);
uint32_t rig_mark(struct rig *r, unsigned int buf);

/* Tests, gathered from tables. */
#define RIG_TESTS_MAX 200

struct rig_list {
	struct CMUnitTest tests[RIG_TESTS_MAX];
	char names[RIG_TESTS_MAX][96];
	size_t n;
};

void rig_add(struct rig_list *l, const char *name, CMUnitTestFunction fn, const void *entry);
int rig_run(struct rig_list *l, const char *name);

#define ADD_TABLE(list, table, fn) \
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) \
	rig_add(list, (table)[i].what, fn, &(table)[i])

#endif
