/* SPDX-License-Identifier: BSD-3-Clause */
#include "worker.h"

/* A sender that is further behind than this gives the missed packets up: catching up would be a
 * flood, not the rate that was asked for. */
#define BACKLOG_NS UINT64_C(100000000)

/* A ramp belongs to the measurement: before that, the rate is the one that it begins with. */
static void schedule_from(struct tx_job *j, uint64_t start)
{
	struct pace pace = j->pace;

	if (j->phase != TX_MEASURE)
		pace.rate.ramp_ns = 0;
	pacer_init(&j->pacer, &pace, start);
}

void tx_job_init(struct tx_job *j)
{
	uint64_t floor = stamp_ns_to_ticks(j->clock, 20000);

	j->phase = TX_WAIT;
	j->seq = TRACK_ORIGIN;
	schedule_from(j, 0);
	j->backlog_ticks = stamp_ns_to_ticks(j->clock, BACKLOG_NS);
	j->cost_limit = stamp_ns_to_ticks(j->clock, COST_LIMIT_NS);
	j->late_ticks = j->pacer.quantum_ticks > floor ? j->pacer.quantum_ticks : floor;
}

/* From here on packets count. Release: a receiver that sees such a packet sees this too. */
static void measure_begin(struct tx_job *j)
{
	j->phase = TX_MEASURE;
	schedule_from(j, j->times->measure);
	__atomic_store_n(&j->path->senders[j->lane].measure_from, j->seq, __ATOMIC_RELEASE);
	counter_set(&j->stats.began, j->times->measure);
}

/* Ticks at which senders end; may be moved forward while they run. */
static uint64_t end_of(const struct timetable *t)
{
	return counter_get(&t->end);
}

static void measure_end(struct tx_job *j, uint64_t now)
{
	uint64_t end = end_of(j->times);
	bool all = j->stats.sent >= j->count;

	j->phase = TX_DONE;
	if (!j->pacer.unlimited && !all)
		counter_add(&j->stats.unsent, pacer_missed(&j->pacer, end));
	/* Noticing it late does not make the run longer, sending late does. */
	if (all)
		end = j->pacer.unlimited ? now : j->pacer.due;
	counter_set(&j->stats.ended, (int64_t)(j->last_sent - end) > 0 ? j->last_sent : end);
}

/* The moment that decides about phases: when the next packets are due, rounded to whole quanta, or
 * now if always. */
static uint64_t phase_clock(const struct tx_job *j, uint64_t now)
{
	return j->pacer.unlimited ? now : j->pacer.due + j->pacer.slack;
}

/*
 * Has everything been sent? A sender is done when its next packet would be due after the end, or is
 * one too many, and when that moment has come, so that N packets at a rate take N gaps; or when it
 * is too late for more.
 */
static bool measure_over(const struct tx_job *j, uint64_t now, bool *wait)
{
	uint64_t end = end_of(j->times);
	bool all = j->stats.sent >= j->count;
	bool over = (int64_t)(phase_clock(j, now) - end) >= 0;

	*wait = false;
	if (over)
		*wait = (int64_t)(now - end) < 0;
	else if (all && !j->pacer.unlimited)
		*wait = (int64_t)(now - j->pacer.due) < 0;
	else if (!all)
		return (int64_t)(now - end) > (int64_t)j->times->grace;
	return !*wait;
}

/* Move from phase to phase. Return: true if there may be something to send. */
static bool phase_ready(struct tx_job *j, uint64_t now)
{
	const struct timetable *t = j->times;
	bool wait;

	if (j->phase == TX_WAIT) {
		/* Acquire: pairs with the release when the timetable is complete. */
		if (!__atomic_load_n(&t->go, __ATOMIC_ACQUIRE) || (int64_t)(now - t->start) < 0)
			return false;
		j->phase = TX_WARM;
		schedule_from(j, t->start);
	}
	if (j->phase == TX_WARM && (int64_t)(now - end_of(t)) >= 0)
		measure_begin(j);
	if (j->phase == TX_WARM && (int64_t)(phase_clock(j, now) - t->measure) >= 0)
		measure_begin(j);
	if (j->phase != TX_MEASURE)
		return j->phase == TX_WARM;
	if (measure_over(j, now, &wait))
		measure_end(j, now);
	return j->phase == TX_MEASURE && !wait;
}

