/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture_control.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vio/clock.h>

#include "document.h"
#include "fail.h"
#include "unixsock.h"

#define REQUEST_MAX 4096u
#define REQUEST_NS  UINT64_C(2000000000) /* for the request to come */
#define POLL_MS     50

struct client {
	int fd;
	struct capture *capture; /* NULL: free */
};

struct capture_control {
	const char *path;
	const struct capture_source *src;
	int fd;
	struct client clients[TAP_CAPTURES];
	bool stop;
	pthread_t thread;
};

static bool stopped(const struct capture_control *c)
{
	return __atomic_load_n(&c->stop, __ATOMIC_RELAXED);
}

/* Read a line. Return: false if none comes in time. */
static bool read_line(const struct capture_control *c, int fd, char line[REQUEST_MAX])
{
	const uint64_t end = vio_clock_ns() + REQUEST_NS;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t used = 0;

	while (used < REQUEST_MAX - 1 && vio_clock_ns() < end && !stopped(c)) {
		ssize_t n;

		if (poll(&p, 1, POLL_MS) <= 0)
			continue;
		n = recv(fd, line + used, REQUEST_MAX - 1 - used, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			return false;
		used += n > 0 ? (size_t)n : 0;
		line[used] = '\0';
		if (strchr(line, '\n'))
			return true;
	}
	return false;
}

/* A whole number from 1 to @most, or nothing. */
static bool read_number(const json_t *o, const char *name, uint64_t most, uint64_t *out,
			struct why *why)
{
	const json_t *v = json_object_get(o, name);

	if (!v)
		return true;
	if (!json_is_integer(v) || json_integer_value(v) < 1 ||
	    (uint64_t)json_integer_value(v) > most)
		return why_set(why, "%s is a number from 1 to %llu", name,
			       (unsigned long long)most);
	*out = (uint64_t)json_integer_value(v);
	return true;
}

static bool known_names(json_t *o, struct why *why)
{
	static const char *const names[] = { "cmd", "filter", "snap", "count" };
	const char *name;
	json_t *v;

	json_object_foreach(o, name, v)
	{
		if (parse_name(name, names, sizeof(names) / sizeof(names[0])) < 0)
			return why_set(why, "the request has an unknown member '%.50s'", name);
	}
	return true;
}

/* What @o asks for; the filter's text stays its. */
static bool read_request(json_t *o, struct capture_opts *opts, struct why *why)
{
	const json_t *cmd = json_object_get(o, "cmd"), *filter = json_object_get(o, "filter");
	uint64_t snap = 0;

	if (!cmd || !json_is_string(cmd) || strcmp(json_string_value(cmd), "capture"))
		return why_set(why, "a request is one line of JSON with \"cmd\": \"capture\"");
	if (filter && !json_is_string(filter))
		return why_set(why, "filter is a text");
	if (!known_names(o, why) || !read_number(o, "snap", CAPTURE_SNAP_MAX, &snap, why) ||
	    !read_number(o, "count", UINT64_C(1) << 53, &opts->count, why))
		return false;
	opts->filter = filter ? json_string_value(filter) : NULL;
	opts->snap = (uint32_t)snap;
	return true;
}

static struct client *free_client(struct capture_control *c)
{
	for (unsigned int i = 0; i < TAP_CAPTURES; i++)
		if (!c->clients[i].capture)
			return &c->clients[i];
	return NULL;
}

/* Return: true if the connection belongs to a capture now. */
static bool serve(struct capture_control *c, int fd, const char *line, struct why *why)
{
	struct capture_opts opts = { .fd = fd };
	struct client *client = free_client(c);
	json_t *o = json_loads(line, JSON_DISABLE_EOF_CHECK, NULL);
	bool good;

	if (!client)
		good = why_set(why, "%u captures are under way, and there is no room for one more",
			       TAP_CAPTURES);
	else
		good = read_request(o, &opts, why) &&
		       capture_open(c->src, &opts, &client->capture, why);
	if (good)
		client->fd = fd;
	json_decref(o);
	return good;
}

static void refuse(int fd, const struct why *why)
{
	json_send(json_pack("{s:o}", "error", json_any_text(why->text)), fd, MSG_DONTWAIT);
}

static void admit(struct capture_control *c)
{
	int fd = accept4(c->fd, NULL, NULL, SOCK_CLOEXEC);
	struct why why = { "no line of JSON came within 2 seconds" };
	char line[REQUEST_MAX];

	if (fd < 0)
		return;
	if (read_line(c, fd, line) && serve(c, fd, line, &why))
		return;
	refuse(fd, &why);
	close(fd);
}

static void end_clients(struct capture_control *c, bool all)
{
	for (unsigned int i = 0; i < TAP_CAPTURES; i++) {
		struct client *client = &c->clients[i];
		struct capture_stats stats;

		if (!client->capture || (!all && !capture_done(client->capture)))
			continue;
		capture_close(client->capture, &stats);
		client->capture = NULL;
		close(client->fd);
	}
}

static void *control_main(void *arg)
{
	struct capture_control *c = arg;
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	while (!stopped(c)) {
		if (poll(&p, 1, POLL_MS) > 0)
			admit(c);
		end_clients(c, false);
	}
	end_clients(c, true);
	return NULL;
}

int capture_control_open(const char *path, const struct capture_source *src,
			 struct capture_control **out)
{
	struct capture_control *c = calloc(1, sizeof(*c));

	if (!c)
		return fail(FAIL_MEMORY, NULL, "%s: no room for a control socket", path);
	*c = (struct capture_control){ .path = path,
				       .src = src,
				       .fd = unixsock_listen(path, true) };
	if (c->fd < 0) {
		int rc = fail(FAIL_CONTROL, strerror(-c->fd), "%s: can't listen there", path);

		free(c);
		return rc;
	}
	if (pthread_create(&c->thread, NULL, control_main, c)) {
		unlink(path);
		close(c->fd);
		free(c);
		return fail(FAIL_MEMORY, NULL, "%s: no thread for the control socket", path);
	}
	*out = c;
	return 0;
}

void capture_control_close(struct capture_control *c)
{
	__atomic_store_n(&c->stop, true, __ATOMIC_RELAXED);
	pthread_join(c->thread, NULL);
	unlink(c->path);
	close(c->fd);
	free(c);
}
