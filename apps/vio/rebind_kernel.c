/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "rebind.h"
#include "runcmd.h"

static int write_file(void *arg, const char *path, const char *text)
{
	const struct host *h = arg;
	char full[PATH_MAX];
	size_t len = strlen(text);
	ssize_t n;
	int fd, rc = 0;

	if (!host_path(h, full, sizeof(full), path))
		return -ENAMETOOLONG;
	fd = open(full, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = write(fd, text, len);
	if (n < 0)
		rc = -errno;
	else if ((size_t)n != len)
		rc = -EIO;
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
