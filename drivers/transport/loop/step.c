/* SPDX-License-Identifier: BSD-3-Clause */
#include <vio/clock.h>

#include "random.h"
#include "shared.h"

/* One call of vio_loop_step(); its counts are added to the device's once, at the end. */
struct step {
	struct vio_loop *loop;
	struct vio_loop_stats add;
	uint64_t now_ns;
	uint32_t budget;
	bool behind; /* more frames may be waiting */
};

/* One pair's receive side during a step. */
struct delivery {
	struct step *step;
	struct queue *rx;
};

/* Write @len bytes into the writable pieces of @c, from byte @off of the buffer on. */
static void scatter(struct queue *q, const struct chain *c, uint64_t off, const uint8_t *from,
		    uint32_t len)
{
	const struct seg *s = &q->segs[c->seg + c->n_read];

	for (; off >= s->len && len; s++)
		off -= s->len;
	for (; len; s++, off = 0) {
		uint32_t n = min_u32(s->len - (uint32_t)off, len);

		shared_copy(q, s->p + off, from, n);
		from += n;
		len -= n;
	}
}

static void put_header(struct queue *q, const struct chain *c, const struct frame_hdr *hdr,
		       uint16_t buffers)
{
	uint16_t hdr_len = q->loop->hdr_len;
	struct frame_hdr h = *hdr;

	h.base.num_buffers = le16_from(buffers);
	if (likely(hdr_len == NET_HDR_LEN_BASE && q->segs[c->seg].len >= NET_HDR_LEN_BASE))
		shared_copy(q, q->segs[c->seg].p, &h, NET_HDR_LEN_BASE);
	else
		scatter(q, c, 0, (const uint8_t *)&h, hdr_len);
}

/* How many buffers a frame takes; 0: there are not enough, or it fits none. */
static uint16_t count_buffers(struct queue *q, uint64_t bytes)
{
	uint32_t n = 0;

	for (uint64_t room = 0; room < bytes;) {
		const struct chain *c = queue_peek_at(q, n);

		if (!c || n == UINT16_MAX)
			return 0;
		room += c->write_bytes;
		n++;
		if (!q->loop->mrg && room < bytes)
			return 0;
	}
	return (uint16_t)n;
}

/* "ooo": receive buffers are not taken in the order in which they were made available. */
static void pick_any(struct queue *q)
{
	struct chain *first, *other, swap;
	uint32_t n = 0;

	while (n < LOOP_AHEAD && queue_peek_at(q, n))
		n++;
	if (n < 2)
		return;
	first = queue_peek_at(q, 0);
	other = queue_peek_at(q, random_below(&q->loop->pair[q->index / 2].random, n));
	swap = *first;
	*first = *other;
	*other = swap;
}

/* Mergeable: all buffers but the last are filled ("Processing of Incoming Packets"). */
static void put_merged(struct queue *q, const uint8_t *frame, uint32_t len, uint16_t buffers)
{
	uint64_t off = q->loop->hdr_len;

	for (uint16_t i = 0; i < buffers; i++, off = 0) {
		const struct chain *c = queue_peek_at(q, i);
		uint32_t n = (uint32_t)min_size(c->write_bytes - off, len);

		scatter(q, c, off, frame, n);
		queue_done(q, c, (uint32_t)(off + n));
		frame += n;
		len -= n;
	}
}

