/* SPDX-License-Identifier: BSD-3-Clause */
#include "wire.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../lib/base/err.h"

#define ANSWER_MS 10000

static int broken(const char *what)
{
	return err_set(ERR_SOCK_FAIL, -EIO, "qtest: %s", what);
}

static int fill(struct wire *w)
{
	struct pollfd p = { .fd = w->fd, .events = POLLIN };
	ssize_t n;

	memmove(w->in, w->in + w->from, w->to - w->from);
	w->to -= w->from;
	w->from = 0;
	if (w->to == sizeof(w->in))
		return broken("a line without end");
	if (poll(&p, 1, ANSWER_MS) != 1)
		return broken("no answer");
	n = read(w->fd, w->in + w->to, sizeof(w->in) - w->to);
	if (n <= 0)
		return broken("the connection has ended");
	w->to += (size_t)n;
	return 0;
}

/* The next line, without its end; valid until the next call. */
static int next_line(struct wire *w, char **line)
{
	char *end;

	while (!(end = memchr(w->in + w->from, '\n', w->to - w->from))) {
		int rc = fill(w);

		if (rc < 0)
			return rc;
	}
	*line = w->in + w->from;
	*end = '\0';
	w->from = (size_t)(end + 1 - w->in);
	return 0;
}

/* "IRQ raise 16" comes at any time. Return: false: it is another line. */
static bool take_irq(struct wire *w, const char *line)
{
	unsigned int n;
	bool up = !strncmp(line, "IRQ raise ", 10);

	if (sscanf(line, "IRQ raise %u", &n) != 1 && sscanf(line, "IRQ lower %u", &n) != 1)
		return false;
	if (n < 64)
		w->level[n] = up;
	return true;
}

static int ask(struct wire *w, uint64_t *value, const char *text, size_t len)
{
	char *line;
	int rc;

	if (send(w->fd, text, len, MSG_NOSIGNAL) != (ssize_t)len)
		return broken("the connection has ended");
	do {
		rc = next_line(w, &line);
		if (rc < 0)
			return rc;
	} while (take_irq(w, line));
	if (strncmp(line, "OK", 2))
		return broken(line);
	if (value)
		*value = strtoull(line + 2, NULL, 0);
	return 0;
}

int wire_ask(struct wire *w, uint64_t *value, const char *format, ...)
{
	char text[128];
	va_list args;
	int n, rc;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text) - 1, format, args);
	va_end(args);
	text[n++] = '\n';
	pthread_mutex_lock(&w->lock);
	rc = ask(w, value, text, (size_t)n);
	pthread_mutex_unlock(&w->lock);
	return rc;
}

bool wire_line_high(struct wire *w, unsigned int first)
{
	struct pollfd p = { .fd = w->fd, .events = POLLIN };
	bool high = false;
	char *line;

	pthread_mutex_lock(&w->lock);
	while ((memchr(w->in + w->from, '\n', w->to - w->from) || poll(&p, 1, 0) == 1) &&
	       next_line(w, &line) == 0)
		take_irq(w, line);
	for (unsigned int i = first; i < 64; i++)
		high |= w->level[i];
	pthread_mutex_unlock(&w->lock);
	return high;
}
