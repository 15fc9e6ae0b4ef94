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
 * Make a socket at @path for one peer. A socket that a dead process has left there is replaced; any
 * other file is not touched. Return: 0, @listener, and @file, for sock_file_remove(); else with the
 * error set, and nothing is left: -ENAMETOOLONG, -ENOENT, -EACCES, -EADDRINUSE.
 */
int sock_listen(const char *path, int *listener, struct sock_file *file);

/* Wait for the peer of @listener, which stays open. Return: 0, and @fd as above; -ETIMEDOUT with
 * the error set: nobody came. */
int sock_accept(int listener, const char *path, struct deadline until, int *fd);

/* Who is at the other end, in words: "dpdk-testpmd (pid 4711, uid 0)". */
void sock_peer(int fd, char *text, size_t bytes);

/* Remove the file, if the path still leads to it. */
void sock_file_remove(struct sock_file *file);

#endif
