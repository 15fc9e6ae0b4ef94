/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <string.h>
#include <vio/offload.h>

#include "plain.h"
#include "worker.h"

/* A packet of several segments is checked in one piece. */
#define FLAT_MAX 65536u

struct flat {
	const uint8_t *data;
	uint32_t len;
	bool csum_done;
	uint8_t room[FLAT_MAX];
};

/* Not what was guessed: whoever knows it as an intact one of his, or else as a damaged one. */
static __attribute__((cold, noinline)) enum check_result check_all(struct rx_job *j,
								   const uint8_t *frame,
								   uint32_t len, bool csum_done,
								   struct check_info *info)
{
	const struct path *p = j->path;
	bool corrupt = false;

	for (unsigned int s = 0; s < p->streams; s++) {
		enum check_result r = check_frame(&p->id[s], frame, len, csum_done, info);

		if (r == CHECK_OURS && info->stream < p->lanes &&
		    p->lane[info->stream].stream == s) {
			j->guess = s;
			return r;
		}
		corrupt |= r == CHECK_CORRUPT;
	}
	return corrupt ? CHECK_CORRUPT : CHECK_FOREIGN;
}

static inline enum check_result check_one(struct rx_job *j, const uint8_t *frame, uint32_t len,
					  bool csum_done, struct check_info *info)
{
	const struct path *p = j->path;
	enum check_result r = check_frame(&p->id[j->guess], frame, len, csum_done, info);

	if (p->streams == 1)
		return r;
	if (r == CHECK_OURS && info->stream < p->lanes &&
	    (p->same_macs || p->lane[info->stream].stream == j->guess))
		return r;
	return check_all(j, frame, len, csum_done, info);
}

/* Return: false if the packet is longer than any that we send. */
static bool flatten(const struct vio_pkt *pkts, uint16_t n, struct flat *f)
{
	f->len = 0;
	f->data = f->room;
	for (uint16_t i = 0; i < n; i++) {
		if (pkts[i].len > FLAT_MAX - f->len)
			return false;
		memcpy(f->room + f->len, pkts[i].data, pkts[i].len);
		f->len += pkts[i].len;
	}
	return true;
}

/* With offload data: has the device left the checksum to us? */
static bool csum_left(const struct vio_pkt *pkt, uint32_t frame_len)
{
	struct vio_offload off;

	return vio_offload_get(pkt, frame_len, &off) == 0 && off.csum_needed;
}

static __attribute__((cold, noinline)) enum check_result
check_segments(struct rx_job *j, const struct vio_pkt *pkts, uint16_t n, struct check_info *info,
	       uint32_t *len)
{
	struct flat f;

	if (!flatten(pkts, n, &f))
		return CHECK_FOREIGN;
	*len = f.len;
	f.csum_done = pkts[0].flags & VIO_PKT_OFFLOAD && csum_left(&pkts[0], f.len);
	return check_one(j, f.data, f.len, f.csum_done, info);
}

static inline enum check_result check_packet(struct rx_job *j, const struct vio_pkt *pkts,
					     uint16_t n, struct check_info *info, uint32_t *len)
{
	if (__builtin_expect(n > 1 || pkts[0].flags, 0))
		return check_segments(j, pkts, n, info, len);
	*len = pkts[0].len;
	return check_one(j, pkts[0].data, pkts[0].len, false, info);
}

/* Do packets count already? Frames of others, and damaged ones, have no number to tell by. */
static bool measuring(const struct path *p)
{
	return !p->timed ||
	       __atomic_load_n(&p->senders[0].measure_from, __ATOMIC_RELAXED) != UINT64_MAX;
}

static void count_stranger(struct rx_job *j, enum check_result r)
{
	if (measuring(j->path))
		counter_add(r == CHECK_CORRUPT ? &j->stats.corrupt : &j->stats.foreign, 1);
}

/* The lane that a damaged frame says it is of, if it is laid out as one of stream @s. */
static bool says_lane(const struct path *p, unsigned int s, const uint8_t *frame, uint32_t len,
		      struct frame_payload *out)
{
	unsigned int lane;

