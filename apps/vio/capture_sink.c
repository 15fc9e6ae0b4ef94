/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture_sink.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vio/clock.h>

#include "relaxed.h"

#define BUF_BYTES  (1u << 19)
#define BUF_ENOUGH (1u << 18)
#define POLL_MS    100

bool capture_sink_init(struct capture_sink *s, int fd)
{
	struct stat st = { 0 };

	*s = (struct capture_sink){ .fd = fd, .good = -1, .buf = malloc(BUF_BYTES) };
	if (fstat(fd, &st) == 0) {
		s->socket = S_ISSOCK(st.st_mode);
		s->pipe = S_ISFIFO(st.st_mode);
	}
	if (S_ISREG(st.st_mode))
		s->good = lseek(fd, 0, SEEK_CUR);
	return s->buf;
}

void capture_sink_fini(struct capture_sink *s)
{
	free(s->buf);
	s->buf = NULL;
}

/* Without waiting: poll() promises room for PIPE_BUF bytes of a pipe, and none in particular of a
 * socket. */
static ssize_t write_some(const struct capture_sink *s, const uint8_t *data, size_t len)
{
	if (s->socket)
		return send(s->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	return write(s->fd, data, s->pipe && len > PIPE_BUF ? PIPE_BUF : len);
}

/* Return: 0: there may be room now; or a positive errno. */
static int wait_for_room(const struct capture_sink *s)
{
	struct pollfd p = { .fd = s->fd, .events = POLLOUT };

	while (poll(&p, 1, POLL_MS) <= 0) {
		uint64_t end = counter_get(&s->end_ns);

		if (end && vio_clock_ns() >= end)
			return ETIMEDOUT;
	}
	return 0;
}

static int write_all(struct capture_sink *s)
{
	for (size_t done = 0; done < s->used;) {
		int rc = wait_for_room(s);
		ssize_t n;

		if (rc)
			return rc;
		n = write_some(s, s->buf + done, s->used - done);
		if (n >= 0)
			done += (size_t)n;
		else if (errno != EAGAIN && errno != EINTR)
			return errno;
	}
	return 0;
}

/* A file ends with its last complete block, so that it can be read. */
static void cut(const struct capture_sink *s)
{
	if (s->good >= 0 && ftruncate(s->fd, s->good) == 0)
		lseek(s->fd, s->good, SEEK_SET);
}

int capture_sink_flush(struct capture_sink *s)
{
	int rc = write_all(s);

	if (rc)
		cut(s);
	else if (s->good >= 0)
		s->good += (off_t)s->used;
	s->used = 0;
	return rc;
}

bool capture_sink_put(struct capture_sink *s, const uint8_t *block, uint32_t len)
{
	memcpy(s->buf + s->used, block, len);
	s->used += len;
	return s->used >= BUF_ENOUGH;
}

bool capture_sink_gone(const struct capture_sink *s)
{
	char c;

	return s->socket && recv(s->fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

void capture_sink_hurry(struct capture_sink *s, uint64_t end_ns)
{
	counter_set(&s->end_ns, end_ns);
}
