/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static int or_errno(int rc)
{
	return rc < 0 ? -errno : rc;
}

static int do_open(const char *path, int flags)
{
	return or_errno(open(path, flags | O_CLOEXEC));
}

static void do_close(int fd)
{
	close(fd);
}

static int do_ioctl(int fd, unsigned long request, unsigned long arg)
{
	int rc;

	do
		rc = ioctl(fd, request, arg);
	while (rc < 0 && errno == EINTR);
	return or_errno(rc);
}

static int do_map(int fd, uint64_t off, size_t len, void **at)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)off);

	if (p == MAP_FAILED)
		return -errno;
	*at = p;
	return 0;
}

static void do_unmap(void *at, size_t len)
{
	munmap(at, len);
}

static ssize_t do_pread(int fd, void *buf, size_t len, uint64_t off)
{
	ssize_t n = pread(fd, buf, len, (off_t)off);

	return n < 0 ? -errno : n;
}

static ssize_t do_pwrite(int fd, const void *buf, size_t len, uint64_t off)
{
	ssize_t n = pwrite(fd, buf, len, (off_t)off);

	return n < 0 ? -errno : n;
}

static int do_flock(int fd, int operation)
{
	return or_errno(flock(fd, operation));
}

static int do_mlock(const void *at, size_t len)
{
	return or_errno(mlock(at, len));
}

const struct vfio_kernel vfio_kernel = {
	.open = do_open,
	.close = do_close,
	.ioctl = do_ioctl,
	.map = do_map,
	.unmap = do_unmap,
	.pread = do_pread,
	.pwrite = do_pwrite,
	.flock = do_flock,
	.mlock = do_mlock,
};
