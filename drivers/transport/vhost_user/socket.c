/* SPDX-License-Identifier: BSD-3-Clause */
#include "socket.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../../lib/base/err.h"

static int address_fill(struct sockaddr_un *un, const char *path)
{
	size_t bytes = strlen(path);

	*un = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (!bytes)
		return err_set(ERR_ADDR_VALUE, -EINVAL,
			       "vhost-user: the path of the socket is "
			       "missing");
	if (bytes >= sizeof(un->sun_path))
		return err_set(ERR_SOCK_PATH, -ENAMETOOLONG, "%.64s...: the path has %zu bytes",
			       path, bytes);
	memcpy(un->sun_path, path, bytes);
	return 0;
}

static int socket_open(const char *path, int *fd)
{
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return err_set(ERR_SOCK_FAIL, -errno, "%s: socket: %s", path, strerror(errno));
	return 0;
}

static bool is_socket(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* What the user should know about a failed connect or bind. */
static const struct {
	int code;
	enum err err;
} causes[] = {
	{ ENOENT, ERR_SOCK_NONE },     { ENOTDIR, ERR_SOCK_NONE },
	{ EACCES, ERR_SOCK_ACCESS },   { EPERM, ERR_SOCK_ACCESS },
	{ EROFS, ERR_SOCK_ACCESS },    { ECONNREFUSED, ERR_SOCK_REFUSED },
	{ EPROTOTYPE, ERR_SOCK_TYPE }, { ENOTSOCK, ERR_SOCK_TYPE },
	{ EADDRINUSE, ERR_SOCK_BUSY }, { ETIMEDOUT, ERR_DEVICE_TIMEOUT },
};

static int fail(const char *path, const char *doing, int code)
{
	enum err err = ERR_SOCK_FAIL;

	for (size_t i = 0; i < ARRAY_SIZE(causes); i++)
		if (causes[i].code == code)
			err = causes[i].err;
	return err_set(err, -code, "%s: %s: %s", path, doing, strerror(code));
}

/* A full backlog is all that a connect has to wait for. Return: 0 or a positive errno. */
static int connect_until(int fd, const struct sockaddr_un *un, struct deadline until)
{
	for (unsigned int round = 0;; round++) {
		if (!connect(fd, (const struct sockaddr *)un, sizeof(*un)))
			return 0;
		if (errno != EAGAIN && errno != EINTR)
			return errno;
		if (deadline_passed(until))
			return ETIMEDOUT;
		clock_pause(round);
	}
}

int sock_connect(const char *path, struct deadline until, int *out)
{
	struct sockaddr_un un;
	int fd, code, rc;

	rc = address_fill(&un, path);
	if (rc < 0)
		return rc;
	rc = socket_open(path, &fd);
	if (rc < 0)
		return rc;
	code = connect_until(fd, &un, until);
	if (code) {
		/* Connecting to an ordinary file is refused as well. */
		if (code == EPROTOTYPE || (code == ECONNREFUSED && !is_socket(path)))
			code = ENOTSOCK;
		rc = fail(path, "connect", code);
		goto close_fd;
	}
	*out = fd;
	return 0;

close_fd:
	close(fd);
	return rc;
}

/* True if a connect to the socket is refused, which only happens when no process has it open. */
static bool is_dead(const char *path, const struct sockaddr_un *un)
{
	bool dead;
	int fd;

	if (socket_open(path, &fd) < 0)
		return false;
	dead = connect(fd, (const struct sockaddr *)un, sizeof(*un)) && errno == ECONNREFUSED;
	close(fd);
	return dead;
}

static bool same_file(const char *path, dev_t dev, ino_t ino)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_dev == dev &&
	       st.st_ino == ino;
}

