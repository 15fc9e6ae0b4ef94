/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "worker.h"

/* A replay is late when a burst leaves that much after its time. */
#define LATE_NS 20000u

static bool timed(const struct tx_job *j)
{
	return j->replay->plan.timing.pace == REPLAY_KEEP || !j->replay->pacer.unlimited;
}

static bool begun(const struct timetable *t, uint64_t now)
{
	/* Acquire: pairs with the release when the timetable is complete. */
	return __atomic_load_n(&t->go, __ATOMIC_ACQUIRE) && (int64_t)(now - t->measure) >= 0;
}

static bool begin(struct tx_job *j, uint64_t now)
{
	if (!begun(j->times, now))
		return false;
	j->phase = TX_MEASURE;
	j->pacer = (struct pacer){ .quantum = 1, .burst = j->pace.burst, .unlimited = !timed(j) };
	j->late_ticks = stamp_ns_to_ticks(j->clock, LATE_NS);
	j->cost_limit = stamp_ns_to_ticks(j->clock, COST_LIMIT_NS);
	counter_set(&j->stats.began, j->times->measure);
	return true;
}

static __attribute__((cold, noinline)) void end(struct tx_job *j, uint64_t at)
{
	j->phase = TX_DONE;
	replay_leave(j->replay, j->queue);
	counter_set(&j->stats.held_up, 0);
	counter_set(&j->stats.ended, (int64_t)(j->last_sent - at) > 0 ? j->last_sent : at);
}

/* Frames that were due before the end, as far as they have been read, and never leave. */
static __attribute__((cold, noinline)) void give_up(struct tx_job *j, uint64_t end_at)
{
	uint64_t unsent = j->copied, limit = end_at - j->times->measure;
	const struct replay_record *rec;

	for (; timed(j) && (rec = replay_peek(j->replay, j->queue)) && rec->due < limit; unsent++)
		replay_advance(j->replay, j->queue);
	counter_add(&j->stats.unsent, unsent);
	end(j, end_at);
}

/*
 * Nothing could be sent: is it over? With a schedule, frames that were due before the end still
 * leave, within the grace. @rec: the next frame, if there is one.
 */
static void end_if_over(struct tx_job *j, const struct replay_record *rec, uint64_t now)
{
	uint64_t end_at = counter_get(&j->times->end), last;
	uint64_t limit = end_at - j->times->measure;

	if (!j->copied && !rec && replay_over(j->replay, j->queue, &last) && last <= limit) {
		if ((int64_t)(now - j->times->measure - last) >= 0)
			end(j, timed(j) ? j->times->measure + last : now);
	} else if ((int64_t)(now - end_at) >= 0) {
		if (!timed(j) || now - end_at > j->times->grace)
			give_up(j, end_at);
		else if (!j->copied && rec && rec->due >= limit)
			end(j, end_at);
	}
}

/* The frame's first bytes are copied at once, which the block has room for. */
static inline void copy(struct vio_pkt *pkt, const uint8_t *data, uint32_t len)
{
	uint8_t *to = pkt->data;

	memcpy(to, data, REPLAY_COPY);
	if (len > REPLAY_COPY)
		memcpy(to + REPLAY_COPY, data + REPLAY_COPY, len - REPLAY_COPY);
	pkt->len = len;
}

/* Have as many empty packets as a burst may need. */
static void hold(struct tx_job *j)
{
	struct tx_hold *h = &j->at->hold;

	if (h->n < j->pace.burst)
		h->n = (uint16_t)(h->n + vio_pkt_get(j->at->cache, h->pkts + h->n,
						     (uint16_t)(j->pace.burst - h->n)));
	if (h->n > j->copied)
		return;
	counter_add(&j->stats.no_buffers, 1);
	vio_tx_burst(j->at->q, NULL, 0); /* whose buffers the device is done with come back */
}

/* Copy what is due until @until, ticks since the beginning. Return: the first frame that is not;
 * NULL: none is there. */
static const struct replay_record *collect(struct tx_job *j, uint64_t until)
{
	const struct replay_record *rec = NULL;
	struct tx_hold *h = &j->at->hold;

	while (j->copied < j->pace.burst) {
		rec = replay_peek(j->replay, j->queue);
		if (!rec || rec->due > until)
			return rec;
		if (j->copied == h->n)
			hold(j);
		if (j->copied == h->n)
			return rec;
		copy(&h->pkts[j->copied], replay_data(j->replay, j->queue, rec), rec->len);
		j->due[j->copied++] = rec->due;
		replay_advance(j->replay, j->queue);
	}
	return rec;
}

/* The ring took @taken of them; the others are first in turn, as they are. */
static __attribute__((cold, noinline)) void keep_rest(struct tx_job *j, uint16_t taken)
{
	struct tx_hold *h = &j->at->hold;

	memmove(h->pkts, h->pkts + taken, (size_t)(h->n - taken) * sizeof(h->pkts[0]));
	memmove(j->due, j->due + taken, (size_t)(j->copied - taken) * sizeof(j->due[0]));
}

