/* SPDX-License-Identifier: BSD-3-Clause */
#include "peer.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../backend/frame.h"

uint32_t length_sent(const struct lengths *l, uint64_t seq)
{
	return l->min + (uint32_t)(seq * 7919 % (l->max - l->min + 1));
}

uint32_t length_answered(const struct lengths *l, uint64_t seq)
{
	return l->min + (uint32_t)((seq * 104729 + 17) % (l->max - l->min + 1));
}

static bool note(struct tally *t, uint16_t flow, uint64_t seq)
{
	const uint8_t bit = (uint8_t)(1u << seq % 8);

	t->twice += !!(t->seen[seq / 8] & bit);
	t->seen[seq / 8] |= bit;
	t->reordered += seq < t->next[flow];
	t->next[flow] = seq + 1;
	t->good++;
	return true;
}

bool tally_frame(struct tally *t, const struct lengths *l, bool answers, const struct vio_pkt *pkts,
		 uint16_t n, uint16_t *flow, uint64_t *seq)
{
	enum frame_kind kind;
	struct frame f;
	uint16_t base = answers ? FLOW_ANSWER : 0;
	uint32_t len, expected;

	if (!frame_header(pkts, n, &kind, flow, seq, &len)) {
		t->foreign++;
		return false;
	}
	*flow = (uint16_t)(*flow - base);
	expected = answers ? length_answered(l, *seq) : length_sent(l, *seq);
	if (*flow >= 64 || *seq >= FRAMES_MAX || len != expected || frame_len(pkts, n) != len) {
		t->bad++;
		return false;
	}
	frame_init(&f, FRAME_DATA, (uint16_t)(*flow + base), *seq, len);
	if (!frame_same(&f, pkts, n)) {
		t->bad++;
		return false;
	}
	return note(t, *flow, *seq);
}

static void complain(struct peer *p, const char *what, uint64_t seq)
{
	if (!*p->why)
		snprintf(p->why, sizeof(p->why), "%s at frame %llu", what, (unsigned long long)seq);
}

static void answer(struct peer *p, uint16_t flow, uint64_t seq)
{
	const uint32_t len = length_answered(&p->lengths, seq);
	uint8_t bytes[FRAME_MAX];
	struct frame f;

	frame_init(&f, FRAME_DATA, (uint16_t)(flow + FLOW_ANSWER), seq, len);
	frame_write(&f, 0, bytes, len);
	while (send(p->fd, bytes, len, 0) < 0) {
		if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR) {
			complain(p, strerror(errno), seq);
			return;
		}
		if (__atomic_load_n(&p->stop, __ATOMIC_RELAXED))
			return;
	}
}

/* Return: false: there was nothing. */
static bool serve(struct peer *p)
{
	uint8_t bytes[FRAME_MAX + 1];
	struct vio_pkt pkt = { .data = bytes };
	ssize_t n = recv(p->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	uint16_t flow;
	uint64_t seq = 0;

	if (n < 0)
		return false;
	pkt.len = (uint32_t)n;
	if (tally_frame(&p->tally, &p->lengths, false, &pkt, 1, &flow, &seq))
		answer(p, flow, seq);
	return true;
}

static void *run(void *arg)
{
	struct peer *p = arg;
	struct pollfd poll_fd = { .fd = p->fd, .events = POLLIN };

	while (!__atomic_load_n(&p->stop, __ATOMIC_RELAXED))
		if (!serve(p))
			poll(&poll_fd, 1, 20);
	return NULL;
}

int peer_start(struct peer *p, int fd)
{
	*p = (struct peer){ .fd = fd };
	p->tally.seen = calloc(1, FRAMES_MAX / 8);
	if (!p->tally.seen)
		return -ENOMEM;
	return -pthread_create(&p->thread, NULL, run, p);
}

void peer_clear(struct peer *p, const struct lengths *lengths)
{
	uint8_t *seen = p->tally.seen;

	memset(seen, 0, FRAMES_MAX / 8);
	p->tally = (struct tally){ .seen = seen };
	p->lengths = *lengths;
	*p->why = '\0';
}

void peer_stop(struct peer *p)
{
	__atomic_store_n(&p->stop, true, __ATOMIC_RELAXED);
	pthread_join(p->thread, NULL);
	free(p->tally.seen);
}