/* Give one frame to the driver; @frame NULL: its bytes do not matter. */
static bool deliver(void *arg, const struct frame_hdr *hdr, const uint8_t *frame, uint32_t len)
{
	struct delivery *to = arg;
	struct queue *q = to->rx;
	uint32_t hdr_len = q->loop->hdr_len;
	struct chain *c;
	uint16_t buffers = 1;

	if (unlikely(q->loop->opt.ooo && !q->in_order))
		pick_any(q);
	c = queue_peek(q);
	if (unlikely(!c || c->write_bytes < hdr_len + len))
		buffers = c ? count_buffers(q, (uint64_t)hdr_len + len) : 0;
	if (unlikely(!buffers || c->write_bytes < hdr_len)) {
		to->step->add.no_buffer++;
		return false;
	}
	put_header(q, c, hdr, buffers);
	if (likely(buffers == 1)) {
		if (frame)
			scatter(q, c, hdr_len, frame, len);
		queue_done(q, c, hdr_len + len);
	} else {
		put_merged(q, frame, len, buffers);
	}
	queue_pop(q, buffers);
	to->step->add.out++;
	return true;
}

/* What the receiver has not agreed to is done for it, as by any device. */
static COLD void deliver_offloaded(struct delivery *to, struct record *r)
{
	struct vio_loop *loop = to->rx->loop;

	if (!gso_allowed(loop, &r->hdr)) {
		if (!frame_segment(loop, r, deliver, to))
			to->step->add.no_buffer++;
		return;
	}
	if (!loop_has(loop, NET_F_GUEST_CSUM))
		frame_checksum(r);
	deliver(to, &r->hdr, r->frame, r->len);
}

static uint32_t empty_inbox(struct delivery *to, struct inbox *in)
{
	struct step *s = to->step;
	struct record *r;
	uint32_t n = 0;

	for (; n < s->budget && (r = inbox_first(in)) != NULL; n++) {
		if (r->due_ns > s->now_ns)
			break;
		if (likely(!r->hdr.base.flags && !r->hdr.base.gso_type))
			deliver(to, &r->hdr, r->frame, r->len);
		else
			deliver_offloaded(to, r);
		inbox_pop(in);
	}
	return n;
}

/* A frame that the device makes up: broadcast, an experimental EtherType, its number. */
static void make_frame(struct vio_loop *loop, struct pair *p, uint8_t *frame)
{
	static const uint8_t to_all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	memcpy(frame, to_all, 6);
	memcpy(frame + 6, loop->config.mac, 6);
	frame[12] = 0x88;
	frame[13] = 0xb5;
	for (uint32_t i = 0; i < 8; i++)
		frame[14 + i] = (uint8_t)(p->source_seq >> (56 - 8 * i));
}

static uint32_t run_source(struct delivery *to, struct pair *p)
{
	static const struct frame_hdr plain;
	struct vio_loop *loop = to->rx->loop;
	uint32_t n = 0;

	for (; n < to->step->budget && queue_peek(to->rx); n++) {
		uint32_t len = p->source_len;

		if (!loop->opt.null)
			make_frame(loop, p, loop->bounce);
		if (!deliver(to, &plain, loop->opt.null ? NULL : loop->bounce, len))
			break;
		p->source_seq++;
		p->source_len = len < loop->opt.src_len_max ? len + 1 : (uint32_t)loop->opt.src_len;
	}
	return n;
}

/* Copy the frame out of a transmit buffer: everything behind the header. */
static void gather(const struct queue *q, const struct chain *c, uint8_t *to)
{
	uint32_t skip = q->loop->hdr_len;
	const struct seg *s = &q->segs[c->seg], *end = s + c->n_read;

	for (; s < end; s++) {
		uint32_t cut = min_u32(skip, s->len);

		memcpy(to, s->p + cut, s->len - cut);
		to += s->len - cut;
		skip -= cut;
	}
}

static void inbox_copy(struct step *s, struct inbox *in, const struct record *from)
{
	struct record *r = inbox_room(in, from->len);

	if (!r) {
		s->add.no_buffer++;
		return;
	}
	r->due_ns = from->due_ns;
	r->hdr = from->hdr;
	memcpy(r->frame, from->frame, from->len);
	inbox_push(in, r);
}

/* Let the frame that was held back take its place again. */
static void release_held(struct step *s, struct pair *p, struct inbox *in)
{
	p->held_for = 0;
	inbox_copy(s, in, p->held);
}

