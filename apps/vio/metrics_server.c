/* SPDX-License-Identifier: BSD-3-Clause */
#include "metrics_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vio/clock.h>

#include "fail.h"
#include "unixsock.h"

#define CLIENT_MS   2000
#define REQUEST_MAX 4096u

static bool parse_path(const char *path, struct metrics_address *out, struct why *why)
{
	size_t len = strlen(path);

	if (!len || len >= sizeof(out->path))
		return why_set(why, "the path of a UNIX socket has 1 to %zu characters",
			       sizeof(out->path) - 1);
	memcpy(out->path, path, len + 1);
	return true;
}

bool metrics_address_parse(const char *text, struct metrics_address *out, struct why *why)
{
	struct metrics_address at = { .text = text };
	const char *colon = strrchr(text, ':');
	char host[32] = "";
	struct in_addr ip;
	uint64_t port;

	if (!strncmp(text, "unix:", 5)) {
		if (!parse_path(text + 5, &at, why))
			return false;
		*out = at;
		return true;
	}
	if (!colon || (size_t)(colon - text) >= sizeof(host))
		return why_set(why, "unix:PATH, 127.0.0.1:PORT or [::1]:PORT is wanted");
	memcpy(host, text, (size_t)(colon - text));
	at.ipv6 = !strcmp(host, "[::1]");
	if (!at.ipv6 && inet_pton(AF_INET, host, &ip) != 1)
		return why_set(why, "'%s' is no address: 127.0.0.1 or [::1] is wanted", host);
	if (!at.ipv6 && ntohl(ip.s_addr) >> 24 != 127)
		return why_set(why,
			       "%s is reached from other machines; only 127.0.0.1, [::1] and "
			       "UNIX sockets are allowed, behind a proxy where need be",
			       host);
	at.ipv4 = at.ipv6 ? 0 : ip.s_addr;
	if (!parse_count(colon + 1, 1, 65535, &port, why))
		return false;
	at.port = (uint16_t)port;
	*out = at;
	return true;
}

static int64_t now_ms(void)
{
	return (int64_t)(vio_clock_ns() / 1000000);
}

/* Wait for @fd, or the end of the server. Return: true if @fd is ready before @until. */
static bool wait_for(const struct metrics_server *s, int fd, short events, int64_t until)
{
	struct pollfd p[] = { { .fd = fd, .events = events },
			      { .fd = s->stop[0], .events = POLLIN } };
	int64_t left = until - now_ms();

	return left > 0 && poll(p, 2, (int)left) > 0 && !p[1].revents;
}

/* Read up to the empty line. Return: false: the client is gone, slow, or says too much. */
static bool read_request(const struct metrics_server *s, int fd, char *req, int64_t until)
{
	size_t n = 0;

	while (n < REQUEST_MAX) {
		ssize_t got;

		if (!wait_for(s, fd, POLLIN, until))
			return false;
		got = recv(fd, req + n, REQUEST_MAX - n, MSG_DONTWAIT);
		if (got <= 0)
			return false;
		n += (size_t)got;
		req[n] = '\0';
		if (strstr(req, "\r\n\r\n") || strstr(req, "\n\n"))
			return true;
	}
	return false;
}

