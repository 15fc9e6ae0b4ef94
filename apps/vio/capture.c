/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <vio/clock.h>

#include "apart.h"
#include "capture_sink.h"
#include "fail.h"
#include "relaxed.h"
#include "version.h"

#define RING_BYTES  (UINT32_C(1) << 23)
#define NAP_NS      1000000
#define PATIENCE_NS UINT64_C(2000000000)

/* Frames wait so long for older ones of other queues, whose worker may just be at them. */
#define ORDER_NS UINT64_C(10000000)

struct source {
	struct tap *tap;
	struct capture_ring ring;
	bool tapped;
	const uint8_t *next; /* the oldest block; NULL: none */
	uint32_t next_len;
	uint64_t next_ns;
};

struct capture {
	struct capture_opts opts;
	const struct capture_source *src;
	struct capture_filter *filter;
	char *filter_text; /* a copy of the caller's */
	struct source *sources;
	unsigned int n;
	struct capture_sink sink;
	uint64_t began_ns;
	uint64_t pending; /* frames that wait in the sink's buffer */
	struct capture_stats stats;
	bool stop, done;
	pthread_t thread;
};

static uint64_t now_ns(const struct capture *c)
{
	return stamp_ns(c->src->clock, vio_ticks());
}

static bool flag_get(const bool *flag)
{
	return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

static void flag_set(bool *flag)
{
	__atomic_store_n(flag, true, __ATOMIC_RELEASE);
}

/* The file can't be written any more. The taps go on, and what they give is counted as lost. */
static void give_up(struct capture *c, int error)
{
	c->stats.error = error;
	c->stats.lost += c->pending;
	c->pending = 0;
	if (c->opts.title)
		fail(FAIL_FILE, strerror(error), "%s: the capture ends after %llu frames",
		     c->opts.title, (unsigned long long)c->stats.written);
	flag_set(&c->done);
}

static void flush(struct capture *c)
{
	int rc = c->stats.error || c->opts.put ? 0 : capture_sink_flush(&c->sink);

	if (rc) {
		give_up(c, rc);
		return;
	}
	c->stats.written += c->pending;
	c->pending = 0;
}

static void write_block(struct capture *c, const uint8_t *block, uint32_t len)
{
	int rc;

	if (c->stats.error)
		return;
	if (c->opts.put) {
		rc = c->opts.put(block, len);
		if (rc)
			give_up(c, rc);
	} else if (capture_sink_put(&c->sink, block, len)) {
		flush(c);
	}
}

static void write_packet(struct capture *c, const uint8_t *block, uint32_t len)
{
	if (c->stats.error) {
		c->stats.lost++;
		return;
	}
	if (c->opts.count && c->stats.written + c->pending == c->opts.count)
		return;
	c->pending++;
	write_block(c, block, len);
}

static void write_header(struct capture *c)
{
	uint8_t block[PCAPNG_HEAD_MAX];
	char program[64];

	snprintf(program, sizeof(program), "vio %s", tool_version);
	write_block(c, block, pcapng_section(block, program));
	for (unsigned int i = 0; i < c->src->n_ports; i++)
		write_block(
			c, block,
			pcapng_interface(block, c->src->ports[i], c->filter_text, c->opts.snap));
}

static void add_counts(struct pcapng_counts *sum, const struct capture_ring *r)
{
	struct pcapng_counts c = capture_ring_counts(r);

	pcapng_counts_add(sum, &c);
}

/* What each port has seen, over its queues and both directions. */
static void write_stats(struct capture *c)
{
	uint64_t ended = now_ns(c);
	uint8_t block[PCAPNG_HEAD_MAX];

	for (unsigned int i = 0; i < c->src->n_ports; i++) {
		struct pcapng_counts sum = { 0 };

		for (unsigned int k = 0; k < c->n; k++)
			if (c->sources[k].ring.form.interface == i)
				add_counts(&sum, &c->sources[k].ring);
		write_block(c, block, pcapng_stats(block, i, c->began_ns, ended, &sum));
	}
}

static void source_next(struct source *s)
{
	struct pcapng_packet p = { 0 };

	s->next = capture_ring_peek(&s->ring, &s->next_len);
	if (s->next && pcapng_packet_read(s->next, s->next_len, &p))
		s->next_ns = p.ns;
}

/* Look at all rings. Return: true if one is half full. */
static bool look(struct capture *c)
{
	bool crowded = false;

	for (unsigned int i = 0; i < c->n; i++) {
		struct source *s = &c->sources[i];

		crowded |= capture_ring_look(&s->ring) > s->ring.bytes / 2;
		source_next(s);
	}
	return crowded;
}

static struct source *oldest(struct capture *c)
{
	struct source *best = NULL;

	for (unsigned int i = 0; i < c->n; i++) {
		struct source *s = &c->sources[i];

		if (s->next && (!best || s->next_ns < best->next_ns))
			best = s;
	}
	return best;
}

/* Write what is there, in the order of time, up to a moment ago or, at the @end, all of it. */
static void write_round(struct capture *c, bool end)
{
	uint64_t until = now_ns(c) - ORDER_NS;
	struct source *s;

	if (look(c) || end)
		until = UINT64_MAX;
	while ((s = oldest(c)) && s->next_ns <= until) {
		write_packet(c, s->next, s->next_len);
		capture_ring_pop(&s->ring, s->next_len);
		source_next(s);
	}
	flush(c);
	if (c->opts.count && c->stats.written == c->opts.count)
		flag_set(&c->done);
}

static void *capture_main(void *arg)
{
	struct capture *c = arg;
	sigset_t all;

	/* Signals are for the main thread; a pipe that breaks is an error of write(). */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	write_header(c);
	while (!flag_get(&c->stop)) {
		write_round(c, false);
		if (!c->stats.error && !c->opts.put && capture_sink_gone(&c->sink))
			flag_set(&c->done);
		nanosleep(&(struct timespec){ 0, NAP_NS }, NULL);
	}
	write_round(c, true);
	write_stats(c);
	flush(c);
	return NULL;
}

static bool tap_all(struct capture *c, struct why *why)
{
	for (unsigned int i = 0; i < c->n; i++) {
		c->sources[i].tapped = tap_add(c->sources[i].tap, &c->sources[i].ring);
		if (!c->sources[i].tapped)
			return why_set(why,
				       "%u captures are under way, and there is no room for "
				       "one more",
				       TAP_CAPTURES);
	}
	return true;
}

/* Return: false if a worker still has a ring. */
static bool untap_all(struct capture *c)
{
	bool clear = true;

	for (unsigned int i = 0; i < c->n; i++)
		if (c->sources[i].tapped)
			clear &= tap_remove(c->sources[i].tap, &c->sources[i].ring);
	return clear;
}

static bool open_sources(struct capture *c, struct why *why)
{
	const struct capture_source *src = c->src;

	c->sources = apart_alloc(src->n_points, sizeof(*c->sources));
	if (!c->sources)
		return why_set(why, "no memory for %u queues", src->n_points);
	for (; c->n < src->n_points; c->n++) {
		const struct capture_point *p = &src->points[c->n];
		struct pcapng_packet form = { .interface = p->port,
					      .queue = p->queue,
					      .sent = p->sent };
		struct source *s = &c->sources[c->n];

		*s = (struct source){ .tap = p->tap };
		if (!capture_ring_init(&s->ring, c->opts.ring_bytes, c->opts.snap, c->filter,
				       &form))
			return why_set(why, "no memory for %u queues", src->n_points);
		s->ring.clock = src->clock;
	}
	return true;
}

static void free_all(struct capture *c)
{
	capture_filter_free(c->filter);
	free(c->filter_text);
	capture_sink_fini(&c->sink);
	for (unsigned int i = 0; i < c->n; i++)
		capture_ring_fini(&c->sources[i].ring);
	free(c->sources);
	free(c);
}

static bool set_filter(struct capture *c, struct why *why)
{
	c->filter_text = strdup(c->opts.filter);
	if (!c->filter_text)
		return why_set(why, "no memory for a filter");
	return capture_filter_make(c->filter_text, &c->filter, why);
}

static bool begin(struct capture *c, struct why *why)
{
	if (c->opts.filter && !set_filter(c, why))
		return false;
	if (!c->opts.put && !capture_sink_init(&c->sink, c->opts.fd))
		return why_set(why, "no memory for the file's buffer");
	if (!open_sources(c, why) || !tap_all(c, why))
		return false;
	if (pthread_create(&c->thread, NULL, capture_main, c))
		return why_set(why, "no thread to write with");
	return true;
}

bool capture_open(const struct capture_source *src, const struct capture_opts *opts,
		  struct capture **out, struct why *why)
{
	struct capture *c = calloc(1, sizeof(*c));

	if (!c)
		return why_set(why, "no memory for a capture");
	c->opts = *opts;
	c->src = src;
	if (!c->opts.ring_bytes)
		c->opts.ring_bytes = RING_BYTES;
	if (!c->opts.snap || c->opts.snap > CAPTURE_SNAP_MAX)
		c->opts.snap = CAPTURE_SNAP_MAX;
	c->began_ns = now_ns(c);
	if (begin(c, why)) {
		*out = c;
		return true;
	}
	if (untap_all(c))
		free_all(c);
	return false;
}

bool capture_done(const struct capture *c)
{
	return flag_get(&c->done);
}

void capture_close(struct capture *c, struct capture_stats *stats)
{
	bool clear = untap_all(c);

	capture_sink_hurry(&c->sink, vio_clock_ns() + PATIENCE_NS);
	flag_set(&c->stop);
	pthread_join(c->thread, NULL);
	for (unsigned int i = 0; i < c->n; i++)
		add_counts(&c->stats.counts, &c->sources[i].ring);
	*stats = c->stats;
	/* A worker that hangs inside a burst may come back: it finds its ring. */
	if (clear)
		free_all(c);
}
