/* SPDX-License-Identifier: BSD-3-Clause */
#include "fail_nth.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>

static _Thread_local struct {
	unsigned int left; /* calls until the one that fails; 0: none does */
	const char *failed;
} state;

void fail_nth(unsigned int nth)
{
	state.left = nth;
	state.failed = NULL;
}

const char *fail_nth_end(void)
{
	state.left = 0;
	return state.failed;
}

static bool fails(const char *name, int error)
{
	if (!state.left || --state.left)
		return false;
	state.failed = name;
	errno = error;
	return true;
}

/* X(type, value of a failure, errno, name, parameters, arguments); names as the linker has them. */
#define CALLS(X) \
	X(void *, NULL, ENOMEM, malloc, (size_t n), (n)) \
	X(void *, NULL, ENOMEM, calloc, (size_t n, size_t size), (n, size)) \
	X(void *, NULL, ENOMEM, realloc, (void *p, size_t n), (p, n)) \
	X(void *, NULL, ENOMEM, aligned_alloc, (size_t align, size_t n), (align, n)) \
	X(char *, NULL, ENOMEM, strdup, (const char *s), (s)) \
	X(void *, MAP_FAILED, ENOMEM, mmap64, \
	  (void *at, size_t n, int prot, int flags, int fd, off_t off), \
	  (at, n, prot, flags, fd, off)) \
	X(int, -1, EMFILE, memfd_create, (const char *name, unsigned int flags), (name, flags)) \
	X(int, -1, ENOSPC, ftruncate64, (int fd, off_t bytes), (fd, bytes)) \
	X(int, -1, ENOSPC, fallocate64, (int fd, int mode, off_t off, off_t n), \
	  (fd, mode, off, n)) \
	X(int, -1, EPERM, fcntl64, (int fd, int what, long arg), (fd, what, arg)) \
	X(int, -1, ENOMEM, madvise, (void *at, size_t n, int advice), (at, n, advice)) \
	X(int, -1, EIO, ioctl, (int fd, unsigned long request, void *arg), (fd, request, arg)) \
	X(int, -1, EMFILE, open64, (const char *path, int flags, int mode), (path, flags, mode)) \
	X(FILE *, NULL, EMFILE, fopen64, (const char *path, const char *mode), (path, mode)) \
	X(DIR *, NULL, EMFILE, opendir, (const char *path), (path)) \
	X(int, -1, EMFILE, eventfd, (unsigned int value, int flags), (value, flags)) \
	X(int, -1, EMFILE, pipe2, (int ends[2], int flags), (ends, flags)) \
	X(int, -1, EMFILE, socket, (int domain, int type, int protocol), (domain, type, protocol)) \
	X(int, -1, ENOMEM, connect, (int fd, const struct sockaddr *to, socklen_t n), (fd, to, n)) \
	X(int, -1, ENOMEM, bind, (int fd, const struct sockaddr *to, socklen_t n), (fd, to, n)) \
	X(int, -1, ENOMEM, listen, (int fd, int n), (fd, n)) \
	X(int, -1, EMFILE, accept4, (int fd, struct sockaddr *from, socklen_t *n, int flags), \
	  (fd, from, n, flags)) \
	X(ssize_t, -1, ENOMEM, sendmsg, (int fd, const struct msghdr *msg, int flags), \
	  (fd, msg, flags)) \
	X(ssize_t, -1, ENOMEM, recvmsg, (int fd, struct msghdr *msg, int flags), (fd, msg, flags)) \
	X(ssize_t, -1, ENOMEM, recv, (int fd, void *to, size_t n, int flags), (fd, to, n, flags)) \
	X(int, -1, ENOMEM, poll, (struct pollfd * fds, nfds_t n, int timeout), (fds, n, timeout))

#define X(type, value, error, name, parameters, arguments) \
	type __real_##name parameters; \
	type __wrap_##name parameters; \
	type __wrap_##name parameters \
	{ \
		return fails(#name, error) ? (type)(value) : __real_##name arguments; \
	}
CALLS(X)
#undef X

int __wrap_asprintf(char **out, const char *format, ...) __attribute__((format(printf, 2, 3)));

int __wrap_asprintf(char **out, const char *format, ...)
{
	va_list ap;
	int n;

	if (fails("asprintf", ENOMEM))
		return -1;
	va_start(ap, format);
	n = vasprintf(out, format, ap);
	va_end(ap);
	return n;
}