static void send_all(const struct metrics_server *s, int fd, const char *data, size_t len,
		     int64_t until)
{
	while (len && wait_for(s, fd, POLLOUT, until)) {
		ssize_t n = send(fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN)
			return;
		data += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
}

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* Of the request its first line matters. */
static const char *status_of(const char *req)
{
	if (!begins(req, "GET ") && !begins(req, "HEAD "))
		return "405 Method Not Allowed";
	req = strchr(req, ' ') + 1;
	if (begins(req, "/metrics ") || begins(req, "/metrics?") || begins(req, "/ "))
		return "200 OK";
	return "404 Not Found";
}

/* Return: length of a copy of the text, *@copy, which the caller frees. */
static size_t copy_text(struct metrics_server *s, char **copy)
{
	size_t len = 0;

	pthread_mutex_lock(&s->lock);
	*copy = s->text ? malloc(s->len) : NULL;
	if (*copy) {
		memcpy(*copy, s->text, s->len);
		len = s->len;
	}
	pthread_mutex_unlock(&s->lock);
	return len;
}

static void serve(struct metrics_server *s, int fd)
{
	int64_t until = now_ms() + CLIENT_MS;
	char req[REQUEST_MAX + 1], head[256], *text = NULL;
	const char *status;
	size_t len = 0;

	if (!read_request(s, fd, req, until))
		return;
	status = status_of(req);
	if (*status == '2')
		len = copy_text(s, &text);
	snprintf(head, sizeof(head),
		 "HTTP/1.1 %s\r\nContent-Type: application/openmetrics-text; version=1.0.0; "
		 "charset=utf-8\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
		 status, len);
	send_all(s, fd, head, strlen(head), until);
	if (!begins(req, "HEAD "))
		send_all(s, fd, text, len, until);
	free(text);
}

static void *server_main(void *arg)
{
	struct metrics_server *s = arg;
	struct pollfd p[] = { { .fd = s->fd, .events = POLLIN },
			      { .fd = s->stop[0], .events = POLLIN } };

	for (;;) {
		int fd;

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			break;
		if (p[1].revents)
			break;
		fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0) {
			serve(s, fd);
			close(fd);
		} else {
			poll(&p[1], 1, 100); /* no descriptor left, maybe: not at once again */
		}
	}
	return NULL;
}

union where {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* Return: length of the address. */
static socklen_t make_address(const struct metrics_address *at, union where *to)
{
	memset(to, 0, sizeof(*to));
	if (at->ipv6) {
		to->in6.sin6_family = AF_INET6;
		to->in6.sin6_port = htons(at->port);
		to->in6.sin6_addr = in6addr_loopback;
		return sizeof(to->in6);
	}
	to->in.sin_family = AF_INET;
	to->in.sin_port = htons(at->port);
	to->in.sin_addr.s_addr = at->ipv4;
	return sizeof(to->in);
}

/* Return: a listening socket, or a negative errno. */
static int listen_tcp(const struct metrics_address *at)
{
	union where to;
	socklen_t len = make_address(at, &to);
	int fd, rc, one = 1;

	fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, &to.any, len) == 0 && listen(fd, 16) == 0)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

int metrics_server_open(const struct metrics_address *at, char *text, size_t len,
			struct metrics_server **out)
{
	struct metrics_server *s = text ? calloc(1, sizeof(*s)) : NULL;
	int rc;

	if (!s) {
		free(text);
		return fail(FAIL_MEMORY, NULL, "no room for a server of metrics");
	}
	*s = (struct metrics_server){ .at = *at, .text = text, .len = len };
	s->fd = at->path[0] ? unixsock_listen(at->path, false) : listen_tcp(at);
	if (s->fd < 0) {
		rc = -s->fd;
		goto free_server;
	}
	if (pipe2(s->stop, O_CLOEXEC) < 0) {
		rc = errno;
		goto close_socket;
	}
	pthread_mutex_init(&s->lock, NULL);
	rc = pthread_create(&s->thread, NULL, server_main, s);
	if (!rc) {
		*out = s;
		return 0;
	}
	close(s->stop[0]);
	close(s->stop[1]);
close_socket:
	close(s->fd);
	if (at->path[0])
		unlink(at->path);
free_server:
	free(text);
	free(s);
	return fail(FAIL_LISTEN, strerror(rc), "--metrics %s: can't listen there", at->text);
}

void metrics_server_set(struct metrics_server *s, char *text, size_t len)
{
	char *old;

	pthread_mutex_lock(&s->lock);
	old = s->text;
	s->text = text;
	s->len = len;
	pthread_mutex_unlock(&s->lock);
	free(old);
}

void metrics_server_close(struct metrics_server *s)
{
	if (!s)
		return;
	close(s->stop[1]);
	pthread_join(s->thread, NULL);
	close(s->stop[0]);
	close(s->fd);
	if (s->at.path[0])
		unlink(s->at.path);
	pthread_mutex_destroy(&s->lock);
	free(s->text);
	free(s);
}
