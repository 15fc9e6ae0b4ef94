/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VFIO_KERNEL_H
#define VFIO_KERNEL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Every call by which a device is owned, so that tests can answer for the kernel. Each returns what
 * the system call of its name returns, or a negative errno.
 */
struct vfio_kernel {
	int (*open)(const char *path, int flags);
	void (*close)(int fd);
	int (*ioctl)(int fd, unsigned long request, unsigned long arg);
	int (*map)(int fd, uint64_t off, size_t len, void **at); /* shared, read and write */
	void (*unmap)(void *at, size_t len);
	ssize_t (*pread)(int fd, void *buf, size_t len, uint64_t off);
	ssize_t (*pwrite)(int fd, const void *buf, size_t len, uint64_t off);
	int (*flock)(int fd, int operation);
	int (*mlock)(const void *at, size_t len);
};

/* The real one. */
extern const struct vfio_kernel vfio_kernel;

#endif
