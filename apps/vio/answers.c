/* SPDX-License-Identifier: BSD-3-Clause */
#include "answers.h"

#include <string.h>

#include "relaxed.h"

/* The first of those who answer does. */
static uint32_t make(const struct answers *a, const struct vio_pkt *pkt, uint8_t *out,
		     enum respond_kind *kind)
{
	uint32_t len = 0;

	for (unsigned int i = 0; i < a->n_who && !len; i++)
		len = respond_make(&a->who[i], pkt->data, pkt->len, out, kind);
	return len;
}

bool answers_take(struct answers *a, const struct vio_pkt *pkts, uint16_t n)
{
	/* Acquire: pairs with the release in answers_send(); the slot is free. */
	const uint64_t tail = __atomic_load_n(&a->tail, __ATOMIC_ACQUIRE);
	struct answer *slot = &a->slots[a->head % ANSWERS_SLOTS], spare;
	enum respond_kind kind;

	if (n != 1)
		return false;
	if (a->head - tail == ANSWERS_SLOTS)
		slot = &spare;
	slot->len = make(a, pkts, slot->frame, &kind);
	if (!slot->len)
		return false;
	if (slot == &spare) {
		counter_add(&a->dropped, 1);
		return true;
	}
	counter_add(&a->answered[kind], 1);
	/* Release: pairs with the acquire in answers_waiting(). */
	__atomic_store_n(&a->head, a->head + 1, __ATOMIC_RELEASE);
	return true;
}

/* Return: false if there is no buffer, or the device takes none. */
static bool send_one(const struct answer *answer, struct vio_txq *q, struct vio_cache *cache,
		     struct tap *tap)
{
	struct vio_pkt pkt;

	if (!vio_pkt_get(cache, &pkt, 1))
		return false;
	memcpy(pkt.data, answer->frame, answer->len);
	pkt.len = answer->len;
	if (tap_tx_burst(tap, q, &pkt, 1))
		return true;
	vio_pkt_put(cache, &pkt, 1);
	return false;
}

void answers_send(struct answers *a, struct vio_txq *q, struct vio_cache *cache, struct tap *tap)
{
	while (answers_waiting(a) && send_one(&a->slots[a->tail % ANSWERS_SLOTS], q, cache, tap)) {
		/* Release: pairs with the acquire in answers_take(). */
		__atomic_store_n(&a->tail, a->tail + 1, __ATOMIC_RELEASE);
	}
}

static bool receive(struct answer_job *j)
{
	struct vio_pkt pkts[CAPTURE_BURST];
	uint16_t n = tap_rx_burst(&j->received, j->rxq, pkts, CAPTURE_BURST), segments;

	for (uint16_t i = 0; i < n; i = (uint16_t)(i + segments)) {
		segments = vio_pkt_segments(pkts + i, (uint16_t)(n - i));
		if (!segments)
			break;
		answers_take(j->answers, pkts + i, segments);
	}
	vio_pkt_put(j->cache, pkts, n);
	return n;
}

bool answer_poll(struct answer_job *j)
{
	bool worked = j->rxq && receive(j);

	if (!j->txq)
		return worked;
	worked |= answers_waiting(j->answers);
	if (answers_waiting(j->answers))
		answers_send(j->answers, j->txq, j->cache, &j->sent);
	else
		vio_tx_burst(j->txq, NULL, 0); /* so that buffers come back */
	return worked;
}
