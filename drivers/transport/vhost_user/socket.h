/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VHOST_USER_SOCKET_H
#define VHOST_USER_SOCKET_H

#include <sys/types.h>

#include "../../../lib/base/clock.h"

/* The socket file of a listener, to be removed by the one who made it and nobody else. */
struct sock_file {
	const char *path; /* NULL: none; borrowed */
	dev_t dev;
	ino_t ino;
};

/*
 * Connect to the socket at @path. Return: 0 and a non-blocking @fd, closed on exec; else with the
 * error set: -ENAMETOOLONG, -ENOENT, -EACCES, -ECONNREFUSED, -ENOTSOCK, -ETIMEDOUT its backlog
 * stayed full.
 */
int sock_connect(const char *path, struct deadline until, int *fd);

/*
 * Make a socket at @path and wait for one peer. A socket that a dead process has left there is
 * replaced; any other file is not touched. Return: 0, @fd as above, and @file, for
 * sock_file_remove(); else with the error set, and nothing is left: -ENAMETOOLONG, -ENOENT,
 * -EACCES, -EADDRINUSE, -ETIMEDOUT nobody came.
 */
int sock_accept(const char *path, struct deadline until, int *fd, struct sock_file *file);

/* Who is at the other end, in words: "dpdk-testpmd (pid 4711, uid 0)". */
void sock_peer(int fd, char *text, size_t bytes);

/* Remove the file, if the path still leads to it. */
void sock_file_remove(struct sock_file *file);

#endif
