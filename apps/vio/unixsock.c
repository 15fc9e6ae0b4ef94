/* SPDX-License-Identifier: BSD-3-Clause */
#include "unixsock.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 16

static bool address_of(const char *path, struct sockaddr_un *sun)
{
	*sun = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(sun->sun_path))
		return false;
	memcpy(sun->sun_path, path, strlen(path));
	return true;
}

int unixsock_connect(const char *path)
{
	const struct timeval patience = { .tv_sec = 2 };
	struct sockaddr_un sun;
	int fd, rc;

	if (!address_of(path, &sun))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

/* A socket that its process has left behind. */
static void remove_stale(const char *path)
{
	struct stat st;
	int fd;

	if (lstat(path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return;
	fd = unixsock_connect(path);
	if (fd >= 0)
		close(fd);
	else if (fd == -ECONNREFUSED)
		unlink(path);
}

int unixsock_listen(const char *path, bool own)
{
	struct sockaddr_un sun;
	int fd, rc;

	if (!address_of(path, &sun))
		return -ENAMETOOLONG;
	remove_stale(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) < 0) {
		rc = -errno;
	} else if ((own && chmod(path, 0600) < 0) || listen(fd, BACKLOG) < 0) {
		/* Nobody can connect before listen(). */
		rc = -errno;
		unlink(path);
	} else {
		return fd;
	}
	close(fd);
	return rc;
}
