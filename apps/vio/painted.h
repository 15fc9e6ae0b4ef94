/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_PAINTED_H
#define APP_PAINTED_H

#include <vio/pool.h>

/*
 * Which buffers of a pool hold the pattern behind a frame's head already, and up to where. A sender
 * of large frames writes heads only then: the other lines stay as they are, and so with whoever has
 * read them, while each line that is written has to come back from the device's processor first.
 *
 * Only for a pool whose buffers are filled by one sender's frames and by nobody else.
 */
struct painted {
	uintptr_t base;
	uint64_t bytes;
	uint64_t inverse; /* 2^64 / distance of the buffers, rounded up */
	uint16_t *upto;   /* by slot: bytes of the frame */
};

/* Return: NULL: no memory. End with painted_free(), which takes NULL. */
struct painted *painted_new(const struct vio_pool *pool);
void painted_free(struct painted *p);

/* The mark of the buffer that @data lies in; NULL: it is not one of the pool's. */
static inline uint16_t *painted_mark(const struct painted *p, const void *data)
{
	const uint64_t off = (uintptr_t)data - p->base;

	if (off >= p->bytes)
		return NULL;
	return p->upto + (uint64_t)(((unsigned __int128)off * p->inverse) >> 64);
}

#endif
