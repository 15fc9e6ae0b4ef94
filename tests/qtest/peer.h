/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef QTEST_PEER_H
#define QTEST_PEER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define FRAMES_MAX  (1u << 20)
#define FLOW_ANSWER 0x100u /* in an answer's flow */
#define FRAME_MAX   9018u

/* Lengths of the frames: of frame @seq from the driver, and of its answer. */
struct lengths {
	uint32_t min, max;
};
uint32_t length_sent(const struct lengths *l, uint64_t seq);
uint32_t length_answered(const struct lengths *l, uint64_t seq);

/* What became of frames, seen from one end. */
struct tally {
	uint64_t good, bad, twice, reordered, foreign;
	uint64_t next[64]; /* by flow */
	uint8_t *seen;     /* a bit for each sequence number */
};

/*
 * The other end of QEMU's network: each frame that comes is checked byte by byte and answered by
 * another one of the same number.
 */
struct peer {
	int fd; /* a connected datagram or packet socket */
	pthread_t thread;
	bool stop;
	struct lengths lengths;
	struct tally tally;
	char why[160]; /* the first thing that was wrong */
};

/* Return: 0, or a negative errno. */
int peer_start(struct peer *p, int fd);
/* A run begins: forget what came. Nothing may be on its way. */
void peer_clear(struct peer *p, const struct lengths *lengths);
void peer_stop(struct peer *p);

/* Check a frame of flow 0 to 63 (answers: less FLOW_ANSWER) and note it. Return: false: it is bad,
 * or none of ours; @seq and @flow are filled in otherwise. */
struct vio_pkt;
bool tally_frame(struct tally *t, const struct lengths *l, bool answers, const struct vio_pkt *pkts,
		 uint16_t n, uint16_t *flow, uint64_t *seq);

#endif