static __attribute__((cold, noinline)) void give_up_backlog(struct tx_job *j, uint64_t now)
{
	if (j->phase == TX_MEASURE) {
		counter_add(&j->stats.unsent, pacer_missed(&j->pacer, now));
		counter_add(&j->stats.skipped, 1);
	}
	pacer_skip(&j->pacer, now);
}

/* How far behind the schedule this burst leaves; of packets that are due together, the first. */
static void note_pace(struct tx_job *j, uint64_t now)
{
	uint64_t late = now - j->pacer.due;

	if (j->pacer.due == j->noted)
		return;
	j->noted = j->pacer.due;
	hist_record(&j->pace_error, stamp_ticks_to_ns(j->clock, late), 1);
	if (late > j->late_ticks)
		counter_add(&j->stats.late_bursts, 1);
}

/* The moment up to which packets are due: one that is late still sends none of after the end. */
static uint64_t due_until(const struct tx_job *j, uint64_t now)
{
	uint64_t last = end_of(j->times) - j->pacer.slack - 1;

	return j->phase == TX_MEASURE && (int64_t)(now - last) > 0 ? last : now;
}

/* Packets to send now. */
static uint16_t burst_size(struct tx_job *j, uint64_t now)
{
	uint16_t n = pacer_due(&j->pacer, due_until(j, now));

	if (!n)
		return 0;
	if (!j->pacer.unlimited && now - j->pacer.due > j->backlog_ticks)
		give_up_backlog(j, now);
	if (j->phase == TX_MEASURE && j->count - j->stats.sent < n)
		n = (uint16_t)(j->count - j->stats.sent);
	return n;
}

/* Have @n empty packets. Return: how many there are. */
static uint16_t hold(struct tx_job *j, uint16_t n)
{
	struct tx_hold *h = &j->at->hold;

	if (h->n < n)
		h->n = (uint16_t)(h->n +
				  vio_pkt_get(j->at->cache, h->pkts + h->n, (uint16_t)(n - h->n)));
	if (h->n >= n)
		return n;
	counter_add(&j->stats.no_buffers, 1);
	if (!h->n)
		vio_tx_burst(j->at->q, NULL,
			     0); /* whose buffers the device is done with come back */
	return h->n;
}

/* Buffers that were not taken are used again. */
static __attribute__((cold, noinline)) void keep_rest(struct tx_hold *h, uint16_t taken)
{
	for (uint16_t i = taken; i < h->n; i++)
		h->pkts[i - taken] = h->pkts[i];
}

/*
 * The ring took @taken of @n packets; the numbers and the turn of the others are used again, and so
 * is their place in the schedule: they leave late. Without a schedule they are gone.
 * Return: their bytes.
 */
static __attribute__((cold, noinline)) uint32_t not_taken(struct tx_job *j, uint16_t n,
							  uint16_t taken)
{
	uint32_t bytes = 0;

	for (uint16_t i = taken; i < n; i++)
		bytes += j->at->hold.pkts[i].len + SIZE_FCS;
	frames_rewind(j->frames, &j->cursor, (uint32_t)(n - taken));
	if (j->phase == TX_MEASURE) {
		counter_add(&j->stats.ring_full, 1);
		if (j->pacer.unlimited)
			counter_add(&j->stats.unsent, (uint64_t)(n - taken));
	}
	return bytes;
}

static void count_sent(struct tx_job *j, uint16_t taken, uint32_t bytes)
{
	counter_add(&j->stats.sent, taken);
	counter_add(&j->stats.bytes, bytes);
	counter_add(&j->stats.bursts, 1);
}

/* What a burst cost: the part of it that was taken. */
struct cost {
	uint64_t gen, tx;
};