/* Hold @r back so that the next ones overtake it; one at a time. */
static bool hold(struct step *s, struct pair *p, const struct record *r)
{
	if (p->held_for || !random_chance(&p->random, s->loop->opt.reorder))
		return false;
	memcpy(p->held, r, sizeof(*r) + r->len);
	p->held_for = (uint32_t)s->loop->opt.distance;
	s->add.reordered++;
	return true;
}

static void corrupt(struct step *s, struct pair *p, struct record *r)
{
	if (!random_chance(&p->random, s->loop->opt.corrupt))
		return;
	r->frame[random_below(&p->random, r->len)] ^= (uint8_t)(1u << random_below(&p->random, 8));
	s->add.corrupted++;
}

#define FRAME_CREDIT UINT64_C(1000000000)
#define FILL_NS_MAX  UINT64_C(1000000000) /* so that credit does not overflow */

static void bucket_limit(struct bucket *b, uint64_t most)
{
	if (b->credit > most)
		b->credit = most;
}

/*
 * What has become free since the last step. It is cut to the buffer's size only when all frames
 * are taken: those that waited in the ring while nobody stepped the device are carried as if
 * somebody had.
 */
static COLD void bucket_fill(struct step *s)
{
	const struct loop_options *opt = &s->loop->opt;
	struct bucket *b = &s->loop->bucket;
	uint64_t ns = s->now_ns - b->filled_ns;

	if (!b->filled_ns)
		b->credit = opt->buffer * FRAME_CREDIT;
	else
		b->credit += (ns < FILL_NS_MAX ? ns : FILL_NS_MAX) * opt->capacity;
	b->filled_ns = s->now_ns;
	bucket_limit(b, (opt->buffer + opt->capacity) * FRAME_CREDIT);
}

/* Is there capacity for one frame more? */
static bool bucket_take(struct vio_loop *loop)
{
	if (!loop->opt.capacity)
		return true;
	if (loop->bucket.credit < FRAME_CREDIT)
		return false;
	loop->bucket.credit -= FRAME_CREDIT;
	return true;
}

static COLD void send_impaired(struct step *s, struct pair *p, struct inbox *in, struct record *r)
{
	const struct loop_options *opt = &s->loop->opt;

	if (!bucket_take(s->loop) || random_chance(&p->random, opt->loss)) {
		s->add.lost++;
		return;
	}
	corrupt(s, p, r);
	r->due_ns = opt->delay_ns ? s->now_ns + opt->delay_ns : 0;
	if (hold(s, p, r))
		return;
	inbox_push(in, r);
	if (random_chance(&p->random, opt->dup)) {
		inbox_copy(s, in, r);
		s->add.duplicated++;
	}
	if (p->held_for && !--p->held_for)
		release_held(s, p, in);
}

static void take_frame(struct step *s, struct pair *p, struct queue *tx, const struct chain *c,
		       struct inbox *in)
{
	struct vio_loop *loop = s->loop;
	struct frame_hdr hdr;
	struct record *r;

	if (!frame_take(loop, tx, c, &hdr) || !in)
		return;
	r = inbox_room(in, (uint32_t)c->read_bytes - loop->hdr_len);
	r->hdr = hdr;
	r->due_ns = 0;
	gather(tx, c, r->frame);
	if (likely(!loop->impaired))
		inbox_push(in, r);
	else
		send_impaired(s, p, in, r);
}

/* Take frames from the driver into @in; NULL: nobody gets them. */
static uint32_t take_frames(struct step *s, struct pair *p, struct queue *tx, struct inbox *in)
{
	bool look = in || !s->loop->opt.null;
	struct chain c;
	uint32_t n = 0;

	/* There is room for any frame before one is taken, so that none has to be put aside. */
	for (; n < s->budget && (!in || inbox_has_room(in)) && queue_take(tx, &c); n++) {
		if (look)
			take_frame(s, p, tx, &c, in);
		queue_done(tx, &c, 0);
	}
	s->add.in += n;
	s->behind |= n == s->budget;
	if (unlikely(p->held_for && !n && in))
		release_held(s, p, in);
	return n;
}

