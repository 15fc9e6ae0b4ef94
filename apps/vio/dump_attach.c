/* SPDX-License-Identifier: BSD-3-Clause */
#include "dump_attach.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vio/clock.h>

#include "capture_sink.h"
#include "document.h"
#include "fail.h"
#include "unixsock.h"

#define STREAM_BYTES (1u << 18)
#define BLOCK_LEAST  12u
#define BLOCK_MOST   (PCAPNG_PACKET_ROOM(CAPTURE_SNAP_MAX))
#define POLL_MS      50
#define FAREWELL_NS  UINT64_C(5000000000) /* for the rest to come after the end was asked for */

struct stream {
	int fd;
	const char *path;
	const struct capture_opts *opts;
	struct capture_sink sink;
	struct capture_stats *stats;
	size_t used;
	uint8_t data[STREAM_BYTES];
};

static int send_request(const struct stream *s)
{
	json_t *o = json_pack("{s:s}", "cmd", "capture");
	int rc;

	if (s->opts->filter)
		json_object_set_new(o, "filter", json_any_text(s->opts->filter));
	if (s->opts->snap)
		json_object_set_new(o, "snap", json_integer(s->opts->snap));
	if (s->opts->count)
		json_object_set_new(o, "count", json_integer((json_int_t)s->opts->count));
	rc = json_send(o, s->fd, 0);
	return rc ? fail(FAIL_ATTACH, strerror(rc), "%s: can't ask there", s->path) : 0;
}

/* What the other side says instead of a capture: {"error": "..."} */
static int refused(const struct stream *s)
{
	json_t *o = json_loadb((const char *)s->data, s->used, JSON_DISABLE_EOF_CHECK, NULL);
	const char *why = json_string_value(json_object_get(o, "error"));
	int rc = fail(FAIL_ATTACH, why, "%s: the capture is refused", s->path);

	json_decref(o);
	return rc;
}

static int write_block(struct stream *s, const uint8_t *block, uint32_t len)
{
	struct pcapng_packet p;
	struct pcapng_counts counts;

	s->stats->written += pcapng_packet_read(block, len, &p);
	if (pcapng_stats_read(block, len, &counts))
		pcapng_counts_add(&s->stats->counts, &counts);
	if (s->opts->put)
		return s->opts->put(block, len);
	return capture_sink_put(&s->sink, block, len) ? capture_sink_flush(&s->sink) : 0;
}

static uint32_t word_at(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Pass on the complete blocks that have come. Return: 0, a positive errno of the writing, or -1 if
 * these are no blocks. */
static int pass_on(struct stream *s)
{
	size_t at = 0;
	int rc = 0;

	while (!rc && s->used - at >= BLOCK_LEAST) {
		uint32_t len = word_at(s->data + at + 4);

		if (len < BLOCK_LEAST || len > BLOCK_MOST || len % 4)
			return -1;
		if (len > s->used - at)
			break;
		rc = write_block(s, s->data + at, len);
		at += len;
	}
	memmove(s->data, s->data + at, s->used - at);
	s->used -= at;
	if (!rc && !s->opts->put)
		rc = capture_sink_flush(&s->sink);
	return rc;
}

/* Where nobody reads what we write, there is nothing to complain of. */
static int cant_write(const struct stream *s, int error)
{
	s->stats->error = error;
	if (!s->opts->title)
		return 0;
	return fail(FAIL_FILE, strerror(error), "%s: the capture ends", s->opts->title);
}

/* Take what has come. Return: 0; an exit code with the error reported; or -1: that was all. */
static int take(struct stream *s)
{
	ssize_t n = recv(s->fd, s->data + s->used, sizeof(s->data) - s->used, MSG_DONTWAIT);
	int rc;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return -1;
	s->used += (size_t)n;
	if (s->data[0] == '{')
		return memchr(s->data, '\n', s->used) ? refused(s) : 0;
	rc = pass_on(s);
	if (rc < 0)
		return fail(FAIL_ATTACH, "what it sends is no capture", "%s: the capture ends",
			    s->path);
	if (!rc)
		return 0;
	rc = cant_write(s, rc);
	return rc ? rc : -1;
}

/* Until the other side ends it; when we want an end, the other side is asked for its statistics. */
static int copy(struct stream *s, uint64_t time_ns, const volatile sig_atomic_t *stopped)
{
	const uint64_t start = vio_clock_ns();
	struct pollfd p = { .fd = s->fd, .events = POLLIN };
	uint64_t end = 0; /* of our patience */
	int rc = 0;

	while (!rc && (!end || vio_clock_ns() < end)) {
		if (!end && (*stopped || (time_ns && vio_clock_ns() - start >= time_ns))) {
			shutdown(s->fd, SHUT_WR);
			end = vio_clock_ns() + FAREWELL_NS;
		}
		if (poll(&p, 1, POLL_MS) > 0)
			rc = take(s);
	}
	return rc < 0 ? 0 : rc;
}

int dump_attach(const char *path, const struct capture_opts *opts, uint64_t time_ns,
		const volatile sig_atomic_t *stopped, struct capture_stats *stats)
{
	static struct stream s; /* large; one at a time */
	int rc;

	*stats = (struct capture_stats){ 0 };
	s = (struct stream){ .path = path, .opts = opts, .stats = stats };
	s.fd = unixsock_connect(path);
	if (s.fd < 0)
		return fail(FAIL_ATTACH, strerror(-s.fd), "%s: can't connect", path);
	signal(SIGPIPE, SIG_IGN); /* an error of write(), which is the end */
	rc = send_request(&s);
	if (!rc && !capture_sink_init(&s.sink, opts->fd))
		rc = fail(FAIL_MEMORY, NULL, "%s: no room for a capture", path);
	if (!rc)
		rc = copy(&s, time_ns, stopped);
	capture_sink_fini(&s.sink);
	close(s.fd);
	return rc;
}
