/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_METRICS_SERVER_H
#define APP_METRICS_SERVER_H

#include <pthread.h>
#include <sys/un.h>

#include "parse.h"

/* Where to listen: a UNIX socket, or an address that only this machine reaches. */
struct metrics_address {
	const char *text;                                       /* as given; NULL: nowhere */
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* "": TCP */
	bool ipv6;
	uint32_t ipv4;
	uint16_t port;
};

/* "unix:PATH", "127.0.0.1:9464", "[::1]:9464"; @text is borrowed. Return: true, or false with @why
 * set. */
bool metrics_address_parse(const char *text, struct metrics_address *out, struct why *why);

/*
 * A thread that answers each GET of /metrics with the text that it was given last: one client at a
 * time, which has two seconds. HTTP/1.1 (RFC 9112), a request per connection.
 */
struct metrics_server {
	int fd, stop[2]; /* stop: a pipe whose end tells the thread */
	struct metrics_address at;
	pthread_t thread;
	pthread_mutex_t lock;
	char *text;
	size_t len;
};

/* @text: the first answer; the server's to free, whatever is returned. Return: 0 and *@out, or an
 * exit code with the error reported. */
int metrics_server_open(const struct metrics_address *at, char *text, size_t len,
			struct metrics_server **out);

/* Answer with @text from now on, which is the server's to free. Thread safety: any thread. */
void metrics_server_set(struct metrics_server *s, char *text, size_t len);

/* Takes two seconds at most. NULL is none. */
void metrics_server_close(struct metrics_server *s);

#endif
