/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_HOST_H
#define APP_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The machine as list, bind and doctor see it. Every path of the kernel's trees begins with @root,
 * which the environment variable VIO_ROOT sets, for tests: a folder with a /sys, /proc and /dev of
 * its own. With a root no command is run and no interface asked.
 */
struct host {
	const char *root;
	char ssh[160]; /* SSH_CONNECTION of the session that we run in; "": none */
	bool (*may_open)(const struct host *h, const char *path); /* to read and to write */
	bool plain_user;                                          /* not root */
};

void host_init(struct host *h);

/* @path with the root in front. Return: false if it does not fit. */
bool host_path(const struct host *h, char *out, size_t size, const char *path);

/*
 * The functions below take a path as a printf() format. Text loses its last line feed, and what
 * does not fit into @size is cut off.
 */
#define HOST_PRINTF(f, a) __attribute__((format(printf, f, a)))

/* Return: length of the text, or a negative errno with @buf empty. */
int host_text(const struct host *h, char *buf, size_t size, const char *path, ...)
	HOST_PRINTF(4, 5);

/* A whole number, or @otherwise where the file holds none. */
int64_t host_number(const struct host *h, int64_t otherwise, const char *path, ...)
	HOST_PRINTF(3, 4);

/* The last name that a symbolic link leads to; @buf is empty where there is none. */
bool host_link(const struct host *h, char *buf, size_t size, const char *path, ...)
	HOST_PRINTF(4, 5);

/* The whole of it. */
bool host_target(const struct host *h, char *buf, size_t size, const char *path, ...)
	HOST_PRINTF(4, 5);

bool host_exists(const struct host *h, const char *path, ...) HOST_PRINTF(2, 3);

/* Call @fn with each name in a folder until it returns false, in no order. */
void host_each(const struct host *h, bool (*fn)(void *arg, const char *name), void *arg,
	       const char *path, ...) HOST_PRINTF(4, 5);

/* How many names in a folder begin with @prefix. */
unsigned int host_count(const struct host *h, const char *prefix, const char *path, ...)
	HOST_PRINTF(3, 4);

/* Call @fn with each line of a file until it returns false. Return: false if it can't be read. */
bool host_lines(const struct host *h, const char *path, bool (*fn)(void *arg, char *line),
		void *arg);

/* "crw-rw---- root kvm" for an existing path, otherwise "missing". */
void host_rights(const struct host *h, const char *path, char *out, size_t size);

/* Entries of an interface's receive ring and the most it can have, as ethtool -g tells. */
bool host_rings(const struct host *h, const char *iface, unsigned int *rx, unsigned int *max);

#endif
