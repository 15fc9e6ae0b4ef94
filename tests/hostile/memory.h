/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef HOSTILE_MEMORY_H
#define HOSTILE_MEMORY_H

#include "../../drivers/transport/loop/device.h"

/* What a device can do to a ring's memory beside using buffers. */

/* Split: move the used index on by @value. */
void memory_index_on(struct queue *q, uint32_t value);

/* Packed: use the next buffer @value slots too far. */
void memory_skip_slot(struct queue *q, uint32_t value);

/* Packed: mark every descriptor as used, in this lap or (@value 1) in the other. */
void memory_all_used(struct queue *q, uint32_t value);

/* Address, length and flags of every descriptor that is in flight, as far as they are not what the
 * device says by them. */
void memory_descriptors(struct queue *q, uint32_t value);

/* Split: the whole available ring. */
void memory_available(struct queue *q, uint32_t value);

/* The word that says whether the device wants kicks. */
void memory_event(struct queue *q, uint32_t value);

/*
 * Change one word, chosen by @at, of what the device tells the driver, at whatever time: by
 * exclusive or with @value. Not what the driver tells the device, which would make that write where
 * it must not.
 */
void memory_flip(struct queue *q, uint32_t at, uint32_t value);

/* Ring memory as it was, to put back what the driver has left as it then became. */
#define MEMORY_WORDS 1024u
struct memory_copy {
	uint16_t before[MEMORY_WORDS], after[MEMORY_WORDS];
};
void memory_save(struct queue *q, uint16_t *to);
void memory_undo(struct queue *q, const struct memory_copy *copy);

#endif