static void count_pace(struct tx_job *j, uint64_t now, uint64_t due)
{
	uint64_t late = now - j->times->measure - due;

	hist_record(&j->pace_error, stamp_ticks_to_ns(j->clock, late), 1);
	if (late > j->late_ticks)
		counter_add(&j->stats.late_bursts, 1);
}

/* Hand over what has been copied since @now. Return: how many the ring took. */
static uint16_t send_copied(struct tx_job *j, uint64_t now)
{
	struct tx_queue *at = j->at;
	uint64_t copied = vio_ticks(), gone, first = j->due[0];
	uint32_t bytes = 0;
	uint16_t taken;

	taken = tap_tx_burst(&at->tap, at->q, at->hold.pkts, j->copied);
	gone = vio_ticks();
	for (uint16_t i = 0; i < taken; i++)
		bytes += at->hold.pkts[i].len + SIZE_FCS;
	if (taken < j->copied)
		counter_add(&j->stats.ring_full, 1);
	if (taken < at->hold.n)
		keep_rest(j, taken);
	j->copied = (uint16_t)(j->copied - taken);
	at->hold.n = (uint16_t)(at->hold.n - taken);
	if (!taken)
		return 0;
	if (!j->pacer.unlimited)
		count_pace(j, now, first);
	counter_add(&j->stats.sent, taken);
	counter_add(&j->stats.bytes, bytes);
	counter_add(&j->stats.bursts, 1);
	tx_count_cost(j, taken, copied - now + vio_ticks() - gone, gone - copied);
	j->last_sent = now;
	return taken;
}

/* Frames that are due before the end, and at the latest now. */
static uint64_t until(const struct tx_job *j, uint64_t now)
{
	uint64_t limit = counter_get(&j->times->end) - j->times->measure;
	uint64_t at = now - j->times->measure;

	return at < limit ? at : limit - 1;
}

/* Is there something to send that can't be? A ring that is full, a pool that is empty, or a file
 * that comes too slowly. @next: the first frame that has not been copied */
static bool held_up(const struct tx_job *j, const struct replay_record *next, uint64_t due)
{
	const struct replay *r = j->replay;

	return j->copied || (next && next->due <= due) ||
	       (!r->cursor[j->queue].block && !__atomic_load_n(&r->full, __ATOMIC_RELAXED));
}

bool replay_poll(struct tx_job *j)
{
	uint64_t now = vio_ticks(), due;
	const struct replay_record *next;
	uint16_t sent = 0;
	bool held;

	if (j->phase == TX_DONE)
		vio_tx_burst(j->at->q, NULL, 0); /* so that all buffers come back */
	if (j->phase != TX_MEASURE && (j->phase != TX_WAIT || !begin(j, now)))
		return false;
	due = until(j, now);
	next = collect(j, due);
	if (j->copied)
		sent = send_copied(j, now);
	held = !sent && held_up(j, next, due);
	if (held != counter_get(&j->stats.held_up))
		counter_set(&j->stats.held_up, held);
	if (!sent || (int64_t)(now - counter_get(&j->times->end)) >= 0)
		end_if_over(j, next, now);
	return sent;
}

/* Frames of a burst, by whom they are of; bytes without the FCS. */
struct arrival {
	uint16_t received, asking;
	uint64_t bytes;
};

/* Whoever asks for one of our addresses is not a frame that we have sent. */
static inline void arrive(struct rx_job *j, const struct vio_pkt *pkts, uint16_t segments,
			  struct arrival *a)
{
	if (j->answers && answers_take(j->answers, pkts, segments)) {
		a->asking++;
		return;
	}
	a->received++;
	for (uint16_t i = 0; i < segments; i++)
		a->bytes += pkts[i].len;
}

bool replay_rx_poll(struct rx_job *j)
{
	struct vio_pkt pkts[BURST_MAX];
	uint16_t n = tap_rx_burst(&j->tap, j->q, pkts, j->burst), i = 0, segments;
	struct arrival a = { 0 };

	if (!n)
		return false;
	while (i < n && (segments = vio_pkt_segments(pkts + i, (uint16_t)(n - i)))) {
		arrive(j, pkts + i, segments, &a);
		i = (uint16_t)(i + segments);
	}
	vio_pkt_put(j->cache, pkts, n);
	/* What comes before anything was sent is somebody else's. */
	if (begun(j->replay, vio_ticks())) {
		counter_add(&j->stats.received, a.received);
		counter_add(&j->stats.bytes, a.bytes + a.received * SIZE_FCS);
		counter_add(&j->stats.foreign, a.asking);
	}
	return true;
}
