/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_SOCKETS_H
#define APP_SOCKETS_H

#include "host.h"

/* A UNIX socket on which a process listens. */
struct listener {
	char path[112];
	uint64_t inode;
	int pid; /* 0: this user can't see whose it is */
	char process[32];
};

struct listeners {
	unsigned int n;
	struct listener *list;
};

/*
 * Every stream socket with a path on which somebody listens, ordered by path. End with
 * listeners_free(). Return: false without memory or /proc/net/unix.
 */
bool listeners_read(const struct host *h, struct listeners *out);
void listeners_free(struct listeners *l);

/* Nothing tells what a socket speaks: go by the name of the process or of the path. */
bool listener_is_vhost(const struct listener *l);

#endif
