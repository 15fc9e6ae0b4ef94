/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FUZZ_RING_DEVICE_H
#define FUZZ_RING_DEVICE_H

#include "../../drivers/virtio/feature_bits.h"
#include "../unit/ring_rig.h"
#include "input.h"

/*
 * A device that does with a queue what the input says: it uses buffers as it should, completes what
 * it likes, and writes any word of the memory that it shares with the driver. It believes nothing
 * that it finds there, since it may have written it itself.
 */

/* Room for the largest ring and its indirect tables, and few buffers, so that they run out. */
#define DEVICE_ENTRIES_MAX 32u
#define DEVICE_BUFFERS     80u
#define DEVICE_BUF_BYTES   2048u

/* One pool for all runs of a target: opening one takes much longer than a run. */
struct vio_pool *device_pool(void);

/* A size that rings of this kind may have. */
uint16_t device_entries(const struct ring_kind *kind, uint8_t choice);

/* Split: the ring, which is new, has gone round until its 16-bit indices are about to wrap. */
void device_near_wrap(struct rig *rig);

/* Do one of the things above. */
void device_act(struct rig *rig, struct input *in);

/* The driver's side: sleep, wake up, count, kick from beside. */
void device_watched(struct rig *rig, struct input *in, bool packed, bool in_order);

/* Every byte of a packet that the driver gave lies in a buffer of the pool. */
void device_check_packet(const struct vio_cache *cache, const struct vio_pkt *pkt);

#endif