/* Build @n packets and hand them over. Return: how many the ring took. */
static uint16_t send_burst(struct tx_job *j, uint16_t n, uint64_t now)
{
	struct tx_queue *at = j->at;
	struct vio_pkt *pkts = at->hold.pkts;
	uint32_t bytes = frames_build(j->frames, &j->cursor, pkts, n, j->lane, (uint32_t)j->seq,
				      stamp_ns(j->clock, now));
	uint64_t built, gone;
	struct cost cost;
	uint16_t taken;

	/* Receivers take no number for ours that is not below this one. */
	counter_set(&j->path->senders[j->lane].next, j->seq + n);
	built = vio_ticks();
	taken = tap_tx_burst(&at->tap, at->q, pkts, n);
	gone = vio_ticks();

	cost = (struct cost){ built - now, gone - built };
	j->seq += taken;
	if (taken < n) {
		bytes -= not_taken(j, n, taken);
		cost = (struct cost){ cost.gen * taken / n, cost.tx * taken / n };
	}
	if (taken < at->hold.n)
		keep_rest(&at->hold, taken);
	at->hold.n = (uint16_t)(at->hold.n - taken);
	if (!taken)
		return 0;
	if (j->phase == TX_MEASURE) {
		if (!j->pacer.unlimited)
			note_pace(j, now);
		count_sent(j, taken, bytes);
	}
	pacer_advance(&j->pacer, taken, bytes);
	j->last_sent = now;
	tx_count_cost(j, taken, cost.gen + vio_ticks() - gone, cost.tx);
	return taken;
}

bool tx_poll(struct tx_job *j)
{
	uint64_t now = vio_ticks();
	uint16_t n = 0;

	if (phase_ready(j, now))
		n = burst_size(j, now);
	else if (j->phase == TX_DONE)
		vio_tx_burst(j->at->q, NULL, 0); /* so that all buffers come back */
	if (n)
		n = hold(j, n);
	return n && send_burst(j, n, now);
}

/* When @j has something to do next: a packet, or to begin the measurement. */
static uint64_t next_due(const struct tx_job *j)
{
	const uint64_t due = j->pacer.due;

	/* The timetable is written before the warm-up, and not to be looked at earlier. */
	if (j->phase != TX_WARM || (int64_t)(due - j->times->measure) <= 0)
		return due;
	return j->times->measure;
}

/* Whoever is most behind, if anybody's packets are due; or else whoever has no schedule and had the
 * least; or else whose packets are due next, so that everybody notices the end. */
static struct tx_job *whose_turn(const struct tx_queue *q)
{
	struct tx_job *paced = NULL, *open = NULL;
	uint64_t now = vio_ticks();
	int64_t most = 0;

	for (unsigned int i = 0; i < q->n_jobs; i++) {
		struct tx_job *j = &q->jobs[i];
		int64_t late = (int64_t)(now - next_due(j));

		if (j->phase == TX_DONE)
			continue;
		if (j->pacer.unlimited) {
			open = open && open->turn <= j->turn ? open : j;
		} else if (!paced || late > most) {
			paced = j;
			most = late;
		}
	}
	if (paced && (most >= 0 || !open))
		return paced;
	return open ? open : &q->jobs[0];
}

static bool take_turn(struct tx_queue *q)
{
	struct tx_job *j = whose_turn(q);
	uint64_t before = j->seq;
	bool worked = tx_poll(j);

	j->turn += (double)(j->seq - before) / j->weight;
	return worked;
}

bool tx_queue_poll(struct tx_queue *q)
{
	if (q->answers && answers_waiting(q->answers))
		answers_send(q->answers, q->q, q->cache, &q->tap);
	if (q->jobs->replay)
		return replay_poll(q->jobs);
	return q->n_jobs == 1 ? tx_poll(q->jobs) : take_turn(q);
}

void tx_queue_fini(struct tx_queue *q)
{
	if (q->hold.n)
		vio_pkt_put(q->cache, q->hold.pkts, q->hold.n);
	q->hold.n = 0;
}
