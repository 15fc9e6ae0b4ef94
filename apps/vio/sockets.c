/* SPDX-License-Identifier: BSD-3-Clause */
#include "sockets.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In /proc/net/unix: the socket listens; it is a stream. */
#define FLAG_LISTENS 0x10000u
#define TYPE_STREAM  1u

static struct listener *more(struct listeners *l)
{
	struct listener *list = realloc(l->list, (l->n + 1) * sizeof(*list));

	if (!list)
		return NULL;
	l->list = list;
	return memset(&list[l->n++], 0, sizeof(*list));
}

/* "Num: RefCount Protocol Flags Type St Inode Path" */
static bool read_line(void *arg, char *line)
{
	unsigned int flags, type;
	unsigned long long inode;
	struct listener *s;
	int at = 0;

	if (sscanf(line, "%*s %*x %*x %x %x %*x %llu %n", &flags, &type, &inode, &at) != 3 || !at)
		return true;
	if (!(flags & FLAG_LISTENS) || type != TYPE_STREAM || line[at] != '/')
		return true;
	if (strlen(line + at) >= sizeof(s->path))
		return true;
	s = more(arg);
	if (!s)
		return false;
	strcpy(s->path, line + at);
	s->inode = inode;
	return true;
}

/* ---- whose they are ---- */

struct owners {
	const struct host *h;
	struct listeners *l;
	int pid;
};

static bool look_at_fd(void *arg, const char *name)
{
	struct owners *o = arg;
	unsigned long long inode;
	char target[64];

	if (!host_link(o->h, target, sizeof(target), "/proc/%d/fd/%s", o->pid, name) ||
	    sscanf(target, "socket:[%llu]", &inode) != 1)
		return true;
	for (unsigned int i = 0; i < o->l->n; i++) {
		struct listener *s = &o->l->list[i];

		if (s->inode != inode || s->pid)
			continue;
		s->pid = o->pid;
		host_text(o->h, s->process, sizeof(s->process), "/proc/%d/comm", o->pid);
	}
	return true;
}

static bool look_at_process(void *arg, const char *name)
{
	struct owners *o = arg;

	if (!isdigit((unsigned char)name[0]))
		return true;
	o->pid = atoi(name);
	host_each(o->h, look_at_fd, o, "/proc/%d/fd", o->pid);
	return true;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct listener *)a)->path, ((const struct listener *)b)->path);
}

bool listeners_read(const struct host *h, struct listeners *out)
{
	struct owners o = { .h = h, .l = out };

	*out = (struct listeners){ 0 };
	if (!host_lines(h, "/proc/net/unix", read_line, out))
		return false;
	if (!out->n)
		return true;
	qsort(out->list, out->n, sizeof(*out->list), by_path);
	host_each(h, look_at_process, &o, "/proc");
	return true;
}

void listeners_free(struct listeners *l)
{
	free(l->list);
	*l = (struct listeners){ 0 };
}

bool listener_is_vhost(const struct listener *l)
{
	static const char *const processes[] = { "ovs-vswitchd", "dpdk-", "testpmd", "vpp",
						 "vhost",        "snabb", "passt" };

	for (size_t i = 0; i < sizeof(processes) / sizeof(processes[0]); i++)
		if (!strncmp(l->process, processes[i], strlen(processes[i])))
			return true;
	return strstr(l->path, "vhost") != NULL;
}
