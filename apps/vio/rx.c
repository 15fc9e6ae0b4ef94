/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <string.h>
#include <vio/offload.h>

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

/* Which stream a damaged frame was of is known if its own number is one that is still to come. */
static __attribute__((cold, noinline)) void count_corrupt(struct rx_job *j, const uint8_t *frame,
							  uint32_t len)
{
	struct path *p = j->path;
	struct frame_payload f;

	count_stranger(j, CHECK_CORRUPT);
	for (unsigned int s = 0; p->timed && measuring(p) && s < p->streams; s++) {
		struct track *t;
		bool awaited;

		if (!says_lane(p, s, frame, len, &f))
			continue;
		t = &p->tracks[ntohs(f.stream_ns) >> 10];
		if (p->shared)
			track_lock(t);
		awaited = track_awaits(t, ntohl(f.seq));
		if (p->shared)
			track_unlock(t);
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
	if (p->shared)
		track_lock(&p->tracks[info->stream]);
	v = track_seen(&p->tracks[info->stream], &j->order[info->stream], info->seq,
		       len + SIZE_FCS);
	if (p->shared)
		track_unlock(&p->tracks[info->stream]);
	if (v == TRACK_FOREIGN)
		count_stranger(j, CHECK_FOREIGN);
	else if (v == TRACK_RECEIVED && p->timed)
		hist_record(&j->latency[p->lane[info->stream].stream],
			    now_ns > info->sent_ns ? now_ns - info->sent_ns : 0, 1);
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

static void check_burst(struct rx_job *j, const struct vio_pkt *pkts, uint16_t n, uint64_t now_ns)
{
	for (uint16_t i = 0; i < n;) {
		uint16_t segments = vio_pkt_segments(pkts + i, (uint16_t)(n - i));
		struct check_info info;
		enum check_result r;
		uint32_t len = 0;

		if (!segments)
			break;
		r = check_packet(j, pkts + i, segments, &info, &len);
		if (r == CHECK_OURS && !info.odd_macs)
			j->last_odd = false;
		else if (r == CHECK_OURS && macs_damaged(j, pkts[i].data))
			r = CHECK_CORRUPT;
		if (r == CHECK_OURS)
			account(j, &info, len, now_ns);
		else if (r == CHECK_CORRUPT)
			count_corrupt(j, pkts[i].data, pkts[i].len);
		else
			count_stranger(j, r);
		if (r == CHECK_FOREIGN && j->answers)
			answers_take(j->answers, pkts + i, segments);
		i = (uint16_t)(i + segments);
	}
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
