/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef QTEST_TRAFFIC_H
#define QTEST_TRAFFIC_H

#include <vio/vio.h>

#include "peer.h"

struct traffic {
	uint64_t frames;
	uint32_t window;   /* frames on their way */
	uint32_t segments; /* of a sent frame, up to */
	uint32_t seconds;  /* deadline */
	uint64_t stop_at; /* leave after so many answers, with frames on their way; 0: at the end */
	struct lengths lengths;
};

struct outcome {
	uint64_t sent, ms;
	struct tally tally; /* of the answers */
	const char *why;    /* not all came: what happened */
};

/* Send frames on all queue pairs in turn, and check the answers. */
void traffic_run(struct vio_port *port, struct vio_cache *cache, const struct traffic *t,
		 struct outcome *out);

/*
 * The same one frame at a time, asleep between: each answer must wake us. Return: sleeps that
 * lasted until their end though an answer came.
 */
unsigned int traffic_asleep(struct vio_port *port, struct vio_cache *cache, const struct traffic *t,
			    struct outcome *out);

#endif