/* The inbox that takes what pair @i sends; NULL: nobody does. */
static struct inbox *inbox_for(struct vio_loop *loop, uint32_t i)
{
	struct vio_loop *peer;

	if (loop->opt.behaviour == LOOP_ECHO)
		return &loop->pair[i].inbox;
	if (loop->opt.behaviour != LOOP_PAIR || !loop->link)
		return NULL;
	peer = loop->link->end[!loop->end];
	if (!peer || !(peer->status & STATUS_DRIVER_OK))
		return NULL;
	i %= peer->pairs;
	/* Its driver may have named more pairs than it has set up. */
	return peer->pair[i].inbox.bytes ? &peer->pair[i].inbox : NULL;
}

static uint32_t step_pair(struct step *s, uint32_t i)
{
	struct vio_loop *loop = s->loop;
	struct queue *rx = loop->queue[QUEUE_RX(i)], *tx = loop->queue[QUEUE_TX(i)];
	struct delivery to = { s, rx };
	uint32_t moved = 0;

	if (tx) {
		moved += take_frames(s, &loop->pair[i], tx, inbox_for(loop, i));
		queue_flush(tx);
	}
	if (rx) {
		if (loop->opt.behaviour == LOOP_SOURCE)
			moved += run_source(&to, &loop->pair[i]);
		else
			moved += empty_inbox(&to, &loop->pair[i].inbox);
		queue_flush(rx);
	}
	return moved;
}

static void add_stats(struct vio_loop_stats *to, const struct vio_loop_stats *add)
{
	stat_add(&to->in, add->in);
	stat_add(&to->out, add->out);
	stat_add(&to->lost, add->lost);
	stat_add(&to->duplicated, add->duplicated);
	stat_add(&to->reordered, add->reordered);
	stat_add(&to->corrupted, add->corrupted);
	stat_add(&to->no_buffer, add->no_buffer);
}

static uint32_t step_all(struct vio_loop *loop, uint32_t budget)
{
	struct step s = { .loop = loop, .budget = min_u32(budget, (uint32_t)loop->opt.slow) };
	uint32_t moved = 0;

	if (!(loop->status & STATUS_DRIVER_OK))
		return 0;
	/* A peer may delay what it sends here, too. */
	if (loop->opt.delay_ns || loop->opt.capacity || loop->opt.behaviour == LOOP_PAIR)
		s.now_ns = vio_clock_ns();
	if (unlikely(loop->opt.capacity))
		bucket_fill(&s);
	for (uint32_t i = 0; i < loop->pairs; i++)
		moved += step_pair(&s, i);
	if (unlikely(loop->opt.capacity) && !s.behind)
		bucket_limit(&loop->bucket, loop->opt.buffer * FRAME_CREDIT);
	add_stats(&loop->stats, &s.add);
	return moved;
}

unsigned int vio_loop_step(struct vio_loop *loop, unsigned int budget)
{
	uint32_t moved;

	loop_lock(loop);
	moved = step_all(loop, budget);
	loop_unlock(loop);
	return moved;
}

void vio_loop_stats(const struct vio_loop *loop, struct vio_loop_stats *stats)
{
	*stats = (struct vio_loop_stats){
		.in = stat_read(&loop->stats.in),
		.out = stat_read(&loop->stats.out),
		.lost = stat_read(&loop->stats.lost),
		.duplicated = stat_read(&loop->stats.duplicated),
		.reordered = stat_read(&loop->stats.reordered),
		.corrupted = stat_read(&loop->stats.corrupted),
		.no_buffer = stat_read(&loop->stats.no_buffer),
		.kicks = stat_read(&loop->stats.kicks),
	};
}