/* Clear the way for bind: remove what stands at @path if it is the socket of a dead process. */
static int remove_dead(const char *path, const struct sockaddr_un *un)
{
	struct stat st;

	if (lstat(path, &st))
		return errno == ENOENT ? 0 : fail(path, "stat", errno);
	if (!S_ISSOCK(st.st_mode)) {
		err_set(ERR_SOCK_BUSY, -EADDRINUSE, "%s: a file that is not a socket is there",
			path);
		err_fix("remove the file, or choose another path");
		return -EADDRINUSE;
	}
	if (!is_dead(path, un))
		return err_set(ERR_SOCK_BUSY, -EADDRINUSE, "%s: another process listens there",
			       path);
	/* Somebody else may have come first; then its socket stays. */
	if (same_file(path, st.st_dev, st.st_ino) && unlink(path) && errno != ENOENT)
		return fail(path, "remove the stale socket", errno);
	return 0;
}

static int bind_path(int fd, const char *path, const struct sockaddr_un *un)
{
	int rc;

	if (!bind(fd, (const struct sockaddr *)un, sizeof(*un)))
		return 0;
	if (errno != EADDRINUSE)
		return fail(path, "bind", errno);
	rc = remove_dead(path, un);
	if (rc < 0)
		return rc;
	return bind(fd, (const struct sockaddr *)un, sizeof(*un)) ? fail(path, "bind", errno) : 0;
}

/* The name of a process. It chose that itself, so only harmless characters pass. */
static void process_name(pid_t pid, char *name, size_t bytes)
{
	char file[32];
	FILE *f;
	size_t n = 0;

	snprintf(file, sizeof(file), "/proc/%d/comm", (int)pid);
	f = fopen(file, "re");
	if (f) {
		n = fread(name, 1, bytes - 1, f);
		fclose(f);
	}
	name[n] = '\0';
	name[strcspn(name, "\n")] = '\0';
	for (char *c = name; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

void sock_peer(int fd, char *text, size_t bytes)
{
	struct ucred cred = { 0 };
	socklen_t len = sizeof(cred);
	char name[32];

	/* 0: the peer is not in our PID namespace. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) || cred.pid <= 0) {
		snprintf(text, bytes, "unknown process");
		return;
	}
	process_name(cred.pid, name, sizeof(name));
	snprintf(text, bytes, "%s (pid %d, uid %u)", *name ? name : "process", (int)cred.pid,
		 (unsigned int)cred.uid);
}

static void sock_file_note(struct sock_file *file, const char *path)
{
	struct stat st = { 0 };

	*file = (struct sock_file){ .path = lstat(path, &st) ? NULL : path,
				    .dev = st.st_dev,
				    .ino = st.st_ino };
}

void sock_file_remove(struct sock_file *file)
{
	if (file->path && same_file(file->path, file->dev, file->ino))
		unlink(file->path);
	file->path = NULL;
}

/* A peer that has gone again meanwhile does not count. */
int sock_accept(int listener, const char *path, struct deadline until, int *fd)
{
	struct pollfd pfd = { .fd = listener, .events = POLLIN };

	for (;;) {
		*fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (*fd >= 0)
			return 0;
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			return fail(path, "accept", errno);
		if (deadline_passed(until))
			return err_set(ERR_VU_NO_PEER, -ETIMEDOUT, "%s: nobody connected", path);
		poll(&pfd, 1, deadline_left_ms(until));
	}
}

int sock_listen(const char *path, int *out, struct sock_file *file)
{
	struct sockaddr_un un;
	int listener, rc;

	rc = address_fill(&un, path);
	if (rc < 0)
		return rc;
	rc = socket_open(path, &listener);
	if (rc < 0)
		return rc;
	rc = bind_path(listener, path, &un);
	if (rc < 0)
		goto close_listener;
	sock_file_note(file, path);
	/* One backend serves one port: whoever comes second is refused, not left waiting. */
	if (listen(listener, 1)) {
		rc = fail(path, "listen", errno);
		goto remove_file;
	}
	*out = listener;
	return 0;

remove_file:
	sock_file_remove(file);
close_listener:
	close(listener);
	return rc;
}
