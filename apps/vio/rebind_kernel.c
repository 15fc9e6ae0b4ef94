/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "rebind.h"
#include "runcmd.h"

/* The kernel takes a text in one write(2) or not at all: what is left of a short one is no text. */
static int write_file(void *arg, const char *path, const char *text)
{
	const struct host *h = arg;
	char full[PATH_MAX];
	ssize_t n, len = (ssize_t)strlen(text);
	int fd, rc;

	if (!host_path(h, full, sizeof(full), path))
		return -ENAMETOOLONG;
	fd = open(full, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	do
		n = write(fd, text, (size_t)len);
	while (n < 0 && errno == EINTR);
	rc = n < 0 ? -errno : n == len ? 0 : -EIO;
	close(fd);
	return rc;
}

static int run(void *arg, const char *const *argv)
{
	return runcmd(arg, argv);
}

static int give(void *arg, const char *path, int64_t uid, int64_t gid, uint32_t mode)
{
	const struct host *h = arg;
	char full[PATH_MAX];

	if (!host_path(h, full, sizeof(full), path))
		return -ENAMETOOLONG;
	if (chown(full, (uid_t)uid, (gid_t)gid) < 0 || chmod(full, mode) < 0)
		return -errno;
	return 0;
}

static void nap(void *arg)
{
	struct timespec ts = { 0, 5000000 };

	(void)arg;
	nanosleep(&ts, NULL);
}

const struct rebind_ops rebind_kernel = {
	.write = write_file,
	.run = run,
	.give = give,
	.pause = nap,
};