	if (len < p->id[s].at.payload + sizeof(*out))
		return false;
	memcpy(out, frame + p->id[s].at.payload, sizeof(*out));
	lane = ntohs(out->stream_ns) >> 10;
	return ntohl(out->magic) == FRAME_MAGIC && lane < p->lanes && p->lane[lane].stream == s;
}

/* The books of a lane are for this thread alone until they are closed. */
static inline void books_open(const struct path *p, unsigned int lane)
{
	if (p->shared)
		track_lock(&p->tracks[lane]);
}

static inline void books_close(const struct path *p, unsigned int lane)
{
	if (p->shared)
		track_unlock(&p->tracks[lane]);
}

/* Of @n packets that came together on @p, which is timed. */
static inline void note_latency(struct rx_job *j, const struct path *p,
				const struct check_info *info, uint64_t now_ns, uint32_t n)
{
	hist_record(&j->latency[p->lane[info->stream].stream],
		    now_ns > info->sent_ns ? now_ns - info->sent_ns : 0, n);
}

/* Which stream a damaged frame was of is known if its own number is one that is still to come. */
static __attribute__((cold, noinline)) void count_corrupt(struct rx_job *j, const uint8_t *frame,
							  uint32_t len)
{
	struct path *p = j->path;
	struct frame_payload f;

	count_stranger(j, CHECK_CORRUPT);
	for (unsigned int s = 0; p->timed && measuring(p) && s < p->streams; s++) {
		unsigned int lane;
		bool awaited;

		if (!says_lane(p, s, frame, len, &f))
			continue;
		lane = ntohs(f.stream_ns) >> 10;
		books_open(p, lane);
		awaited = track_awaits(&p->tracks[lane], ntohl(f.seq));
		books_close(p, lane);
		if (awaited)
			counter_add(&j->corrupt[s], 1);
		return;
	}
}

static void account(struct rx_job *j, const struct check_info *info, uint32_t len, uint64_t now_ns)
{
	struct path *p = j->path;
	enum track_verdict v;

	if (info->stream >= p->lanes || (p->timed && info->sent_ns < p->since_ns)) {
		count_stranger(j, CHECK_FOREIGN);
		return;
	}
	books_open(p, info->stream);
	v = track_seen(&p->tracks[info->stream], &j->order[info->stream], info->seq,
		       len + SIZE_FCS);
	books_close(p, info->stream);
	if (v == TRACK_FOREIGN)
		count_stranger(j, CHECK_FOREIGN);
	else if (v == TRACK_RECEIVED && p->timed)
		note_latency(j, p, info, now_ns, 1);
}

/*
 * No checksum covers the addresses. One that differs from ours in a single bit is damage, unless
 * the next frame has the same: then a device on the way writes it.
 */
static __attribute__((cold, noinline)) bool macs_damaged(struct rx_job *j, const uint8_t *frame)
{
	bool same = j->last_odd && !memcmp(j->last_macs, frame, sizeof(j->last_macs));

	j->last_odd = true;
	memcpy(j->last_macs, frame, sizeof(j->last_macs));
	return !same;
}

/* Packets of one burst of the sender's, one after the other: they share the stamp. */
struct run {
	struct plain first;
	uint32_t seq; /* of the first */
	uint32_t n;
	uint64_t bytes; /* without FCS */
};

/* One comparison for all; a run of none goes on with nothing. */
static inline bool run_goes_on(const struct run *r, const struct plain *p)
{
	return r->n && !((ntohl(p->seq) ^ (r->seq + r->n)) | (p->time ^ r->first.time) |
			 (p->stream_ns ^ r->first.stream_ns));
}

/* The usual case: all were sent by this run and are the next ones. */
static bool account_run(struct rx_job *j, const struct run *r, const struct check_info *info,
			uint64_t now_ns)
{
	struct path *p = j->path;
	bool usual;

	if (info->stream >= p->lanes || (p->timed && info->sent_ns < p->since_ns))
		return false;
	books_open(p, info->stream);
	usual = track_run(&p->tracks[info->stream], &j->order[info->stream], info->seq, r->n,
			  r->bytes + r->n * SIZE_FCS);
	books_close(p, info->stream);
	if (usual && p->timed)
		note_latency(j, p, info, now_ns, r->n);
	return usual;
}

/* Account for the run that ends at @end. */
static void run_end(struct rx_job *j, struct run *r, const struct vio_pkt *end, uint64_t now_ns)
{
	struct check_info info;

	if (!r->n)
		return;
	plain_info(&r->first, &info);
	if (!account_run(j, r, &info, now_ns))
		for (const struct vio_pkt *pkt = end - r->n; pkt < end; pkt++, info.seq++)
			account(j, &info, pkt->len, now_ns);
	j->last_odd = false;
	r->n = 0;
}

/* Where addresses tell streams apart, the lane must be one of the stream that is likely. */
static inline bool lane_fits(const struct rx_job *j, const struct plain *plain)
{
	const struct path *p = j->path;
	unsigned int lane = ntohs(plain->stream_ns) >> 10;

	return p->streams == 1 || p->same_macs ||
	       (lane < p->lanes && p->lane[lane].stream == j->guess);
}

/* Add a packet to the run, or begin another with it. Return: false if it is not a plain one. */
static inline bool run_add(struct rx_job *j, struct run *r, struct plain_like *like,
			   const struct vio_pkt *pkt, uint64_t now_ns)
{
	struct plain p;

	if (pkt->flags || !plain_frame(like, pkt->data, pkt->len, &p))
		return false;
	if (!run_goes_on(r, &p)) {
		if (!lane_fits(j, &p))
			return false;
		run_end(j, r, pkt, now_ns);
		*r = (struct run){ .first = p, .seq = ntohl(p.seq) };
	}
	r->n++;
	r->bytes += pkt->len;
	return true;
}

/* Whatever it is, from the beginning. */
static __attribute__((noinline)) void check_any(struct rx_job *j, const struct vio_pkt *pkts,
						uint16_t segments, uint64_t now_ns)
{
	struct check_info info;
	uint32_t len = 0;
	enum check_result r = check_packet(j, pkts, segments, &info, &len);

	if (r == CHECK_OURS && !info.odd_macs)
		j->last_odd = false;
	else if (r == CHECK_OURS && macs_damaged(j, pkts->data))
		r = CHECK_CORRUPT;
	if (r == CHECK_OURS)
		account(j, &info, len, now_ns);
	else if (r == CHECK_CORRUPT)
		count_corrupt(j, pkts->data, pkts->len);
	else
		count_stranger(j, r);
	if (r == CHECK_FOREIGN && j->answers)
		answers_take(j->answers, pkts, segments);
}

static void check_burst(struct rx_job *j, const struct vio_pkt *pkt, uint16_t n, uint64_t now_ns)
{
	const struct vio_pkt *const end = pkt + n;
	const struct check_id *id = j->path->id;
	struct run run = { .n = 0 };
	struct plain_like like;

	plain_begin(&like, &id[j->guess]);
	while (pkt < end) {
		uint16_t segments;

		if (run_add(j, &run, &like, pkt, now_ns)) {
			pkt++;
			continue;
		}
		run_end(j, &run, pkt, now_ns);
		segments = vio_pkt_segments(pkt, (uint16_t)(end - pkt));
		if (!segments)
			return;
		check_any(j, pkt, segments, now_ns);
		if (like.id != &id[j->guess])
			plain_begin(&like, &id[j->guess]);
		pkt += segments;
	}
	run_end(j, &run, pkt, now_ns);
}

static void count_cost(struct rx_job *j, uint16_t n, uint64_t rx, uint64_t check)
{
	if (rx + check > j->cost_limit)
		return;
	counter_add(&j->stats.cost_packets, n);
	counter_add(&j->stats.rx_ticks, rx);
	counter_add(&j->stats.check_ticks, check);
}

bool rx_poll(struct rx_job *j)
{
	struct vio_pkt pkts[BURST_MAX];
	uint64_t before = vio_ticks(), got;
	uint16_t n = tap_rx_burst(&j->tap, j->q, pkts, j->burst);

	if (!n)
		return false;
	got = vio_ticks();
	check_burst(j, pkts, n, stamp_ns(j->clock, got));
	vio_pkt_put(j->cache, pkts, n);
	count_cost(j, n, got - before, vio_ticks() - got);
	return true;
}
